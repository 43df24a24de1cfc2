"""Answers as the desk sees them: found by a name that says nothing, each with its machine suggestion and its review.

Promises: names of answers are hashes of where they belong, the same on every machine that holds the same data; one
answer is opened by opening the answers of its person only, because a name must have the same placeholder in all of
them; nothing opened is kept.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from analysis.deidentify import Finder, Placeholders, find_details, replace_details
from analysis.desk.book import Book, Entry
from analysis.desk.errors import DeskError
from analysis.desk.redact import Clean, Stretch, redact
from analysis.desk.review import ReviewState, people_needed, review_state, state_of
from analysis.identifiers import Found
from storage.keys import KeptKey
from storage.records import Answer, AnswerPlace

_FRESH = 20.0  # seconds

_NAME_LENGTH = 20  # hexadecimal digits: 80 bits


class DeskSource(Protocol):
    """The read port, as far as the desk needs it."""

    def answers(self, *, person: str | None = None) -> AsyncIterator[Answer]: ...

    def places(self) -> AsyncIterator[AnswerPlace]: ...

    async def key_about(self, person: str) -> KeptKey | None: ...


OpenSource = Callable[[], AbstractAsyncContextManager[DeskSource]]


@dataclass(frozen=True, slots=True)
class OnDesk:
    """One answer that is being worked on. `suggested` is what the machine would take out; `clean` is the text as things
    stand; `entries` is what holds in the book about it."""

    name: str
    answer: Answer
    suggested: tuple[Stretch, ...]
    review: ReviewState
    clean: Clean
    entries: tuple[Entry, ...] = field(default=(), repr=False)


def name_of(place: Answer | AnswerPlace) -> str:
    """The desk's name of an answer. The pseudonym in it rests on the bot's secret, so nobody can try their way back."""
    fields = (place.person, place.session, place.question)
    where = b"".join(len(each.encode()).to_bytes(4, "big") + each.encode() for each in fields)
    return hashlib.sha256(b"hearten answer v1" + where).hexdigest()[:_NAME_LENGTH]


class Shelf:
    """All answers in people's own words; what was picked from a list is not words and is left out."""

    def __init__(self, open_source: OpenSource, book: Book, finders: Iterable[Finder] = ()) -> None:
        self._open = open_source
        self._book = book
        self._finders = tuple(finders)
        self._places: dict[str, AnswerPlace] = {}
        self._looked = -_FRESH

    async def places(self) -> dict[str, AnswerPlace]:
        """Where each answer belongs, by name, in an order that stays the same.

        Looked up again when this is some seconds old, so that a reviewer of thousands does not wait at every step. An
        answer that is gone in the meantime cannot be read all the same."""
        if monotonic() - self._looked >= _FRESH:
            async with self._open() as source:
                self._places = {name_of(each): each async for each in source.places() if each.kind == "answer"}
            self._looked = monotonic()
        return self._places

    async def read(self, name: str, place: AnswerPlace) -> OnDesk:
        """Open one answer. Raises DeskError where it is no longer there or does not open with this key."""
        cleaner = Cleaner(self._book, self._finders)
        async with self._open() as source:
            async for answer in source.answers(person=place.person):
                if answer.kind != "answer":
                    continue
                found = cleaner(answer)
                if found.name == name:
                    return found
        raise DeskError("This answer is no longer there, or does not open with this research key.")

    async def first_changed(self, places: Mapping[str, AnswerPlace]) -> str | None:
        """The first answer that may not leave although the book holds a verdict: it was edited after its review."""
        async with self._open() as source:
            async for answer in source.answers():
                if answer.kind != "answer":
                    continue
                name = name_of(answer)
                if name in places and review_state(self._book, name, answer.text).verdict == "open":
                    return name
        return None


class Cleaner:
    """Takes out of answers what reviewers decided, and what the machine suggests where nobody has. The same detail of
    one person has the same placeholder in all their answers, if these come in the order of the read port; what is on
    the study's own list has the same one in the whole study."""

    def __init__(self, book: Book, finders: Iterable[Finder] = ()) -> None:
        self._book = book
        self._finders = tuple(finders)
        self._needed = people_needed(book)
        self._person: str | None = None
        self._study = Placeholders()
        self._placeholders = Placeholders(self._study)

    def __call__(self, answer: Answer, details: list[Found] | None = None) -> OnDesk:
        """`details`: what the machine found, where that was looked up already."""
        if answer.person != self._person:
            self._person, self._placeholders = answer.person, Placeholders(self._study)
        name, text = name_of(answer), answer.text
        # The numbers of placeholders are given by what is really taken out, not by what was suggested.
        found = find_details(text, self._finders) if details is None else details
        suggested = tuple(Stretch(each.start, each.end, each.kind) for each in found)
        entries = {(each.start, each.end): each.entry for each in found if each.entry}
        noted = self._book.of(name)
        state = state_of(self._book, noted, text, self._needed)
        chosen = suggested if state.stretches is None else state.stretches
        clean = redact(text, chosen, self._placeholders, entries)
        return OnDesk(name, answer, suggested, state, clean, tuple(noted))

    def hide(self, words: str, finders: Iterable[Finder]) -> str:
        """What somebody wrote about the answer in hand, without what identifies: under the placeholders of its person,
        and without a number where a detail has none yet."""
        return replace_details(words, find_details(words, finders), self._placeholders.as_it_is()).text


async def approved_texts(book: Book, answers: AsyncIterator[Answer]) -> AsyncIterator[OnDesk]:
    """The answers that people approved, each with its clean text, in the order of the read port. For exports."""
    clean = Cleaner(book)
    async for answer in answers:
        if answer.kind == "answer":
            found = clean(answer)
            if found.review.may_leave:
                yield found


async def only_reviewed(
    book: Book, answers: AsyncIterator[Answer], refuse: Callable[[int], Exception]
) -> AsyncIterator[Answer]:
    """Pass answers on as long as people approved or withheld each. From the first that they did not, none is passed on:
    those that stand in the way are counted, and `refuse` says with which error this ends."""
    waiting, needed = 0, people_needed(book)
    async for each in answers:
        if each.kind == "answer":
            state = state_of(book, book.of(name_of(each)), each.text, needed)
            waiting += state.verdict in {"open", "waiting"}
        if not waiting:
            yield each
    if waiting:
        raise refuse(waiting)
