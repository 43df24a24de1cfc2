"""The Bot API methods about messages (https://core.telegram.org/bots/api), as the bot calls them.

Each function takes the room and the call's parameters and returns the `result`, or raises `Refusal`. None of them
waits: a call takes effect all at once. Text formatting comes as entities; a parse mode is refused, since this
messenger never reads markup out of text.
"""

from collections.abc import Callable
from typing import Any

from bot.messenger.chats import Chat, Message
from bot.messenger.files import DOWNLOAD_LIMIT
from bot.messenger.limits import CAPTION_LIMIT, TEXT_LIMIT, TOAST_LIMIT, check_markup, clean_text, utf16_length
from bot.messenger.parameters import Parameters
from bot.messenger.refusals import bad_request, forbidden
from bot.messenger.room import TYPING_SECONDS, Room

Method = Callable[[Room, Parameters], Any]
METHODS: dict[str, tuple[str, Method]] = {}
"""Lower-case name (Telegram does not mind the case) to the official name and the function."""

DELETABLE_SECONDS = 48 * 3600
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
_ACTIONS = frozenset(
    (
        *("typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document"),
        *("choose_sticker", "find_location", "record_video_note", "upload_video_note"),
    )
)


def method(name: str) -> Callable[[Method], Method]:
    """Register a function under its Bot API name."""

    def register(function: Method) -> Method:
        METHODS[name.lower()] = (name, function)
        return function

    return register


def writable_chat(room: Room, p: Parameters) -> Chat:
    """The chat that a call wants to write to, if the bot may."""
    chat = known_chat(room, p)
    if chat.blocked:
        raise forbidden("bot was blocked by the user")
    if chat.left:
        raise forbidden(f"bot was kicked from the {chat.kind} chat")
    if not chat.started:
        raise forbidden("bot can't initiate conversation with a user")
    return chat


def known_chat(room: Room, p: Parameters, name: str = "chat_id") -> Chat:
    """The chat that a call names."""
    if not p.text(name):
        raise bad_request(f"{name} is empty")
    chat = room.chats.get(p.number(name))
    if chat is None:
        raise bad_request("chat not found")
    return chat


def formatted(p: Parameters, field: str, entities_field: str, limit: int) -> tuple[str, list[dict[str, Any]]]:
    """The text and entities of a call, checked and trimmed."""
    if p.text("parse_mode"):
        raise bad_request("unsupported parse_mode")
    entities = p.structure(entities_field) or []
    if not isinstance(entities, list):
        raise bad_request(f"can't parse {entities_field} JSON object")
    return clean_text(p.text(field), entities, limit, caption=field == "caption"), entities


@method("sendMessage")
def send_message(room: Room, p: Parameters) -> Any:
    text, entities = formatted(p, "text", "entities", TEXT_LIMIT)
    markup = check_markup(p.structure("reply_markup"))
    chat = writable_chat(room, p)
    return chat.wire(chat.add(room.bot, room.clock(), text=text, entities=entities, markup=markup))


def _send_file(room: Room, p: Parameters, field: str, folder: str, extra: dict[str, Any]) -> Any:
    caption, entities = formatted(p, "caption", "caption_entities", CAPTION_LIMIT)
    markup = check_markup(p.structure("reply_markup"))
    upload = p.upload(field)
    if upload is not None and not upload.data:
        raise bad_request("file must be non-empty")
    stored = room.files.by_id(p.text(field)) if upload is None else None
    if upload is None and stored is None:
        raise bad_request(
            "wrong file identifier/HTTP URL specified" if p.text(field) else f"there is no {field} in the request"
        )
    chat = writable_chat(room, p)
    if upload is not None:
        stored = room.files.keep(upload.data, folder=folder, name=upload.name, mime=upload.mime)
    assert stored is not None  # noqa: S101 (for the type checker: one of the two is there)
    media: Any = stored.wire() | extra
    if field == "document":
        media |= {"file_name": stored.name, "mime_type": stored.mime}
    fields = {"text": caption, "entities": entities, "markup": markup}
    content = {field: [media] if field == "photo" else media}
    return chat.wire(chat.add(room.bot, room.clock(), content=content, **fields))


@method("sendDocument")
def send_document(room: Room, p: Parameters) -> Any:
    return _send_file(room, p, "document", "documents", {})


@method("sendVoice")
def send_voice(room: Room, p: Parameters) -> Any:
    return _send_file(room, p, "voice", "voice", {"duration": p.number("duration"), "mime_type": "audio/ogg"})


@method("sendPhoto")
def send_photo(room: Room, p: Parameters) -> Any:
    return _send_file(room, p, "photo", "photos", {"width": 640, "height": 480})


def _own_message(room: Room, p: Parameters) -> tuple[Chat, Message]:
    chat = writable_chat(room, p)
    message = chat.find(p.number("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if not message.from_bot:
        raise bad_request("message can't be edited")
    return chat, message


def _rows(markup: dict[str, Any] | None) -> Any:
    return (markup or {}).get("inline_keyboard") or []


def _edited(room: Room, chat: Chat, message: Message) -> Any:
    message.edited = room.clock()
    chat.announce("message", message)
    return chat.wire(message)


@method("editMessageText")
def edit_message_text(room: Room, p: Parameters) -> Any:
    text, entities = formatted(p, "text", "entities", TEXT_LIMIT)
    markup = check_markup(p.structure("reply_markup"))
    chat, message = _own_message(room, p)
    if message.kind != "text":
        raise bad_request("there is no text in the message to edit")
    if (text, entities, _rows(markup)) == (message.text, message.entities, message.rows):
        raise bad_request(NOT_MODIFIED)
    message.text, message.entities, message.markup = text, entities, markup
    return _edited(room, chat, message)


@method("editMessageReplyMarkup")
def edit_message_reply_markup(room: Room, p: Parameters) -> Any:
    markup = check_markup(p.structure("reply_markup"))
    chat, message = _own_message(room, p)
    if _rows(markup) == message.rows:
        raise bad_request(NOT_MODIFIED)
    message.markup = markup
    return _edited(room, chat, message)


def _check_age(room: Room, message: Message) -> None:
    if room.clock() - message.date > DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")


@method("deleteMessage")
def delete_message(room: Room, p: Parameters) -> Any:
    chat = known_chat(room, p)
    message = chat.find(p.number("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    _check_age(room, message)
    chat.delete(message, "bot")
    return True


@method("deleteMessages")
def delete_messages(room: Room, p: Parameters) -> Any:
    ids = p.structure("message_ids")
    if ids is None:
        raise bad_request("message identifiers are not specified")
    if not isinstance(ids, list):
        raise bad_request("expected an Array of message identifiers")
    if len(ids) > 100:  # noqa: PLR2004 (Telegram's limit, used nowhere else)
        raise bad_request("too many message identifiers specified")
    if not all(isinstance(message_id, int) and message_id > 0 for message_id in ids):
        raise bad_request("invalid message identifier specified")
    chat = known_chat(room, p)
    found = [message for message_id in ids if (message := chat.find(message_id)) is not None]
    for message in found:  # all or none
        _check_age(room, message)
    for message in found:
        chat.delete(message, "bot")
    return True


def _passed_on(room: Room, p: Parameters, what: str) -> tuple[Chat, Message]:
    source = known_chat(room, p, "from_chat_id")
    message = source.find(p.number("message_id"))
    if message is None:
        raise bad_request(f"message to {what} not found")
    return writable_chat(room, p), message


@method("forwardMessage")
def forward_message(room: Room, p: Parameters) -> Any:
    chat, source = _passed_on(room, p, "forward")
    origin = {"type": "user", "sender_user": source.sender, "date": int(source.date)}
    content = {"forward_origin": origin} | source.content
    return chat.wire(chat.add(room.bot, room.clock(), text=source.text, entities=source.entities, content=content))


@method("copyMessage")
def copy_message(room: Room, p: Parameters) -> Any:
    chat, source = _passed_on(room, p, "copy")
    content = {name: value for name, value in source.content.items() if name != "forward_origin"}
    markup = check_markup(p.structure("reply_markup"))
    fields = {"text": source.text, "entities": source.entities, "content": content, "markup": markup}
    return {"message_id": chat.add(room.bot, room.clock(), **fields).id}


@method("answerCallbackQuery")
def answer_callback_query(room: Room, p: Parameters) -> Any:
    text = p.text("text")
    if utf16_length(text) > TOAST_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    query_id = p.text("callback_query_id")
    query = room.take_query(query_id)
    if query is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if text:
        query.chat.toasts.append(text)
    query.chat.announce("answered", {"query": query_id, "text": text, "alert": p.flag("show_alert")})
    return True


@method("sendChatAction")
def send_chat_action(room: Room, p: Parameters) -> Any:
    if p.text("action") not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = writable_chat(room, p)
    chat.typing_until = room.clock() + TYPING_SECONDS
    chat.announce("typing")
    return True


@method("getFile")
def get_file(room: Room, p: Parameters) -> Any:
    if not p.text("file_id"):
        raise bad_request("file_id not specified")
    stored = room.files.by_id(p.text("file_id"))
    if stored is None:
        raise bad_request("invalid file_id")
    if len(stored.data) > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    return stored.wire() | {"file_path": stored.path}
