"""Coding by people: what each coder marked, what became of the machine's suggestions, and when an answer is done.

Promises: coders do not see each other's codings here, only their own; nothing is overwritten, a change is a new entry
and undo takes the last one back; a coding says who made it, when, with which framework, where it came from (a person, a
machine's suggestion, an import) and what was done with it; it counts for the exact words that it was made for. Spans
are positions in the original text, so that a later review moves none of them.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from analysis.desk.book import Book, Entry
from analysis.desk.codebook import take_up
from analysis.desk.errors import DeskError
from analysis.model import Framework, Stance

Origin = Literal["person", "machine", "import"]
#: What was done with it: `added` by hand, or a suggestion that was accepted, changed or rejected.
Status = Literal["added", "accepted", "changed", "rejected", "removed"]

MADE, FINISHED = "coding.made", "coding.finished"
KINDS = (MADE, FINISHED)
_STANCES: tuple[Stance, ...] = get_args(Stance)


@dataclass(frozen=True, slots=True)
class Marked:
    """A part of the original text under a sub-theme, not checked yet."""

    subtheme: str
    stance: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """What names a suggestion: the same suggestion has the same name as long as the machine makes it."""
        return f"{self.subtheme}/{self.stance}/{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class PersonCoding:
    """One coding. `start` and `end` count in the original text. `suggestion` names what it was made from."""

    id: str
    subtheme: str
    stance: Stance
    start: int
    end: int
    origin: Origin
    status: Status
    suggestion: str = ""
    memo: str = ""
    who: str = ""
    at: str = ""
    framework_version: int = 0
    framework_sha256: str = ""

    @property
    def stands(self) -> bool:
        return self.status not in {"rejected", "removed"}


@dataclass(frozen=True, slots=True)
class CoderView:
    """What one coder has done with one answer. `stale`: they coded other words than it has now."""

    codings: tuple[PersonCoding, ...]
    finished: bool
    stale: bool

    @property
    def standing(self) -> tuple[PersonCoding, ...]:
        return tuple(each for each in self.codings if each.stands)

    def dealt_with(self) -> dict[str, PersonCoding]:
        """The suggestions that this coder decided on, by their names."""
        return {each.suggestion: each for each in self.codings if each.suggestion}


def coded_by(entries: Sequence[Entry], who: str, text: str, framework: str) -> CoderView:
    """One coder's work from the entries about an answer. `text` is the code of its words, `framework` an id."""
    mine = [
        each for each in entries if each.kind in KINDS and each.who == who and each.detail["framework"] == framework
    ]
    codings: dict[str, PersonCoding] = {}
    finished = False
    for each in mine:
        if each.detail["text"] != text:
            continue
        finished = each.kind == FINISHED
        if each.kind == MADE:
            codings[each.detail["id"]] = _coding(each)
    stale = bool(mine) and not any(each.detail["text"] == text for each in mine)
    return CoderView(tuple(sorted(codings.values(), key=lambda it: (it.start, it.end))), finished, stale)


def coders_of(entries: Sequence[Entry], text: str, framework: str) -> tuple[str, ...]:
    """Who finished coding these words, in the order of their names."""
    everyone = {each.who for each in entries if each.kind == FINISHED}
    return tuple(sorted(who for who in everyone if coded_by(entries, who, text, framework).finished))


class Coding:
    """One coder's work on one answer."""

    def __init__(self, book: Book, who: str, answer: str, text: str, framework: Framework) -> None:
        self._book = book
        self._who = who
        self._answer = answer
        self._length = len(text)
        self._text = book.text_code(text)
        self._framework = framework

    @property
    def view(self) -> CoderView:
        return coded_by(self._book.of(self._answer), self._who, self._text, self._framework.id)

    def add(self, marked: Marked, memo: str = "", origin: Origin = "person") -> str:
        """A coding of one's own; returns its id."""
        return self._write(self._checked(marked, origin, "added", memo=memo))

    def check(self, marked: Marked) -> None:
        """Raises DeskError where this could not be coded; writes nothing."""
        self._checked(marked, "person", "added")

    def accept(self, suggested: Marked) -> str:
        return self._decide("accepted", suggested.name, suggested)

    def reject(self, suggested: Marked) -> str:
        return self._decide("rejected", suggested.name, suggested)

    def change(self, suggestion: str, into: Marked, memo: str = "") -> str:
        """Keep a suggestion in another form. `suggestion` is its name."""
        return self._decide("changed", suggestion, into, memo)

    def remove(self, coding_id: str) -> None:
        """Take a coding of one's own out again. It stays in the history."""
        found = next((each for each in self.view.standing if each.id == coding_id), None)
        if found is None:
            raise DeskError("There is no such coding of yours on this answer: load the page again and look.")
        self._write(replace(found, status="removed"))

    def finish(self) -> None:
        """Say that this answer is done, with codings or without: no theme is a result."""
        take_up(self._book, self._who, self._framework)
        self._book.write(self._who, FINISHED, self._answer, text=self._text, framework=self._framework.id)

    def undo(self) -> bool:
        """Take back the last thing that this coder did with this answer; whether there was one."""
        mine = [each for each in self._book.of(self._answer) if each.kind in KINDS and each.who == self._who]
        if not mine:
            return False
        self._book.write(self._who, "undone", self._answer, undoes=mine[-1].seq)
        return True

    def _decide(self, status: Status, suggestion: str, marked: Marked, memo: str = "") -> str:
        coding = self._checked(marked, "machine", status, suggestion=suggestion, memo=memo)
        before = self.view.dealt_with().get(suggestion)
        return self._write(replace(coding, id=before.id) if before else coding)

    def _checked(
        self, marked: Marked, origin: Origin, status: Status, *, suggestion: str = "", memo: str = ""
    ) -> PersonCoding:
        if marked.subtheme not in {each.id for each in self._framework.subthemes}:
            raise DeskError(f"The codebook {self._framework.id} has no such sub-theme: choose one of those it has.")
        stance = next((each for each in _STANCES if each == marked.stance), None)
        if stance is None:
            raise DeskError(f"There is no such stance: choose one of {', '.join(_STANCES)}.")
        if not 0 <= marked.start < marked.end <= self._length:
            raise DeskError("The part that is to be coded lies outside the text: mark it again.")
        return PersonCoding(
            id=secrets.token_hex(8),
            subtheme=marked.subtheme,
            stance=stance,
            start=marked.start,
            end=marked.end,
            origin=origin,
            status=status,
            suggestion=suggestion,
            memo=memo.strip(),
        )

    def _write(self, coding: PersonCoding) -> str:
        take_up(self._book, self._who, self._framework)
        self._book.write(
            self._who, MADE, self._answer, note=coding.memo, text=self._text, id=coding.id, subtheme=coding.subtheme,
            stance=coding.stance, start=coding.start, end=coding.end, origin=coding.origin, status=coding.status,
            suggestion=coding.suggestion, framework=self._framework.id, version=self._framework.version,
            sha256=self._framework.sha256,
        )  # fmt: skip
        return coding.id


def _coding(entry: Entry) -> PersonCoding:
    each = entry.detail
    return PersonCoding(
        id=each["id"], subtheme=each["subtheme"], stance=each["stance"], start=each["start"], end=each["end"],
        origin=each["origin"], status=each["status"], suggestion=each["suggestion"], memo=entry.note, who=entry.who,
        at=entry.at, framework_version=each["version"], framework_sha256=each["sha256"],
    )  # fmt: skip
