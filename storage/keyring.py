"""The keyring: one key for each participant, in a database of its own.

A key that is deleted here erases what it sealed wherever copies of that are. Because two databases cannot commit as
one, the order is what protects people: a key is made before the first row that needs it, and deleted before the rows.
Between the two deletions the person stands in `erasing`, so that a machine that stops there finishes when it starts.
"""

from collections.abc import Collection

from sqlalchemy import bindparam, delete, select

from storage.database import Database, insert
from storage.errors import LostKeyring
from storage.keys import make_participant_key
from storage.schema import erasing, keyring_meta, participant_key

_KEY_OF = select(participant_key.c.key).where(participant_key.c.pseudonym == bindparam("person"))
_KEYS_OF = select(participant_key.c.pseudonym, participant_key.c.key).where(
    participant_key.c.pseudonym.in_(bindparam("people", expanding=True))
)
_ADD = insert(participant_key).on_conflict_do_nothing()
_DROP = delete(participant_key).where(participant_key.c.pseudonym == bindparam("person"))
_ERASING = select(erasing.c.pseudonym)
_IS_ERASING = _ERASING.where(erasing.c.pseudonym == bindparam("person"))
_NOTE = insert(erasing).on_conflict_do_nothing()
_UNNOTE = delete(erasing).where(erasing.c.pseudonym == bindparam("person"))
_STUDY = select(keyring_meta.c.value).where(keyring_meta.c.name == "study")


class Keyring:
    """Every method is a transaction of its own, committed when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def close(self) -> None:
        await self._database.close()

    async def belong_to(self, study: bytes, *, adopt: bool) -> None:
        """See that this is the keyring of that study; a new one is taken into it where `adopt` allows.

        Raises LostKeyring.
        """
        async with self._database.begin(write=adopt) as connection:
            await connection.hold(b"study")
            mine = (await connection.execute(_STUDY)).scalar_one_or_none()
            if mine is None and adopt:
                await connection.execute(insert(keyring_meta), {"name": "study", "value": study})
                mine = study
        if mine != study:
            raise LostKeyring(
                f"{self._database.where} is not the keyring of this database, and without it no answer can be opened:"
                " put the right file where HEARTEN_KEYRING_URL says."
            )

    async def key_of(self, pseudonym: bytes) -> bytes | None:
        key: bytes | None = (await self._database.look(_KEY_OF, {"person": pseudonym}, small=True)).scalar_one_or_none()
        return key

    async def keys_of(self, pseudonyms: Collection[bytes]) -> dict[bytes, bytes]:
        """The keys of those who have one."""
        rows = await self._database.look(_KEYS_OF, {"people": list(pseudonyms)})
        return {row.pseudonym: row.key for row in rows}

    async def make(self, pseudonym: bytes) -> bool:
        """Make a key where there is none; returns whether it did. A new key means that older rows can not be opened."""
        async with self._database.begin(write=True) as connection:
            added = await connection.execute(_ADD, {"pseudonym": pseudonym, "key": make_participant_key()})
            await connection.execute(_UNNOTE, {"person": pseudonym})
            return added.rowcount > 0

    async def drop(self, pseudonym: bytes) -> None:
        """Delete a key for good and note that the person's rows must follow."""
        async with self._database.begin(write=True) as connection:
            await connection.execute(_DROP, {"person": pseudonym})
            await connection.execute(_NOTE, {"pseudonym": pseudonym})

    async def erasing(self) -> list[bytes]:
        """Those whose rows may still be there."""
        return list((await self._database.look(_ERASING, {})).scalars())

    async def is_erasing(self, pseudonym: bytes) -> bool:
        """Whether this person's rows may still be there: they may be gone by now, or the person came back."""
        return (await self._database.look(_IS_ERASING, {"person": pseudonym})).first() is not None

    async def erased(self, pseudonym: bytes) -> None:
        """The rows are gone too."""
        async with self._database.begin(write=True) as connection:
            await connection.execute(_UNNOTE, {"person": pseudonym})
