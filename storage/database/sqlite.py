"""A database that is one SQLite file.

Promises, on every connection: WAL with `synchronous=FULL` (what was committed survives a power cut), foreign keys,
`secure_delete` (what is deleted is overwritten), and no temporary files. Files are made for the owner only.
Transactions begin when we say so: writers with BEGIN IMMEDIATE, so that two of them never deadlock half-way.

SQLAlchemy writes the statements, once each, and opens the connections; how statements run there, `connection.py` says,
and how units of work share a commit, `sharing.py`.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Executable
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from storage.database.connection import Connection, roll_back, run_all, take_back
from storage.database.pragmas import PATIENCE, reading_engine, writing_engine
from storage.database.sharing import Shared, Sharing
from storage.database.transaction import One, Rows, Step, Transaction, finish
from storage.database.words import Bound, Given, bind, rows_of
from storage.errors import SchemaError, Unavailable

T = TypeVar("T")

#: Milliseconds for which a connection waits for readers when the WAL is emptied.
_PATIENCE_FOR_READERS = 200

#: Connections at the same time.
_AT_ONCE = 8

#: Bytes of one unit's values up to which they are written at once, and not by way of a thread.
_SMALL = 64 * 1024


class SqliteFile:
    """The file of one database, and the connections to it."""

    def __init__(self, url: URL, *, writable: bool) -> None:
        self.file = Path(url.database or "")
        self._engine = writing_engine(url) if writable else reading_engine(self.file)
        self._keeps = writable
        self._idle: list[Connection] = []
        self._sharing = Sharing(self)
        self._room = asyncio.Semaphore(_AT_ONCE)

    @property
    def where(self) -> str:
        return str(self.file)

    @property
    def was_left_open(self) -> bool:
        log = self.file.with_name(f"{self.file.name}-wal")
        return log.exists() and log.stat().st_size > 0

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()
        await self._engine.dispose()

    async def begin(self, *, write: bool) -> "SqliteTransaction":
        """The transaction really begins with its first statement, in the same travel."""
        return SqliteTransaction(self, await self.take(), "BEGIN IMMEDIATE" if write else "BEGIN")

    async def join(self) -> "SqliteUnit":
        """A transaction that may share its commit with others of this process, in the order of coming."""
        shared = await self._sharing.join()
        begin = [] if shared.connection.in_transaction else ["BEGIN IMMEDIATE"]
        return SqliteUnit(self, self._sharing, shared, *begin, "SAVEPOINT unit")

    def room(self) -> AbstractAsyncContextManager[None]:
        """Whoever joins waits for the turn."""
        return nullcontext()

    def alone(self) -> AbstractAsyncContextManager[None]:
        """Until the end of the block, nothing that has joined is under way."""
        return self._sharing.alone()

    quiet = alone

    async def look(self, statement: Executable, parameters: One, *, small: bool) -> Rows:
        bound = bind(statement, parameters)
        connection = await self.take()
        try:
            (given,) = await connection.run([bound], small=small)
        finally:
            await self.give_back(connection)
        return rows_of(bound, given)

    async def take_turn(self, what: bytes) -> bool:  # noqa: ARG002 - one file, one bot
        return True

    async def give_turn_back(self, what: bytes) -> None:
        """Nobody waits for it."""

    async def take(self) -> Connection:
        """A connection of one's own, until it is given back."""
        await self._room.acquire()
        try:
            return self._idle.pop() if self._idle else await finish(self._connect(), undo=Connection.close)
        except BaseException:
            self._room.release()
            raise

    async def give_back(self, connection: Connection, *, broken: bool = False) -> None:
        self._room.release()
        if self._keeps and not broken:
            self._idle.append(connection)
        else:
            await finish(connection.close())

    async def _connect(self) -> Connection:
        connection = await self._engine.connect()
        return Connection(connection, (await connection.get_raw_connection()).driver_connection)

    def make(self) -> None:
        """SQLite gives the WAL the mode of its database, so it is enough to be first."""
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.file.touch(mode=0o600)
        except OSError:
            raise Unavailable(
                f"{self.file} cannot be made or written: make it and its folder writable, or choose another place."
            ) from None

    def see_that_it_is_there(self) -> None:
        if not self.file.is_file():
            raise SchemaError(
                f"There is no database at {self.file}: check HEARTEN_DATABASE_URL and HEARTEN_KEYRING_URL."
            )

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turn every error of the driver into one sentence. Of what the driver said only SQLite's name for it stays:
        drivers may repeat values."""
        try:
            yield
        except (DBAPIError, sqlite3.Error) as problem:
            original = problem.orig if isinstance(problem, DBAPIError) else problem
            name = getattr(original, "sqlite_errorname", type(original).__name__)
            raise Unavailable(
                f"{self.file} could not be read or written (disk full, locked, read-only or damaged; {name}):"
                " nothing was changed."
            ) from None

    async def rewrite(self) -> bool:
        """Write the whole file anew (VACUUM). `secure_delete` overwrites what is deleted, but not the copies that stay
        in a page's unused space when rows move to another page; only this removes them (measured: they do stay)."""
        return await self._outside_transactions("VACUUM") is not None

    async def truncate_wal(self) -> bool:
        rows = await self._outside_transactions("PRAGMA wal_checkpoint(TRUNCATE)")
        if rows is None:
            return False
        ((busy, pages, _),) = rows
        return bool(busy == 0 and pages == 0)  # not blocked by a reader, and no page left in the log

    async def _outside_transactions(self, statement: str) -> list[tuple[Any, ...]] | None:
        """Run one statement with less patience. None where somebody is in the way."""
        impatient, patient = (f"PRAGMA busy_timeout={each}" for each in (_PATIENCE_FOR_READERS, PATIENCE))
        try:
            connection = await self.take()
            try:
                _, (_, rows, _) = await connection.travel(run_all, [(impatient, {}, ()), (statement, {}, ())])
            finally:
                await finish(connection.travel(run_all, [(patient, {}, ())]))
                await self.give_back(connection)
        except (DBAPIError, sqlite3.Error):
            return None
        return rows


class SqliteTransaction(Transaction):
    def __init__(self, file: SqliteFile, connection: Connection, *first: str) -> None:
        super().__init__()
        self._file = file
        self._connection = connection
        self._first = first

    def holding(self, what: bytes) -> list[Step]:  # noqa: ARG002 - there is one writer, so it holds everything
        return []

    async def _run(self, steps: Sequence[Step], *, small: bool) -> list[Rows]:
        bound = [bind(*step) for step in steps]
        return [rows_of(*each) for each in zip(bound, await self._travel(bound, small=small), strict=True)]

    async def _travel(self, bound: list[Bound], *, small: bool = False) -> list[Given]:
        first: list[Bound] = [(each, {}, ()) for each in self._first]
        self._first = ()
        if not first and not bound:
            return []
        with self._file.explaining():
            return (await self._connection.run([*first, *bound], small=small))[len(first) :]

    async def exec_driver_sql(self, statement: str, parameters: tuple[Any, ...] = ()) -> Rows:
        await self.send()
        (given,) = await self._travel([(statement, parameters, ())])
        return Rows(*given)

    async def run_sync(self, work: Callable[..., T], *arguments: Any) -> T:
        await self.send()
        whole = self._connection.whole
        if not whole.in_transaction():
            await whole.begin()  # SQLAlchemy's own word for it, which SQLite is not told of
        with self._file.explaining():
            return await finish(whole.run_sync(work, *arguments))

    async def end(self, *, commit: bool) -> None:
        """A commit on its way is not held up by a cancellation: nothing that comes after it can overtake it."""
        broken = True
        try:
            if commit:
                await self._commit()
            else:
                await finish(self._connection.travel(roll_back))
            if self._connection.whole.in_transaction():
                await finish(self._connection.whole.rollback())
            broken = False
        finally:
            await self._file.give_back(self._connection, broken=broken)

    async def _commit(self) -> None:
        steps, self._noted = self._noted, []
        if self._first and not steps:
            return  # it never began
        try:
            await self._travel([*(bind(*step) for step in steps), ("COMMIT", {}, ())])
        except BaseException:
            await finish(self._connection.travel(roll_back))  # changes nothing where it was committed
            raise


class SqliteUnit(SqliteTransaction):
    """Between a savepoint and its release in a transaction that is shared."""

    def __init__(self, file: SqliteFile, sharing: Sharing, shared: Shared, *first: str) -> None:
        super().__init__(file, shared.connection, *first)
        self._sharing = sharing
        self._shared = shared

    async def end(self, *, commit: bool) -> None:
        """Released, it waits for the commit that it shares: it is not over before that is on the disk."""
        kept = False
        try:
            if commit:
                kept = await self._release()
        finally:
            if not kept and not self._first:
                await finish(self._connection.travel(take_back))
            await self._sharing.leave(self._shared)
        if kept:
            await self._shared.committed()

    async def _release(self) -> bool:
        """False where it never began."""
        bound = [bind(*step) for step in self._noted]
        self._noted = []
        if self._first and not bound:
            return False
        await self._travel(bound, small=_size(bound) <= _SMALL)
        await self._travel([("RELEASE unit", {}, ())], small=True)
        self._shared.kept += 1
        return True


def _size(steps: list[Bound]) -> int:
    return sum(len(value) for _, values, _ in steps for value in values.values() if isinstance(value, bytes))
