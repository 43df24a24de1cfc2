"""From Telegram's updates to what the engine hears. No handler holds conversation logic, and none logs an update."""

import asyncio
import logging
from contextlib import suppress
from io import BytesIO

from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import Audio, CallbackQuery, ContentType, Message, Update, Voice

from bot.exchange import Exchange, Incoming
from flows.guide import Guide
from flows.turn import Edited, Heard, Opened, Pressed, Said, Unusable, Voiced
from storage.records import Content

log = logging.getLogger("hearten.handlers")

#: The Bot API hands out files up to this size.
LARGEST_FILE = 20 * 1024 * 1024

#: What people send on purpose and we do not keep. Anything else is a notice of Telegram's own.
OTHER_CONTENT = {
    ContentType.ANIMATION, ContentType.CONTACT, ContentType.DICE, ContentType.DOCUMENT, ContentType.GAME,
    ContentType.LOCATION, ContentType.PAID_MEDIA, ContentType.PHOTO, ContentType.POLL, ContentType.STICKER,
    ContentType.STORY, ContentType.VENUE, ContentType.VIDEO, ContentType.VIDEO_NOTE,
}  # fmt: skip

#: The types of update that the bot asks for. Telegram sends no others.
UPDATE_TYPES = ["message", "edited_message", "callback_query"]


def make_router() -> Router:
    """The handlers, in the order in which they are tried. `exchange` and `guide` arrive by name."""
    router = Router(name="hearten")
    private = F.chat.type == "private"
    router.message.register(leave_group, ~private)
    router.message.register(hear_opening, private, CommandStart())
    router.message.register(hear_forwarded, private, F.forward_origin)
    router.message.register(hear_text, private, F.text)
    router.message.register(hear_voice, private, F.voice | F.audio)
    router.message.register(hear_other, private, F.content_type.in_(OTHER_CONTENT))
    router.edited_message.register(hear_edit, private, F.text)
    router.callback_query.register(hear_button, F.message.chat.type == "private", F.data)
    return router


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


async def leave_group(message: Message, bot: Bot, guide: Guide) -> None:
    """A conversation is for one person. Whatever else is in the group's message is passed over unread."""
    with suppress(TelegramAPIError):
        await bot.send_message(message.chat.id, guide.words.group)
        await bot.leave_chat(message.chat.id)


async def _stop_waiting(bot: Bot, query: str) -> None:
    """End the button's little clock. It is a courtesy: where it fails, the turn still counts."""
    with suppress(TelegramAPIError):
        await bot.answer_callback_query(query)


async def _fetch(bot: Bot, sound: Voice | Audio) -> Content | None:
    if (sound.file_size or 0) > LARGEST_FILE:
        return None
    try:
        file = await bot.get_file(sound.file_id)
        if file.file_path is None:
            return None
        held = BytesIO()
        await bot.download_file(file.file_path, destination=held)
    except TelegramBadRequest:
        return None
    return Content(sound.mime_type or "audio/ogg", held.getvalue())


def _incoming(update: Update, message: Message, heard: Heard, voice: Content | None = None) -> Incoming:
    person = message.from_user.id if message.from_user else message.chat.id
    return Incoming(update.update_id, person, message.chat.id, heard, message.message_id, voice=voice)
