"""Bringing both databases to the schema of this version, with a copy of the answers first.

A migration and the record of it are one transaction, so one that fails changes nothing; the copy is for one that
succeeds and should not have. Of the keyring no copy is made: whoever withdraws later would still be in it. On a server,
the copy is for whoever runs the server to make.
"""

from itertools import count
from pathlib import Path

from storage.backup.plain import back_up
from storage.database import Database
from storage.settings import StorageSettings


async def migrate(settings: StorageSettings) -> tuple[bool, Path | None]:
    """Whether anything was changed, and where the copy of the answers is, if one was needed.

    Raises NewerSchema, Unavailable, and StorageError where the copy cannot be made: then nothing was changed.
    """
    changed, copy = False, None
    for database in (
        Database("main", settings.database_url, writable=True),
        Database("keyring", settings.keyring_url, writable=True),
    ):
        try:
            old = await database.older_revision()
            if old and database.name == "main" and database.file is not None:
                copy = _place_for_copy(database.file, old)
                back_up(database.file, copy)
            changed = await database.migrate() or changed
        finally:
            await database.close()
    return changed, copy


def _place_for_copy(file: Path, revision: str) -> Path:
    """Beside the database, under the name of the old revision; never one that is there already."""
    names = (f"{file.name}.{revision}{f'.{number}' if number else ''}.backup" for number in count())
    return next(place for name in names if not (place := file.with_name(name)).exists())
