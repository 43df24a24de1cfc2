"""A sealed backup of the main database, or of the keyring: made while the bot runs, and read back before it counts.

In the sealed file (`storage.seal.stream`) is lp(manifest), then the database: a SQLite file, or an archive of pg_dump.
The manifest is JSON (`Manifest`). For SQLite a copy lies beside the database for a moment, hidden and for its owner
only; for PostgreSQL nothing is written but the sealed file.
"""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from storage import audit
from storage.backup import postgres
from storage.backup.draft import new_file, working_file
from storage.backup.places import Engine, engine_of, file_of, opened, state_of, url_of, variable_of
from storage.backup.plain import copy_sqlite
from storage.database import Name
from storage.errors import Malformed, NotEmpty, SchemaError, Unavailable
from storage.keys import BotKey, Recipient, read_recipients
from storage.notes import note
from storage.progress import Tell
from storage.schema import HEADS
from storage.seal.stream import SealedWriter
from storage.settings import StorageSettings

LABELS: dict[Name, str] = {"main": "hearten backup of the answers", "keyring": "hearten backup of the keyring"}
LENGTH_BYTES = 4
_PIECE = 65536


class Manifest(BaseModel):
    """What a backup says about itself. `entries` and `mac` are the head of the audit log when it was made: by them a
    restore sees which of two backups is the older one."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    format: Literal["hearten backup"] = "hearten backup"
    version: Literal[1] = 1
    name: Name
    engine: Engine
    revision: str
    study: str
    day: date
    entries: int = 0
    mac: str = ""

    @classmethod
    def read(cls, raw: bytes) -> "Manifest":
        """Raises Malformed."""
        try:
            return cls.model_validate_json(raw)
        except ValidationError:
            raise Malformed("This backup was made by another version of Hearten: update Hearten.") from None

    @property
    def head(self) -> audit.Head:
        return audit.Head(self.entries, bytes.fromhex(self.mac))


async def make_backup(settings: StorageSettings, name: Name, out: Path, tell: Tell) -> int:
    """Write a sealed backup to `out`, read it back, and return its size in bytes.

    Raises StorageError where there is nothing to copy, nobody to seal to, or `out` exists.
    """
    recipients = read_recipients(settings.recipients)
    manifest = await _describe(settings, name)
    try:
        size = await asyncio.to_thread(_write, manifest, url_of(settings, name), out, recipients, tell)
    except (OSError, sqlite3.Error):
        raise Unavailable(f"The backup could not be written to {out}: check the folder and the space on it.") from None
    await _note(settings, manifest)
    return size


async def _describe(settings: StorageSettings, name: Name) -> Manifest:
    state = await state_of(name, url_of(settings, name))
    if state is None:
        raise SchemaError(f"There is no database where {variable_of(name)} says: check that setting.")
    main = state if name == "main" else await state_of("main", settings.database_url)
    head = main.head if main else None
    return Manifest(
        name=name,
        engine=engine_of(url_of(settings, name)),
        revision=state.revision,
        study=state.study.hex(),
        day=datetime.now(UTC).date(),
        entries=head.seq if head else 0,
        mac=head.mac.hex() if head else "",
    )


def _write(manifest: Manifest, url: str, out: Path, recipients: tuple[Recipient, ...], tell: Tell) -> int:
    if out.exists():
        raise NotEmpty(f"{out} exists already: choose another name, a backup is never replaced.")
    with ExitStack() as stack:
        if manifest.engine == "sqlite":
            copy = stack.enter_context(working_file(file_of(url), "backup"))
            tell("Copying", 0, 0)
            copy_sqlite(file_of(url), copy)
            size, pieces = copy.stat().st_size, _read(copy)
        else:
            size, pieces = 0, postgres.dump(url)
        draft = stack.enter_context(new_file(out))
        raw = manifest.model_dump_json().encode()
        with draft.open("r+b") as file:
            writer = SealedWriter(file, LABELS[manifest.name], recipients)
            writer.write(len(raw).to_bytes(LENGTH_BYTES, "big") + raw)
            for piece in _told(pieces, "Sealing", size, tell):
                writer.write(piece)
            writer.finish()
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
            file.seek(0)
            stored = _told(writer.check(file), "Reading back", size, tell)
            if manifest.engine == "postgresql":
                postgres.see_archive(without(stored, LENGTH_BYTES + len(raw)))
            else:
                for _ in stored:
                    pass
            return size


async def _note(settings: StorageSettings, manifest: Manifest) -> None:
    """Note in the audit log that a backup was made, where this is the machine that writes it."""
    state = await state_of("main", settings.database_url)
    if state is None or state.revision != HEADS["main"] or not settings.bot_key.exists():
        return
    bot_key = BotKey.read(settings.bot_key)
    async with opened("main", settings.database_url, write=True) as connection:
        await note(connection, bot_key, "backup", of=manifest.name)


def without(pieces: Iterator[bytes], length: int) -> Iterator[bytes]:
    """The stream behind its first bytes, which are all in its first piece."""
    yield next(pieces)[length:]
    yield from pieces


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _told(pieces: Iterator[bytes], what: str, size: int, tell: Tell) -> Iterator[bytes]:
    done = 0
    for piece in pieces:
        done += len(piece)
        tell(what, done, size)
        yield piece
