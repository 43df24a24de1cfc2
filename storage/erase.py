"""Erasure: of one answer, of a person, and by withdrawal code.

The person's key goes first, for good (`storage.keyring`), then every row. What is deleted is overwritten
(`secure_delete`), and the store empties the write-ahead logs after the commit.
"""

from typing import TYPE_CHECKING

from sqlalchemy import BindParameter, bindparam, delete, distinct, func, select, update

from storage.database import Transaction
from storage.errors import UnknownCode
from storage.schema import (
    asked,
    consent,
    contact,
    conversation,
    copy_request,
    outbox,
    part,
    participant,
    reminder,
    trace,
)

if TYPE_CHECKING:
    from storage.write import Store

_PERSON: BindParameter[bytes] = bindparam("person")

#: What a person gave to the study, and then what the bot itself needs to talk with them.
_GIVEN = (part, asked, consent, participant)
#: `contact` first: whoever makes reminders of it (`storage.parcels`) holds its rows until they are written.
_TALKING = (contact, outbox, reminder, trace, copy_request, conversation)

_DELETE_GIVEN = [delete(table).where(table.c.pseudonym == _PERSON) for table in _GIVEN]
_DELETE_TALKING = [delete(table).where(table.c.pseudonym == _PERSON) for table in _TALKING]
_COUNT_ANSWERS = select(func.count(distinct(part.c.session.concat("\n").concat(part.c.question)))).where(
    part.c.pseudonym == _PERSON
)

_ENROLLED = select(participant.c.day).where(participant.c.pseudonym == _PERSON).limit(1)

_OF_ANSWER = (
    part.c.pseudonym == _PERSON,
    part.c.session == bindparam("in_session"),
    part.c.question == bindparam("to_question"),
)
_DELETE_ANSWER = delete(part).where(*_OF_ANSWER)
_DELETE_PART = delete(part).where(*_OF_ANSWER, part.c.part == bindparam("number"))
_PARTS_LEFT = select(func.count()).select_from(part).where(*_OF_ANSWER)
_NOW_SKIPPED = (
    update(asked)
    .where(
        asked.c.pseudonym == _PERSON,
        asked.c.session == bindparam("in_session"),
        asked.c.question == bindparam("to_question"),
        asked.c.outcome == "answered",
    )
    .values(outcome="skipped")
)


async def is_enrolled(connection: Transaction, pseudonym: bytes) -> bool:
    return (await connection.execute(_ENROLLED, {"person": pseudonym})).first() is not None


async def delete_given(connection: Transaction, pseudonym: bytes) -> int:
    """Delete what a person gave to the study; returns the number of answers."""
    answers: int = (await connection.execute(_COUNT_ANSWERS, {"person": pseudonym})).scalar_one()
    for statement in _DELETE_GIVEN:
        await connection.execute(statement, {"person": pseudonym})
    return answers


async def delete_person(connection: Transaction, pseudonym: bytes) -> int:
    """Delete every row about a person; returns the number of answers."""
    answers = await delete_given(connection, pseudonym)
    for statement in _DELETE_TALKING:
        await connection.execute(statement, {"person": pseudonym})
    return answers


async def delete_parts(
    connection: Transaction, pseudonym: bytes, session: str, question: str, number: int | None
) -> int:
    """Delete one message of an answer, or all of it (None). Returns how many messages went.

    Where nothing is left of the answer, its question counts as skipped.
    """
    where: dict[str, object] = {"person": pseudonym, "in_session": session, "to_question": question}
    if number is None:
        gone = await connection.execute(_DELETE_ANSWER, where)
    else:
        gone = await connection.execute(_DELETE_PART, where | {"number": number})
    if not (await connection.execute(_PARTS_LEFT, where)).scalar_one():
        await connection.execute(_NOW_SKIPPED, where)
    return gone.rowcount


async def erase_by_code(store: "Store", code: str) -> int:
    """Erase whoever was given this withdrawal code; returns the number of answers. Raises UnknownCode."""
    async with store.unit() as unit:
        pseudonym = await unit.person_of(code)
        if pseudonym is None:
            raise UnknownCode("No one is found under this code: check each letter, or it was used already.")
        return await unit.erase_person(pseudonym)
