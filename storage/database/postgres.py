"""A database on a PostgreSQL server.

Promises, on every connection: `synchronous_commit=on` (what was committed survives a power cut, as long as the server
itself runs with fsync), a reader's transactions are read-only, and nobody waits for ever. Transactions are READ
COMMITTED, and whoever works for a person holds that person first (`hold`): one person's units follow each other however
many workers there are, and each sees what the one before left. What all of them share, the end of the audit log, is
held last and for the shortest time, so that no two wait for each other.

A connection that was lost is noticed before it is used again, and the pool makes a new one.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Executable, bindparam, func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.database.revisions import Name
from storage.database.transaction import One, Rows, Step, Transaction, finish
from storage.database.turns import Turns, number_of
from storage.errors import Unavailable

T = TypeVar("T")

_log = logging.getLogger(__name__)

#: Seconds until a server that does not answer counts as away: for a new connection, and for one statement.
_CONNECT, _STATEMENT = 10, 60
#: Transactions at the same time, and connections beside them for short looks.
_WRITERS, _BESIDE = 10, 5

_SETTINGS = {
    "application_name": "hearten",
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}

#: Tables from which an erasure deletes. The keyring's is small and holds keys, so it is written anew.
_VACUUM = {
    "main": ["part", "asked", "consent", "participant", "conversation", "outbox", "reminder", "trace"],
    "keyring": ["participant_key", "erasing"],
}
_OTHERS_LOOK = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL"
)

_HOLD = select(func.pg_advisory_xact_lock(bindparam("number", type_=BigInteger)))

#: What the server says when it refuses, by the beginning of its code (SQLSTATE), and what to do.
_REFUSALS = {
    "28": "refuses this user or password: check them in {setting}",
    "3D": "does not exist on that server: create it, or check its name in {setting}",
    "42501": "may not be changed by this user: make the user its owner",
    "42": "is not laid out as Hearten needs it: check {setting}",
    "53100": "has no disk space left: nothing was changed",
    "53": "has no room for another connection: nothing was changed",
    "55P03": "is held by another process for too long: nothing was changed",
    "57": "is stopping or starting: nothing was changed",
    "40": "was being changed by another process at the same moment: nothing was changed",
    "25006": "is read-only: nothing was changed",
    "08": "cannot be reached: check that the server runs, and its address in {setting}",
}


class PostgresDatabase:
    """One database on a server, and the connections to it."""

    file = None
    was_left_open = False

    def __init__(self, name: Name, url: URL, *, writable: bool) -> None:
        self._name = name
        host = url.host or url.query.get("host") or "this machine"
        self.where = f"The database {url.database} on {host}"
        self._setting = "HEARTEN_DATABASE_URL" if name == "main" else "HEARTEN_KEYRING_URL"
        self._engine = _engine(url, writable=writable)
        self._turns = Turns(self._engine)
        self._room = asyncio.Semaphore(_WRITERS)

    async def take_turn(self, what: bytes) -> bool:
        return await self._turns.take(what)

    async def give_turn_back(self, what: bytes) -> None:
        await self._turns.give_back(what)

    async def close(self) -> None:
        await self._turns.close()
        await self._engine.dispose()

    async def begin(self, *, write: bool) -> "PostgresTransaction":  # noqa: ARG002 - a transaction may always write
        connection = await finish(self._connect(), undo=AsyncConnection.close)
        return PostgresTransaction(self, connection)

    async def join(self) -> "PostgresTransaction":
        """The server itself writes side by side, and gathers commits."""
        return await self.begin(write=True)

    def room(self) -> AbstractAsyncContextManager[None]:
        """Room for one of those that join: there are only so many connections."""
        return self._room

    def alone(self) -> AbstractAsyncContextManager[None]:
        """Others go on meanwhile: on a server nobody is in the way."""
        return nullcontext()

    @asynccontextmanager
    async def quiet(self) -> AsyncIterator[None]:
        """Until the end of the block, nothing that has joined is under way."""
        async with AsyncExitStack() as places:
            for _ in range(_WRITERS):
                await places.enter_async_context(self._room)
            yield

    async def _connect(self) -> AsyncConnection:
        connection = await self._engine.connect().start()
        try:
            await connection.begin()
        except BaseException:
            await connection.close()
            raise
        return connection

    async def look(self, statement: Executable, parameters: One, *, small: bool) -> Rows:  # noqa: ARG002 - as above
        return await finish(self._look(statement, parameters))

    async def _look(self, statement: Executable, parameters: One) -> Rows:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            return await _run_one(connection, statement, parameters)

    def make(self) -> None:
        """The database itself is made by whoever runs the server."""

    def see_that_it_is_there(self) -> None:
        """The first connection will tell."""

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turn every error of the driver and the network into one sentence. Of what the server said only its code
        stays: it may repeat values."""
        try:
            yield
        except DBAPIError as problem:
            raise self._unavailable(str(getattr(problem.orig, "sqlstate", None) or "")) from None
        except (OSError, TimeoutError, PoolTimeout):
            raise self._unavailable("08") from None
        except PendingRollbackError:  # the connection was lost in the middle of a transaction
            raise self._unavailable("") from None

    def _unavailable(self, code: str) -> Unavailable:
        for beginning, sentence in _REFUSALS.items():
            if code.startswith(beginning):
                return Unavailable(f"{self.where} {sentence.format(setting=self._setting)}.")
        return Unavailable(
            f"{self.where} could not be read or written (connection lost, or refused; code {code or 'none'}):"
            " nothing was changed."
        )

    async def rewrite(self) -> bool:
        """Let go of the space of what was deleted (VACUUM); the keyring is written anew (VACUUM FULL), which has to
        wait until nobody else looks at it."""
        full = self._name == "keyring"
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                if full and (await connection.execute(_OTHERS_LOOK)).scalar_one():
                    return False
                for table in _VACUUM[self._name]:
                    await connection.exec_driver_sql(f"VACUUM {'FULL ' if full else ''}{table}")
        except (SQLAlchemyError, OSError, TimeoutError):
            return False
        return True

    async def truncate_wal(self) -> bool:
        """The server's write-ahead log is the server's: it writes over its old files in its own time."""
        return True


class PostgresTransaction(Transaction):
    def __init__(self, database: PostgresDatabase, connection: AsyncConnection) -> None:
        super().__init__()
        self._database = database
        self._connection = connection

    async def _run(self, steps: Sequence[Step], *, small: bool) -> list[Rows]:  # noqa: ARG002 - all go to the server
        with self._database.explaining():
            return await finish(self._run_each(steps))

    async def _run_each(self, steps: Sequence[Step]) -> list[Rows]:
        return [await _run_one(self._connection, *step) for step in steps]

    def holding(self, what: bytes) -> list[Step]:
        return [(_HOLD, {"number": number_of(what)})]

    async def exec_driver_sql(self, statement: str, parameters: tuple[Any, ...] = ()) -> Rows:
        await self.send()
        with self._database.explaining():
            result = await finish(self._connection.exec_driver_sql(statement, parameters))
        return (
            Rows(result.keys(), result.all(), result.rowcount) if result.returns_rows else Rows((), (), result.rowcount)
        )

    async def run_sync(self, work: Callable[..., T], *arguments: Any) -> T:
        await self.send()
        with self._database.explaining():
            return await finish(self._connection.run_sync(work, *arguments))

    async def end(self, *, commit: bool) -> None:
        await finish(self._end(commit=commit))

    async def _end(self, *, commit: bool) -> None:
        try:
            if commit:
                await self.send()
                await self._connection.commit()
            else:
                await self._connection.rollback()
        finally:
            await self._connection.close()


async def _run_one(connection: AsyncConnection, statement: Executable, parameters: One) -> Rows:
    result = await connection.execute(statement, parameters)
    if result.returns_rows:
        return Rows(result.keys(), result.all(), result.rowcount)
    return Rows((), (), result.rowcount)


def _engine(url: URL, *, writable: bool) -> AsyncEngine:
    settings = _SETTINGS if writable else _SETTINGS | {"default_transaction_read_only": "on"}
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=_WRITERS,
        max_overflow=_BESIDE,
        pool_timeout=_CONNECT,
        connect_args={"timeout": _CONNECT, "command_timeout": _STATEMENT, "server_settings": settings},
    )
