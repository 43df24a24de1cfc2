"""From two files of codings to what is counted: the same texts beside each other, cut into units.

A unit is a whole text, or one character of it. Its category is the set of sub-themes that a coder gave it, or none.

Promises: two files are only compared where they are about the same texts; what does not fit is said in one sentence
that names the file and shows no id and no word. Lengths come from the lines themselves or from the texts; where neither
has them, nothing is said about characters that nobody coded.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

import numpy as np
from pydantic import Field, model_validator
from scipy import sparse

from analysis.agreement.measures import Cells
from analysis.errors import InputError
from analysis.model import Frozen, Stance

Codes = frozenset[str]
NOTHING: Codes = frozenset()
Name = str | int


class Mark(Frozen, extra="ignore"):
    """One coding as `analysis code` writes it; stance and span may be left out."""

    subtheme: str = Field(min_length=1)
    stance: Stance | None = None
    start: int | None = Field(None, ge=0)
    end: int | None = None

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if (self.start is None) != (self.end is None):
            raise ValueError("a span needs both start and end: add the missing one.")
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError("a span ends behind its start: correct start and end.")
        return self


class CodedText(Frozen, extra="ignore"):
    """One line: what one coder made of one text. `length` is that of the text, in code points."""

    id: Name
    codings: tuple[Mark, ...]
    length: int | None = Field(None, ge=0)


@dataclass(frozen=True, slots=True)
class Pair:
    """One text with the codings of both."""

    first: tuple[Mark, ...]
    second: tuple[Mark, ...]
    length: int | None


@dataclass
class Tally:
    """How often each pair of categories occurs in each text."""

    texts: int
    places: dict[tuple[Codes, Codes], int] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def add(self, text: int, first: Codes, second: Codes, count: int = 1) -> None:
        self.rows.append(text)
        self.columns.append(self.places.setdefault((first, second), len(self.places)))
        self.counts.append(count)

    @property
    def matrix(self) -> sparse.csr_array:
        """Texts by cells."""
        shape = (self.texts, len(self.places))
        return sparse.csr_array(
            (np.array(self.counts, float), (np.array(self.rows, np.intp), np.array(self.columns, np.intp))), shape=shape
        )

    @property
    def cells(self) -> Cells:
        """Categories are the whole sets: to agree is to have given exactly the same sub-themes."""
        sets = sorted({each for pair in self.places for each in pair}, key=sorted)
        number = {each: place for place, each in enumerate(sets)}
        first, second = ([number[pair[side]] for pair in self.places] for side in (0, 1))
        return Cells(np.array(first, np.intp), np.array(second, np.intp), len(sets))

    @property
    def coded(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which cells hold units that at least one of the two coded."""
        return np.array([bool(first or second) for first, second in self.places], dtype=bool)


def pair(
    first: Iterable[CodedText],
    second: Iterable[CodedText],
    *,
    names: tuple[str, str],
    lengths: Mapping[Name, int] | None = None,
    shared: bool = False,
) -> list[Pair]:
    """Both codings of each text, in the order of the first. `shared` compares what both have and passes over the rest.

    Raises InputError where a file is empty, holds a text twice, or was made for other texts.
    """
    one, other = (_by_id(lines, name) for lines, name in zip((first, second), names, strict=True))
    both = [each for each in one if each in other]
    alone = len(one) + len(other) - 2 * len(both)
    if not both or (alone and not shared):
        remedy = ", or add --shared to compare only those that both have" if both else ""
        raise InputError(
            f"{names[0]} and {names[1]} were made for different texts ({len(both)} in both, {alone} in one of them"
            f" only): compare two codings of the same texts{remedy}."
        )
    if lengths is not None and any(each not in lengths for each in both):
        raise InputError("The texts are not those that were coded, or not all of them: give the file that was coded.")
    return [_join(one[each], other[each], names, (lengths or {}).get(each)) for each in both]


def by_text(pairs: list[Pair]) -> Tally:
    tally = Tally(len(pairs))
    for number, each in enumerate(pairs):
        tally.add(number, _codes(each.first), _codes(each.second))
    return tally


def by_character(pairs: list[Pair]) -> Tally | None:
    """None where a coding has no span. Characters that nobody coded count where the length of the text is known."""
    if any(mark.start is None for each in pairs for mark in (*each.first, *each.second)):
        return None
    tally = Tally(len(pairs))
    for number, each in enumerate(pairs):
        for stretch, first, second in _stretches(each):
            tally.add(number, first, second, stretch)
    return tally


def by_stance(pairs: list[Pair]) -> Tally:
    """A unit is a sub-theme that both gave to the same text, its category the stances that each gave with it."""
    tally = Tally(len(pairs))
    for number, each in enumerate(pairs):
        for code in sorted(_codes(each.first) & _codes(each.second)):
            first, second = (
                frozenset(mark.stance for mark in marks if mark.subtheme == code and mark.stance)
                for marks in (each.first, each.second)
            )
            if first and second:
                tally.add(number, first, second)
    return tally


def _by_id(lines: Iterable[CodedText], name: str) -> dict[Name, CodedText]:
    found: dict[Name, CodedText] = {}
    for line in lines:
        if line.id in found:
            raise InputError(f"{name} holds one text twice: keep one line for each id.")
        found[line.id] = line
    if not found:
        raise InputError(f"{name} holds no coded texts: give a file as `analysis code` writes it.")
    return found


def _join(one: CodedText, other: CodedText, names: tuple[str, str], length: int | None) -> Pair:
    known = {each for each in (one.length, other.length, length) if each is not None}
    if len(known) > 1:
        raise InputError(
            f"{names[0]} and {names[1]} were made for different texts (one id, two lengths): compare two codings of the"
            " same texts."
        )
    length = next(iter(known), None)
    for line, name in zip((one, other), names, strict=True):
        if length is not None and any((mark.end or 0) > length for mark in line.codings):
            raise InputError(f"{name} was made for other texts: a coding ends behind the end of its text.")
    return Pair(one.codings, other.codings, length)


def _codes(marks: Iterable[Mark]) -> Codes:
    return frozenset(mark.subtheme for mark in marks)


def _stretches(each: Pair) -> Iterable[tuple[int, Codes, Codes]]:
    """The text cut where any coding begins or ends: how long, what the first gave, what the second gave."""
    changes: dict[int, list[tuple[int, str, int]]] = {0: []}
    for side, marks in enumerate((each.first, each.second)):
        for mark in marks:
            assert mark.start is not None  # noqa: S101 - by_character has made sure
            assert mark.end is not None  # noqa: S101
            changes.setdefault(mark.start, []).append((side, mark.subtheme, 1))
            changes.setdefault(mark.end, []).append((side, mark.subtheme, -1))
    if each.length is not None:
        changes.setdefault(each.length, [])
    open_now: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    edges = sorted(changes)
    for start, end in pairwise(edges):
        for side, code, step in changes[start]:
            open_now[side][code] += step
        first, second = (frozenset(code for code, depth in side.items() if depth) for side in open_now)
        if first or second or each.length is not None:
            yield end - start, first, second
