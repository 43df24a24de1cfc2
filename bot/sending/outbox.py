"""Sending what waits in the outbox, to each person in order, and trying again for as long as it takes.

A letter leaves the outbox when Telegram has taken it. A crash in between repeats a message at worst. Whoever blocked
the bot is not written to again, and nothing that they once asked for comes later. Logs count messages; they never hold
one, nor whom it was for.
"""

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.operating.metrics import Metrics
from bot.sending.letter import Letter
from bot.sending.post import Later, Post, Refused, Revoked, Sent, Unreachable
from storage.errors import StorageError
from storage.records import Outgoing
from storage.write import Store

log = logging.getLogger("hearten.outbox")

#: Seconds until the first new try after a failure, and the longest wait; doubled in between.
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
#: Chance is added to every wait, so that many messages do not come back at the same moment: up to half of it, and
#: never more than so many seconds.
MOST_CHANCE = 10.0
#: How many people's letters are read at the same time.
READ_AT_ONCE = 10
#: Seconds between two looks for letters that wait for their time.
LOOK_AGAIN = 1.0
#: Letters that left and may still be found in the outbox, because nobody has crossed them out yet.
LEFT_REMEMBERED = 20_000

#: Called with the person's pseudonym, the letter, and the number of the message that came of it.
Delivered = Callable[[bytes, Letter, int], None]


class Outbox:
    """`delivered` is told of every message that arrived. `pause`: seconds between two messages to the same person, with
    a sign of typing, so that they can be read. `shared`: other workers send from the same outbox."""

    def __init__(self, store: Store, post: Post, metrics: Metrics, *, shared: bool = False) -> None:
        self._store = store
        self._shared = shared
        self._post = post
        self._metrics = metrics
        self.delivered: Delivered | None = None
        self.pause = 0.0
        self._running = False
        self._busy: dict[bytes, asyncio.Task[None]] = {}
        self._more: set[bytes] = set()
        self._places = asyncio.Semaphore(READ_AT_ONCE)
        self._left: OrderedDict[int, None] = OrderedDict()
        self._to_cross_out: list[int] = []
        self._crossing = asyncio.Event()
        self._revoked = asyncio.Event()

    def wake(self, pseudonym: bytes) -> None:
        """There may be something new to send to this person."""
        if pseudonym in self._busy:
            self._more.add(pseudonym)
        elif self._running:
            task = self._busy[pseudonym] = asyncio.create_task(self._send_all(pseudonym))
            task.add_done_callback(partial(self._finished, pseudonym))

    def _finished(self, pseudonym: bytes, task: asyncio.Task[None]) -> None:
        del self._busy[pseudonym]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the outbox stumbled (%s); it goes on", type(error).__name__)
        if pseudonym in self._more:
            self._more.discard(pseudonym)
            self.wake(pseudonym)

    async def run(self) -> None:
        """Send until cancelled. What is being sent then is finished first. Raises Revoked."""
        self._running = True
        crossing = asyncio.create_task(self._keep_crossing_out())
        try:
            while not self._revoked.is_set():
                await self._look()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._revoked.wait(), LOOK_AGAIN)
            raise Revoked
        finally:
            self._running = False
            if self._busy:
                await asyncio.wait(self._busy.values(), timeout=5)
            self._crossing.set()
            await crossing

    async def _look(self) -> None:
        """Find what was left by an earlier run, or has been waiting for its time."""
        try:
            people = await self._store.who_waits(datetime.now(UTC))
        except StorageError as error:
            log.warning("the outbox cannot be read (%s); trying again", type(error).__name__)
            return
        self._metrics.people_waiting.set(len(people))
        for pseudonym in people:
            if pseudonym not in self._busy:
                self.wake(pseudonym)

    async def _send_all(self, pseudonym: bytes) -> None:
        """One person's letters, in order. The first that does not go through holds back the rest."""
        try:
            async with self._store.turn(pseudonym) as mine:
                while mine and await self._send_waiting(pseudonym) and self._shared:
                    pass  # what another worker put in meanwhile is sent by us, in its turn
        except StorageError as error:
            log.warning("the outbox cannot be used (%s); a message may be repeated", type(error).__name__)
        except Revoked:
            self._revoked.set()

    async def _send_waiting(self, pseudonym: bytes) -> bool:
        """Whether there was something, and all of it went through. Where the outbox is shared, each letter is crossed
        out before the next, for whoever has the next turn would find it again."""
        async with self._places:
            waiting = await self._store.waiting(datetime.now(UTC), pseudonym=pseudonym)
        said = 0
        for outgoing in waiting:
            if outgoing.seq in self._left:
                continue
            letter = Letter.model_validate_json(outgoing.payload)
            if said and self.pause and letter.text:
                await self._post.show_typing(letter.chat)
                await asyncio.sleep(self.pause)
            if not await self._send(outgoing, letter):
                return False
            if self._shared:
                await self._store.sent([outgoing.seq])
            said += 1
        return said > 0

    async def _send(self, outgoing: Outgoing, letter: Letter) -> bool:
        """Whether the next letter may follow."""
        enclosed = None
        if letter.file:
            enclosed = await self._store.copy_file(outgoing.pseudonym, letter.file)
            if enclosed is None:  # sent before, or gone with the person
                self._leave(outgoing.seq)
                return True
        outcome = await self._post.take(letter, enclosed)
        self._metrics.letters.labels(type(outcome).__name__.lower()).inc()
        match outcome:
            case Later(after):
                await self._wait(outgoing, after)
                return False
            case Unreachable():
                log.info("somebody has blocked the bot: their messages and reminders end")
                await self._store.forget_unreachable(outgoing.pseudonym)
                return False
            case Refused() | Sent():
                if letter.file and letter.file == letter.files:
                    await self._store.forget_copy(outgoing.pseudonym)
                self._leave(outgoing.seq)
        if isinstance(outcome, Sent) and outcome.message is not None and self.delivered is not None:
            self.delivered(outgoing.pseudonym, letter, outcome.message)
        return True

    async def _wait(self, outgoing: Outgoing, after: float | None) -> None:
        seconds = after if after is not None else min(LONGEST_WAIT, FIRST_WAIT * 2**outgoing.attempts)
        seconds += random.uniform(0, min(seconds / 2, MOST_CHANCE))  # noqa: S311 - spreading load, not hiding anything
        await self._store.postpone(outgoing.seq, datetime.now(UTC) + timedelta(seconds=seconds))

    # --- Crossing out what left: many letters in one transaction, beside the sending ------------------------------

    def _leave(self, seq: int) -> None:
        if self._shared:
            return  # crossed out by itself, before the next is sent
        self._left[seq] = None
        if len(self._left) > LEFT_REMEMBERED:
            self._left.popitem(last=False)
        self._to_cross_out.append(seq)
        self._crossing.set()

    async def _keep_crossing_out(self) -> None:
        """Never cancelled half-way: what is not crossed out is sent again at the next start."""
        while self._running:
            await self._crossing.wait()
            self._crossing.clear()
            if not await self._cross_out():
                await asyncio.sleep(LOOK_AGAIN)
                self._crossing.set()
        await self._cross_out()

    async def _cross_out(self) -> bool:
        """All that left since the last time, in one transaction. False where the store could not be written."""
        seqs, self._to_cross_out = self._to_cross_out, []
        try:
            await self._store.sent(seqs)
        except StorageError as error:
            self._to_cross_out = seqs + self._to_cross_out
            log.warning("the outbox cannot be written (%s); trying again", type(error).__name__)
            return False
        return True
