"""Carrying out the rules of retention (`storage.retention`): count what is due, or delete it.

The promises: counting changes nothing. Whoever is erased loses their key first, so that no backup opens anything of
theirs; a machine that stops in between finishes at the next start, as after a withdrawal. Whoever is to go is held, as
by a unit of work, and looked at once more before anything of theirs is deleted, so that somebody who writes at that
moment is not touched. The audit log gets one entry for each kind, with counts and nothing else.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, select, union

from storage import erase
from storage.database import Database, Transaction
from storage.keyring import Keyring
from storage.keys import BotKey
from storage.notes import note
from storage.pages import pages
from storage.retention import Cutoffs, midnight
from storage.schema import (
    asked,
    consent,
    contact,
    conversation,
    copy_request,
    outbox,
    part,
    participant,
    participant_key,
    reminder,
    set_aside,
    trace,
)
from storage.settings import StorageSettings
from storage.talk import milliseconds, person

_ABOUT_PEOPLE = (conversation, participant, consent, part, asked, contact, outbox, reminder, trace, copy_request)
_TALKING = (contact, outbox, reminder, trace, copy_request, conversation)
_PAGE = 500

Still = Callable[[Transaction, Sequence[bytes]], Awaitable[list[bytes]]]


@dataclass(slots=True)
class Due:
    """What the rules say goes now. People: `unfinished` never agreed and were not heard of for long, `everybody` when
    the study is over. Single things: `reminders` that could not be delivered, `traces` that are of no use any more,
    `set_aside` messages that could not be understood, when the study is over.

    Left by a restore that could not tell: `keyless` people, whose key is gone, and `rowless` keys, of nobody here."""

    unfinished: int = 0
    reminders: int = 0
    traces: int = 0
    everybody: int = 0
    answers: int = 0
    set_aside: int = 0
    keyless: int = 0
    rowless: int = 0

    @property
    def is_any(self) -> bool:
        """Whether a rule says so; what a restore left is somebody's decision."""
        return bool(self.unfinished or self.reminders or self.traces or self.everybody or self.set_aside)


class Purge:
    """Open databases with the rules of a day. Use `count`, then `carry_out`; `close` at the end."""

    def __init__(self, settings: StorageSettings, cutoffs: Cutoffs, *, writable: bool) -> None:
        self._cutoffs = cutoffs
        self._main = Database("main", settings.database_url, writable=writable)
        self._keyring_database = Database("keyring", settings.keyring_url, writable=writable)
        self._keyring = Keyring(self._keyring_database)

    async def close(self) -> None:
        await self._main.close()
        await self._keyring_database.close()

    async def count(self) -> Due:
        """What is due. Raises SchemaError where the databases are not of this version, Unavailable."""
        await self._main.check()
        await self._keyring_database.check()
        due = Due()
        async with self._main.begin(write=False) as connection:
            if self._cutoffs.is_over:
                due.everybody = await _how_many(connection, select(_everybody().c.pseudonym))
                due.answers = await _how_many(connection, select(part.c.pseudonym, part.c.session, part.c.question))
                due.set_aside = await _how_many(connection, select(set_aside.c.seq))
            else:
                due.unfinished = await _how_many(connection, select(conversation.c.pseudonym).where(self._unfinished()))
                due.reminders = await _how_many(
                    connection, select(reminder.c.pseudonym, reminder.c.name).where(self._overdue())
                )
                due.traces = await _how_many(
                    connection, select(trace.c.pseudonym, trace.c.message_token).where(self._useless())
                )
        due.keyless = len(await self._keyless())
        due.rowless = len(await self._rowless())
        if self._cutoffs.is_over:
            async with self._keyring_database.begin(write=False) as connection:
                due.everybody = max(due.everybody, await _how_many(connection, select(participant_key.c.pseudonym)))
        return due

    async def carry_out(self, bot_key: BotKey, *, unpaired: bool) -> tuple[Due, bool]:
        """Delete what is due; returns what went, and whether the files are free of remains of it. `unpaired`: also
        rows without a key, and keys without rows."""
        gone = Due()
        if self._cutoffs.is_over:
            gone.everybody, gone.answers = await self._erase_everybody(bot_key)
            gone.set_aside = await self._delete(bot_key, "study over", {"set_aside": delete(set_aside)})
        else:
            gone.unfinished = await self._delete_unfinished(bot_key)
            gone.reminders = await self._delete(
                bot_key, "contact", {"reminders": delete(reminder).where(self._overdue())}
            )
            gone.traces = await self._delete(bot_key, "contact", {"traces": delete(trace).where(self._useless())})
        if unpaired:
            for people in _in_pages(await self._keyless()):
                gone.keyless += (await self._erase(bot_key, "no key", people, self._still_keyless))[0]
            for people in _in_pages(await self._rowless()):
                gone.rowless += (await self._erase(bot_key, "no rows", people, self._still_rowless))[0]
        clean = [await each.rewrite() and await each.truncate_wal() for each in (self._main, self._keyring_database)]
        return gone, all(clean)

    def _unfinished(self) -> ColumnElement[bool]:
        """Never agreed, long silent, and waiting for no reminder."""
        mine = conversation.c.pseudonym
        waits = and_(
            reminder.c.pseudonym == mine, reminder.c.due >= milliseconds(midnight(self._cutoffs.contact_before))
        )
        return and_(
            conversation.c.day < self._cutoffs.unfinished_before.isoformat(),
            ~exists().where(participant.c.pseudonym == mine),
            ~exists().where(waits),
        )

    def _overdue(self) -> ColumnElement[bool]:
        return reminder.c.due < milliseconds(midnight(self._cutoffs.contact_before))

    def _useless(self) -> ColumnElement[bool]:
        return trace.c.until < milliseconds(midnight(self._cutoffs.today))

    async def _delete_unfinished(self, bot_key: BotKey) -> int:
        people = select(conversation.c.pseudonym).where(self._unfinished()).order_by(conversation.c.pseudonym)
        async with self._main.begin(write=False) as connection:
            found = list((await connection.execute(people)).scalars())
        count = 0
        for page in _in_pages(found):
            async with self._main.begin(write=True) as connection:
                for pseudonym in page:
                    await connection.hold(person(pseudonym))
                again = people.where(conversation.c.pseudonym.in_(page))
                chosen = list((await connection.execute(again)).scalars())
                for table in _TALKING:
                    await connection.execute(delete(table).where(table.c.pseudonym.in_(chosen)))
                if chosen:
                    await note(connection, bot_key, "retention", rule="unfinished", people=len(chosen))
            count += len(chosen)
        return count

    async def _delete(self, bot_key: BotKey, rule: str, what: dict[str, Any]) -> int:
        ((name, statement),) = what.items()
        async with self._main.begin(write=True) as connection:
            count = (await connection.execute(statement)).rowcount
            if count:
                await note(connection, bot_key, "retention", rule=rule, **{name: count})
        return count

    async def _erase_everybody(self, bot_key: BotKey) -> tuple[int, int]:
        people = answers = 0
        everybody = _everybody()
        async for page in pages(self._main, select(everybody), (everybody.c.pseudonym,), _PAGE):
            gone, said = await self._erase(bot_key, "study over", [row.pseudonym for row in page])
            people, answers = people + gone, answers + said
        for keys in _in_pages(await self._rowless()):
            people += (await self._erase(bot_key, "study over", keys))[0]
        return people, answers

    async def _erase(
        self, bot_key: BotKey, rule: str, people: Sequence[bytes], still: Still | None = None
    ) -> tuple[int, int]:
        """Keys first, each noted; then the rows; then the notes. `still` says of whom it is true once they are held.
        Returns how many people, and how many answers."""
        answers = 0
        async with self._main.begin(write=True) as connection:
            for pseudonym in sorted(people):
                await connection.hold(person(pseudonym))
            chosen = await still(connection, people) if still else people
            for pseudonym in chosen:
                await self._keyring.drop(pseudonym)
                answers += await erase.delete_person(connection, pseudonym)
            if chosen:
                await note(connection, bot_key, "retention", rule=rule, people=len(chosen), answers=answers)
        for pseudonym in chosen:
            await self._keyring.erased(pseudonym)
        return len(chosen), answers

    async def _keyless(self) -> list[bytes]:
        """People who take part and have no key: nothing of theirs opens."""
        found = []
        column = participant.c.pseudonym
        async for page in pages(self._main, select(column).distinct(), (column,), _PAGE):
            people = [row.pseudonym for row in page]
            keys = await self._keyring.keys_of(people)
            found += [each for each in people if each not in keys]
        return found

    async def _rowless(self) -> list[bytes]:
        """Whose key is there, and nobody takes part under it."""
        found: list[bytes] = []
        column = participant_key.c.pseudonym
        async for page in pages(self._keyring_database, select(column), (column,), _PAGE):
            async with self._main.begin(write=False) as connection:
                found += await self._still_rowless(connection, [row.pseudonym for row in page])
        return found

    async def _still_keyless(self, _: Transaction, people: Sequence[bytes]) -> list[bytes]:
        keys = await self._keyring.keys_of(people)
        return [each for each in people if each not in keys]

    async def _still_rowless(self, connection: Transaction, people: Sequence[bytes]) -> list[bytes]:
        taking_part = select(participant.c.pseudonym).where(participant.c.pseudonym.in_(people)).distinct()
        there = set((await connection.execute(taking_part)).scalars())
        return [each for each in people if each not in there]


def _everybody() -> Any:
    return union(*(select(table.c.pseudonym) for table in _ABOUT_PEOPLE)).subquery()


def _in_pages(people: list[bytes]) -> list[list[bytes]]:
    return [people[start : start + _PAGE] for start in range(0, len(people), _PAGE)]


async def _how_many(connection: Transaction, rows: Select[Any]) -> int:
    count: int = (await connection.execute(select(func.count()).select_from(rows.distinct().subquery()))).scalar_one()
    return count
