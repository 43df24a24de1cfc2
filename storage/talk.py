"""What the bot itself must remember to talk with people: where each is, what is still to be said, what was asked for.

All of it is sealed with the bot key, which the bot holds: these are no answers. Each goes as soon as its purpose is
met, and with the person. A `Talk` is one half of a unit of work (`storage.unit`): committed with it or not at all.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, select

from storage.database import Rows, Step, Transaction, insert
from storage.keys import BotKey
from storage.records import Reminder, Trace
from storage.schema import conversation, outbox, reminder, seen_update, set_aside, trace

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_PERSON: BindParameter[bytes] = bindparam("person")

_SEE = insert(seen_update).on_conflict_do_nothing()
_PROGRESS = select(conversation.c.progress).where(conversation.c.pseudonym == _PERSON)
_SAVE = insert(conversation).values(pseudonym=_PERSON, progress=bindparam("sealed"), day=bindparam("today"))
_SAVE = _SAVE.on_conflict_do_update(
    index_elements=["pseudonym"], set_={"progress": _SAVE.excluded.progress, "day": _SAVE.excluded.day}
)

_SAY = insert(outbox)
_SET_ASIDE = insert(set_aside)

_REMIND = insert(reminder)
_REMIND = _REMIND.on_conflict_do_update(
    index_elements=["pseudonym", "name"],
    set_={"due": _REMIND.excluded.due, "payload": _REMIND.excluded.payload},
)
_DROP_REMINDERS = delete(reminder).where(reminder.c.pseudonym == _PERSON)
_DROP_REMINDER = _DROP_REMINDERS.where(reminder.c.name == bindparam("called"))
_TAKE_REMINDER = _DROP_REMINDER.where(reminder.c.due == bindparam("at"))
_REMINDERS = select(reminder).where(reminder.c.pseudonym == _PERSON).order_by(reminder.c.due, reminder.c.name)

_TRACE = insert(trace).on_conflict_do_nothing()
_TRACES = select(trace).where(trace.c.pseudonym == _PERSON).order_by(trace.c.until, trace.c.message_token)
_UNTRACE = delete(trace).where(trace.c.pseudonym == _PERSON, trace.c.message_token == bindparam("token"))


class Talk:
    """`seen`: this update was handled before, so do nothing."""

    def __init__(self, connection: Transaction, bot_key: BotKey, study: bytes) -> None:
        self.seen = False
        self._connection = connection
        self._bot_key = bot_key
        self._study = study
        self._held: set[bytes] = set()
        self._read: dict[bytes, bytes | None] = {}
        self._pseudonyms: dict[int, bytes] = {}

    async def begin(self, update_id: int | None, today: date, telegram_id: int | None) -> None:
        """Note that this update is being handled (sets `seen` where it was already), and read what is known of whoever
        sent it: in one travel where the database allows it."""
        steps: list[Step] = []
        if update_id is not None:
            steps.append((_SEE, {"update_id": update_id, "day": today.isoformat()}))
        if telegram_id is not None:
            pseudonym = self._pseudonym(telegram_id)
            steps += self._connection.holding(person(pseudonym))
            steps += self._about(pseudonym)
        given = await self._connection.send(*steps, small=True)
        self.seen = update_id is not None and given[0].rowcount == 0
        if telegram_id is not None:
            self._held.add(pseudonym)
            self._take(pseudonym, given[-len(self._about(pseudonym)) :])

    def _about(self, pseudonym: bytes) -> list[Step]:
        """What to read of a person at the beginning."""
        return [(_PROGRESS, {"person": pseudonym})]

    def _take(self, pseudonym: bytes, given: list[Rows]) -> None:
        """What `_about` gave."""
        self._read[pseudonym] = given[0].scalar_one_or_none()

    async def progress(self, telegram_id: int) -> tuple[bytes, bytes | None]:
        """The pseudonym of a person, and what `save` kept for them last (None: nothing).

        Raises SealError where the row was changed or moved.
        """
        pseudonym = self._pseudonym(telegram_id)
        if pseudonym not in self._read:
            await self._hold(pseudonym)
            (rows,) = await self._connection.send((_PROGRESS, {"person": pseudonym}))
            self._read[pseudonym] = rows.scalar_one_or_none()
        sealed = self._read.pop(pseudonym)
        if sealed is None:
            return pseudonym, None
        return pseudonym, self._bot_key.open(sealed, bound(b"progress", self._study, pseudonym))

    async def save(self, pseudonym: bytes, progress: bytes, today: date) -> None:
        """Keep where a person is in the conversation, in place of what was kept before, and when they were heard."""
        sealed = self._bot_key.seal(progress, bound(b"progress", self._study, pseudonym))
        await self._hold(pseudonym)
        self._read.pop(pseudonym, None)
        self._connection.later(_SAVE, {"person": pseudonym, "sealed": sealed, "today": today.isoformat()})

    async def say(self, pseudonym: bytes, payload: bytes, not_before: datetime | None = None) -> None:
        """Put a message in the outbox. One person's messages leave in the order in which they were said, so one that
        waits for its time holds back the later ones."""
        sealed = self._bot_key.seal(payload, bound(b"outbox", self._study, pseudonym))
        due = milliseconds(not_before) if not_before else 0
        row = {"pseudonym": pseudonym, "payload": sealed, "not_before": due, "attempts": 0}
        await self._hold(pseudonym)
        self._connection.later(_SAY, row)

    async def set_aside(self, update: bytes) -> None:
        """Keep an update that could not be understood, sealed with the bot key."""
        sealed = self._bot_key.seal(update, bound(b"set aside", self._study, b""))
        today = datetime.now(UTC).date().isoformat()
        self._connection.later(_SET_ASIDE, {"day": today, "sealed": sealed})

    async def remind(self, pseudonym: bytes, name: str, due: datetime, payload: bytes) -> None:
        """Keep that this person wants to be reminded; a reminder of the same name is moved, not doubled."""
        sealed = self._bot_key.seal(payload, bound(b"reminder", self._study, pseudonym))
        row = {"pseudonym": pseudonym, "name": name, "due": milliseconds(due), "payload": sealed}
        await self._hold(pseudonym)
        self._connection.later(_REMIND, row)

    async def reminders(self, pseudonym: bytes) -> list[Reminder]:
        """What this person asked to be reminded of, the earliest first. Raises SealError."""
        rows = await self._connection.execute(_REMINDERS, {"person": pseudonym})
        return [open_reminder(row, self._bot_key, self._study) for row in rows]

    async def take_reminder(self, due: Reminder) -> bool:
        """Take a reminder that `Store.due_reminders` gave, to put its message in the outbox in this same unit. False
        where somebody else took it, or where it was moved or ended meanwhile: then say nothing."""
        await self._hold(due.pseudonym)
        which = {"person": due.pseudonym, "called": due.name, "at": milliseconds(due.due)}
        return (await self._connection.execute(_TAKE_REMINDER, which)).rowcount > 0

    async def forget_reminders(self, pseudonym: bytes, name: str | None = None) -> int:
        """End one reminder, or all of this person's (None). Returns how many there were."""
        await self._hold(pseudonym)
        if name is None:
            return (await self._connection.execute(_DROP_REMINDERS, {"person": pseudonym})).rowcount
        return (await self._connection.execute(_DROP_REMINDER, {"person": pseudonym, "called": name})).rowcount

    async def trace(self, pseudonym: bytes, message: str, payload: bytes, until: datetime) -> None:
        """Remember a message in this person's chat that the bot may delete there until then."""
        sealed = self._bot_key.seal(payload, bound(b"trace", self._study, pseudonym))
        token = self._message_token(pseudonym, message)
        row = {"pseudonym": pseudonym, "message_token": token, "until": milliseconds(until), "payload": sealed}
        await self._hold(pseudonym)
        self._connection.later(_TRACE, row)

    async def traces(self, pseudonym: bytes) -> list[Trace]:
        """The messages of this person's chat that are remembered. Raises SealError."""
        rows = await self._connection.execute(_TRACES, {"person": pseudonym})
        purpose = bound(b"trace", self._study, pseudonym)
        return [Trace(row.message_token, moment(row.until), self._bot_key.open(row.payload, purpose)) for row in rows]

    async def forget_traces(self, pseudonym: bytes, traces: Sequence[Trace]) -> None:
        """These messages are deleted from the chat, or can no longer be."""
        await self._hold(pseudonym)
        for each in traces:
            self._connection.later(_UNTRACE, {"person": pseudonym, "token": each.token})

    async def _hold(self, pseudonym: bytes) -> None:
        """Until this unit ends, no other changes anything about this person."""
        if pseudonym not in self._held:
            await self._connection.hold(person(pseudonym))
            self._held.add(pseudonym)

    def _pseudonym(self, telegram_id: int) -> bytes:
        if telegram_id not in self._pseudonyms:
            self._pseudonyms[telegram_id] = self._bot_key.pseudonym(telegram_id)
        return self._pseudonyms[telegram_id]

    def _message_token(self, pseudonym: bytes, message: str) -> bytes:
        return self._bot_key.token("message", f"{pseudonym.hex()} {message}")


def open_reminder(row: Any, bot_key: BotKey, study: bytes) -> Reminder:
    """Raises SealError."""
    payload = bot_key.open(row.payload, bound(b"reminder", study, row.pseudonym))
    return Reminder(row.pseudonym, row.name, moment(row.due), payload)


def person(pseudonym: bytes) -> bytes:
    """What to hold (`Transaction.hold`) for as long as nobody else may change anything about this person."""
    return b"person " + pseudonym


def bound(purpose: bytes, study: bytes, pseudonym: bytes) -> bytes:
    """What a seal of the bot key is bound to. All but the purpose have a fixed length or come last."""
    return b"hearten bot " + purpose + b"\0" + study + pseudonym


def milliseconds(moment: datetime) -> int:
    """Since 1970, UTC; rounded up, so that nothing is sent too early."""
    return -((_EPOCH - moment) // _MILLISECOND)


def moment(since_1970: int) -> datetime:
    """The inverse of `milliseconds`, exactly."""
    return _EPOCH + since_1970 * _MILLISECOND
