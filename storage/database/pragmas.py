"""How connections to a SQLite file are opened, and what each of them is told first."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

#: Milliseconds for which a connection waits for another writer, and between two tries where SQLite does not wait.
PATIENCE = 5000
_PAUSE = 20

#: With 8 KiB a row that holds a usual envelope (about 1.7 kB) fits in its page without an overflow page.
_WRITER_PRAGMAS = (
    f"PRAGMA busy_timeout={PATIENCE}",
    "PRAGMA page_size=8192",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
)
_READER_PRAGMAS = (f"PRAGMA busy_timeout={PATIENCE}", "PRAGMA query_only=ON")


def writing_engine(url: URL) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)
    _prepare(engine, _WRITER_PRAGMAS)
    return engine


def reading_engine(file: Path) -> AsyncEngine:
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
    for _ in range(PATIENCE // _PAUSE):
        try:
            cursor.execute(pragma)
        except sqlite3.OperationalError as problem:
            if "locked" not in str(problem):
                raise
            await_only(asyncio.sleep(_PAUSE / 1000))
        else:
            return
    cursor.execute(pragma)
