"""Sealing again, to the recipients of today, what was sealed to those of another epoch.

The promises: an envelope is replaced only after the new one was opened and gave the same content; an answer that was
changed, erased or withdrawn in the meantime is left as it is; what is done already is passed over, so that work that
was stopped goes on where it was. Words are in memory for the one call that seals them again, and in no file.

The private keys are on the researcher's machine and the database on the bot's host, and neither has to move: on a copy,
`reseal` makes the new envelopes, which a file carries to the host, and `storage.replace` puts each in place of the one
that it was made from. The outer layer needs the participants' keys, so whoever withdrew is in neither.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row, select

from storage.backup.places import state_of
from storage.database import Database
from storage.errors import Erased, SchemaError, SealError, Tampered, WrongKey
from storage.keyring import Keyring
from storage.keys import Recipient, ResearchKey
from storage.pages import pages
from storage.progress import Tell
from storage.schema import part
from storage.seal import Context, open_envelope, recipients_of, seal
from storage.settings import StorageSettings

_PLACE = (part.c.pseudonym, part.c.session, part.c.question, part.c.part)
_BATCH = 64


class Resealed(BaseModel):
    """A new envelope, its place, and the SHA-256 of the envelope that it was made from. A line of the file that carries
    them is one of these."""

    model_config = ConfigDict(
        extra="forbid", ser_json_bytes="base64", val_json_bytes="base64", hide_input_in_errors=True, frozen=True
    )

    pseudonym: bytes
    session: str
    question: str
    part: int
    was: bytes
    envelope: bytes


@dataclass(slots=True)
class Survey:
    """Messages: sealed to exactly the recipients of today (`done`), still `to_do`, of people whose key is gone
    (`erased`), and `broken`, which are left as they are."""

    done: int = 0
    to_do: int = 0
    erased: int = 0
    broken: int = 0


class Rewrapping:
    """The work on one pair of databases. `keys` open what is there; one of them must be among the recipients of today,
    so that each new envelope can be seen to open."""

    def __init__(self, settings: StorageSettings, keys: Sequence[ResearchKey], recipients: Sequence[Recipient]) -> None:
        self._main = Database("main", settings.database_url, writable=False)
        self._keyring_database = Database("keyring", settings.keyring_url, writable=False)
        self._keyring = Keyring(self._keyring_database)
        self._settings = settings
        self._keys = {each.id: each for each in keys}
        self._recipients = list(recipients)
        self._wanted = frozenset(each.id for each in recipients)
        self._study = b""

    async def close(self) -> None:
        await self._main.close()
        await self._keyring_database.close()

    async def survey(self, tell: Tell) -> Survey:
        """See what there is to do, before anything is done. Raises WrongKey where the keys are not enough, or one is
        for nothing here."""
        await self._main.check()
        await self._keyring_database.check()
        state = await state_of("main", self._settings.database_url)
        if state is None or not state.study:
            raise SchemaError("The database is empty: there is nothing to seal again.")
        self._study = state.study
        await self._keyring.belong_to(self._study, adopt=False)
        survey, used, foreign, seen = Survey(), set(self._wanted), 0, 0
        async for page in pages(self._main, select(part), _PLACE):
            participant_keys = await self._keyring.keys_of({row.pseudonym for row in page})
            for row in page:
                recipients = self._recipients_of(row, participant_keys.get(row.pseudonym), survey)
                used |= recipients
                if recipients == self._wanted:
                    survey.done += 1
                elif recipients:
                    survey.to_do += 1
                    foreign += not recipients & self._keys.keys()
            seen += len(page)
            tell("Looking", seen, 0)
        if seen:
            self._see_keys(used, foreign)
        return survey

    def _recipients_of(self, row: Row[Any], key: bytes | None, survey: Survey) -> frozenset[bytes]:
        try:
            return recipients_of(row.envelope, self._context(row), key)
        except Erased:
            survey.erased += 1
        except SealError:
            survey.broken += 1
        return frozenset()

    def _see_keys(self, used: Collection[bytes], foreign: int) -> None:
        if any(each not in used for each in self._keys):
            raise WrongKey(
                "One of these keys opens nothing here: give the keys of the epochs that are to be sealed again."
            )
        if foreign:
            raise WrongKey(
                f"{foreign} messages are sealed to other keys than those given: give those keys too, with --key."
            )
        if not self._wanted & self._keys.keys():
            raise WrongKey(
                "None of these keys is among the open recipients: give the new key too, so that each message can be"
                " seen to open before the old one is replaced."
            )

    async def reseal(self, total: int, tell: Tell) -> AsyncIterator[list[Resealed]]:
        """Batches of new envelopes, each of which was seen to open."""
        done = 0
        async for page in pages(self._main, select(part), _PLACE, _BATCH):
            participant_keys = await self._keyring.keys_of({row.pseudonym for row in page})
            if batch := await asyncio.to_thread(self._reseal_page, page, participant_keys):
                yield batch
            done += len(batch)
            tell("Sealing again", done, total)

    def _reseal_page(self, page: list[Row[Any]], participant_keys: dict[bytes, bytes]) -> list[Resealed]:
        found = (self._reseal(row, participant_keys.get(row.pseudonym)) for row in page)
        return [each for each in found if each]

    def _reseal(self, row: Row[Any], key: bytes | None) -> Resealed | None:
        context, checking = self._context(row), next(each for each in self._wanted if each in self._keys)
        try:
            recipients = recipients_of(row.envelope, context, key)
            if recipients == self._wanted or key is None:
                return None
            mine = next(self._keys[each] for each in recipients if each in self._keys)
            content = open_envelope(row.envelope, context, key, mine)
        except (SealError, StopIteration):  # withdrawn, broken, or written meanwhile: left as it is
            return None
        envelope = seal(content, context, key, self._recipients)
        if open_envelope(envelope, context, key, self._keys[checking]) != content:
            raise Tampered("A message that was sealed again does not open as it was: nothing more was replaced.")
        was = hashlib.sha256(row.envelope).digest()
        return Resealed(
            pseudonym=row.pseudonym,
            session=row.session,
            question=row.question,
            part=row.part,
            was=was,
            envelope=envelope,
        )

    def _context(self, row: Row[Any]) -> Context:
        return Context(self._study, row.pseudonym, row.session, row.question, row.part, row.guide, row.guide_version)
