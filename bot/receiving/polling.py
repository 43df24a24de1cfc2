"""Receiving by asking Telegram, and acknowledging only what is on the disk.

aiogram's own polling moves the offset before handlers have finished, and one update that it cannot parse stops it for
good. So we fetch raw updates, start each at once behind those of the same person, and move the offset past what is done
and no further. Somebody whose voice note takes long to fetch holds nobody up but themselves.
"""

import asyncio
import json
import logging
import re
from typing import Any

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods.base import TelegramMethod

from bot.receiving.handlers import UPDATE_TYPES
from bot.receiving.intake import Intake
from bot.receiving.line import Line

log = logging.getLogger("hearten.receiving")

#: Seconds that Telegram holds a request open while there is nothing to tell (Bot API, getUpdates).
LONG_POLL = 25
#: The most updates in one answer.
MOST = 100
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
#: Seconds for which the next request waits for what is under way; most is done long before.
GRACE = 0.5
#: Seconds that whatever is under way may take once the bot is asked to stop.
LAST_GRACE = 20.0

#: How an answer begins, and an update in it: its number comes first. Anything further in could be somebody's words.
_BEGINNING = re.compile(r'\s*\{\s*"ok"\s*:\s*true\s*,\s*"result"\s*:\s*\[\s*')
_NUMBER = re.compile(r'\{\s*"update_id"\s*:\s*(\d{1,18})\b')
_DECODER = json.JSONDecoder()
_NEXT = re.compile(r"\s*,\s*")


class GetRawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """getUpdates, its results left as they came: one strange update must not spoil the others."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    limit: int = MOST
    timeout: int = LONG_POLL
    allowed_updates: list[str] = UPDATE_TYPES


class Polling:
    """`heard_at` is when Telegram last answered (of the loop's clock), for the health of the whole."""

    def __init__(self, bot: Bot, intake: Intake) -> None:
        self._bot = bot
        self._intake = intake
        self._line = Line(intake.handle)
        self._limit = MOST
        self.heard_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Fetch and handle updates until `stop` is set; what was fetched is finished first.

        Raises TelegramUnauthorizedError where the token is no longer valid.
        """
        wait = 0.0
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                answered = await self._fetch(stopping)
                await self._line.settle(GRACE)
                wait = 0.0 if answered else min(LONGEST_WAIT, max(FIRST_WAIT, wait * 2))
                if wait or self._line.failed:
                    await asyncio.wait([stopping], timeout=wait or FIRST_WAIT)
            await self._line.settle(LAST_GRACE)
            await self._acknowledge()
        finally:
            stopping.cancel()

    async def _fetch(self, stopping: "asyncio.Task[Any]") -> bool:
        """Put the next updates in line. False where Telegram did not answer."""
        ask = GetRawUpdates(offset=self._line.offset, limit=self._limit)
        request = asyncio.ensure_future(self._bot(ask, request_timeout=LONG_POLL + 10))
        await asyncio.wait([request, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not request.done():
            request.cancel()
            return True
        try:
            updates = request.result()
        except TelegramUnauthorizedError:
            raise
        except TelegramRetryAfter as error:
            await asyncio.wait([stopping], timeout=error.retry_after)
            return True
        except ClientDecodeError as error:
            return await self._pass_over(error)
        except TelegramConflictError:
            log.warning("another program receives with this token, or its webhook is set; trying again")
            return False
        except (AiogramError, OSError) as error:
            log.warning("no updates from Telegram (%s); trying again", type(error).__name__)
            return False
        self.heard_at = asyncio.get_running_loop().time()
        self._limit = MOST
        self._line.add(updates)
        return True

    async def _pass_over(self, error: ClientDecodeError) -> bool:
        """An answer that is no JSON. What comes before the update that spoils it is handled; then that one is fetched
        alone, and set aside."""
        updates, number = read_up_to_the_broken(error.data) if isinstance(error.data, str) else ([], None)
        if number is None and not updates:
            log.warning("Telegram's answer cannot be read; trying again")
            return False
        self._line.add(updates)
        if updates or number is None:
            return True
        if self._limit > 1:
            self._limit = 1
            return True
        if await self._intake.set_aside(error.data.encode("utf-8", "replace"), "could not be read"):
            self._line.pass_over(number)
        return True

    async def _acknowledge(self) -> None:
        """Tell Telegram how far we are; where that fails, the updates come again and are known."""
        if self._line.offset is None:
            return
        try:
            await self._bot(GetRawUpdates(offset=self._line.offset, limit=1, timeout=0), request_timeout=5)
        except (AiogramError, OSError):
            log.info("Telegram was not told how far we are; updates that come again are known")


def read_up_to_the_broken(answer: str) -> tuple[list[dict[str, Any]], int | None]:
    """The updates of an answer before the first one that cannot be read, and its number where that can be seen."""
    updates: list[dict[str, Any]] = []
    place = _BEGINNING.match(answer)
    while place is not None:
        try:
            update, end = _DECODER.raw_decode(answer, place.end())
        except (ValueError, RecursionError):
            number = _NUMBER.match(answer, place.end())
            return updates, int(number[1]) if number else None
        if not isinstance(update, dict):
            break
        updates.append(update)
        place = _NEXT.match(answer, end)
    return updates, None
