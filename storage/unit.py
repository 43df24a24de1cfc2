"""One unit of work: everything that one update changes, committed together or not at all.

What is kept is sealed in the very call that receives it; the plaintext goes nowhere else. Each method speaks of a
person by pseudonym, which `progress` gives for a messenger's id.
"""

from datetime import UTC, date, datetime

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, case, or_, select
from sqlalchemy.dialects.sqlite import insert

from storage import audit, erase
from storage.database import Transaction
from storage.errors import Erased, NotConsented
from storage.keyring import Keyring
from storage.keys import BotKey, Recipient
from storage.records import TAKE_PART, Enrolment, NewPart, Outcome, Place
from storage.schema import asked, consent, conversation, outbox, part, participant, seen_update, set_aside
from storage.seal import Context, seal

_PERSON: BindParameter[bytes] = bindparam("person")

_SEE = insert(seen_update).on_conflict_do_nothing()
_PROGRESS = select(conversation.c.progress).where(conversation.c.pseudonym == _PERSON)
_SAVE = insert(conversation).values(pseudonym=_PERSON, progress=bindparam("sealed"))
_SAVE = _SAVE.on_conflict_do_update(index_elements=["pseudonym"], set_={"progress": _SAVE.excluded.progress})

_ENROL = insert(participant)
_ENROL = _ENROL.on_conflict_do_update(
    index_elements=["pseudonym", "session"],
    set_={name: _ENROL.excluded[name] for name in ("service", "guide", "guide_version", "code_token")},
)
_CONSENT = insert(consent)
_CONSENT = _CONSENT.on_conflict_do_update(
    index_elements=["pseudonym", "item"],
    set_={name: _CONSENT.excluded[name] for name in ("given", "wording", "day")},
    where=or_(consent.c.given != _CONSENT.excluded.given, consent.c.wording != _CONSENT.excluded.wording),
)
_TAKES_PART = and_(consent.c.pseudonym == _PERSON, consent.c.item == TAKE_PART, consent.c.given)
_ORIGIN = select(participant.c.service, participant.c.guide, participant.c.guide_version).where(
    participant.c.pseudonym == _PERSON,
    participant.c.session == bindparam("in_session"),
    select(consent.c.item).where(_TAKES_PART).exists(),
)
_PERSON_OF = select(participant.c.pseudonym).where(participant.c.code_token == bindparam("token"))

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
_SAY = insert(outbox)
_SET_ASIDE = insert(set_aside)


class Unit:
    """Made by `Store.unit`, good until that block ends. `seen`: this update was handled before, so do nothing."""

    def __init__(
        self,
        connection: Transaction,
        keyring: Keyring,
        bot_key: BotKey,
        recipients: tuple[Recipient, ...],
        study: bytes,
    ) -> None:
        self.seen = False
        self.leaves_remains = False
        self.erased: list[bytes] = []
        self._connection = connection
        self._keyring = keyring
        self._bot_key = bot_key
        self._recipients = recipients
        self._study = study

    async def see(self, update_id: int, today: date) -> None:
        """Note that this update is being handled; sets `seen` where it was already."""
        added = await self._connection.execute(_SEE, {"update_id": update_id, "day": today.isoformat()})
        self.seen = added.rowcount == 0

    async def progress(self, telegram_id: int) -> tuple[bytes, bytes | None]:
        """The pseudonym of a person, and what `save` kept for them last (None: nothing).

        Raises SealError where the row was changed or moved.
        """
        pseudonym = self._bot_key.pseudonym(telegram_id)
        sealed = (await self._connection.execute(_PROGRESS, {"person": pseudonym})).scalar_one_or_none()
        if sealed is None:
            return pseudonym, None
        return pseudonym, self._bot_key.open(sealed, bound(b"progress", self._study, pseudonym))

    async def save(self, pseudonym: bytes, progress: bytes) -> None:
        """Keep where a person is in the conversation, in place of what was kept before."""
        sealed = self._bot_key.seal(progress, bound(b"progress", self._study, pseudonym))
        await self._connection.execute(_SAVE, {"person": pseudonym, "sealed": sealed})

    async def enrol(self, pseudonym: bytes, enrolment: Enrolment) -> None:
        """Note that somebody agreed to take part, or changed their mind about an item. An item that is the same as
        before keeps its day. The participant's key is made in the keyring before anything else."""
        if await self._keyring.make(pseudonym):
            await erase.delete_given(self._connection, pseudonym)  # left by an erasure that was cut off
        day = enrolment.day.isoformat()
        await self._connection.execute(
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
            row = {"pseudonym": pseudonym, "item": item, "given": given, "wording": enrolment.wording, "day": day}
            changed += (await self._connection.execute(_CONSENT, row)).rowcount
        await self._note("consent", changed=changed)

    async def keep(self, pseudonym: bytes, new: NewPart) -> None:
        """Seal one message of an answer and keep it, in place of what was there.

        Raises NotConsented where the person has not agreed to take part in this session, Erased where their
        key is gone.
        """
        where = new.place
        service, guide, guide_version = await self._origin(pseudonym, where.session)
        key = await self._keyring.key_of(pseudonym)
        if key is None:
            raise Erased("This person withdrew: nothing more is kept of them.")
        context = Context(self._study, pseudonym, where.session, where.question, where.part, guide, guide_version)
        await self._connection.execute(
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
        await self._connection.execute(
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
        gone = await erase.delete_parts(self._connection, pseudonym, session, question, part)
        if gone:
            self.leaves_remains = True
            await self._note("parts erased", parts=gone)
        return gone

    async def erase_person(self, pseudonym: bytes) -> int:
        """Erase everything about a person, old backups included. Returns how many answers are gone.

        Their key is deleted at once and for good, even where the rest of this unit fails; the store then finishes.
        """
        self.leaves_remains = True
        self.erased.append(pseudonym)
        await self._keyring.drop(pseudonym)
        answers = await erase.delete_person(self._connection, pseudonym)
        await self._note("person erased", answers=answers)
        return answers

    async def person_of(self, code: str) -> bytes | None:
        """Who was given this withdrawal code; letter case, spaces and dashes do not matter."""
        token = self._code_token(code)
        return (await self._connection.execute(_PERSON_OF, {"token": token})).scalar_one_or_none()

    async def say(self, pseudonym: bytes, payload: bytes, not_before: datetime | None = None) -> None:
        """Put a message in the outbox. One person's messages leave in the order in which they were said, so one that
        waits for its time holds back the later ones."""
        sealed = self._bot_key.seal(payload, bound(b"outbox", self._study, pseudonym))
        due = milliseconds(not_before) if not_before else 0
        row = {"pseudonym": pseudonym, "payload": sealed, "not_before": due, "attempts": 0}
        await self._connection.execute(_SAY, row)

    async def set_aside(self, update: bytes) -> None:
        """Keep an update that could not be understood, sealed with the bot key."""
        sealed = self._bot_key.seal(update, bound(b"set aside", self._study, b""))
        today = datetime.now(UTC).date().isoformat()
        await self._connection.execute(_SET_ASIDE, {"day": today, "sealed": sealed})

    async def _origin(self, pseudonym: bytes, session: str) -> tuple[str, str, int]:
        row = (await self._connection.execute(_ORIGIN, {"person": pseudonym, "in_session": session})).one_or_none()
        if row is None:
            raise NotConsented("This person has not agreed to take part in this session: nothing was kept.")
        return row.service, row.guide, row.guide_version

    async def _note(self, event: str, **detail: int | str) -> None:
        await audit.append(self._connection, self._bot_key.audit_key, event, **detail)

    def _code_token(self, code: str) -> bytes:
        return self._bot_key.token("withdrawal code", "".join(filter(str.isalnum, code.casefold())))

    def _message_token(self, pseudonym: bytes, message: str) -> bytes:
        return self._bot_key.token("message", f"{pseudonym.hex()} {message}")


def bound(purpose: bytes, study: bytes, pseudonym: bytes) -> bytes:
    """What a seal of the bot key is bound to. All but the purpose have a fixed length or come last."""
    return b"hearten bot " + purpose + b"\0" + study + pseudonym


def milliseconds(moment: datetime) -> int:
    """Since 1970, UTC; rounded up, so that nothing is sent too early."""
    return -int(-moment.timestamp() * 1000 // 1)
