"""One SQLite database file: how it is opened, written, read, and left without remains.

Promises, on every connection: WAL with `synchronous=FULL` (what was committed survives a power cut), foreign keys,
`secure_delete` (what is deleted is overwritten), and no temporary files. Files are made for the owner only.
Transactions begin when we say so: writers with BEGIN IMMEDIATE, so that two of them never deadlock half-way. No error
message carries parameters.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

from storage.errors import NewerSchema, OlderSchema, SchemaError, Unavailable
from storage.schema import HEADS

T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Name = Literal["main", "keyring"]

_MIGRATIONS = Path(__file__).parent / "migrations"

#: Milliseconds for which a connection waits for another writer, and for readers when the WAL is emptied.
_PATIENCE = 5000
_PATIENCE_FOR_READERS = 200
_PAUSE = 20

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


class Transaction:
    """A connection within a transaction. Each statement runs to its end even where its caller is cancelled: SQLAlchemy
    would throw the connection away half-way, and its statement would keep the write lock until it is collected."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        return await _finish(self._connection.execute(statement, parameters))

    async def exec_driver_sql(self, statement: str, parameters: tuple[Any, ...] = ()) -> CursorResult[Any]:
        return await _finish(self._connection.exec_driver_sql(statement, parameters))

    async def run_sync(self, work: Callable[..., T], *arguments: Any) -> T:
        return await _finish(self._connection.run_sync(work, *arguments))


class Database:
    """One database file. `writable` decides once whether this object may change it."""

    def __init__(self, name: Name, url: str, *, writable: bool) -> None:
        self.name = name
        self.file = Path(make_url(url).database or "")
        self._engine = _writing_engine(make_url(url)) if writable else _reading_engine(self.file)

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def begin(self, *, write: bool) -> AsyncIterator[Transaction]:
        """One transaction: committed on a clean exit, rolled back otherwise. Raises Unavailable where SQLite fails."""
        mode = "BEGIN IMMEDIATE" if write else "BEGIN"
        try:
            connection = await _finish(self._enter(mode), undo=AsyncConnection.close)
            try:
                yield Transaction(connection)
            except BaseException:
                await _finish(_leave(connection, commit=False))
                raise
            await _finish(_leave(connection, commit=True))
        except DBAPIError as problem:
            raise self._unavailable() from problem

    async def _enter(self, mode: str) -> AsyncConnection:
        connection = await self._engine.connect()
        try:
            await connection.execution_options(hearten_begin=mode)
            await connection.begin()
        except BaseException:
            await connection.close()
            raise
        return connection

    @property
    def was_left_open(self) -> bool:
        """Whether a write-ahead log is there: another process has the database open, or one stopped without closing."""
        log = self.file.with_name(f"{self.file.name}-wal")
        return log.exists() and log.stat().st_size > 0

    async def check_or_make(self) -> bool:
        """Make the tables where the database is empty (returns True); otherwise see that its schema is known.

        Raises OlderSchema or NewerSchema.
        """
        _make_private_file(self.file)
        async with self.begin(write=True) as connection:
            revision = await connection.run_sync(_revision_of)
            if revision == HEADS[self.name]:
                return False
            if revision is not None:
                raise self._other_revision(revision)
            await connection.run_sync(_upgrade, self.name)
            return True

    async def check(self) -> None:
        """See that the database is there and that its schema is known; change nothing. Raises SchemaError."""
        if not self.file.is_file():
            raise SchemaError(
                f"There is no database at {self.file}: check HEARTEN_DATABASE_URL and HEARTEN_KEYRING_URL."
            )
        async with self.begin(write=False) as connection:
            revision = await connection.run_sync(_revision_of)
        if revision != HEADS[self.name]:
            raise self._other_revision(revision)

    async def migrate(self) -> bool:
        """Bring the schema to what this code knows; returns whether anything was done. Raises NewerSchema."""
        _make_private_file(self.file)
        async with self.begin(write=True) as connection:
            revision = await connection.run_sync(_revision_of)
            if revision == HEADS[self.name]:
                return False
            if revision is not None and revision not in _known_revisions(self.name):
                raise self._other_revision(revision)
            await connection.run_sync(_upgrade, self.name)
            return True

    async def rewrite(self) -> bool:
        """Write the whole file anew (VACUUM). `secure_delete` overwrites what is deleted, but not the copies that stay
        in a page's unused space when rows move to another page; only this removes them (measured: they do stay).

        Returns False where another writer is in the way: call again later.
        """
        try:
            async with self._outside_transactions() as connection:
                await connection.exec_driver_sql("VACUUM")
        except DBAPIError:
            return False
        return True

    async def truncate_wal(self) -> bool:
        """Move the write-ahead log into the database and empty it, so that it holds nothing that was deleted.

        Returns False where a reader holds on to the old state: call again later.
        """
        try:
            async with self._outside_transactions() as connection:
                row = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).mappings().one()
        except DBAPIError:
            return False
        return bool(row["busy"] == 0 and row["log"] == 0)  # not blocked by a reader, and no page left in the log

    @asynccontextmanager
    async def _outside_transactions(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.connect() as connection:
            await connection.execution_options(hearten_begin=None)
            await connection.exec_driver_sql(f"PRAGMA busy_timeout={_PATIENCE_FOR_READERS}")
            try:
                yield connection
            finally:
                await connection.exec_driver_sql(f"PRAGMA busy_timeout={_PATIENCE}")

    def _other_revision(self, revision: str | None) -> SchemaError:
        if revision is None:
            return SchemaError(f"{self.file} is not a database of Hearten: check HEARTEN_DATABASE_URL.")
        if revision in _known_revisions(self.name):
            return OlderSchema(f"{self.file} was made by an older version: run `python -m storage migrate` first.")
        return NewerSchema(f"{self.file} was made by a newer version of Hearten: update Hearten, nothing was changed.")

    def _unavailable(self) -> Unavailable:
        return Unavailable(
            f"{self.file} could not be read or written (disk full, locked, read-only or damaged): nothing was changed."
        )


async def _finish(work: Coroutine[Any, Any, T], undo: Callable[[T], Awaitable[None]] | None = None) -> T:
    """Await work to its end even where the caller is cancelled meanwhile (a transaction half begun or half ended would
    keep the write lock); then undo it where that is asked for, and pass the cancellation on."""
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


async def _leave(connection: AsyncConnection, *, commit: bool) -> None:
    try:
        await (connection.commit() if commit else connection.rollback())
    finally:
        await connection.close()


def _writing_engine(url: URL) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True)
    _take_over(engine, _WRITER_PRAGMAS)
    return engine


def _reading_engine(file: Path) -> AsyncEngine:
    """Read-only, a fresh connection for each transaction. Where nobody has the database open (no WAL beside it), it is
    opened as immutable, because SQLite would otherwise leave a WAL of its own there; hence the fresh connections."""
    url = URL.create("sqlite+aiosqlite", database=file.absolute().as_uri(), query={"mode": "ro", "uri": "true"})
    engine = create_async_engine(url, hide_parameters=True, poolclass=NullPool)
    _take_over(engine, _READER_PRAGMAS)

    @event.listens_for(engine.sync_engine, "do_connect")
    def look_for_a_writer(_dialect: Any, _record: Any, arguments: list[Any], _options: Any) -> None:
        if not file.with_name(f"{file.name}-wal").exists():
            arguments[0] = f"{arguments[0]}&immutable=1"

    return engine


def _take_over(engine: AsyncEngine, pragmas: tuple[str, ...]) -> None:
    """Prepare every connection, and begin transactions ourselves."""

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions behind our back
        cursor = connection.cursor()
        for pragma in pragmas:
            _execute_patiently(cursor, pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("hearten_begin", "BEGIN")
        if mode:
            connection.exec_driver_sql(mode)


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


def _make_private_file(file: Path) -> None:
    """SQLite gives the WAL the mode of its database, so it is enough to be first."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError:
        raise Unavailable(f"{file} cannot be made: make its folder writable, or choose another place.") from None


def _revision_of(connection: Connection) -> str | None:
    """The revision that a database has, None where it is empty."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _upgrade(connection: Connection, name: Name) -> None:
    from alembic import command  # noqa: PLC0415 - slow to import, and seldom needed

    config = _alembic(name)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _known_revisions(name: Name) -> set[str]:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - slow to import, and seldom needed

    return {each.revision for each in ScriptDirectory.from_config(_alembic(name)).walk_revisions()}


def _alembic(name: Name) -> Any:
    from alembic.config import Config  # noqa: PLC0415 - slow to import, and seldom needed

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(_MIGRATIONS / name).replace("%", "%%"))
    return config
