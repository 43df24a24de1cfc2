"""Taking one letter to Telegram, within its limits, and saying what became of it.

Promises: never more than Telegram takes, in all and in one chat; buttons that have been used, or whose step is over, go
from older messages as soon as newer ones are there, so that help is never out of reach in between; whatever goes wrong
is one of four outcomes, and no failure holds a word of the letter.
"""

import logging
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import BufferedInputFile

from bot.sending.calls import ChangeText, DeleteAll, DeleteOne, SendFile, SendText, TakeButtons
from bot.sending.letter import Letter
from bot.sending.pace import Limits, Pace
from storage.seal.bundle import Enclosed

log = logging.getLogger("hearten.sending")

#: So many chats whose newest buttons are remembered; in others, old buttons go when they are pressed.
CHATS_REMEMBERED = 5_000


@dataclass(frozen=True, slots=True)
class Sent:
    """Telegram took it; `message` is its number in the chat, where something was said."""

    message: int | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """Not now. `after` is how many seconds Telegram wants us to wait, None where it did not say."""

    after: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Telegram will never take this letter."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The person has blocked the bot, or is gone."""


Outcome = Sent | Later | Refused | Unreachable


class Revoked(Exception):  # noqa: N818 - reads as what happened
    """Telegram does not know the token any more: nothing can be sent."""


class Post:
    def __init__(self, bot: Bot, pace: Pace) -> None:
        self._bot = bot
        self._limits = Limits(pace)
        self._buttons: OrderedDict[int, list[tuple[int, str]]] = OrderedDict()

    async def take(self, letter: Letter, enclosed: Enclosed | None = None) -> Outcome:
        """`enclosed` is the file that the letter names. Raises Revoked."""
        try:
            return Sent(await self._take(letter, enclosed))
        except TelegramRetryAfter as error:
            return Later(float(error.retry_after))
        except TelegramForbiddenError:
            return Unreachable()
        except TelegramUnauthorizedError:
            raise Revoked from None
        except (TelegramBadRequest, TelegramNotFound, TelegramEntityTooLarge, TelegramMigrateToChat) as error:
            log.error("Telegram refused a message for good (%s): it is dropped", type(error).__name__)
            return Refused()
        except (AiogramError, OSError) as error:
            log.warning("a message was not sent (%s); trying again", type(error).__name__)
            return Later()

    async def show_typing(self, chat: int) -> None:
        """A courtesy: where it fails, nothing else does."""
        with suppress(AiogramError, OSError):
            await self._bot.send_chat_action(chat, "typing")

    async def _take(self, letter: Letter, enclosed: Enclosed | None) -> int | None:
        if letter.delete:
            await self._delete(letter.chat, letter.delete)
            return None
        if not self._limits.may_write(letter.chat):
            await self.show_typing(letter.chat)
        await self._limits.chat(letter.chat)
        if enclosed is not None:
            return await self._send_file(letter.chat, enclosed)
        message = await self._say(letter)
        await self._take_old_buttons(letter, message)
        return message

    async def _say(self, letter: Letter) -> int:
        if letter.replace is not None:
            change = ChangeText(
                chat_id=letter.chat, message_id=letter.replace, text=letter.text, reply_markup=_keyboard(letter)
            )
            try:
                await self._call(change)
            except (TelegramBadRequest, TelegramNotFound) as error:
                if "not modified" in error.message:
                    return letter.replace
                # too old to be changed, or gone: a new message says the same
            else:
                return letter.replace
        result = await self._call(SendText(chat_id=letter.chat, text=letter.text, reply_markup=_keyboard(letter)))
        return int(result["message_id"])

    async def _send_file(self, chat: int, enclosed: Enclosed) -> int:
        result = await self._call(SendFile(chat_id=chat, document=BufferedInputFile(enclosed.data, enclosed.name)))
        return int(result["message_id"])

    async def _take_old_buttons(self, letter: Letter, message: int) -> None:
        """Take away the buttons that were used, and those of steps that are over. Those that still work stay, where
        nothing newer has any."""
        step, used = letter.step, letter.used
        mine = self._buttons.pop(letter.chat, [])
        over = {each for each, of in mine if step and (of != step or each == used)}
        if used is not None and used not in dict(mine):
            over.add(used)
        still = [(each, of) for each, of in mine if each not in over and each != message]
        if step:
            still.append((message, step))
        self._buttons[letter.chat] = still
        if len(self._buttons) > CHATS_REMEMBERED:
            self._buttons.popitem(last=False)
        for each in sorted(over - {message}):
            with suppress(AiogramError, OSError):  # gone, too old, or bare already: it does no harm
                await self._call(TakeButtons(chat_id=letter.chat, message_id=each))

    async def _delete(self, chat: int, messages: tuple[int, ...]) -> None:
        """All at once; where one of them is too old, Telegram deletes none, so each by itself."""
        try:
            await self._call(DeleteAll(chat_id=chat, message_ids=list(messages)))
        except TelegramBadRequest:
            for each in messages:
                with suppress(TelegramBadRequest):
                    await self._call(DeleteOne(chat_id=chat, message_id=each))

    async def _call(self, method: Any) -> Any:
        await self._limits.call()
        return await self._bot(method)


def _keyboard(letter: Letter) -> dict[str, Any] | None:
    if not letter.buttons:
        return None
    rows = [[{"text": label, "callback_data": data} for label, data in row] for row in letter.buttons]
    return {"inline_keyboard": rows}
