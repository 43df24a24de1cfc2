"""Updates under way: one person's one after the other, different people's side by side, and how far all is done.

Promises: an update waits for the earlier ones of the same person, and where one of those has to come again, so does
every later one of theirs; the offset never passes an update that is not done. It follows the order of delivery, not of
the numbers: after a quiet week Telegram begins anew at any number.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from bot.receiving.intake import id_of, whose


class Line:
    """`handle` returns False where an update has to be delivered again."""

    def __init__(self, handle: Callable[[dict[str, Any]], Awaitable[bool]]) -> None:
        self._handle = handle
        self._updates: OrderedDict[int, asyncio.Task[bool]] = OrderedDict()
        self._last: dict[object, asyncio.Task[bool]] = {}
        self.offset: int | None = None

    def add(self, update: dict[str, Any]) -> None:
        """Start an update behind the others of the same person. One that is under way or done already is left alone."""
        number = id_of(update)
        known = self._updates.get(number)
        if known is not None and not (known.done() and not known.result()):
            return
        person = whose(update)
        task = asyncio.create_task(self._take_turn(update, self._last.get(person)))
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

    async def _take_turn(self, update: dict[str, Any], before: "asyncio.Task[bool] | None") -> bool:
        if before is not None and not await before:
            return False
        return await self._handle(update)
