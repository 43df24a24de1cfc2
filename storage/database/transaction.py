"""One transaction, whichever database it is in.

Statements run at once (`execute`, `send`), or are noted to go with the next ones (`later`): then an error in them shows
only there, at the latest when the transaction is committed. Whatever runs sees what was noted before it. Each travel
to the database runs to its end even where its caller is cancelled.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Executable
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData

T = TypeVar("T")
One = Mapping[str, Any]
Parameters = One | Sequence[One]
Step = tuple[Executable, One]


class Rows(IteratorResult[Any]):
    """What a statement gave, all of it already here; `rowcount` where it changed rows."""

    def __init__(self, keys: Iterable[str], rows: Iterable[tuple[Any, ...]], rowcount: int) -> None:
        super().__init__(SimpleResultMetaData(list(keys)), iter(rows))
        self.rowcount = rowcount


class Transaction(ABC):
    """Made by `Database.begin`, good until that block ends."""

    def __init__(self) -> None:
        self._noted: list[Step] = []

    def later(self, statement: Executable, parameters: One) -> None:
        """Note a change of which nobody needs to know the outcome."""
        self._noted.append((statement, parameters))

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> Rows:
        """Run a statement, once for each set of parameters; what the last one gave."""
        each = [parameters or {}] if parameters is None or isinstance(parameters, Mapping) else parameters
        return (await self.send(*((statement, one) for one in each)))[-1]

    async def send(self, *steps: Step, small: bool = False) -> list[Rows]:
        """Run these statements in one travel where the database allows it; what each of them gave. `small` promises
        that they find a few rows by their keys, so that a file need not be asked by way of a thread."""
        noted, self._noted = self._noted, []
        return (await self._run([*noted, *steps], small=small))[len(noted) :]

    @abstractmethod
    async def _run(self, steps: Sequence[Step], *, small: bool) -> list[Rows]: ...

    @abstractmethod
    def holding(self, what: bytes) -> list[Step]:
        """What to send first so that this transaction waits until no other holds this, and holds it until it ends. What
        is read afterwards is as the one before left it."""

    async def hold(self, what: bytes) -> None:
        """See `holding`."""
        await self.send(*self.holding(what))

    @abstractmethod
    async def exec_driver_sql(self, statement: str, parameters: tuple[Any, ...] = ()) -> Rows:
        """Run a statement in the words of this very database."""

    @abstractmethod
    async def end(self, *, commit: bool) -> None:
        """Commit, with what was noted, or roll back; and give the connection back."""

    @abstractmethod
    async def run_sync(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run a function that is given SQLAlchemy's own, blocking connection first."""


async def finish(work: Coroutine[Any, Any, T], undo: Callable[[T], Awaitable[None]] | None = None) -> T:
    """Await work to its end even where the caller is cancelled meanwhile (a transaction half begun or half ended would
    keep its locks); then undo it where that is asked for, and pass the cancellation on."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if undo and not task.cancelled() and task.exception() is None:
            await undo(task.result())
        raise
