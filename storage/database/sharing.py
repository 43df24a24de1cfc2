"""Units of work that wait at the same moment share one commit.

A commit waits for the disk, and a SQLite file has one writer: people who write at the same moment would wait for the
disk one after the other. So their units follow each other in one transaction, each between a savepoint of its own and
the release of it, and the disk is waited for once.

Promises: a unit that fails takes back what it did, and nothing of anybody else; no unit is over before the commit that
it shares is on the disk; where that commit fails, it fails for all of them, and nothing of any was kept. A unit that is
alone waits for nobody: the commit stands in line behind those that are waiting when the first of them is done.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Protocol

from storage.database.connection import Connection, roll_back
from storage.database.transaction import finish
from storage.errors import Unavailable

#: Units in one commit: nobody waits for more than so many others.
MOST = 32


class File(Protocol):
    """What is needed of `storage.database.sqlite.SqliteFile`."""

    async def take(self) -> Connection: ...

    async def give_back(self, connection: Connection, *, broken: bool = False) -> None: ...

    def explaining(self) -> AbstractContextManager[None]: ...


class Shared:
    """A transaction that units share. `kept` is how many have been released into it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.kept = 0
        self.closing: asyncio.Task[None] | None = None
        self.outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.outcome.add_done_callback(lambda outcome: outcome.cancelled() or outcome.exception())

    @property
    def is_lost(self) -> bool:
        """SQLite takes back a whole transaction where the disk is full or fails."""
        return self.kept > 0 and not self.connection.in_transaction

    async def committed(self) -> None:
        """Wait for it, together with all the others. Raises Unavailable."""
        try:
            await asyncio.shield(self.outcome)
        except Unavailable as problem:
            raise Unavailable(str(problem)) from None


class Sharing:
    """Who writes in this process: one unit at a time has the turn, in the order of coming."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._turn = asyncio.Lock()
        self._shared: Shared | None = None

    async def join(self) -> Shared:
        """Wait for the turn; `leave` gives it up."""
        await self._turn.acquire()
        try:
            if self._shared is None:
                self._shared = Shared(await self._file.take())
        except BaseException:
            self._turn.release()
            raise
        return self._shared

    async def leave(self, shared: Shared) -> None:
        """A unit has been released or rolled back. The first one to leave puts the commit in line."""
        try:
            if shared.is_lost or shared.kept >= MOST:
                await finish(self._commit(shared))
            elif shared.closing is None:
                shared.closing = asyncio.create_task(self._close(shared))
        finally:
            self._turn.release()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Until the end of the block, no unit is under way, nor is a commit."""
        async with self._turn:
            if self._shared is not None:
                await finish(self._commit(self._shared))
            yield

    async def _close(self, shared: Shared) -> None:
        try:
            async with self._turn:
                if self._shared is shared:
                    await self._commit(shared)
        finally:
            if not shared.outcome.done():
                shared.outcome.cancel()  # the program ends; nobody was told that it was kept

    async def _commit(self, shared: Shared) -> None:
        """Whoever calls this has the turn. What became of it is said in `outcome`."""
        self._shared, broken = None, True
        try:
            with self._file.explaining():
                await shared.connection.travel(_end, shared.kept)
            broken = False
        except Unavailable as problem:
            shared.outcome.set_exception(problem)
        else:
            shared.outcome.set_result(None)
        finally:
            if not shared.outcome.done():
                shared.outcome.set_exception(Unavailable("The database stopped in a commit: it is tried again."))
            await self._file.give_back(shared.connection, broken=broken)


def _end(driver: sqlite3.Connection, kept: int) -> None:
    if kept and not driver.in_transaction:
        raise sqlite3.OperationalError("it was taken back")
    try:
        if driver.in_transaction:
            driver.execute("COMMIT" if kept else "ROLLBACK")
    except BaseException:
        roll_back(driver)
        raise
