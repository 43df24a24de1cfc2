"""Sending what waits in the outbox, to each person in order, and trying again for as long as it takes.

A message leaves the outbox when Telegram has taken it. A crash in between repeats a message at worst. Whoever blocked
the bot is not written to again. Logs count messages; they never hold one, nor whom it was for.
"""

import asyncio
import logging
import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
)
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.message import Message
from storage.errors import StorageError
from storage.records import Outgoing
from storage.write import Store

log = logging.getLogger("hearten.outbox")

#: Seconds until the first new try after a failure, and the longest wait; doubled in between, with chance added so that
#: many messages do not come back at the same moment.
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
#: How many people are written to at the same time.
AT_ONCE = 30
#: Seconds between two looks for messages that wait for their time.
LOOK_AGAIN = 1.0


class Outbox:
    """`pace`: seconds between two messages to the same person, with a sign of typing, so that they can be read."""

    def __init__(self, store: Store, bot: Bot, pace: float = 0.0) -> None:
        self._store = store
        self._bot = bot
        self.pace = pace
        self._running = False
        self._busy: dict[bytes, asyncio.Task[None]] = {}
        self._more: set[bytes] = set()
        self._places = asyncio.Semaphore(AT_ONCE)

    def wake(self, pseudonym: bytes) -> None:
        """There may be something new to send to this person."""
        if pseudonym in self._busy:
            self._more.add(pseudonym)
        elif self._running:
            task = self._busy[pseudonym] = asyncio.create_task(self._send_all(pseudonym))
            task.add_done_callback(partial(self._finished, pseudonym))

    def _finished(self, pseudonym: bytes, _: asyncio.Task[None]) -> None:
        del self._busy[pseudonym]
        if pseudonym in self._more:
            self._more.discard(pseudonym)
            self.wake(pseudonym)

    async def run(self) -> None:
        """Send until cancelled. What is being sent then is finished first."""
        self._running = True
        try:
            while True:
                await self._look()
                await asyncio.sleep(LOOK_AGAIN)
        finally:
            self._running = False
            if self._busy:
                await asyncio.wait(self._busy.values(), timeout=5)

    async def _look(self) -> None:
        """Find what was left by an earlier run, or has been waiting for its time."""
        try:
            for pseudonym in await self._store.who_waits(datetime.now(UTC)):
                if pseudonym not in self._busy:
                    self.wake(pseudonym)
        except StorageError as error:
            log.warning("the outbox cannot be read (%s); trying again", type(error).__name__)

    async def _send_all(self, pseudonym: bytes) -> None:
        """One person's messages, in order. The first that does not go through holds back the rest."""
        async with self._places:
            try:
                async with self._store.turn(pseudonym) as mine:
                    if mine:
                        await self._send_in_order(pseudonym)
            except StorageError as error:
                log.warning("the outbox cannot be used (%s); a message may be repeated", type(error).__name__)

    async def _send_in_order(self, pseudonym: bytes) -> None:
        for number, outgoing in enumerate(await self._store.waiting(datetime.now(UTC), pseudonym=pseudonym)):
            if number and self.pace:
                await self._type(Message.model_validate_json(outgoing.payload).chat)
            if not await self._send(outgoing):
                return

    async def _type(self, chat: int) -> None:
        with suppress(TelegramAPIError):
            await self._bot.send_chat_action(chat, "typing")
        await asyncio.sleep(self.pace)

    async def _send(self, outgoing: Outgoing) -> bool:
        """Whether the next message may follow."""
        message = Message.model_validate_json(outgoing.payload)
        try:
            await self._deliver(message)
        except TelegramRetryAfter as error:
            return await self._wait(outgoing, float(error.retry_after))
        except TelegramForbiddenError:
            log.info("somebody has blocked the bot: their messages are dropped")
            await self._store.forget_unreachable(outgoing.pseudonym)
            return False
        except (TelegramBadRequest, TelegramNotFound) as error:
            log.error("Telegram refused a message for good (%s): it is dropped", type(error).__name__)
        except TelegramAPIError as error:
            log.warning("a message was not sent (%s); trying again", type(error).__name__)
            return await self._wait(outgoing, min(LONGEST_WAIT, FIRST_WAIT * 2**outgoing.attempts))
        await self._store.sent([outgoing.seq])
        return True

    async def _wait(self, outgoing: Outgoing, seconds: float) -> bool:
        seconds += random.uniform(0, seconds / 2)  # noqa: S311 - spreading load, not hiding anything
        await self._store.postpone(outgoing.seq, datetime.now(UTC) + timedelta(seconds=seconds))
        return False

    async def _deliver(self, message: Message) -> None:
        keyboard = _keyboard(message)
        if message.replace is not None:
            try:
                await self._bot.edit_message_text(
                    message.text, chat_id=message.chat, message_id=message.replace, reply_markup=keyboard
                )
            except (TelegramBadRequest, TelegramNotFound):
                pass  # unchanged, or too old to be edited: a new message says the same
            else:
                return
        await self._bot.send_message(message.chat, message.text, reply_markup=keyboard)


def _keyboard(message: Message) -> InlineKeyboardMarkup | None:
    if not message.buttons:
        return None
    rows = [[InlineKeyboardButton(text=label, callback_data=data) for label, data in row] for row in message.buttons]
    return InlineKeyboardMarkup(inline_keyboard=rows)
