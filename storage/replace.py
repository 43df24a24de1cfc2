"""Putting envelopes that were sealed again (`storage.rewrap`) in place of those that they were made from.

The promises: only an envelope that is still the one from which the new one was made is replaced, so that nothing newer
and nothing erased comes back; a new one must belong to its place, be well formed, and be sealed to exactly the
recipients that are open here. Each batch is one transaction. At the end nothing is left of the old ones in the files.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import bindparam, select, update

from storage.backup.draft import new_file
from storage.backup.places import state_of
from storage.database import Database
from storage.errors import Malformed, SchemaError, Unavailable, WrongKey
from storage.keyring import Keyring
from storage.keys import BotKey, Recipient
from storage.notes import note
from storage.rewrap import Resealed
from storage.schema import part
from storage.seal import Context, recipients_of
from storage.settings import StorageSettings

_BATCH = 64

_HERE = (
    part.c.pseudonym == bindparam("person"),
    part.c.session == bindparam("in_session"),
    part.c.question == bindparam("to_question"),
    part.c.part == bindparam("number"),
)
_NOW = select(part.c.envelope, part.c.guide, part.c.guide_version).where(*_HERE)
_PUT = update(part).where(*_HERE).values(envelope=bindparam("new"))


class Replacing:
    """Open databases. `put` for each batch, `finish` once."""

    def __init__(self, settings: StorageSettings, recipients: Sequence[Recipient]) -> None:
        self.put_in = 0
        self.passed_over = 0
        self._main = Database("main", settings.database_url, writable=True)
        self._keyring_database = Database("keyring", settings.keyring_url, writable=False)
        self._keyring = Keyring(self._keyring_database)
        self._wanted = frozenset(each.id for each in recipients)
        self._settings = settings
        self._study = b""

    async def close(self) -> None:
        await self._main.close()
        await self._keyring_database.close()

    async def begin(self) -> None:
        """See that the databases are there and belong together. Raises SchemaError."""
        state = await state_of("main", self._settings.database_url)
        if state is None or not state.study:
            raise SchemaError("There is no database, or it is empty: check HEARTEN_DATABASE_URL.")
        await self._main.check()
        await self._keyring_database.check()
        self._study = state.study
        await self._keyring.belong_to(self._study, adopt=False)

    async def put(self, batch: Sequence[Resealed]) -> None:
        """Replace what may be replaced, and count it. Raises WrongKey, or SealError where a new envelope is not right;
        then nothing of the batch was changed."""
        keys = await self._keyring.keys_of({each.pseudonym for each in batch})
        put_in = 0
        async with self._main.begin(write=True) as connection:
            for each in batch:
                place = {
                    "person": each.pseudonym,
                    "in_session": each.session,
                    "to_question": each.question,
                    "number": each.part,
                }
                row = (await connection.execute(_NOW, place)).one_or_none()
                key = keys.get(each.pseudonym)
                if row is None or key is None or hashlib.sha256(row.envelope).digest() != each.was:
                    continue
                where = (each.session, each.question, each.part, row.guide, row.guide_version)
                context = Context(self._study, each.pseudonym, *where)
                if recipients_of(each.envelope, context, key) != self._wanted:
                    raise WrongKey(
                        "This was sealed again to other keys than those that are open here: nothing was replaced."
                    )
                await connection.execute(_PUT, place | {"new": each.envelope})
                put_in += 1
        self.put_in += put_in
        self.passed_over += len(batch) - put_in

    async def finish(self) -> bool:
        """Note it in the audit log, where this is the machine that writes it; leave no remains. False where a reader
        is in the way of that."""
        if self.put_in and self._settings.bot_key.exists():
            bot_key = BotKey.read(self._settings.bot_key)
            async with self._main.begin(write=True) as connection:
                detail: dict[str, int | str] = {"messages": self.put_in, "recipients": len(self._wanted)}
                await note(connection, bot_key, "sealed again", **detail)
        return await self._main.rewrite() and await self._main.truncate_wal()


async def write_carried(out: Path, batches: AsyncIterator[list[Resealed]]) -> int:
    """Write what was sealed again to a file that is carried to the host; returns how many. Raises NotEmpty."""
    count = 0
    try:
        with new_file(out) as draft, draft.open("w", encoding="utf-8") as file:
            async for batch in batches:
                file.writelines(each.model_dump_json() + "\n" for each in batch)
                count += len(batch)
    except OSError:
        raise Unavailable(f"{out} could not be written: check the folder and the space on it.") from None
    return count


def read_carried(source: Path) -> Iterator[list[Resealed]]:
    """Batches of such a file. Raises Malformed with the number of the line, Unavailable."""
    batch: list[Resealed] = []
    try:
        with source.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                batch.append(_read_line(line, number))
                if len(batch) == _BATCH:
                    yield batch
                    batch = []
    except (OSError, UnicodeDecodeError):
        raise Unavailable(f"{source} is missing, or cannot be read.") from None
    if batch:
        yield batch


def _read_line(line: str, number: int) -> Resealed:
    try:
        return Resealed.model_validate_json(line)
    except ValidationError:
        raise Malformed(f"Line {number} of the file is not as `keys rewrap` writes it: bring a whole copy.") from None
