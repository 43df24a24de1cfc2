"""What was asked for comes when its time has come: once, however often the bot stops and starts.

The schedule is in the store, in absolute time, so that neither a restart nor a clock that is put forward or back loses
or doubles anything; day, hour and quiet hours are the engine's, which knows the time zone. A reminder is taken in the
unit that puts its message in the outbox. Several workers may look at once: one of them takes it.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.conversation.exchange import Exchange
from bot.operating.metrics import Metrics
from storage.errors import StorageError
from storage.records import Reminder
from storage.retention import Rules
from storage.write import Store

log = logging.getLogger("hearten.reminders")

#: Seconds between two looks.
LOOK_AGAIN = 1.0
#: Between two times that the numbers of messages go which can no longer be deleted from their chats.
FORGET_AGAIN = timedelta(hours=1)
#: One that fails so often for a reason that we do not know is left alone until the next start.
TRIES = 3


class Reminders:
    def __init__(
        self, store: Store, exchange: Exchange, metrics: Metrics, clock: Callable[[], datetime], rules: Rules
    ) -> None:
        self._rules = rules
        self._store = store
        self._exchange = exchange
        self._metrics = metrics
        self._clock = clock
        self._failures: dict[tuple[bytes, str], int] = {}
        self._forget_next = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_AGAIN)

    async def look(self) -> None:
        """Let the engine hear everything that is due now. Once an hour, forget numbers that are of no use any more."""
        try:
            if self._clock() >= self._forget_next:
                await self._store.forget_past_traces(self._clock())
                await self._store.forget_past_parcels(self._rules, self._clock().date())
                self._forget_next = self._clock() + FORGET_AGAIN
            due = await self._store.due_reminders(self._clock())
        except StorageError as error:
            log.warning("the schedule cannot be read (%s); trying again", type(error).__name__)
            return
        for each in due:
            await self._hear(each)

    async def _hear(self, due: Reminder) -> None:
        which = (due.pseudonym, due.name)
        if self._failures.get(which, 0) >= TRIES:
            return
        try:
            if await self._exchange.hear_due(due):
                self._metrics.reminders.inc()
        except StorageError as error:
            log.warning("a reminder could not be written (%s); trying again", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - one person's reminder must never stop everybody else's
            self._failures[which] = self._failures.get(which, 0) + 1
            log.error("a reminder failed (%s), try %d of %d", type(error).__name__, self._failures[which], TRIES)
        else:
            self._failures.pop(which, None)
