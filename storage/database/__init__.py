"""One database: how it is opened, written, read, and left without remains.

It is a SQLite file (`sqlite.py`) or a PostgreSQL database (`postgres.py`); which one, its URL says. Promises in both:
what was committed survives a power cut; a transaction is committed whole or not at all; a schema that this code does
not know is refused untouched; no error message carries parameters, nor a password.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import make_url

from storage.database.postgres import PostgresDatabase
from storage.database.revisions import Name, known_revisions, revision_of, upgrade
from storage.database.sqlite import SqliteFile
from storage.database.transaction import One, Rows, Step, Transaction
from storage.errors import NewerSchema, OlderSchema, SchemaError
from storage.schema import HEADS

# PostgreSQL's `INSERT ... ON CONFLICT` is SQLite's too, word for word, and SQLAlchemy writes it for both.
__all__ = ["Database", "Name", "Rows", "Step", "Transaction", "insert"]


class Database:
    """One database. `writable` decides once whether this object may change it."""

    def __init__(self, name: Name, url: str, *, writable: bool) -> None:
        self.name = name
        parsed = make_url(url)
        self._place: SqliteFile | PostgresDatabase
        if parsed.get_backend_name() == "sqlite":
            self._place = SqliteFile(parsed, writable=writable)
        else:
            self._place = PostgresDatabase(name, parsed, writable=writable)

    @property
    def where(self) -> str:
        """What to call this database in a sentence; holds no secret."""
        return self._place.where

    @property
    def file(self) -> Path | None:
        """The file it is in; None where it is on a server."""
        return self._place.file

    @property
    def was_left_open(self) -> bool:
        """Whether another process has the database open, or one stopped without closing; for SQLite only."""
        return self._place.was_left_open

    async def close(self) -> None:
        await self._place.close()

    @asynccontextmanager
    async def begin(self, *, write: bool) -> AsyncIterator[Transaction]:
        """One transaction: committed on a clean exit, rolled back otherwise. It and its statements raise Unavailable
        where the database fails; what goes wrong in the block otherwise passes through as it is."""
        with self._place.explaining():
            transaction: Transaction = await self._place.begin(write=write)
        async with self._ending(transaction):
            yield transaction

    @asynccontextmanager
    async def join(self) -> AsyncIterator[Transaction]:
        """As `begin(write=True)`, for the many short ones of a bot: those that wait at the same moment may share one
        commit (`sharing.py`). One that fails harms no other, and none is over before it is on the disk."""
        async with self._place.room():
            with self._place.explaining():
                transaction: Transaction = await self._place.join()
            async with self._ending(transaction):
                yield transaction

    @asynccontextmanager
    async def _ending(self, transaction: Transaction) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            with self._place.explaining():
                await transaction.end(commit=False)
            raise
        with self._place.explaining():
            await transaction.end(commit=True)

    def alone(self) -> AbstractAsyncContextManager[None]:
        """For what comes after an erasure: in a file, nothing that joins is under way meanwhile."""
        return self._place.alone()

    def quiet(self) -> AbstractAsyncContextManager[None]:
        """Waits for all that has joined, and lets nothing join to the end of the block."""
        return self._place.quiet()

    async def look(self, statement: Executable, parameters: One, *, small: bool = False) -> Rows:
        """One statement that reads, and no transaction around it; `small` as in `Transaction.send`. Raises
        Unavailable."""
        with self._place.explaining():
            return await self._place.look(statement, parameters, small=small)

    @asynccontextmanager
    async def turn(self, what: bytes) -> AsyncIterator[bool]:
        """Whether this process has its turn at something that takes longer than a transaction; it has it to the end of
        the block, and no other process meanwhile. A SQLite file is one bot's alone. Raises Unavailable."""
        with self._place.explaining():
            mine = await self._place.take_turn(what)
        try:
            yield mine
        finally:
            if mine:
                await self._place.give_turn_back(what)

    async def check_or_make(self) -> bool:
        """Make the tables where the database is empty (returns True); otherwise see that its schema is known.

        Raises OlderSchema or NewerSchema.
        """
        self._place.make()
        async with self._alone() as transaction:
            revision = await transaction.run_sync(revision_of)
            if revision == HEADS[self.name]:
                return False
            if revision is not None:
                raise self._other_revision(revision)
            await transaction.run_sync(upgrade, self.name)
            return True

    async def check(self) -> None:
        """See that the database is there and that its schema is known; change nothing. Raises SchemaError."""
        self._place.see_that_it_is_there()
        async with self.begin(write=False) as transaction:
            revision = await transaction.run_sync(revision_of)
        if revision is None and self.file is None:
            raise SchemaError(f"{self.where} is empty: the bot has not been started with it yet.")
        if revision != HEADS[self.name]:
            raise self._other_revision(revision)

    async def older_revision(self) -> str | None:
        """The revision that there is, where it is one of an older version; None where nothing is to be migrated. Raises
        NewerSchema."""
        self._place.make()
        async with self.begin(write=False) as transaction:
            revision = await transaction.run_sync(revision_of)
        if revision is None or revision == HEADS[self.name]:
            return None
        if revision not in known_revisions(self.name):
            raise self._other_revision(revision)
        return revision

    async def migrate(self) -> bool:
        """Bring the schema to what this code knows; returns whether anything was done. Raises NewerSchema."""
        self._place.make()
        async with self._alone() as transaction:
            revision = await transaction.run_sync(revision_of)
            if revision == HEADS[self.name]:
                return False
            if revision is not None and revision not in known_revisions(self.name):
                raise self._other_revision(revision)
            await transaction.run_sync(upgrade, self.name)
            return True

    async def rewrite(self) -> bool:
        """Remove what is left in unused space of what was deleted, as far as this database can; SECURITY.md says how
        far. Returns False where somebody is in the way: call again later."""
        return await self._place.rewrite()

    async def truncate_wal(self) -> bool:
        """Move the write-ahead log of SQLite into the database and empty it, so that it holds nothing that was
        deleted. Returns False where a reader holds on to the old state: call again later."""
        return await self._place.truncate_wal()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[Transaction]:
        """A transaction while no other process looks at, or changes, which schema there is."""
        async with self.begin(write=True) as transaction:
            await transaction.hold(b"schema")
            yield transaction

    def _other_revision(self, revision: str | None) -> SchemaError:
        if revision is None:
            return SchemaError(f"{self.where} is not a database of Hearten: check HEARTEN_DATABASE_URL.")
        if revision in known_revisions(self.name):
            return OlderSchema(f"{self.where} was made by an older version: run `python -m storage migrate` first.")
        return NewerSchema(f"{self.where} was made by a newer version of Hearten: update Hearten, nothing was changed.")
