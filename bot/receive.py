"""Receiving updates, acknowledged only after they are on the disk.

aiogram's own polling moves the offset before handlers have finished, and one update that it cannot parse stops it for
good. So we fetch raw updates, hand each to the dispatcher, and move the offset past what was committed and no further.
What cannot be parsed is set aside, sealed, and never stands in the way of the next person.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.methods.base import TelegramMethod
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError
from pydantic import ValidationError

from bot.handlers import UPDATE_TYPES
from storage.errors import StorageError
from storage.write import Store

log = logging.getLogger("hearten.receive")

#: Seconds that Telegram holds a request open while there is nothing to tell (Bot API, getUpdates).
LONG_POLL = 25
#: How often an update is tried that fails for a reason we do not know, before it is set aside.
TRIES = 3
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0


class GetRawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """getUpdates, its results left as they came: one strange update must not spoil the others."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    limit: int = 100
    timeout: int = LONG_POLL
    allowed_updates: list[str] = UPDATE_TYPES


class Receiver:
    """Takes updates from Telegram to the dispatcher, and knows which of them are done. `apology` is what somebody reads
    whose message could not be handled at all."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher, store: Store, apology: str) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._store = store
        self._apology = apology
        self._failures: dict[int, int] = {}

    async def poll(self, stop: asyncio.Event) -> None:
        """Fetch and handle updates until `stop` is set; what was fetched is finished first.

        Raises TelegramUnauthorizedError where the token is no longer valid.
        """
        offset: int | None = None
        wait = 0.0
        stopping = asyncio.create_task(stop.wait())
        while not stop.is_set():
            updates = await self._fetch(offset, stopping)
            whole = updates is not None
            if updates:
                offset, whole = await self.handle_batch(updates, offset)
            wait = 0.0 if whole else min(LONGEST_WAIT, max(FIRST_WAIT, wait * 2))
            if wait:
                await asyncio.wait([stopping], timeout=wait)
        stopping.cancel()

    async def _fetch(self, offset: int | None, stopping: "asyncio.Task[Any]") -> list[dict[str, Any]] | None:
        """The next updates: none at the stop, None where Telegram did not answer."""
        request = asyncio.ensure_future(self._bot(GetRawUpdates(offset=offset), request_timeout=LONG_POLL + 10))
        await asyncio.wait([request, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not request.done():
            request.cancel()
            return []
        try:
            return request.result()
        except TelegramUnauthorizedError:
            raise
        except TelegramRetryAfter as error:
            await asyncio.wait([stopping], timeout=error.retry_after)
            return []
        except TelegramAPIError as error:
            log.warning("no updates from Telegram (%s); trying again", type(error).__name__)
            return None

    async def handle_batch(self, updates: Sequence[dict[str, Any]], offset: int | None) -> tuple[int | None, bool]:
        """Handle updates, one person's in order and different people's side by side. The offset past all that is done
        before the first one that is not, and whether all are done. It follows the order of delivery, not of the ids:
        after a quiet week Telegram begins anew at any number."""
        groups: dict[object, list[dict[str, Any]]] = {}
        for update in updates:
            groups.setdefault(_whose(update), []).append(update)
        undone = set().union(*await asyncio.gather(*(self._handle_in_order(group) for group in groups.values())))
        for update in updates:
            if _id(update) in undone:
                return offset, False
            offset = _id(update) + 1 if _id(update) >= 0 else offset
        return offset, True

    async def _handle_in_order(self, updates: Sequence[dict[str, Any]]) -> set[int]:
        """The ids of those that could not be handled: the first that failed, and all that follow it."""
        for place, update in enumerate(updates):
            if not await self.handle(update):
                return {_id(each) for each in updates[place:]}
        return set()

    async def handle(self, raw: dict[str, Any]) -> bool:
        """Handle one update. False where it has to be delivered again."""
        try:
            update = Update.model_validate(raw, context={"bot": self._bot})
            _ = update.event_type
        except (ValidationError, UpdateTypeLookupError):
            return await self._set_aside(raw, "could not be parsed")
        try:
            await self._dispatcher.feed_update(self._bot, update)
        except (StorageError, TelegramAPIError) as error:
            log.warning("an update is not finished (%s); it will be tried again", type(error).__name__)
            return False
        except Exception as error:  # noqa: BLE001 - one person's update must never stop everybody else's
            failures = self._failures[update.update_id] = self._failures.get(update.update_id, 0) + 1
            log.error("an update failed (%s), try %d of %d", type(error).__name__, failures, TRIES)
            return failures >= TRIES and await self._give_up(update, raw)
        self._failures.pop(update.update_id, None)
        return True

    async def _give_up(self, update: Update, raw: dict[str, Any]) -> bool:
        """Set it aside and tell the person, so that they can say it again: nothing is lost without a word."""
        if not await self._set_aside(raw, "failed too often"):
            return False
        body = update.callback_query.message if update.callback_query else update.message or update.edited_message
        if body is not None and body.chat.type == "private":
            with suppress(TelegramAPIError):
                await self._bot.send_message(body.chat.id, self._apology)
        return True

    async def _set_aside(self, raw: dict[str, Any], why: str) -> bool:
        try:
            async with self._store.unit(_id(raw) if _id(raw) >= 0 else None) as unit:
                if not unit.seen:
                    await unit.set_aside(json.dumps(raw).encode())
        except StorageError as error:
            log.warning("an update is not finished (%s); it will be tried again", type(error).__name__)
            return False
        self._failures.pop(_id(raw), None)
        log.warning("an update %s; it is set aside, sealed", why)
        return True


def _id(update: dict[str, Any]) -> int:
    number = update.get("update_id")
    return number if isinstance(number, int) else -1


def _whose(update: dict[str, Any]) -> object:
    """Something that is the same for all updates of one person. Strange updates belong to nobody."""
    for kind in UPDATE_TYPES:
        body = update.get(kind)
        sender = body.get("from") if isinstance(body, dict) else None
        if isinstance(sender, dict) and isinstance(sender.get("id"), int):
            return sender["id"]
    return ("nobody", _id(update))
