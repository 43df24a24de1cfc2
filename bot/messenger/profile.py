"""The Bot API methods about the bot itself and about chats: who it is, its commands, its descriptions."""

from typing import Any

from bot.messenger.limits import DESCRIPTION_LIMIT, SHORT_DESCRIPTION_LIMIT, check_commands, utf16_length
from bot.messenger.methods import known_chat, method
from bot.messenger.parameters import Parameters
from bot.messenger.refusals import bad_request
from bot.messenger.room import Room

_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


@method("getMe")
def get_me(room: Room, p: Parameters) -> Any:  # noqa: ARG001 (every method has this shape)
    abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
    return room.bot | abilities


@method("getChat")
def get_chat(room: Room, p: Parameters) -> Any:
    gifts = dict.fromkeys(_GIFTS, False)
    return known_chat(room, p).about | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": gifts,
    }


@method("leaveChat")
def leave_chat(room: Room, p: Parameters) -> Any:
    chat = known_chat(room, p)
    if chat.kind == "private":
        raise bad_request("chat member status can't be changed in private chats")
    chat.left = True
    chat.announce("left")
    return True


def _scope(p: Parameters) -> tuple[str, str]:
    scope = p.structure("scope") or {"type": "default"}
    if not isinstance(scope, dict) or not isinstance(scope.get("type"), str):
        raise bad_request("can't parse BotCommandScope: expected an Object")
    chat = str(scope.get("chat_id", ""))
    return f"{scope['type']} {chat}".strip(), p.text("language_code")


@method("setMyCommands")
def set_my_commands(room: Room, p: Parameters) -> Any:
    room.profile.commands[_scope(p)] = check_commands(p.structure("commands"))
    room.announce_everywhere("about")
    return True


@method("getMyCommands")
def get_my_commands(room: Room, p: Parameters) -> Any:
    return room.profile.commands.get(_scope(p), [])


@method("deleteMyCommands")
def delete_my_commands(room: Room, p: Parameters) -> Any:
    room.profile.commands.pop(_scope(p), None)
    room.announce_everywhere("about")
    return True


def _set_text(room: Room, p: Parameters, what: str, limit: int) -> bool:
    text = p.text(what)
    if utf16_length(text) > limit:
        raise bad_request(f"bot {what.replace('_', ' ')} is too long")
    room.profile.texts[what, p.text("language_code")] = text
    room.announce_everywhere("about")
    return True


def _get_text(room: Room, p: Parameters, what: str) -> dict[str, str]:
    texts = room.profile.texts
    return {what: texts.get((what, p.text("language_code"))) or texts.get((what, ""), "")}


@method("setMyDescription")
def set_my_description(room: Room, p: Parameters) -> Any:
    return _set_text(room, p, "description", DESCRIPTION_LIMIT)


@method("getMyDescription")
def get_my_description(room: Room, p: Parameters) -> Any:
    return _get_text(room, p, "description")


@method("setMyShortDescription")
def set_my_short_description(room: Room, p: Parameters) -> Any:
    return _set_text(room, p, "short_description", SHORT_DESCRIPTION_LIMIT)


@method("getMyShortDescription")
def get_my_short_description(room: Room, p: Parameters) -> Any:
    return _get_text(room, p, "short_description")


@method("setChatMenuButton")
def set_chat_menu_button(room: Room, p: Parameters) -> Any:
    if p.text("chat_id"):
        known_chat(room, p)
    button = p.structure("menu_button") or {"type": "default"}
    if not isinstance(button, dict) or button.get("type") not in ("default", "commands", "web_app"):
        raise bad_request("can't parse menu button: MenuButton has unsupported type")
    room.profile.menu_buttons[p.number("chat_id")] = button
    return True


@method("getChatMenuButton")
def get_chat_menu_button(room: Room, p: Parameters) -> Any:
    buttons = room.profile.menu_buttons
    return buttons.get(p.number("chat_id")) or buttons.get(0, {"type": "default"})
