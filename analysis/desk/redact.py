"""A text without some stretches of it, and the way between positions in the one and in the other.

Everything that people do at the desk (what is taken out, what is coded) is kept by positions in the original text, the
only one that never moves: a later reviewer may take out more, and no coding shifts.

Promises: what lies outside the stretches is kept exactly; a position goes to the clean text and comes back to the same
place, or, from within a placeholder, to the edge of what it stands for.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analysis.deidentify import Placeholders
from analysis.identifiers import Kind


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """What is taken out: code points of the original, from 0, end exclusive."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Taken:
    """A stretch and where its placeholder stands in the clean text."""

    stretch: Stretch
    clean_start: int
    clean_end: int


@dataclass(frozen=True, slots=True)
class Clean:
    """A text as it may be seen. `taken` is in order."""

    original: str
    text: str
    taken: tuple[Taken, ...]

    def to_original(self, start: int, end: int) -> tuple[int, int]:
        """A span of the clean text as one of the original. Whoever marks a part of a placeholder marks all of it."""
        return self._back(start, at_end=False), self._back(end, at_end=True)

    def to_clean(self, start: int, end: int) -> tuple[int, int]:
        """A span of the original as one of the clean text."""
        return self._forth(start, at_end=False), self._forth(end, at_end=True)

    def _back(self, position: int, *, at_end: bool) -> int:
        number = bisect_right([each.clean_start for each in self.taken], position - at_end) - 1
        if number < 0:
            return position
        last = self.taken[number]
        if position - at_end < last.clean_end:
            return last.stretch.end if at_end else last.stretch.start
        return position - last.clean_end + last.stretch.end

    def _forth(self, position: int, *, at_end: bool) -> int:
        number = bisect_right([each.stretch.start for each in self.taken], position - at_end) - 1
        if number < 0:
            return position
        last = self.taken[number]
        if position - at_end < last.stretch.end:
            return last.clean_end if at_end else last.clean_start
        return position - last.stretch.end + last.clean_end


def redact(
    text: str, stretches: Iterable[Stretch], memory: Placeholders, entries: Mapping[tuple[int, int], str] | None = None
) -> Clean:
    """Take the stretches out. They must lie within the text and not overlap; `settle` sees to that. `entries`: of what
    stands between two positions, the entry of the study's list that it matched."""
    pieces: list[str] = []
    taken: list[Taken] = []
    kept = length = 0
    for each in sorted(stretches):
        entry = entries.get((each.start, each.end), "") if entries else ""
        placeholder = memory.name(each.kind, text[each.start : each.end], entry)
        before = text[kept : each.start]
        length += len(before)
        taken.append(Taken(each, length, length + len(placeholder)))
        pieces += [before, placeholder]
        length += len(placeholder)
        kept = each.end
    return Clean(text, "".join([*pieces, text[kept:]]), tuple(taken))


def settle(stretches: Iterable[Stretch], new: Stretch) -> tuple[Stretch, ...]:
    """The stretches with a new one, which swallows those that it touches: what was to go stays gone."""
    apart: list[Stretch] = []
    start, end = new.start, new.end
    for each in sorted(stretches):
        if each.end <= new.start or new.end <= each.start:
            apart.append(each)
        else:
            start, end = min(start, each.start), max(end, each.end)
    return tuple(sorted([*apart, Stretch(start, end, new.kind)]))
