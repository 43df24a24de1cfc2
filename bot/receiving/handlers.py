"""From Telegram's updates to what the engine hears. No handler holds conversation logic, and none logs an update."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiogram import Bot, F, Router
from aiogram.enums import ChatMemberStatus, ChatType
from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import (
    Audio,
    CallbackQuery,
    ChatMemberUpdated,
    ContentType,
    Message,
    MessageOriginUser,
    TelegramObject,
    Update,
    Voice,
)
from aiogram.utils.magic_filter import MagicFilter

from bot.conversation.exchange import Exchange, Incoming
from flows.guide import Guide
from flows.turn import Edited, Heard, Opened, Pressed, Said, Unusable, Voiced
from storage.records import Content

#: The Bot API hands out files up to this size.
LARGEST_FILE = 20 * 1024 * 1024

#: What people send on purpose and we do not keep. Anything else is a notice of Telegram's own.
OTHER_CONTENT = {
    ContentType.ANIMATION, ContentType.CONTACT, ContentType.DICE, ContentType.DOCUMENT, ContentType.GAME,
    ContentType.LOCATION, ContentType.PAID_MEDIA, ContentType.PHOTO, ContentType.POLL, ContentType.STICKER,
    ContentType.STORY, ContentType.VENUE, ContentType.VIDEO, ContentType.VIDEO_NOTE,
}  # fmt: skip

#: The types of update that the bot asks for. Telegram sends no others.
UPDATE_TYPES = ["message", "edited_message", "callback_query", "my_chat_member"]

_GONE = {ChatMemberStatus.KICKED, ChatMemberStatus.LEFT}


def make_router() -> Router:
    """The handlers, in the order in which they are tried. `exchange` and `guide` arrive by name."""
    router = Router(name="hearten")
    message, edited, button, member = (
        router.message, router.edited_message, router.callback_query, router.my_chat_member
    )  # fmt: skip
    message.register(leave_group, _at_once(F.chat.type != ChatType.PRIVATE))
    message.register(hear_opening, _is_their_own_chat, CommandStart())
    message.register(hear_forwarded, _is_their_own_chat, _is_of_somebody_else)
    message.register(hear_text, _is_their_own_chat, _at_once(F.text))
    message.register(hear_voice, _is_their_own_chat, _at_once(F.voice | F.audio))
    message.register(hear_other, _is_their_own_chat, _at_once(F.content_type.in_(OTHER_CONTENT)))
    edited.register(hear_edit, _is_their_own_chat, _at_once(F.text))
    button.register(hear_button, _is_button_of_their_own_chat, _at_once(F.data))
    in_private, gone = F.chat.type == ChatType.PRIVATE, F.new_chat_member.status.in_(_GONE)
    member.register(be_shut_out, _at_once(in_private), _at_once(gone))
    member.register(leave_group, _at_once(F.chat.type != ChatType.PRIVATE), _at_once(~gone))
    return router


def _at_once(condition: MagicFilter) -> Callable[[TelegramObject], Awaitable[bool]]:
    """aiogram hands every filter that is no coroutine to a thread, which takes far longer than the filter."""

    async def holds(event: TelegramObject) -> bool:
        return bool(condition.resolve(event))

    return holds


async def _is_their_own_chat(message: Message) -> bool:
    """In a private chat, the chat and the person have the same number."""
    person = message.from_user.id if message.from_user else None
    return message.chat.type == ChatType.PRIVATE and message.chat.id == person


async def _is_button_of_their_own_chat(query: CallbackQuery) -> bool:
    chat = query.message.chat if query.message else None
    return chat is not None and chat.type == ChatType.PRIVATE and chat.id == query.from_user.id


async def _is_of_somebody_else(message: Message) -> bool:
    """Passed on from elsewhere. What people pass on of their own, from another chat of theirs, is theirs."""
    origin = message.forward_origin
    if isinstance(origin, MessageOriginUser) and message.from_user is not None:
        return origin.sender_user.id != message.from_user.id
    return origin is not None


async def hear_opening(message: Message, command: CommandObject, exchange: Exchange, event_update: Update) -> None:
    await exchange.hear(_incoming(event_update, message, Opened((command.args or "").strip())))


async def hear_text(message: Message, exchange: Exchange, event_update: Update) -> None:
    await exchange.hear(_incoming(event_update, message, Said(message.text or "")))


async def hear_edit(edited_message: Message, exchange: Exchange, event_update: Update) -> None:
    await exchange.hear(_incoming(event_update, edited_message, Edited(edited_message.text or "")))


async def hear_forwarded(message: Message, exchange: Exchange, event_update: Update) -> None:
    await exchange.hear(_incoming(event_update, message, Unusable(forwarded=True)))


async def hear_other(message: Message, exchange: Exchange, event_update: Update) -> None:
    await exchange.hear(_incoming(event_update, message, Unusable()))


async def hear_voice(message: Message, bot: Bot, exchange: Exchange, event_update: Update) -> None:
    """Fetched into memory, sealed, and never on the disk in clear. One that cannot be fetched is told so."""
    sound = message.voice or message.audio
    content = await _fetch(bot, sound) if sound else None
    heard = Voiced() if content else Unusable()
    await exchange.hear(_incoming(event_update, message, heard, voice=content))


async def hear_button(callback_query: CallbackQuery, bot: Bot, exchange: Exchange, event_update: Update) -> None:
    message = callback_query.message
    if message is None:
        return
    incoming = Incoming(
        update=event_update.update_id,
        person=callback_query.from_user.id,
        chat=message.chat.id,
        heard=Pressed(callback_query.data or ""),
        pressed_on=message.message_id,
    )
    stop_waiting = asyncio.create_task(_stop_waiting(bot, callback_query.id))
    try:
        await exchange.hear(incoming)
    finally:
        await stop_waiting


async def be_shut_out(my_chat_member: ChatMemberUpdated, exchange: Exchange, event_update: Update) -> None:
    """The person blocked the bot: whatever was to be said or asked later ends now."""
    await exchange.part_from(event_update.update_id, my_chat_member.chat.id)


async def leave_group(event: Message | ChatMemberUpdated, bot: Bot, guide: Guide) -> None:
    """A conversation is for one person. Whatever else is in the group's message is passed over unread."""
    with suppress(AiogramError, OSError):
        await bot.send_message(event.chat.id, guide.words.group)
        await bot.leave_chat(event.chat.id)


async def _stop_waiting(bot: Bot, query: str) -> None:
    """End the button's little clock. It is a courtesy: where it fails, the turn still counts."""
    with suppress(AiogramError, OSError):
        await bot.answer_callback_query(query)


async def _fetch(bot: Bot, sound: Voice | Audio) -> Content | None:
    """The sound, in memory only. None where it is too large or no longer there; raises where the network fails, so that
    it is fetched again later."""
    if (sound.file_size or 0) > LARGEST_FILE:
        return None
    try:
        file = await bot.get_file(sound.file_id)
    except TelegramBadRequest:
        return None
    if file.file_path is None:
        return None
    held = bytearray()
    async for chunk in bot.session.stream_content(bot.session.api.file_url(bot.token, file.file_path), timeout=60):
        held += chunk
        if len(held) > LARGEST_FILE:
            return None
    return Content(sound.mime_type or "audio/ogg", bytes(held))


def _incoming(update: Update, message: Message, heard: Heard, voice: Content | None = None) -> Incoming:
    person = message.from_user.id if message.from_user else message.chat.id
    return Incoming(
        update.update_id, person, message.chat.id, heard, message.message_id, sent=message.date, voice=voice
    )
