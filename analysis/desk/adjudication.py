"""Adjudication: two people coded an answer without seeing each other's work; now it is settled what stands.

Promises: nothing is settled before two coders have finished; what each of them coded stays as it was; a settlement
names the codings that stand, who settled it and when, and no longer holds once a coder changes something.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from analysis.desk.book import Book, Entry
from analysis.desk.coding import CoderView, PersonCoding, coded_by, coders_of
from analysis.desk.errors import DeskError

SETTLED = "settled"
_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Beside:
    """The codings of two or more coders of one answer. `kept` are the ids of those that stand, None while nothing is
    settled; `by` settled it."""

    views: dict[str, CoderView]
    kept: frozenset[str] | None
    by: str

    @property
    def ready(self) -> bool:
        return len(self.views) >= _ENOUGH

    @property
    def codings(self) -> tuple[PersonCoding, ...]:
        every = [each for view in self.views.values() for each in view.standing]
        return tuple(sorted(every, key=lambda it: (it.start, it.end, it.subtheme, it.who)))

    def agrees(self, coding: PersonCoding) -> bool:
        """Whether every other coder gave the same sub-theme to an overlapping part, with the same stance."""
        others = [view for who, view in self.views.items() if who != coding.who]
        return bool(others) and all(any(_same(coding, each) for each in view.standing) for view in others)


def put_beside(entries: Sequence[Entry], text: str, framework: str) -> Beside:
    """The work of everyone who finished this answer. `text` is the code of its words, `framework` an id."""
    views = {who: coded_by(entries, who, text, framework) for who in coders_of(entries, text, framework)}
    ids = {each.id for view in views.values() for each in view.standing}
    settled = [each for each in entries if each.kind == SETTLED and each.detail["framework"] == framework]
    if not settled or settled[-1].detail["text"] != text or set(settled[-1].detail["seen"]) != ids:
        return Beside(views, None, "")
    return Beside(views, frozenset(settled[-1].detail["kept"]), settled[-1].who)


def settle_codings(book: Book, who: str, *, answer: str, text: str, framework: str, kept: Collection[str]) -> None:
    """Say which codings stand. Raises DeskError before two have finished, or for codings that are not theirs."""
    beside = put_beside(book.of(answer), book.text_code(text), framework)
    if not beside.ready:
        raise DeskError("Two people have to finish coding this answer before it can be settled.")
    ids = {each.id for each in beside.codings}
    if not set(kept) <= ids:
        raise DeskError("A coder changed something in the meantime: load the page again and look.")
    book.write(
        who, SETTLED, answer, text=book.text_code(text), framework=framework, seen=sorted(ids), kept=sorted(kept)
    )


def _same(one: PersonCoding, other: PersonCoding) -> bool:
    overlap = one.start < other.end and other.start < one.end
    return overlap and (one.subtheme, one.stance) == (other.subtheme, other.stance)
