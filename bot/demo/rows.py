"""What the database sees of one person: the rows as they lie there, for anybody who has the file.

Read with nothing but SQLite itself, from outside, as a thief would: no key, no code of ours that could open anything.
What is sealed is shown by its first bytes and its length.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bot.messenger import SeenRow
from storage.write import Store

#: Bytes of a sealed value that are shown, and rows of one table.
SHOWN, MOST = 12, 12


class DatabaseView:
    def __init__(self, store: Store, database: Path) -> None:
        self._store = store
        self._database = database

    async def __call__(self, person: int) -> Sequence[SeenRow]:
        async with self._store.unit() as unit:
            pseudonym, _ = await unit.progress(person)
        return await asyncio.to_thread(_read, self._database, pseudonym)


def _read(database: Path, pseudonym: bytes) -> list[SeenRow]:
    """The newest rows of every table that has a column for the pseudonym."""
    found: list[SeenRow] = []
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (table,) in list(names):
            columns = [row["name"] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
            if "pseudonym" not in columns:
                continue
            rows = connection.execute(f'SELECT * FROM "{table}" WHERE pseudonym = ?', (pseudonym,))  # noqa: S608 - its own name
            found += [SeenRow(table, {name: _show(row[name]) for name in columns}) for row in list(rows)[-MOST:]]
    return found


def _show(value: object) -> str:
    if isinstance(value, bytes):
        dots = "…" if len(value) > SHOWN else ""
        return f"{value[:SHOWN].hex(' ')}{dots} ({len(value):,} bytes)"
    return "" if value is None else str(value)
