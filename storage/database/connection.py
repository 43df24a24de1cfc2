"""One connection to a SQLite file, and the two ways of running statements there.

Each connection has a thread of its own (aiosqlite's), which is handed whole lists of statements. Small ones, which find
or change a few rows by their keys and do not wait for the disk, run at once where nobody has to be waited for: the way
to a thread and back takes ten times as long as they do. What waits, for a lock or for the disk, never runs so.
"""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.pragmas import PATIENCE
from storage.database.words import Bound, Given

T = TypeVar("T")


class Connection:
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
        return await self.travel(run_all, steps)

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

    @property
    def in_transaction(self) -> bool:
        """Ask only while nothing is under way in the thread."""
        return bool(self._driver._conn.in_transaction)  # noqa: SLF001

    async def close(self) -> None:
        await self.whole.invalidate()
        await self.whole.close()


def _run_at_once(driver: sqlite3.Connection, steps: list[Bound]) -> list[Given] | None:
    """None where the first statement would have to wait for another process: then nothing has happened yet."""
    try:
        first = run_all(driver, steps[:1])
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return None
        raise
    return first + run_all(driver, steps[1:])


def run_all(driver: sqlite3.Connection, steps: list[Bound]) -> list[Given]:
    given: list[Given] = []
    for statement, parameters, _ in steps:
        cursor = driver.execute(statement, parameters)
        if cursor.description is None:
            given.append(((), [], cursor.rowcount))
        else:
            given.append((tuple(column[0] for column in cursor.description), cursor.fetchall(), cursor.rowcount))
    return given


def roll_back(driver: sqlite3.Connection) -> None:
    if driver.in_transaction:
        driver.execute("ROLLBACK")


def take_back(driver: sqlite3.Connection) -> None:
    """Undo one unit of a transaction that is shared; nothing where SQLite has taken back the whole transaction."""
    if driver.in_transaction:
        driver.execute("ROLLBACK TO unit")
        driver.execute("RELEASE unit")
