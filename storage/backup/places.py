"""Where the two databases are, which engine holds each, and what each says about itself, whatever its revision."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.engine import make_url

from storage.audit import Head
from storage.database import Database, Name, Transaction
from storage.errors import SchemaError
from storage.schema import audit, keyring_meta, meta
from storage.settings import StorageSettings

Engine = Literal["sqlite", "postgresql"]

_REVISION = text("SELECT version_num FROM alembic_version")
_STUDY = {
    "main": select(meta.c.value).where(meta.c.name == "study"),
    "keyring": select(keyring_meta.c.value).where(keyring_meta.c.name == "study"),
}
_HEAD = select(audit.c.seq, audit.c.mac).order_by(audit.c.seq.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class State:
    """`study` is empty where the bot was never started with it; `head` that of the audit log, None in a keyring."""

    revision: str
    study: bytes
    head: Head | None


def url_of(settings: StorageSettings, name: Name) -> str:
    return settings.database_url if name == "main" else settings.keyring_url


def other(name: Name) -> Name:
    return "keyring" if name == "main" else "main"


def variable_of(name: Name) -> str:
    return "HEARTEN_DATABASE_URL" if name == "main" else "HEARTEN_KEYRING_URL"


def engine_of(url: str) -> Engine:
    return "postgresql" if make_url(url).get_backend_name() == "postgresql" else "sqlite"


def file_of(url: str) -> Path:
    """The file of a SQLite database."""
    return Path(make_url(url).database or "")


def url_of_file(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


@asynccontextmanager
async def opened(name: Name, url: str, *, write: bool = False) -> AsyncIterator[Transaction]:
    """One transaction in a database that is opened for it and closed again. Raises SchemaError where there is no file,
    Unavailable."""
    if engine_of(url) == "sqlite" and not file_of(url).exists():
        raise SchemaError(f"There is no database where {variable_of(name)} says: check that setting.")
    database = Database(name, url, writable=write)
    try:
        async with database.begin(write=write) as connection:
            yield connection
    finally:
        await database.close()


async def is_empty(name: Name, url: str) -> bool:
    """Whether nothing is there: no file, or a PostgreSQL database without a table. Raises Unavailable."""
    if engine_of(url) == "sqlite":
        file = file_of(url)
        log = file.with_name(f"{file.name}-wal")  # an empty one is left by somebody who only read
        return not file.exists() and not (log.exists() and log.stat().st_size)
    async with opened(name, url) as connection:
        return not await connection.run_sync(_tables)


async def state_of(name: Name, url: str) -> State | None:
    """None where nothing is there. Raises SchemaError for what is no database of Hearten, Unavailable."""
    if await is_empty(name, url):
        return None
    async with opened(name, url) as connection:
        if not {"alembic_version", "meta"} <= await connection.run_sync(_tables):
            raise SchemaError(f"What {variable_of(name)} names is not a database of Hearten.")
        revision = (await connection.execute(_REVISION)).scalar_one_or_none()
        study = (await connection.execute(_STUDY[name])).scalar_one_or_none()
        head = (await connection.execute(_HEAD)).one_or_none() if name == "main" else None
    return State(str(revision), study or b"", Head(head.seq, head.mac) if head else None)


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())
