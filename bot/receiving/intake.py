"""One raw update, handled: parsed, heard, and either done or to be delivered again.

What cannot be parsed is set aside, sealed, and never stands in the way of the next person. What fails because the
database is not there is delivered again for as long as that takes; what fails for a reason that we do not know is tried
three times and then set aside, and the person is asked to send it once more. Nothing is lost without a word.
"""

import json
import logging
import time
from contextlib import suppress
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.exceptions import AiogramError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError
from aiohttp import ClientError
from pydantic import ValidationError

from bot.operating.log import one_exchange
from bot.operating.metrics import Metrics
from bot.receiving.essentials import plain
from storage.errors import StorageError, Unavailable
from storage.write import Store

log = logging.getLogger("hearten.receiving")

#: How often an update is tried that fails for a reason we do not know, before it is set aside.
TRIES = 3
#: How often where the network fails, as in fetching a voice note: minutes, with the growing pauses in between.
TRIES_OF_NETWORK = 12
#: Failures are counted for so many updates.
FAILURES_REMEMBERED = 10_000
#: Bytes. Telegram's updates are far smaller; what is larger is not kept, only counted.
LARGEST_SET_ASIDE = 64 * 1024
#: Update ids are positive and fit into 64 bits; anything else is none.
HIGHEST_ID = 2**63 - 1

NETWORK = (ClientError, TimeoutError, OSError, TelegramNetworkError, TelegramServerError, TelegramRetryAfter)


class Intake:
    """`apology` is what somebody reads whose message could not be handled at all."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher, store: Store, apology: str, metrics: Metrics) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._store = store
        self._apology = apology
        self._metrics = metrics
        self._failures: dict[int, int] = {}

    async def handle(self, raw: dict[str, Any]) -> bool:
        """Handle one update. False where it has to be delivered again."""
        with one_exchange():
            return await self._handle(raw)

    async def _handle(self, raw: dict[str, Any]) -> bool:
        update = self._parse(raw) or self._parse(plain(raw))
        if update is None:
            return await self.set_aside(raw, "could not be parsed")
        begun = time.perf_counter()
        try:
            await self._dispatcher.feed_update(self._bot, update)
        except Unavailable as error:
            return self._again(error)
        except NETWORK as error:
            return await self._failed(update, raw, error, TRIES_OF_NETWORK)
        except Exception as error:  # noqa: BLE001 - one person's update must never stop everybody else's
            return await self._failed(update, raw, error, TRIES)
        self._metrics.exchanges.observe(time.perf_counter() - begun)
        self._metrics.updates.labels("handled").inc()
        self._failures.pop(update.update_id, None)
        return True

    def _parse(self, raw: dict[str, Any]) -> Update | None:
        try:
            update = Update.model_validate(raw, context={"bot": self._bot})
            _ = update.event_type
        except (ValidationError, UpdateTypeLookupError, RecursionError):
            return None
        return update

    async def set_aside(self, raw: dict[str, Any] | bytes, why: str) -> bool:
        """Keep an update, sealed, that nobody can handle. False where even that has to be tried again."""
        number = -1 if isinstance(raw, bytes) else id_of(raw)
        try:
            kept = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
        except RecursionError:
            kept = b""
        try:
            async with self._store.unit(number if number >= 0 else None) as unit:
                if not unit.seen and 0 < len(kept) <= LARGEST_SET_ASIDE:
                    await unit.set_aside(kept)
        except StorageError as error:
            return self._again(error)
        self._failures.pop(number, None)
        self._metrics.updates.labels("set_aside").inc()
        log.warning("an update %s; it is set aside, sealed", why)
        return True

    def _again(self, error: Exception) -> bool:
        self._metrics.updates.labels("again").inc()
        log.warning("an update is not finished (%s); it will be tried again", type(error).__name__)
        return False

    async def _failed(self, update: Update, raw: dict[str, Any], error: Exception, tries: int) -> bool:
        failures = self._failures.pop(update.update_id, 0) + 1
        self._failures[update.update_id] = failures
        if len(self._failures) > FAILURES_REMEMBERED:
            del self._failures[next(iter(self._failures))]
        log.error("an update failed (%s), try %d of %d", type(error).__name__, failures, tries)
        if failures < tries:
            return self._again(error)
        return await self._give_up(update, raw)

    async def _give_up(self, update: Update, raw: dict[str, Any]) -> bool:
        """Set it aside and tell the person, so that they can say it again."""
        if not await self.set_aside(raw, "failed too often"):
            return False
        body = update.callback_query.message if update.callback_query else update.message or update.edited_message
        if body is not None and body.chat.type == "private":
            with suppress(AiogramError, OSError):
                await self._bot.send_message(body.chat.id, self._apology)
        return True


def id_of(update: dict[str, Any]) -> int:
    """The update's number, -1 where it has none."""
    number = update.get("update_id")
    usual = isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= HIGHEST_ID
    return number if usual and isinstance(number, int) else -1


def whose(update: dict[str, Any]) -> object:
    """Something that is the same for all updates of one person. Strange updates belong to nobody."""
    for body in update.values():
        sender = body.get("from") if isinstance(body, dict) else None
        if isinstance(sender, dict) and isinstance(sender.get("id"), int):
            return sender["id"]
    return ("nobody", id_of(update))
