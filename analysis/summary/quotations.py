"""People's own words in a summary: whose, which, and how few.

Promises. Quoted is only who agreed to be quoted and to be in summaries, and only what a person approved at the desk, as
it was approved. A quotation is a whole part of an answer, as it was sorted, and never cut. Everything that this part
was sorted as is a count that is shown: words from a small group never appear, under no heading, so that a reader who
recognises what else they speak about learns nothing of a withheld count. Nobody is quoted twice in a row, nor more
often than `quoting.toml` says. The same answers give the same quotations in whatever order they were read.

Only the most promising candidates of each place are held, so memory does not grow with the answers.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from itertools import product
from typing import Self, get_args

from pydantic import Field, model_validator

from analysis.content import read_toml
from analysis.disclosure import COLUMNS, COUNTED, Column, Counts, SubThemeCounts
from analysis.export.rows import clean
from analysis.identifiers import Kind
from analysis.model import Coding, Frozen
from analysis.reading import CodedAnswer

#: One number of the table by sub-theme: a sub-theme, and a column or, for everybody who spoke about it, None.
Cell = tuple[str, Column | None]

#: People remembered for each cell: many more than can be quoted, because some will drop out once counts are known.
_HELD = 200
_PLACEHOLDER = re.compile(rf"\[({'|'.join(get_args(Kind))})(?:_\w+)?\]")


class Quoting(Frozen):
    """The rules in `quoting.toml`."""

    shortest: int = Field(ge=1)
    longest: int = Field(le=1000)
    least_confidence: float = Field(ge=0, le=1)
    each_person: int = Field(ge=1, le=3)
    each_list: int = Field(ge=1, le=5)
    taken_out: dict[Kind, str]

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.shortest > self.longest:
            raise ValueError("shortest is more than longest: exchange them.")
        if missing := sorted(set(get_args(Kind)) - set(self.taken_out)):
            raise ValueError(f"taken_out has no words for {missing[0]}: add them.")
        return self


class Quotation(Frozen):
    """Words that somebody said, under the sub-theme and the column that they were sorted under."""

    subtheme: str
    column: Column
    text: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    rank: bytes
    person: str
    text: str
    touches: frozenset[Cell]


@cache
def read_quoting() -> Quoting:
    """The rules that come with Hearten. Raises ContentError where the file breaks one of its own."""
    return read_toml(files("analysis.summary") / "quoting.toml", Quoting)


class Candidates:
    """Gathers what might be quoted while the answers pass by."""

    def __init__(self, rules: Quoting | None = None) -> None:
        self._rules = rules or read_quoting()
        self._of: dict[Cell, dict[str, _Candidate]] = {}

    def add(self, coded: CodedAnswer) -> None:
        """Remember what of this answer might be quoted, if anything may."""
        answer = coded.answer
        if not (answer.quotable and answer.in_summaries and coded.masked.verdict == "approved"):
            return
        for each in coded.coded.codings:
            if each.stance not in COLUMNS or each.confidence < self._rules.least_confidence:
                continue
            text = self._say(coded.masked.text[each.start : each.end])
            if self._rules.shortest <= len(text) <= self._rules.longest:
                seed = "\0".join((each.subtheme, each.stance, text, answer.person))
                rank = hashlib.sha256(seed.encode("utf-8", "replace")).digest()
                touches = _touched(each, coded.coded.codings)
                self._hold((each.subtheme, each.stance), _Candidate(rank, answer.person, text, touches))

    def pick(self, counts: Counts) -> tuple[Quotation, ...]:
        """What is quoted, theme by theme and column by column, in the order of the page."""
        shown = frozenset(_shown(counts))
        used: Counter[str] = Counter()
        picked: list[Quotation] = []
        last = _Candidate(b"", "", "", frozenset())
        for rows, column in product([theme.subthemes for theme in counts.themes.values()], COLUMNS):
            # Where most people spoke comes first, and one of each sub-theme before a second of any.
            order = sorted(rows, key=partial(_fewest, rows, column))
            left = self._rules.each_list
            for name in order * self._rules.each_list:
                fit = self._fit((name, column), shown, used, last) if left else []
                fit = [each for each in fit if each.text not in {one.text for one in picked}]
                if fit:
                    # Whoever was quoted least comes first, so that many are heard.
                    last = min(fit, key=lambda each: (used[each.person], each.rank))
                    picked.append(Quotation(subtheme=name, column=column, text=last.text))
                    used[last.person] += 1
                    left -= 1
        return tuple(picked)

    def _fit(self, cell: Cell, shown: frozenset[Cell], used: Counter[str], last: _Candidate) -> list[_Candidate]:
        return [
            each
            for each in _first(self._of.get(cell, {}))
            if each.touches <= shown and each.person != last.person and used[each.person] < self._rules.each_person
        ]

    def _hold(self, cell: Cell, candidate: _Candidate) -> None:
        """One for each person, the first by rank, and of these the first."""
        held = self._of.setdefault(cell, {})
        before = held.get(candidate.person)
        if before is None or candidate.rank < before.rank:
            held[candidate.person] = candidate
        if len(held) > 2 * _HELD:
            self._of[cell] = {each.person: each for each in _first(held)}

    def _say(self, text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: f"[{self._rules.taken_out[found[1]]}]", clean(text)).strip()  # type: ignore[index]


def _touched(coding: Coding, codings: tuple[Coding, ...]) -> frozenset[Cell]:
    """Every cell that these words, or a part of them, count in."""
    return frozenset(
        (each.subtheme, column)
        for each in codings
        if each.start < coding.end and coding.start < each.end
        for column in (None, *COUNTED[each.stance])
    )


def _first(held: Mapping[str, _Candidate]) -> list[_Candidate]:
    return sorted(held.values(), key=lambda each: each.rank)[:_HELD]


def _fewest(rows: Mapping[str, SubThemeCounts], column: Column, name: str) -> int:
    return -(rows[name].of(column) or 0)


def _shown(counts: Counts) -> Iterator[Cell]:
    for theme in counts.themes.values():
        for name, row in theme.subthemes.items():
            if row.people:
                yield name, None
            for column in COLUMNS:
                if row.of(column):
                    yield name, column
