"""A plain copy of a SQLite database that is whole and checked; the answers in it are sealed, and it is not.

The copy is made with SQLite's backup API, because a file that is being written cannot be copied by other means. What
leaves the machine is sealed as well: `storage.backup.sealed`.
"""

import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from storage.errors import SchemaError, StorageError, Unavailable


def back_up(source: Path, out: Path) -> int:
    """Write a copy to `out`, check it, and return its size in bytes. An existing file is never replaced.

    Raises StorageError where there is nothing to copy, the file exists, or the copy is not sound.
    """
    if not source.is_file():
        raise SchemaError(f"There is no database at {source}: check HEARTEN_DATABASE_URL.")
    if out.exists():
        raise StorageError(f"{out} exists already: choose another name, a backup is never replaced.")
    draft = out.with_name(f".{out.name}.{secrets.token_hex(8)}")
    try:
        draft.touch(mode=0o600)
        try:
            copy_sqlite(source, draft)
            os.link(draft, out)  # unlike a rename, this never replaces what is already there
        finally:
            draft.unlink()
    except (OSError, sqlite3.Error):
        raise Unavailable(f"The backup could not be written to {out}: check the folder and the space on it.") from None
    return out.stat().st_size


def copy_sqlite(source: Path, draft: Path) -> None:
    """Copy into an empty file, check the copy, and see it safely on the disk. Raises OSError or sqlite3.Error."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as original,
        closing(sqlite3.connect(draft)) as copy,
    ):
        original.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
        if copy.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise sqlite3.DatabaseError
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
