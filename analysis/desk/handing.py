"""What people coded, made ready to leave the desk: spans in the clean text, ids in place of names, memos without names.

Promises: only what a coder finished, for exactly these words, leaves; who finished without a coding is named too, since
no theme is a result. Coders have ids (`CODER_1`) unless their names are asked for, in the order in which they began, so
that the same coder has the same id in every export from this desk. Memos go through the same search for details as
answers do, with the placeholders of the person whose answer it is, and number nothing anew: texts are the same to the
letter with memos and without.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from analysis.deidentify import Finder
from analysis.desk.adjudication import put_beside
from analysis.desk.book import Book
from analysis.desk.coding import KINDS, PersonCoding
from analysis.desk.shelf import Cleaner, OnDesk
from analysis.model import Framework, Stance

#: What a coder did: marked it by hand, accepted or changed a suggestion, or brought it in from another tool.
How = Literal["added", "accepted", "changed", "imported"]


@dataclass(frozen=True, slots=True)
class Handed:
    """One coding by a person, in positions of the clean text. `theme` is empty for a sub-theme that the codebook no
    longer has. `settled`: whether it stands since the answer was settled; None where nobody settled it."""

    subtheme: str
    theme: str
    stance: Stance
    start: int
    end: int
    memo: str
    how: How
    settled: bool | None


@dataclass(frozen=True, slots=True)
class Work:
    """What one coder made of one answer that they finished. `settled`: whether this answer was settled."""

    coder: str
    codings: tuple[Handed, ...]
    settled: bool


class Handing:
    """How people's codings leave: of which framework, under which names, with memos or without. `finders` are looked
    up at the first memo."""

    def __init__(
        self,
        book: Book,
        framework: Framework,
        *,
        by_name: bool = False,
        memos: bool = True,
        finders: Callable[[], Iterable[Finder]] = tuple,
    ) -> None:
        self._ids: dict[str, str] = {}
        self._by_name = by_name
        for who in book.everyone(*KINDS):
            self._id_of(who)
        self._book = book
        self._framework = framework.id
        self._themes = {each.id: theme.id for theme in framework.themes for each in theme.subthemes}
        self._memos = memos
        self._finders = finders

    def __call__(self, found: OnDesk, clean: Cleaner) -> tuple[Work, ...]:
        """The work on one answer, by coder. `clean` is what made `found`, before it saw the next answer."""
        if not any(each.kind in KINDS for each in found.entries):
            return ()
        beside = put_beside(found.entries, self._book.text_code(found.answer.text), self._framework)
        made = []
        for who, view in beside.views.items():
            codings = (self._hand(each, beside.kept, found, clean) for each in view.standing)
            ordered = sorted(codings, key=lambda each: (each.start, each.end, each.subtheme, each.stance))
            made.append(Work(self._id_of(who), tuple(ordered), beside.kept is not None))
        return tuple(sorted(made, key=lambda each: each.coder))

    def _id_of(self, who: str) -> str:
        return self._ids.setdefault(who, _plain(who) if self._by_name else f"CODER_{len(self._ids) + 1}")

    def _hand(self, coding: PersonCoding, kept: frozenset[str] | None, found: OnDesk, clean: Cleaner) -> Handed:
        start, end = found.clean.to_clean(coding.start, coding.end)
        memo = clean.hide(coding.memo, self._finders()) if coding.memo and self._memos else ""
        settled = None if kept is None else coding.id in kept
        theme = self._themes.get(coding.subtheme, "")
        return Handed(coding.subtheme, theme, coding.stance, start, end, memo, _how(coding), settled)


def _how(coding: PersonCoding) -> How:
    if coding.origin == "import":
        return "imported"
    return "accepted" if coding.status == "accepted" else "changed" if coding.status == "changed" else "added"


def _plain(name: str) -> str:
    """A name that can be told from the machine's and stand in a list."""
    plain = name.replace(";", ",")
    return f"person {plain}" if plain.casefold().startswith("machine") else plain
