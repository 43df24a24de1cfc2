"""A database that is one SQLite file.

Promises, on every connection: WAL with `synchronous=FULL` (what was committed survives a power cut), foreign keys,
`secure_delete` (what is deleted is overwritten), and no temporary files. Files are made for the owner only.
Transactions begin when we say so: writers with BEGIN IMMEDIATE, so that two of them never deadlock half-way.

SQLAlchemy writes the statements, once each, and opens the connections (aiosqlite: each has a thread of its own). We
hand whole lists of statements to that thread ourselves: SQLAlchemy would go there and back four times for each.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Boolean, Executable, Select, event
from sqlalchemy.dialects.sqlite.aiosqlite import dialect as aiosqlite_dialect
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.util import await_only

from storage.database.transaction import One, Rows, Step, Transaction, finish
from storage.errors import SchemaError, Unavailable

T = TypeVar("T")

#: Milliseconds for which a connection waits for another writer, and for readers when the WAL is emptied.
_PATIENCE = 5000
_PATIENCE_FOR_READERS = 200
_PAUSE = 20

#: Connections at the same time.
_AT_ONCE = 8

#: With 8 KiB a row that holds a usual envelope (about 1.7 kB) fits in its page without an overflow page.
_WRITER_PRAGMAS = (
    f"PRAGMA busy_timeout={_PATIENCE}",
    "PRAGMA page_size=8192",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
)
_READER_PRAGMAS = (f"PRAGMA busy_timeout={_PATIENCE}", "PRAGMA query_only=ON")

#: What one statement gave, in the words of the driver: names of columns, rows, number of rows that it changed.
_Given = tuple[tuple[str, ...], list[tuple[Any, ...]], int]

#: A statement in SQLite's words, its parameters, and which of its columns are booleans (SQLite has none).
_Bound = tuple[str, Any, tuple[int, ...]]

_DIALECT = aiosqlite_dialect(paramstyle="named")


class SqliteFile:
    """The file of one database, and the connections to it."""

    #: One writer at a time is what SQLite has; who waits for it within this process should wait in the order of coming.
    writers = 1

    def __init__(self, url: URL, *, writable: bool) -> None:
        self.file = Path(url.database or "")
        self._engine = _writing_engine(url) if writable else _reading_engine(self.file)
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

    async def look(self, statement: Executable, parameters: One) -> Rows:
        bound = _bind(statement, parameters)
        connection = await self.take()
        try:
            (given,) = await connection.travel(_run_all, [bound])
        finally:
            await self.give_back(connection)
        return _rows(bound, given)

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
        impatient, patient = (f"PRAGMA busy_timeout={each}" for each in (_PATIENCE_FOR_READERS, _PATIENCE))
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

    async def _run(self, steps: Sequence[Step]) -> list[Rows]:
        bound = [_bind(*step) for step in steps]
        return [_rows(*each) for each in zip(bound, await self._travel(bound), strict=True)]

    async def _travel(self, bound: list[_Bound]) -> list[_Given]:
        if self._first is None:
            return await self._connection.travel(_run_all, bound) if bound else []
        first, self._first = self._first, None
        return (await self._connection.travel(_run_all, [(first, {}, ()), *bound]))[1:]

    async def exec_driver_sql(self, statement: str, parameters: tuple[Any, ...] = ()) -> Rows:
        await self.send()
        (given,) = await self._travel([(statement, parameters, ())])
        return Rows(*given)

    async def run_sync(self, work: Callable[..., T], *arguments: Any) -> T:
        await self.send()
        whole = self._connection.whole
        if not whole.in_transaction():
            await whole.begin()  # SQLAlchemy's own word for it, which SQLite is not told of
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
            await self._travel([*(_bind(*step) for step in steps), ("COMMIT", {}, ())])
        except BaseException:
            await finish(self._connection.travel(_roll_back))  # changes nothing where it was committed
            raise


class _Connection:
    """A connection, whole as SQLAlchemy knows it, and the driver's own beneath."""

    def __init__(self, whole: AsyncConnection, driver: Any) -> None:
        self.whole = whole
        self._driver = driver

    async def travel(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run a function in the thread of this connection, which gives it the standard library's connection first. What
        was sent there runs to its end, one after the other, even where nobody waits for it any more."""
        given: T = await self._driver._execute(work, self._driver._conn, *arguments)  # noqa: SLF001 - the only way in
        return given

    async def close(self) -> None:
        await self.whole.invalidate()
        await self.whole.close()


def _run_all(driver: sqlite3.Connection, steps: list[_Bound]) -> list[_Given]:
    given: list[_Given] = []
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


_Words = tuple[str, SQLCompiler | None, tuple[int, ...]]
_words: WeakKeyDictionary[Executable, dict[frozenset[str], _Words]] = WeakKeyDictionary()


def _bind(statement: Any, parameters: One) -> _Bound:
    """A statement in the words that are made once for it, and its parameters."""
    known = _words.setdefault(statement, {})
    names = frozenset(parameters)
    if names not in known:
        known[names] = _put_into_words(statement, names)
    words, compiled, booleans = known[names]
    if compiled is None:
        return words, parameters, booleans
    if not compiled.post_compile_params:
        return words, compiled.construct_params(dict(parameters)), booleans
    whole = compiled.construct_expanded_state(dict(parameters))  # with a list of values, whose length is in the words
    return whole.statement, whole.parameters, booleans


def _put_into_words(statement: Any, names: frozenset[str]) -> _Words:
    """The compiler is kept where it has to add values that stand in the statement itself."""
    compiled = statement.compile(dialect=_DIALECT, column_keys=sorted(names))
    complete = names >= set(compiled.binds) and not compiled.post_compile_params
    return str(compiled), None if complete else compiled, _booleans(statement)


def _booleans(statement: Any) -> tuple[int, ...]:
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    return tuple(place for place, each in enumerate(columns) if isinstance(each.type, Boolean))


def _rows(bound: _Bound, given: _Given) -> Rows:
    booleans, (keys, rows, count) = bound[2], given
    if booleans:
        rows = [tuple(bool(each) if n in booleans else each for n, each in enumerate(row)) for row in rows]
    return Rows(keys, rows, count)


def _writing_engine(url: URL) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)
    _prepare(engine, _WRITER_PRAGMAS)
    return engine


def _reading_engine(file: Path) -> AsyncEngine:
    """Read-only, a fresh connection for each transaction. Where nobody has the database open (no WAL beside it), it is
    opened as immutable, because SQLite would otherwise leave a WAL of its own there; hence the fresh connections."""
    url = URL.create("sqlite+aiosqlite", database=file.absolute().as_uri(), query={"mode": "ro", "uri": "true"})
    engine = create_async_engine(url, hide_parameters=True, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    _prepare(engine, _READER_PRAGMAS)

    @event.listens_for(engine.sync_engine, "do_connect")
    def look_for_a_writer(_dialect: Any, _record: Any, arguments: list[Any], _options: Any) -> None:
        if not file.with_name(f"{file.name}-wal").exists():
            arguments[0] = f"{arguments[0]}&immutable=1"

    return engine


def _prepare(engine: AsyncEngine, pragmas: tuple[str, ...]) -> None:
    """Prepare every connection. The driver must not begin transactions behind our back."""

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            _execute_patiently(cursor, pragma)
        cursor.close()


def _execute_patiently(cursor: Any, pragma: str) -> None:
    """SQLite does not wait by itself where another process turns the journal to WAL at the same moment."""
    for _ in range(_PATIENCE // _PAUSE):
        try:
            cursor.execute(pragma)
        except sqlite3.OperationalError as problem:
            if "locked" not in str(problem):
                raise
            await_only(asyncio.sleep(_PAUSE / 1000))
        else:
            return
    cursor.execute(pragma)
