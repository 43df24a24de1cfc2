"""One unit of work: everything that one update changes, committed together or not at all.

What is kept is sealed in the very call that receives it; the plaintext goes nowhere else. Each method speaks of a
person by pseudonym, which `progress` gives for a messenger's id.
"""

from datetime import date

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, case, or_, select

from storage import audit, erase
from storage.database import Rows, Step, Transaction, insert
from storage.errors import Erased, NotConsented
from storage.keyring import Keyring
from storage.keys import BotKey, Recipient
from storage.parcels import Parcels
from storage.records import TAKE_PART, Enrolment, NewPart, Outcome, Place
from storage.schema import asked, consent, part, participant
from storage.seal import Context, seal
from storage.seal.bundle import open_files

_PERSON: BindParameter[bytes] = bindparam("person")

_ENROL = insert(participant)
_ENROL = _ENROL.on_conflict_do_update(
    index_elements=["pseudonym", "session"],
    set_={name: _ENROL.excluded[name] for name in ("service", "guide", "guide_version", "code_token")},
)
_CONSENT = insert(consent)
_CONSENT = _CONSENT.on_conflict_do_update(
    index_elements=["pseudonym", "session", "item"],
    set_={name: _CONSENT.excluded[name] for name in ("given", "wording", "day")},
    where=or_(consent.c.given != _CONSENT.excluded.given, consent.c.wording != _CONSENT.excluded.wording),
)
_TAKES_PART = and_(
    consent.c.pseudonym == participant.c.pseudonym,
    consent.c.session == participant.c.session,
    consent.c.item == TAKE_PART,
    consent.c.given,
)
_ORIGINS = select(participant.c.session, participant.c.service, participant.c.guide, participant.c.guide_version).where(
    participant.c.pseudonym == _PERSON, select(consent.c.item).where(_TAKES_PART).exists()
)
_PERSON_OF = select(participant.c.pseudonym).where(participant.c.code_token == bindparam("token")).distinct()

# The day of a part stays that of its first writing, so that an edit moves no answer from one period to another.
_KEEP = insert(part)
_KEEP = _KEEP.on_conflict_do_update(
    index_elements=["pseudonym", "session", "question", "part"],
    set_={
        name: _KEEP.excluded[name]
        for name in ("kind", "service", "guide", "guide_version", "message_token", "envelope")
    },
)
_PLACE_OF = select(part.c.session, part.c.question, part.c.part).where(
    part.c.pseudonym == _PERSON, part.c.message_token == bindparam("token")
)


def _goes_on(old: ColumnElement[str], new: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(old == "asked", and_(old == "skipped", new == "answered"))


_ASK = insert(asked)
_ASK = _ASK.on_conflict_do_update(
    index_elements=["pseudonym", "session", "question"],
    set_={
        "outcome": case(
            (_goes_on(asked.c.outcome, _ASK.excluded.outcome), _ASK.excluded.outcome), else_=asked.c.outcome
        )
    },
)


class Unit(Parcels):
    """Made by `Store.unit`, good until that block ends. Adds to `Talk` and `Parcels` what people give."""

    def __init__(
        self,
        connection: Transaction,
        keyring: Keyring,
        bot_key: BotKey,
        recipients: tuple[Recipient, ...],
        study: bytes,
    ) -> None:
        super().__init__(connection, bot_key, study)
        self.leaves_remains = False
        self.erased: list[bytes] = []
        self._keyring = keyring
        self._recipients = recipients
        self._sessions: dict[bytes, dict[str, tuple[str, str, int]]] = {}
        self._keys: dict[bytes, bytes | None] = {}
        self._notes: list[audit.Note] = []

    async def enrol(self, pseudonym: bytes, enrolment: Enrolment) -> None:
        """Note that somebody agreed to take part, or changed their mind about an item. An item that is the same as
        before keeps its day. The participant's key is made in the keyring before anything else."""
        await self._hold(pseudonym)
        self._forget(pseudonym)
        if await self._keyring.make(pseudonym):
            await erase.delete_given(self._connection, pseudonym)  # left by an erasure that was cut off
        day = enrolment.day.isoformat()
        self._connection.later(
            _ENROL,
            {
                "pseudonym": pseudonym,
                "session": enrolment.session,
                "service": enrolment.service,
                "guide": enrolment.guide,
                "guide_version": enrolment.guide_version,
                "code_token": self._code_token(enrolment.code),
                "day": day,
            },
        )
        changed = 0
        for item, given in enrolment.items.items():
            row = {
                "pseudonym": pseudonym,
                "session": enrolment.session,
                "item": item,
                "given": given,
                "wording": enrolment.wording,
                "day": day,
            }
            changed += (await self._connection.execute(_CONSENT, row)).rowcount
        self.note("consent", changed=changed)

    async def keep(self, pseudonym: bytes, new: NewPart) -> None:
        """Seal one message of an answer and keep it, in place of what was there.

        Raises NotConsented where the person has not agreed to take part in this session, Erased where their
        key is gone.
        """
        where = new.place
        service, guide, guide_version = await self._origin(pseudonym, where.session)
        key = await self._key_of(pseudonym)
        context = Context(self._study, pseudonym, where.session, where.question, where.part, guide, guide_version)
        self._connection.later(
            _KEEP,
            {
                "pseudonym": pseudonym,
                "session": where.session,
                "question": where.question,
                "part": where.part,
                "kind": new.kind,
                "service": service,
                "guide": guide,
                "guide_version": guide_version,
                "day": new.day.isoformat(),
                "message_token": None if new.message is None else self._message_token(pseudonym, new.message),
                "envelope": seal(new.content, context, key, self._recipients),
            },
        )

    async def place_of(self, pseudonym: bytes, message: str) -> Place | None:
        """Where a message of this person was kept, so that an edit of it finds its place."""
        where = {"person": pseudonym, "token": self._message_token(pseudonym, message)}
        row = (await self._connection.execute(_PLACE_OF, where)).first()
        return Place(row.session, row.question, row.part) if row else None

    async def outcome(self, pseudonym: bytes, session: str, question: str, outcome: Outcome, day: date) -> None:
        """Note that a question was asked, answered or skipped. It goes forward only: what is answered or skipped is
        never merely asked again, and what is answered becomes skipped only when the answer is erased.

        Raises NotConsented.
        """
        service, guide, guide_version = await self._origin(pseudonym, session)
        self._connection.later(
            _ASK,
            {
                "pseudonym": pseudonym,
                "session": session,
                "question": question,
                "outcome": outcome,
                "service": service,
                "guide": guide,
                "guide_version": guide_version,
                "day": day.isoformat(),
            },
        )

    async def erase_parts(self, pseudonym: bytes, session: str, question: str, part: int | None = None) -> int:
        """Erase one message of an answer, or the whole answer. Returns how many messages are gone."""
        await self._hold(pseudonym)
        gone = await erase.delete_parts(self._connection, pseudonym, session, question, part)
        if gone:
            self.leaves_remains = True
            self.note("parts erased", parts=gone)
        return gone

    async def erase_person(self, pseudonym: bytes) -> int:
        """Erase everything about a person, old backups included. Returns how many answers are gone.

        Their key is deleted at once and for good, even where the rest of this unit fails; the store then finishes.
        """
        await self._hold(pseudonym)
        self._forget(pseudonym)
        self.leaves_remains = True
        self.erased.append(pseudonym)
        await self._keyring.drop(pseudonym)
        answers = await erase.delete_person(self._connection, pseudonym)
        self.note("person erased", answers=answers)
        return answers

    async def copy_count(self, pseudonym: bytes, bundle: bytes, closed: bytes) -> int:
        """How many files there are in a copy that was made for this person; 0 where they are gone. Raises SealError
        where it is not theirs."""
        await self._hold(pseudonym)
        try:
            return len(open_files(closed, await self._key_of(pseudonym), self._study, pseudonym, bundle))
        except Erased:
            return 0

    async def person_of(self, code: str) -> bytes | None:
        """Who was given this withdrawal code; letter case, spaces and dashes do not matter."""
        token = self._code_token(code)
        return (await self._connection.execute(_PERSON_OF, {"token": token})).scalar_one_or_none()

    async def finish(self) -> None:
        """The last thing before the commit: what was done goes into the audit log, whose end all units share."""
        if self._notes:
            await audit.append(self._connection, self._bot_key.audit_key, *self._notes)

    def _about(self, pseudonym: bytes) -> list[Step]:
        return [*super()._about(pseudonym), (_ORIGINS, {"person": pseudonym})]

    def _take(self, pseudonym: bytes, given: list[Rows]) -> None:
        super()._take(pseudonym, given)
        self._take_origins(pseudonym, given[-1])

    def _take_origins(self, pseudonym: bytes, rows: Rows) -> None:
        """The sessions for which this person's consent stands: service, guide, and the guide's version."""
        origins = {each.session: (each.service, each.guide, each.guide_version) for each in rows}
        self._sessions[pseudonym] = origins

    async def _origin(self, pseudonym: bytes, session: str) -> tuple[str, str, int]:
        """Read once in a unit: while it holds this person, nobody else changes any of it. Raises NotConsented."""
        if pseudonym not in self._sessions:
            await self._hold(pseudonym)
            self._take_origins(pseudonym, await self._connection.execute(_ORIGINS, {"person": pseudonym}))
        if session not in self._sessions[pseudonym]:
            raise NotConsented("This person has not agreed to take part in this session: nothing was kept.")
        return self._sessions[pseudonym][session]

    async def _key_of(self, pseudonym: bytes) -> bytes:
        """Read once in a unit that holds this person, and never kept for the next one: another process may erase them
        in between. Raises Erased."""
        if pseudonym not in self._keys:
            self._keys[pseudonym] = await self._keyring.key_of(pseudonym)
        key = self._keys[pseudonym]
        if key is None:
            raise Erased("This person withdrew: nothing more is kept of them.")
        return key

    def _forget(self, pseudonym: bytes) -> None:
        """What was read of this person is about to change."""
        for known in (self._sessions, self._keys, self._read):
            known.pop(pseudonym, None)

    def note(self, event: str, **detail: int | str) -> None:
        """Say in the audit log that something was done; never whose, nor what was said."""
        self._notes.append(audit.Note(event, detail))

    def _code_token(self, code: str) -> bytes:
        return self._bot_key.token("withdrawal code", "".join(filter(str.isalnum, code.casefold())))
