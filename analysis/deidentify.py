"""De-identification of free text: names and other identifying details become placeholders.

Promises: the same detail gets the same placeholder wherever one memory is used (`[STAFF_1]`); every character outside a
span is kept exactly; spans count in the original and, as `clean_*`, in the de-identified text. What this makes is
"de-identified", never "anonymous": no rule finds "the only one in a small town", so a person reviews every text before
it leaves.
"""

from typing import NamedTuple

from analysis.identifiers import Found, Kind, find_identifiers
from analysis.model import Frozen
from analysis.names import find_names


class Redaction(Frozen):
    """One detail that was taken out. Code points, end exclusive."""

    start: int
    end: int
    kind: Kind
    clean_start: int
    clean_end: int


class Deidentified(NamedTuple):
    text: str
    spans: tuple[Redaction, ...]


class Placeholders:
    """Remembers which detail has which placeholder, for as long as the caller keeps it: one answer, one person, or one
    study. It holds the details themselves, so it must never be written anywhere."""

    def __init__(self) -> None:
        self._given: dict[tuple[Kind, str], str] = {}
        self._count: dict[Kind, int] = {}

    def name(self, kind: Kind, detail: str) -> str:
        """The placeholder of a detail. Capitals, spaces and titles ("Dr") make no difference."""
        words = [word for word in detail.casefold().replace(".", " ").split() if word not in {"dr", "nurse", "the"}]
        key = (kind, " ".join(words))
        if key not in self._given:
            self._count[kind] = self._count.get(kind, 0) + 1
            self._given[key] = f"[{kind}_{self._count[kind]}]"
        return self._given[key]


def deidentify(text: str, memory: Placeholders | None = None) -> Deidentified:
    """Replaces identifying details. Without a memory, placeholders are consistent within this text only."""
    memory = memory if memory is not None else Placeholders()
    pieces: list[str] = []
    spans: list[Redaction] = []
    kept = clean = 0
    for found in _settle([*find_identifiers(text), *find_names(text)]):
        before = text[kept : found.start]
        placeholder = memory.name(found.kind, text[found.start : found.end])
        clean += len(before)
        spans.append(
            Redaction(
                start=found.start,
                end=found.end,
                kind=found.kind,
                clean_start=clean,
                clean_end=clean + len(placeholder),
            )
        )
        pieces += [before, placeholder]
        clean += len(placeholder)
        kept = found.end
    return Deidentified("".join([*pieces, text[kept:]]), tuple(spans))


def _settle(found: list[Found]) -> list[Found]:
    """Spans that do not overlap, in order: of two that do, the surer rule stays, then the longer.

    Where a surer one only covers part of a longer one, the longer's remainder would leak half a name, so the surer one
    takes on the whole stretch.
    """
    settled: list[Found] = []
    for each in sorted(found, key=lambda it: (it.start, -it.end)):
        if settled and each.start < settled[-1].end:
            before = settled[-1]
            surer = min(before, each, key=lambda it: (it.rank, it.start - it.end))
            settled[-1] = Found(before.start, max(before.end, each.end), surer.kind, surer.rank)
        else:
            settled.append(each)
    return settled
