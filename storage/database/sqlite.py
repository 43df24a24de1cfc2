"""A database that is one SQLite file.

Promises, on every connection: WAL with `synchronous=FULL` (what was committed survives a power cut), foreign keys,
`secure_delete` (what is deleted is overwritten), and no temporary files. Files are made for the owner only.
Transactions begin when we say so: writers with BEGIN IMMEDIATE, so that two of them never deadlock half-way.

SQLAlchemy writes the statements, once each, and opens the connections (aiosqlite: each has a thread of its own). We
hand whole lists of statements to that thread ourselves: SQLAlchemy would go there and back four times for each. Small
ones, which find a few rows by their keys and write nothing to the disk, run at once where nobody has to be waited for:
the way to a thread and back takes ten times as long as they do. What waits, for a lock or for the disk, never runs so.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Executable
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.pragmas import PATIENCE, reading_engine, writing_engine
from storage.database.transaction import One, Rows, Step, Transaction, finish
from storage.database.words import Bound, Given, bind, rows_of
from storage.errors import SchemaError, Unavailable

T = TypeVar("T")

#: Milliseconds for which a connection waits for readers when the WAL is emptied.
_PATIENCE_FOR_READERS = 200

#: Connections at the same time.
_AT_ONCE = 8


class SqliteFile:
    """The file of one database, and the connections to it."""

    #: One writer at a time is what SQLite has; who waits for it within this process should wait in the order of coming.
    writers = 1

    def __init__(self, url: URL, *, writable: bool) -> None:
        self.file = Path(url.database or "")
        self._engine = writing_engine(url) if writable else reading_engine(self.file)
        self._keeps = writable
        self._idle: list[_Connection] = []
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

    async def take(self) -> "_Connection":
        """A connection of one's own, until it is given back."""
        await self._room.acquire()
        try:
            return self._idle.pop() if self._idle else await finish(self._connect(), undo=_Connection.close)
        except BaseException:
            self._room.release()
            raise

    async def give_back(self, connection: "_Connection", *, broken: bool = False) -> None:
        self._room.release()
        if self._keeps and not broken:
            self._idle.append(connection)
        else:
            await finish(connection.close())

    async def _connect(self) -> "_Connection":
        connection = await self._engine.connect()
        return _Connection(connection, (await connection.get_raw_connection()).driver_connection)

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
                _, (_, rows, _) = await connection.travel(_run_all, [(impatient, {}, ()), (statement, {}, ())])
            finally:
                await finish(connection.travel(_run_all, [(patient, {}, ())]))
                await self.give_back(connection)
        except (DBAPIError, sqlite3.Error):
            return None
        return rows


class SqliteTransaction(Transaction):
    def __init__(self, file: SqliteFile, connection: "_Connection", first: str) -> None:
        super().__init__()
        self._file = file
        self._connection = connection
        self._first: str | None = first

    def holding(self, what: bytes) -> list[Step]:  # noqa: ARG002 - there is one writer, so it holds everything
        return []

    async def _run(self, steps: Sequence[Step], *, small: bool) -> list[Rows]:
        bound = [bind(*step) for step in steps]
        return [rows_of(*each) for each in zip(bound, await self._travel(bound, small=small), strict=True)]

    async def _travel(self, bound: list[Bound], *, small: bool = False) -> list[Given]:
        first: list[Bound] = [] if self._first is None else [(self._first, {}, ())]
        self._first = None
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
                await finish(self._connection.travel(_roll_back))
            if self._connection.whole.in_transaction():
                await finish(self._connection.whole.rollback())
            broken = False
        finally:
            await self._file.give_back(self._connection, broken=broken)

    async def _commit(self) -> None:
        steps, self._noted = self._noted, []
        if self._first is not None and not steps:
            return  # it never began
        try:
            await self._travel([*(bind(*step) for step in steps), ("COMMIT", {}, ())])
        except BaseException:
            await finish(self._connection.travel(_roll_back))  # changes nothing where it was committed
            raise


class _Connection:
    """A connection, whole as SQLAlchemy knows it, and the driver's own beneath."""

    def __init__(self, whole: AsyncConnection, driver: Any) -> None:
        self.whole = whole
        self._driver = driver
        self._sent = 0
        self._returned = 0
        self._waits = True  # for locks, up to PATIENCE

    async def run(self, steps: list[Bound], *, small: bool) -> list[Given]:
        """Run these statements: at once where they are small and nobody has to be waited for, else in the thread."""
        if small and self._sent == self._returned:
            driver: sqlite3.Connection = self._driver._conn  # noqa: SLF001 - the only way in
            if self._waits:
                driver.execute("PRAGMA busy_timeout=0")
                self._waits = False
            given = _run_at_once(driver, steps)
            if given is not None:
                return given
        return await self.travel(_run_all, steps)

    async def travel(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run a function in the thread of this connection, which gives it the standard library's connection first. What
        was sent there runs to its end, one after the other, even where nobody waits for it any more."""

        waits, self._waits = self._waits, True
        self._sent += 1

        def there() -> T:
            try:
                driver: sqlite3.Connection = self._driver._conn  # noqa: SLF001
                if not waits:
                    driver.execute(f"PRAGMA busy_timeout={PATIENCE}")
                return work(driver, *arguments)
            finally:
                self._returned += 1

        given: T = await self._driver._execute(there)  # noqa: SLF001
        return given

    async def close(self) -> None:
        await self.whole.invalidate()
        await self.whole.close()


def _run_at_once(driver: sqlite3.Connection, steps: list[Bound]) -> list[Given] | None:
    """None where the first statement would have to wait for another process: then nothing has happened yet."""
    try:
        first = _run_all(driver, steps[:1])
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return None
        raise
    return first + _run_all(driver, steps[1:])


def _run_all(driver: sqlite3.Connection, steps: list[Bound]) -> list[Given]:
    given: list[Given] = []
    for statement, parameters, _ in steps:
        cursor = driver.execute(statement, parameters)
        if cursor.description is None:
            given.append(((), [], cursor.rowcount))
        else:
            given.append((tuple(column[0] for column in cursor.description), cursor.fetchall(), cursor.rowcount))
    return given


def _roll_back(driver: sqlite3.Connection) -> None:
    if driver.in_transaction:
        driver.execute("ROLLBACK")
