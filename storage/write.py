"""The write port, for the bot: people's words go in and cannot be read back here.

One update is one unit of work, and one transaction: its id, the person's progress, sealed answers and the messages to
send are committed together, exactly once however often the update is delivered. One person's units follow each other,
in whichever process they are; on SQLite everybody's do, and those that wait at the same moment share a commit. After an
erasure the files are wiped; where somebody is in the way, that is tried again with the next units and said in the log.

Every method of the store is a transaction of its own: inside a unit, use the unit's methods only.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Executable, and_, bindparam, delete, exists, select, update

from storage import audit, erase
from storage.database import Database
from storage.errors import SealError, Unavailable
from storage.keyring import Keyring
from storage.keys import BotKey, Recipient, read_recipients
from storage.parcels import ParcelStore
from storage.records import Outgoing, Reminder
from storage.schema import contact, copy_request, outbox, reminder, seen_update, set_aside, trace
from storage.settings import StorageSettings
from storage.study import know_study
from storage.talk import bound, milliseconds, open_reminder
from storage.talk import person as _person
from storage.unit import Unit

__all__ = ["Store", "Unit"]

_log = logging.getLogger(__name__)

#: For so many days, counted at each start, an update's id is remembered and one that was set aside is kept.
DAYS_OF_UPDATES = 14

#: Seconds between two attempts at emptying the write-ahead logs while a reader is in the way.
_WIPE_AGAIN = 5.0

_EARLIER = outbox.alias("earlier")
_HELD_BACK = exists().where(
    _EARLIER.c.pseudonym == outbox.c.pseudonym,
    _EARLIER.c.seq < outbox.c.seq,
    _EARLIER.c.not_before > bindparam("now"),
)
_DUE = and_(outbox.c.not_before <= bindparam("now"), ~_HELD_BACK)
_WAITING = (
    select(outbox.c.seq, outbox.c.pseudonym, outbox.c.payload, outbox.c.attempts)
    .where(_DUE)
    .order_by(outbox.c.seq)
    .limit(bindparam("most"))
)
_WAITING_FOR = _WAITING.where(outbox.c.pseudonym == bindparam("person"))
_WHO_WAITS = select(outbox.c.pseudonym).where(_DUE).distinct().limit(bindparam("most"))
_SENT = delete(outbox).where(outbox.c.seq == bindparam("number"))
_POSTPONE = (
    update(outbox)
    .where(outbox.c.seq == bindparam("number"))
    .values(not_before=bindparam("due"), attempts=outbox.c.attempts + 1)
)
_FORGET_OLD = [delete(table).where(table.c.day < bindparam("before")) for table in (seen_update, set_aside)]
_CLOSED = (contact, outbox, reminder, trace, copy_request)  # of a chat that is closed to the bot
_FORGET = [delete(table).where(table.c.pseudonym == bindparam("person")) for table in _CLOSED]
_PAST_TRACES = delete(trace).where(trace.c.until < bindparam("now"))
_DUE_REMINDERS = (
    select(reminder)
    .where(reminder.c.due <= bindparam("now"))
    .order_by(reminder.c.due, reminder.c.pseudonym)
    .limit(bindparam("most"))
)


class Store(ParcelStore):
    """Open with `Store.open`. Safe to share between the tasks of one event loop."""

    def __init__(
        self, main: Database, keyring: Database, bot_key: BotKey, recipients: tuple[Recipient, ...], study: bytes
    ) -> None:
        self._main = main
        self._keyring_database = keyring
        self._keyring = Keyring(keyring)
        self._bot_key = bot_key
        self._recipients = recipients
        self._study = study
        self._tidying = asyncio.Lock()
        self._unfinished = True
        self._remains = False
        self._rewrite = False
        self._wipe_at = 0.0

    @classmethod
    async def open(cls, settings: StorageSettings) -> "Store":
        """Open everything, or make it where nothing is yet. Raises StorageError with a sentence that says what to do:
        no recipients, another bot key or keyring than this database's, an older or newer schema, no access."""
        recipients = read_recipients(settings.recipients)
        main = Database("main", settings.database_url, writable=True)
        keyring = Database("keyring", settings.keyring_url, writable=True)
        try:
            was_left_open = main.was_left_open or keyring.was_left_open
            await main.check_or_make()
            await keyring.check_or_make()
            bot_key, study, anyone = await know_study(main, settings)
            await Keyring(keyring).belong_to(study, adopt=not anyone)
            store = cls(main, keyring, bot_key, recipients, study)
            await store._finish_erasures()
            await store._forget_old_updates()
            if was_left_open:  # perhaps between an erasure and the wiping after it
                store._remains = store._rewrite = True
            if store._remains:
                await store._wipe()
        except BaseException:
            await main.close()
            await keyring.close()
            raise
        return store

    async def _forget_old_updates(self) -> None:
        """Updates that were handled or set aside long ago: Telegram delivers none again after a day."""
        before = (datetime.now(UTC).date() - timedelta(days=DAYS_OF_UPDATES)).isoformat()
        async with self._main.begin(write=True) as connection:
            for statement in _FORGET_OLD:
                gone = await connection.execute(statement, {"before": before})
                self._remains = self._remains or gone.rowcount > 0

    async def close(self) -> None:
        """Let go of the databases. Waits for units that are under way."""
        async with self._main.quiet():
            if self._remains:
                await self._wipe()
            await self._main.close()
            await self._keyring_database.close()

    @property
    def has_remains(self) -> bool:
        """Whether bytes of what was erased may still be in a file, because somebody else was in the way."""
        return self._remains

    @asynccontextmanager
    async def unit(self, update_id: int | None = None, person: int | None = None) -> AsyncIterator[Unit]:
        """One transaction: committed on a clean exit, rolled back on an exception. Where it is known from whom the
        update is (their id in the messenger), say so: then all that is needed of them is read at once.

        Raises Unavailable where the database cannot be read or written; then nothing of this unit was kept.
        """
        if self._unfinished:
            async with self._main.alone():
                await self._finish_erasures()
        try:
            async with self._main.join() as connection:
                unit = Unit(connection, self._keyring, self._bot_key, self._recipients, self._study)
                await unit.begin(update_id, datetime.now(UTC).date(), person)
                try:
                    yield unit
                    await unit.finish()
                finally:
                    self._unfinished = self._unfinished or bool(unit.erased)
                    if unit.leaves_remains:
                        self._remains = self._rewrite = True
        finally:
            if self._unfinished or self._remains:
                await self._clear_up()

    async def who_waits(self, now: datetime, limit: int = 500) -> list[bytes]:
        """People for whom messages are due."""
        return list((await self._main.look(_WHO_WAITS, {"now": milliseconds(now), "most": limit})).scalars())

    async def waiting(self, now: datetime, limit: int = 100, pseudonym: bytes | None = None) -> list[Outgoing]:
        """Messages that are due, to everybody or to one person, in the order in which they were said. A person's later
        message is never here while an earlier one of theirs is not due yet."""
        due: dict[str, object] = {"now": milliseconds(now), "most": limit}
        if pseudonym is None:
            rows = (await self._main.look(_WAITING, due)).all()
        else:
            rows = (await self._main.look(_WAITING_FOR, due | {"person": pseudonym}, small=True)).all()
        return [each for row in rows if (each := self._open_outgoing(row)) is not None]

    def _open_outgoing(self, row: Any) -> Outgoing | None:
        """None, and a line in the log, where it does not open."""
        try:
            payload = self._bot_key.open(row.payload, bound(b"outbox", self._study, row.pseudonym))
        except SealError:
            _log.exception("Message %d of the outbox does not open and is passed over.", row.seq)
            return None
        return Outgoing(row.seq, row.pseudonym, payload, row.attempts)

    @asynccontextmanager
    async def turn(self, pseudonym: bytes) -> AsyncIterator[bool]:
        """Whether this process may send to this person for now: where several share a server, one at a time does, so
        that no message is sent twice. Ask before `waiting`; where it is False, somebody else is sending."""
        async with self._main.turn(b"send to " + pseudonym) as mine:
            yield mine

    async def sent(self, seqs: Sequence[int]) -> None:
        """These messages arrived: they leave the outbox."""
        await self._change(*((_SENT, {"number": seq}) for seq in sorted(seqs)))

    async def postpone(self, seq: int, until: datetime) -> None:
        """This message could not be sent: it waits until then, and the attempt is counted."""
        await self._change((_POSTPONE, {"number": seq, "due": milliseconds(until)}))

    async def forget_unreachable(self, pseudonym: bytes) -> None:
        """This person has blocked the bot: nothing more is waiting for them, and no reminder."""
        await self._change(*((statement, {"person": pseudonym}) for statement in _FORGET))

    async def forget_past_traces(self, now: datetime) -> None:
        """Messages that can no longer be deleted from their chats: nothing needs their numbers any more."""
        await self._change((_PAST_TRACES, {"now": milliseconds(now)}))

    async def due_reminders(self, now: datetime, limit: int = 100) -> list[Reminder]:
        """Reminders whose time has come. Take each in a unit (`Talk.take_reminder`) before anything is said."""
        async with self._main.begin(write=False) as connection:
            rows = (await connection.execute(_DUE_REMINDERS, {"now": milliseconds(now), "most": limit})).all()
        opened = []
        for row in rows:
            try:
                opened.append(open_reminder(row, self._bot_key, self._study))
            except SealError:
                _log.exception("A reminder does not open and is passed over.")
        return opened

    async def audit_head(self, kept: audit.Head | None = None) -> audit.Head:
        """Check the audit log against itself and the kept head; returns its head. Raises BrokenChain."""
        async with self._main.begin(write=False) as connection:
            return await audit.verify(connection, self._bot_key.audit_key, kept)

    async def _change(self, *steps: tuple[Executable, Mapping[str, object]]) -> None:
        if steps:
            async with self._main.join() as connection:
                for step in steps:
                    connection.later(*step)

    async def _finish_erasures(self) -> None:
        """After an erasure, whether it went well or stopped half-way: see that no one whose key is gone is still there.

        Where their rows went with the key, whatever was said to them since then stays.
        """
        async with self._tidying:
            self._unfinished = False
            try:
                for pseudonym in await self._keyring.erasing():
                    while not await self._finish_erasure(pseudonym):
                        pass
                    self._remains = self._rewrite = True
            except BaseException:
                self._unfinished = True
                raise

    async def _finish_erasure(self, pseudonym: bytes) -> bool:
        """Whether nothing of this person is left, or they came back. Only after their rows are gone for good is it
        forgotten that they had to go."""
        async with self._main.begin(write=True) as connection:
            await connection.hold(_person(pseudonym))
            if not await self._keyring.is_erasing(pseudonym):
                return True
            if not await erase.is_enrolled(connection, pseudonym):
                await self._keyring.erased(pseudonym)
                return True
            answers = await erase.delete_person(connection, pseudonym)
            await audit.append(connection, self._bot_key.audit_key, audit.Note("person erased", {"answers": answers}))
            return False

    async def _clear_up(self) -> None:
        """After a unit. It raises nothing, for the unit may be committed; what fails is done before the next one."""
        async with self._main.alone():
            try:
                if self._unfinished:
                    await self._finish_erasures()
            except Unavailable:
                _log.exception("An erasure is not finished; it goes on with the next update.")
            if self._remains and time.monotonic() >= self._wipe_at:
                await self._wipe()

    async def _wipe(self) -> None:
        """Leave no remains: write the files anew, then empty their write-ahead logs. (What that is on a server,
        `storage.database.postgres` says.)"""
        databases = (self._main, self._keyring_database)
        async with self._tidying:
            self._remains = False  # whoever erases from here on will say so again
            if self._rewrite:
                self._rewrite = False
                self._rewrite = not all([await each.rewrite() for each in databases]) or self._rewrite
            if not self._rewrite and all([await each.truncate_wal() for each in databases]):
                if self._wipe_at:
                    _log.info("The wiping after an erasure is done now.")
                self._wipe_at = 0.0
            else:
                if not self._wipe_at:
                    _log.warning("A reader keeps the files from being wiped after an erasure; trying again.")
                self._remains, self._wipe_at = True, time.monotonic() + _WIPE_AGAIN
