"""After a restore: who is in one of the two databases and not in the other, and what that means."""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import bindparam, delete, select

from storage.audit import Head
from storage.backup.places import opened, other, url_of
from storage.database import Database, Name
from storage.errors import BackupError
from storage.keyring import Keyring
from storage.schema import audit, keyring_meta, participant, participant_key
from storage.settings import StorageSettings

_PAGE = 500
_MARK = "restored"
_SEQ_BYTES = 8

_PEOPLE: dict[Name, Any] = {"main": participant.c.pseudonym, "keyring": participant_key.c.pseudonym}
_MARKED = select(keyring_meta.c.value).where(keyring_meta.c.name == _MARK)
_UNMARK = delete(keyring_meta).where(keyring_meta.c.name == _MARK)
_DROP = delete(participant_key).where(participant_key.c.pseudonym == bindparam("person"))
_ENTRY = select(audit.c.mac).where(audit.c.seq == bindparam("number"))


async def note_erased(settings: StorageSettings, head: Head) -> tuple[int, int]:
    """Whoever is enrolled in the (restored) main database and has no key was erased since: they are noted in the
    keyring's journal. Where the keyring was restored itself, and is older than the database, nobody can tell.

    Returns how many were noted, and of how many nobody can tell.
    """
    async with opened("keyring", settings.keyring_url) as connection:
        mark = (await connection.execute(_MARKED)).scalar_one_or_none()
    is_certain = mark is None or int.from_bytes(mark[:_SEQ_BYTES], "big") >= head.seq
    database = Database("keyring", settings.keyring_url, writable=True)
    keyring, count = Keyring(database), 0
    try:
        async for lonely in _only_in("main", settings):
            count += len(lonely)
            for pseudonym in lonely if is_certain else ():
                await keyring.drop(pseudonym)
    finally:
        await keyring.close()
    return (count, 0) if is_certain else (0, count)


async def forget_keys(settings: StorageSettings, head: Head) -> tuple[int, int]:
    """Delete from the (restored) keyring the keys of people who are not in the main database any more, where that is
    the same database at a later time; and mark the keyring as restored.

    Returns how many keys were deleted, and of how many people only the rows or only the key is there.
    """
    async with opened("main", settings.database_url) as connection:
        known = (await connection.execute(_ENTRY, {"number": head.seq})).scalar_one_or_none()
    goes_on = known is not None and known == head.mac
    database = Database("keyring", settings.keyring_url, writable=True)
    erased = unsure = 0
    try:
        async for lonely in _only_in("keyring", settings):
            erased, unsure = (erased + len(lonely), unsure) if goes_on else (erased, unsure + len(lonely))
            if goes_on:
                async with database.begin(write=True) as connection:
                    await connection.execute(_DROP, [{"person": each} for each in lonely])
        async with database.begin(write=True) as connection:
            await connection.execute(_UNMARK)
            mark = {"name": _MARK, "value": head.seq.to_bytes(_SEQ_BYTES, "big") + head.mac}
            await connection.execute(keyring_meta.insert(), mark)
        if not (await database.rewrite() and await database.truncate_wal()):
            raise BackupError("The restored keyring could not be wiped of deleted keys: try again.")
    finally:
        await database.close()
    async for lonely in _only_in("main", settings):
        unsure += len(lonely)
    return erased, unsure


async def _only_in(name: Name, settings: StorageSettings) -> AsyncIterator[list[bytes]]:
    """Pages of people who are in this database and not in the other."""
    mine, theirs = _PEOPLE[name], _PEOPLE[other(name)]
    last = b""
    while True:
        async with opened(name, url_of(settings, name)) as connection:
            statement = select(mine).distinct().where(mine > last).order_by(mine).limit(_PAGE)
            page = list((await connection.execute(statement)).scalars())
        if not page:
            return
        async with opened(other(name), url_of(settings, other(name))) as connection:
            found = set((await connection.execute(select(theirs).where(theirs.in_(page)))).scalars())
        if lonely := [each for each in page if each not in found]:
            yield lonely
        last = page[-1]
