"""Updates under way: one person's one after the other, different people's side by side, and how far all is done.

Promises: an update waits for the earlier ones of the same person, and where one of those has to come again, so does
every later one of theirs, after a pause that grows and that nobody else waits for; the offset never passes an update
that is not done. It follows the order of delivery, not of the numbers: after a quiet week Telegram begins anew at any.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from bot.receiving.intake import id_of, whose

#: Seconds for which a person's updates rest after one of them failed; doubled each time.
FIRST_REST, LONGEST_REST = 0.5, 30.0


class Line:
    """`handle` returns False where an update has to be delivered again."""

    def __init__(self, handle: Callable[[dict[str, Any]], Awaitable[bool]], first_rest: float = FIRST_REST) -> None:
        self._handle = handle
        self._first_rest = first_rest
        self._updates: OrderedDict[int, asyncio.Future[bool]] = OrderedDict()
        self._last: dict[object, asyncio.Future[bool]] = {}
        self._resting: dict[object, tuple[float, float]] = {}
        self.offset: int | None = None

    def add(self, updates: Iterable[dict[str, Any]]) -> None:
        """Start each behind the others of the same person. One that is under way or done already is left alone."""
        now = asyncio.get_running_loop().time()  # one time for all: a rest never ends between two of one person's
        for update in updates:
            self._add(update, now)

    def _add(self, update: dict[str, Any], now: float) -> None:
        number = id_of(update)
        known = self._updates.get(number)
        if known is not None and not (known.done() and not known.result()):
            return
        person = whose(update)
        if now < self._resting.get(person, (0.0, 0.0))[0]:
            if number >= 0 and known is None:
                self._updates[number] = _not_done()
            return
        task = asyncio.create_task(self._take_turn(update, person, self._last.get(person)))
        self._last[person] = task
        task.add_done_callback(lambda _: self._last.pop(person) if self._last.get(person) is task else None)
        if number >= 0:
            self._updates[number] = task

    def pass_over(self, number: int) -> None:
        """This update is dealt with; ask for the next."""
        self.offset = number + 1

    @property
    def failed(self) -> bool:
        """Whether something has to be delivered again."""
        return any(task.done() and not task.result() for task in self._updates.values())

    async def settle(self, seconds: float) -> None:
        """Wait for what is under way, but no longer than that, and move the offset past what is done."""
        under_way = [task for task in self._updates.values() if not task.done()]
        if under_way:
            await asyncio.wait(under_way, timeout=seconds)
        while self._updates:
            number, task = next(iter(self._updates.items()))
            if not task.done() or not task.result():
                return
            del self._updates[number]
            self.offset = number + 1

    async def _take_turn(self, update: dict[str, Any], person: object, before: "asyncio.Future[bool] | None") -> bool:
        if before is not None and not await before:
            return False
        if await self._handle(update):
            self._resting.pop(person, None)
            return True
        _, rest = self._resting.get(person, (0.0, 0.0))
        rest = min(LONGEST_REST, max(self._first_rest, rest * 2))
        self._resting[person] = (asyncio.get_running_loop().time() + rest, rest)
        return False


def _not_done() -> "asyncio.Future[bool]":
    future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    future.set_result(False)
    return future
