"""The read port, for the analysis: what people agreed to give, opened with the research key.

Promises: only sessions whose consent to take part stands today; no one whose key is gone; nothing is ever written, and
no file is made. Rows are read in pages, each a short transaction of its own: memory stays the same however many there
are, an erasure is never held up for long, and someone erased in the meantime is not in the pages that follow.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Self

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, distinct, func, select, tuple_

from storage.database import Database
from storage.errors import Erased, KeyFileError, SchemaError, SealError
from storage.keyring import Keyring
from storage.keys import KeptKey, ResearchKey, key_about
from storage.records import QUOTES, SUMMARIES, TAKE_PART, Agreed, Answer, AnswerPlace, Asked, Content, Flow, Kind
from storage.schema import asked, audit, consent, conversation, meta, part, participant
from storage.seal import Context, open_envelope
from storage.seal.bundle import Enclosed, close_files
from storage.settings import StorageSettings

#: Rows in one page; the parts of one answer may be on two of them.
_PAGE = 256

_STUDY = select(meta.c.value).where(meta.c.name == "study")


class Reader:
    """Open with `Reader.open`. `unopened` counts the answers that did not open, by the class of error; those of people
    whose key is gone are not among them."""

    def __init__(self, main: Database, keyring: Keyring | None, study: bytes, key: ResearchKey | None) -> None:
        self.unopened: Counter[type[SealError]] = Counter()
        self._main = main
        self._keyring = keyring
        self._study = study
        self._key = key

    @classmethod
    async def open(cls, settings: StorageSettings, key: ResearchKey | None) -> Self:
        """Without a key, answers cannot be read; counts can, and no keyring is needed.

        Raises SchemaError where a database is missing, of another version, or its keyring is another's.
        """
        main = Database("main", settings.database_url, writable=False)
        await main.check()
        async with main.begin(write=False) as connection:
            study = (await connection.execute(_STUDY)).scalar_one_or_none()
        if study is None:
            raise SchemaError(f"{main.where} is empty: the bot has not been started with it yet.")
        keyring = None
        if key is not None:
            database = Database("keyring", settings.keyring_url, writable=False)
            await database.check()
            keyring = Keyring(database)
            await keyring.belong_to(study, adopt=False)
        return cls(main, keyring, study, key)

    async def close(self) -> None:
        """Every connection was closed after its page already; the databases are let go."""
        await self._main.close()
        if self._keyring is not None:
            await self._keyring.close()

    async def answers(
        self,
        *,
        service: str | None = None,
        since: date | None = None,
        until: date | None = None,
        person: str | None = None,
        guide: str | None = None,
        guide_version: int | None = None,
        kind: Kind | None = None,
    ) -> AsyncIterator[Answer]:
        """One Answer for each person, session and question, its parts in order; `until` is exclusive.

        The day of an answer is that of its first message, and an edit does not move it. An answer of which a part does
        not open is counted in `unopened` and passed over. Raises KeyFileError without a research key.
        """
        if self._key is None:
            raise KeyFileError("Answers open with the research key only: give the path of research.key.")
        async for rows in self._answer_rows(_PARTS.where(*_only(guide, guide_version, kind)), service, person):
            keys = await self._keys_of(rows)
            wanted = [group for group in _by_answer(rows) if _day_is_within(group, since, until)]
            for answer in await asyncio.to_thread(self._open_all, wanted, keys):
                yield await self.complete(answer)

    async def complete(self, answer: Answer) -> Answer:
        """An answer as it is given on. A reader that knows more of it than its sealed rows do adds that here."""
        return answer

    async def places(self) -> AsyncIterator[AnswerPlace]:
        """Where every answer belongs, in the order of `answers`. Opens nothing, so it needs no research key."""
        async for rows in self._answer_rows(_PLACES, None, None):
            for first, *_ in _by_answer(rows):
                yield AnswerPlace(
                    first.pseudonym.hex(), first.session, first.question, first.kind, first.service, first.guide
                )

    async def asked(
        self, *, service: str | None = None, since: date | None = None, until: date | None = None
    ) -> AsyncIterator[Asked]:
        """Every question that was put to somebody who takes part, by the day on which it was asked."""
        columns = (asked.c.pseudonym, asked.c.session, asked.c.question)
        statement = select(asked).where(_agreed(asked, TAKE_PART), *_within(asked, service, since, until))
        async for page in self._pages(statement, columns):
            for row in page:
                yield Asked(
                    person=row.pseudonym.hex(),
                    session=row.session,
                    service=row.service,
                    guide=row.guide,
                    guide_version=row.guide_version,
                    question=row.question,
                    outcome=row.outcome,
                    day=date.fromisoformat(row.day),
                )

    async def people(self, *, service: str | None = None, since: date | None = None, until: date | None = None) -> int:
        """How many people take part who agreed to it within these days."""
        statement = select(func.count(distinct(participant.c.pseudonym))).where(
            _agreed(participant, TAKE_PART), *_within(participant, service, since, until)
        )
        async with self._main.begin(write=False) as connection:
            count: int = (await connection.execute(statement)).scalar_one()
        return count

    async def last_day(self) -> date | None:
        """The last day on which anything was asked or done; of later ones these databases, or this copy of them, know
        nothing."""
        async with self._main.begin(write=False) as connection:
            days = [(await connection.execute(select(func.max(each.c.day)))).scalar_one() for each in (asked, audit)]
        return max((date.fromisoformat(day) for day in days if day), default=None)

    @property
    def study(self) -> bytes:
        """Of which study this is; 16 bytes."""
        return self._study

    async def close_copy(self, person: str, files: Sequence[Enclosed], bundle: bytes) -> bytes:
        """Files for one person, closed with that person's own key, so that nothing opens them once they withdrew.
        Raises Erased."""
        pseudonym = bytes.fromhex(person)
        key = await self._keyring.key_of(pseudonym) if self._keyring else None
        if key is None:
            raise Erased("This person withdrew: no copy can be made for them.")
        return close_files(files, key, self._study, pseudonym, bundle)

    async def agreed(self, person: str) -> list[Agreed]:
        """What this person said to each item of consent, in every session. Nothing where they are not known here."""
        mine = select(consent).where(consent.c.pseudonym == bytes.fromhex(person))
        async with self._main.begin(write=False) as connection:
            rows = (await connection.execute(mine.order_by(consent.c.session, consent.c.day, consent.c.item))).all()
        return [Agreed(row.session, row.item, row.given, row.wording, date.fromisoformat(row.day)) for row in rows]

    async def key_about(self, person: str) -> KeptKey | None:
        """The key for what the research side learns about this person; None where they have withdrawn."""
        pseudonym = bytes.fromhex(person)
        key = (await self._keyring.keys_of({pseudonym})).get(pseudonym) if self._keyring else None
        return key_about(key) if key else None

    async def flow(self) -> Flow:
        """How many people came how far. Whoever withdrew had opened the chat and agreed."""
        erased = select(func.count()).select_from(audit).where(audit.c.event == "person erased")
        talking = select(func.count()).select_from(conversation)
        agreed = select(func.count(distinct(participant.c.pseudonym))).where(_agreed(participant, TAKE_PART))
        async with self._main.begin(write=False) as connection:
            gone, here, took_part = [
                (await connection.execute(each)).scalar_one() for each in (erased, talking, agreed)
            ]
        return Flow(opened=here + gone, agreed=took_part + gone, withdrew=gone)

    async def _answer_rows(
        self, chosen: Select[Any], service: str | None, person: str | None
    ) -> AsyncIterator[list[Row[Any]]]:
        """Rows of parts in lists that hold whole answers."""
        columns = (part.c.pseudonym, part.c.session, part.c.question, part.c.part)
        statement = chosen.where(_agreed(part, TAKE_PART), *_within(part, service, None, None))
        if person is not None:
            statement = statement.where(part.c.pseudonym == bytes.fromhex(person))
        held: list[Row[Any]] = []
        async for page in self._pages(statement, columns):
            rows = held + page
            last = _answer_of(rows[-1])
            held = [row for row in rows if _answer_of(row) == last]
            if whole := rows[: len(rows) - len(held)]:
                yield whole
        if held:
            yield held

    async def _pages(
        self, statement: Select[Any], columns: tuple[ColumnElement[Any], ...]
    ) -> AsyncIterator[list[Row[Any]]]:
        """Pages in the order of the primary key, each beginning behind the last row of the one before."""
        statement = statement.order_by(*columns).limit(_PAGE)
        behind = tuple_(*columns) > tuple_(*(bindparam(f"behind_{each.key}", type_=each.type) for each in columns))
        last: Row[Any] | None = None
        while True:
            async with self._main.begin(write=False) as connection:
                if last is None:
                    page = list(await connection.execute(statement))
                else:
                    values = {f"behind_{each.key}": getattr(last, str(each.key)) for each in columns}
                    page = list(await connection.execute(statement.where(behind), values))
            if page:
                yield page
            if len(page) < _PAGE:
                return
            last = page[-1]

    async def _keys_of(self, rows: list[Row[Any]]) -> dict[bytes, bytes]:
        return await self._keyring.keys_of({row.pseudonym for row in rows}) if self._keyring else {}

    def _open_all(self, answers: list[list[Row[Any]]], keys: dict[bytes, bytes]) -> list[Answer]:
        opened = []
        for parts in answers:
            key = keys.get(parts[0].pseudonym)
            if key is None:
                continue
            try:
                opened.append(_answer(parts, tuple(self._open(row, key) for row in parts)))
            except SealError as problem:
                self.unopened[type(problem)] += 1
        return opened

    def _open(self, row: Row[Any], key: bytes) -> Content:
        assert self._key is not None  # noqa: S101 - answers() has made sure
        context = Context(self._study, row.pseudonym, row.session, row.question, row.part, row.guide, row.guide_version)
        return open_envelope(row.envelope, context, key, self._key)


def _answer_of(row: Row[Any]) -> tuple[bytes, str, str]:
    return row.pseudonym, row.session, row.question


def _by_answer(rows: list[Row[Any]]) -> list[list[Row[Any]]]:
    return [list(group) for _, group in groupby(rows, _answer_of)]


def _day_of(rows: list[Row[Any]]) -> date:
    return min(date.fromisoformat(row.day) for row in rows)


def _day_is_within(rows: list[Row[Any]], since: date | None, until: date | None) -> bool:
    day = _day_of(rows)
    return (since is None or day >= since) and (until is None or day < until)


def _answer(rows: list[Row[Any]], parts: tuple[Content, ...]) -> Answer:
    first = rows[0]
    return Answer(
        person=first.pseudonym.hex(),
        session=first.session,
        service=first.service,
        guide=first.guide,
        guide_version=first.guide_version,
        question=first.question,
        kind=first.kind,
        day=_day_of(rows),
        parts=parts,
        quotable=first.quotable,
        in_summaries=first.in_summaries,
    )


def _agreed(table: Any, item: str) -> ColumnElement[bool]:
    """Whether the person agreed to this in the session of the row."""
    mine = and_(consent.c.pseudonym == table.c.pseudonym, consent.c.session == table.c.session)
    said = and_(mine, consent.c.item == item, consent.c.given)
    return select(consent.c.item).where(said).exists()


_PARTS: Select[Any] = select(
    part,
    _agreed(part, QUOTES).label("quotable"),
    _agreed(part, SUMMARIES).label("in_summaries"),
)
_PLACES: Select[Any] = select(
    part.c.pseudonym, part.c.session, part.c.question, part.c.part, part.c.kind, part.c.service, part.c.guide
)


def _only(guide: str | None, version: int | None, kind: Kind | None) -> list[ColumnElement[bool]]:
    wanted = ((part.c.guide, guide), (part.c.guide_version, version), (part.c.kind, kind))
    return [column == value for column, value in wanted if value is not None]


def _within(table: Any, service: str | None, since: date | None, until: date | None) -> list[ColumnElement[bool]]:
    """Days are ISO text, which sorts as dates do."""
    conditions: list[ColumnElement[bool]] = []
    if service is not None:
        conditions.append(table.c.service == service)
    if since is not None:
        conditions.append(table.c.day >= since.isoformat())
    if until is not None:
        conditions.append(table.c.day < until.isoformat())
    return conditions
