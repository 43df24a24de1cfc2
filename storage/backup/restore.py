"""From a sealed backup back to a database: to an empty place only, and complete or not at all.

What happens to whoever was erased after the backup was made:
- In a restored main database, people who are enrolled and have no key in the keyring were erased since. They stand in
  the keyring's journal (`erasing`) before the database appears, and the next start deletes their rows. Nothing of
  theirs opens in between: their key is gone.
- In a restored keyring, keys of people who are not in the main database any more are deleted before it appears, where
  that database is the same one at a later time (its audit log holds the entry that was the last when the keyring was
  copied). Otherwise they are left, and that is said.
A keyring that was itself restored may lack the keys of people who joined after it was copied. Their rows are never
deleted for that: a newer copy of the keyring may still be found.
"""

import asyncio
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from storage.backup import postgres
from storage.backup.draft import name_it, working_file
from storage.backup.erased import forget_keys, note_erased
from storage.backup.places import engine_of, file_of, is_empty, other, state_of, url_of, url_of_file, variable_of
from storage.backup.sealed import LENGTH_BYTES, Manifest
from storage.database import Database
from storage.errors import BackupError, LostKeyring, Malformed, NewerSchema, NotEmpty, OlderSchema, Unavailable
from storage.keys import ResearchKey
from storage.progress import Tell
from storage.seal.stream import open_sealed
from storage.settings import StorageSettings


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. `erased`: people erased since, whose rows or keys go again. `unsure`: people of whom only the
    rows, or only the key, is there, and who are left as they are. `is_older`: it must be migrated first."""

    manifest: Manifest
    erased: int = 0
    unsure: int = 0
    is_older: bool = False


async def restore(settings: StorageSettings, source: Path, keys: Sequence[ResearchKey], tell: Tell) -> Restored:
    """Restore what the file holds to where the settings say. The whole file is checked before anything is written.

    Raises SealError where the file does not open, NotEmpty, BackupError, SchemaError, Unavailable.
    """
    try:
        manifest = await asyncio.to_thread(_check, source, keys, tell)
        url = url_of(settings, manifest.name)
        if engine_of(url) != manifest.engine:
            raise BackupError(
                f"This is a backup of a {manifest.engine} database: let {variable_of(manifest.name)} name such a one."
            )
        if not await is_empty(manifest.name, url):
            raise NotEmpty(
                f"There is a database already where {variable_of(manifest.name)} says: a restore replaces nothing,"
                " choose an empty place."
            )
        if manifest.engine == "sqlite":
            return await _restore_file(settings, manifest, source, keys, tell)
        await _see_study(settings, manifest)
        await asyncio.to_thread(postgres.load, _content(source, keys, "Restoring", tell), url)
        return await _settle(settings, manifest)
    except (OSError, sqlite3.Error):
        raise Unavailable(
            "The backup could not be read, or there is no room for it: check the file and the disk."
        ) from None


async def _restore_file(
    settings: StorageSettings, manifest: Manifest, source: Path, keys: Sequence[ResearchKey], tell: Tell
) -> Restored:
    target = file_of(url_of(settings, manifest.name))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with working_file(target, "restore") as draft:
        await asyncio.to_thread(_unseal, draft, _content(source, keys, "Restoring", tell))
        await _see_study(settings, manifest)
        field = "database_url" if manifest.name == "main" else "keyring_url"
        there = settings.model_copy(update={field: url_of_file(draft)})
        restored = await _settle(there, manifest)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        if (log := draft.with_name(f"{draft.name}-wal")).exists() and log.stat().st_size:
            raise BackupError("The restored database could not be closed cleanly: try again.")
        name_it(draft, target)
    return restored


async def _settle(settings: StorageSettings, manifest: Manifest) -> Restored:
    """Bring the restored database and its neighbour to agree about who was erased."""
    restored = Restored(manifest, is_older=await _is_older(settings, manifest))
    neighbour = other(manifest.name)
    if await is_empty(neighbour, url_of(settings, neighbour)):
        return restored
    if manifest.name == "main":
        erased, unsure = await note_erased(settings, manifest.head)
    else:
        erased, unsure = await forget_keys(settings, manifest.head)
    return replace(restored, erased=erased, unsure=unsure)


async def _is_older(settings: StorageSettings, manifest: Manifest) -> bool:
    database = Database(manifest.name, url_of(settings, manifest.name), writable=False)
    try:
        await database.check()
    except OlderSchema:
        return True
    except NewerSchema:
        raise NewerSchema(
            "The backup was made by a newer version of Hearten: update Hearten first, nothing was changed."
        ) from None
    finally:
        await database.close()
    return False


async def _see_study(settings: StorageSettings, manifest: Manifest) -> None:
    """See that the neighbour, where there is one, is of the same study. Raises LostKeyring."""
    neighbour = other(manifest.name)
    state = await state_of(neighbour, url_of(settings, neighbour))
    if state and state.study and state.study.hex() != manifest.study:
        raise LostKeyring(
            f"What {variable_of(neighbour)} names is of another study than this backup: nothing was changed."
        )


def _check(source: Path, keys: Sequence[ResearchKey], tell: Tell) -> Manifest:
    """Open the whole file once. Raises SealError."""
    manifest = None
    with source.open("rb") as file:
        for piece in _heard(open_sealed(file, keys), "Checking", source, tell):
            manifest = manifest or Manifest.read(_manifest_in(piece))
    if manifest is None:
        raise Malformed("The backup is empty.")
    return manifest


def _manifest_in(first: bytes) -> bytes:
    length = int.from_bytes(first[:LENGTH_BYTES], "big")
    if len(first) < LENGTH_BYTES + length:
        raise Malformed("The sealed file holds something else than a backup.")
    return first[LENGTH_BYTES : LENGTH_BYTES + length]


def _content(source: Path, keys: Sequence[ResearchKey], what: str, tell: Tell) -> Iterator[bytes]:
    """The database in the file."""
    with source.open("rb") as file:
        pieces = open_sealed(file, keys)
        first = next(pieces)
        yield first[LENGTH_BYTES + len(_manifest_in(first)) :]
        yield from _heard(pieces, what, source, tell)


def _unseal(draft: Path, pieces: Iterator[bytes]) -> None:
    with draft.open("r+b") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    with closing(sqlite3.connect(draft)) as connection:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise BackupError("The database in this backup is damaged: take another backup.")


def _heard(pieces: Iterator[bytes], what: str, source: Path, tell: Tell) -> Iterator[bytes]:
    size, done = source.stat().st_size, 0
    for piece in pieces:
        done += len(piece)
        tell(what, done, size)
        yield piece
