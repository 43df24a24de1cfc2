"""Review: what has to be taken out of a text before it leaves, and whether a person, or two, said that it may.

Promises: an answer counts as approved only for the exact words that were approved with exactly these stretches taken
out; when the person edits the answer, or a reviewer takes out more or less, it is open again. Where the study asks for
two people, the second must be another one. Withheld answers never leave.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from analysis.desk.book import Book, Entry
from analysis.desk.errors import DeskError
from analysis.desk.redact import Stretch, settle

#: `waiting`: one person approved, and the study asks for two.
Verdict = Literal["open", "waiting", "approved", "withheld"]

SPANS, APPROVED, WITHHELD, RULE = "review.spans", "review.approved", "review.withheld", "review.rule"
KINDS = (SPANS, APPROVED, WITHHELD)


@dataclass(frozen=True, slots=True)
class ReviewState:
    """What holds for one text. `stretches` is what is taken out; None where the machine's suggestion still stands.
    `changed`: there is a review, of other words than these."""

    verdict: Verdict
    stretches: tuple[Stretch, ...] | None
    by: tuple[str, ...]
    changed: bool

    @property
    def may_leave(self) -> bool:
        return self.verdict == "approved"


def review_state(book: Book, answer: str, text: str) -> ReviewState:
    """The state of an answer with these words."""
    return state_of(book, book.of(answer), text, people_needed(book))


def state_of(book: Book, entries: Sequence[Entry], text: str, needed: int) -> ReviewState:
    """The same where the entries about the answer are at hand. An answer without words (a voice note) has nothing to
    review."""
    if not text.strip():
        return ReviewState("approved", (), (), changed=False)
    return read_state(entries, book.text_code(text), needed)


def read_state(entries: Sequence[Entry], text: str, needed: int) -> ReviewState:
    """The same from entries at hand. `text` is the code of the text."""
    reviews = [each for each in entries if each.kind in KINDS]
    stretches: tuple[Stretch, ...] | None = None
    approved: list[str] = []
    withheld: list[str] = []
    for each in reviews:
        if each.detail.get("text") != text:
            continue
        found = _stretches(each.detail["spans"])
        if found != stretches:
            approved = []
        stretches = found
        if each.kind == APPROVED:
            approved, withheld = [*(who for who in approved if who != each.who), each.who], []
        elif each.kind == WITHHELD:
            approved, withheld = [], [each.who]
    verdict: Verdict = "open"
    if withheld:
        verdict = "withheld"
    elif approved:
        verdict = "approved" if len(approved) >= needed else "waiting"
    return ReviewState(verdict, stretches, tuple(withheld or approved), changed=bool(reviews) and stretches is None)


def people_needed(book: Book) -> int:
    """How many different people have to approve a text: 1, or 2 where the study asks for it."""
    rules = book.of_kind(RULE)
    return int(rules[-1].detail["people"]) if rules else 1


def require_people(book: Book, who: str, people: int) -> None:
    """Set the rule. Raising it opens again what one person approved alone."""
    if people not in {1, 2}:
        raise DeskError("One person or two can be asked to approve a text: say 1 or 2.")
    book.write(who, RULE, people=people)


class Review:
    """One person's review of one text. `suggested` is what the machine would take out."""

    def __init__(self, book: Book, who: str, answer: str, text: str, suggested: Iterable[Stretch]) -> None:
        self._book = book
        self._who = who
        self._answer = answer
        self._text = text
        self._suggested = tuple(sorted(suggested))

    @property
    def state(self) -> ReviewState:
        return review_state(self._book, self._answer, self._text)

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """What is taken out as things stand."""
        state = self.state
        return self._suggested if state.stretches is None else state.stretches

    def take_out(self, new: Stretch) -> None:
        if not 0 <= new.start < new.end <= len(self._text):
            raise DeskError("What is to be taken out lies outside the text: mark it again.")
        self._write(SPANS, settle(self.stretches, new))

    def leave_in(self, start: int, end: int) -> None:
        kept = tuple(each for each in self.stretches if (each.start, each.end) != (start, end))
        if kept == self.stretches:
            raise DeskError("There is nothing taken out at that place: load the page again and look.")
        self._write(SPANS, kept)

    def approve(self) -> None:
        self._write(APPROVED, self.stretches)

    def withhold(self, reason: str = "") -> None:
        self._write(WITHHELD, self.stretches, reason)

    def undo(self) -> bool:
        """Take back the last thing that this person did in the review of this answer; whether there was one."""
        mine = [each for each in self._book.of(self._answer) if each.kind in KINDS and each.who == self._who]
        if not mine:
            return False
        self._book.write(self._who, "undone", self._answer, undoes=mine[-1].seq)
        return True

    def _write(self, kind: str, stretches: tuple[Stretch, ...], note: str = "") -> None:
        spans = [[each.start, each.end, each.kind] for each in stretches]
        self._book.write(self._who, kind, self._answer, note=note, text=self._book.text_code(self._text), spans=spans)


def _stretches(spans: list[Any]) -> tuple[Stretch, ...]:
    return tuple(Stretch(start, end, kind) for start, end, kind in spans)
