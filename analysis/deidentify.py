"""De-identification of free text: names and other identifying details become placeholders.

Promises: the same detail gets the same placeholder wherever one memory is used (`[STAFF_1]`); ages and dates become
bands and decades (`[AGE_30s_1]`, `[DATE_2010s_2]`); every character outside a span is kept exactly; spans count in the
original and, as `clean_*`, in the de-identified text. What this makes is "de-identified", never "anonymous": no rule
finds "the only one in a small town", so a person reviews every text before it leaves.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from analysis.coarsen import coarsen
from analysis.identifiers import Found, Kind, find_identifiers
from analysis.model import Frozen
from analysis.naming import find_names

#: Finds further details, beside the rules: the study's own list (`analysis.studylist`), the recogniser of the extra
#: (`analysis.recognise`).
Finder = Callable[[str], Iterable[Found]]


class Redaction(Frozen):
    """One detail that was taken out, and why. Code points, end exclusive."""

    start: int
    end: int
    kind: Kind
    clean_start: int
    clean_end: int
    reason: str


class Deidentified(NamedTuple):
    text: str
    spans: tuple[Redaction, ...]


class Placeholders:
    """Remembers which detail has which placeholder, for as long as the caller keeps it: one answer, one person, or one
    study. It holds the details themselves, so it must never be written anywhere.

    `study`: what is on the study's own list has the same placeholder in every answer of the study (`[WARD_S1]`), and
    the memory of that outlives the person's.
    """

    def __init__(self, study: "Placeholders | None" = None) -> None:
        self._given: dict[tuple[Kind, str], str] = {}
        self._count: dict[Kind, int] = {}
        self._study = study
        self._numbering = True

    def as_it_is(self) -> "Placeholders":
        """A view of it that gives no new numbers: what has none becomes `[STAFF]`."""
        view = Placeholders(self._study.as_it_is() if self._study is not None else None)
        view._given, view._numbering = self._given, False
        return view

    def name(self, kind: Kind, detail: str, entry: str = "") -> str:
        """The placeholder of a detail. Capitals, spaces and titles ("Dr") make no difference. `entry`: the entry of the
        study's list that it matched."""
        if entry and self._study is not None:
            return self._study._new(kind, entry, "S")  # noqa: SLF001 - of the same class
        words = [word for word in detail.casefold().replace(".", " ").split() if word not in {"dr", "nurse", "the"}]
        return self._new(kind, entry or " ".join(words), coarsen(kind, detail))

    def _new(self, kind: Kind, key: str, mark: str) -> str:
        if (kind, key) not in self._given:
            if not self._numbering:  # the same words may be taken for another kind where less stands around them
                return next((each for (_, same), each in self._given.items() if same == key), f"[{kind}]")
            self._count[kind] = self._count.get(kind, 0) + 1
            band = f"{mark}_" if mark and mark != "S" else mark
            self._given[kind, key] = f"[{kind}_{band}{self._count[kind]}]"
        return self._given[kind, key]


def deidentify(text: str, memory: Placeholders | None = None, finders: Iterable[Finder] = ()) -> Deidentified:
    """Replaces identifying details. Without a memory, placeholders are consistent within this text only."""
    return replace_details(text, find_details(text, finders), memory if memory is not None else Placeholders())


def find_details(text: str, finders: Iterable[Finder] = ()) -> list[Found]:
    """What identifies, in order and apart from each other. It remembers nothing, so any process can do it."""
    found = [*find_identifiers(text), *find_names(text)]
    for find in finders:
        found += find(text)
    return _settle(found)


def replace_details(text: str, details: Iterable[Found], memory: Placeholders) -> Deidentified:
    """Put placeholders in place of details that were found in this text."""
    pieces: list[str] = []
    spans: list[Redaction] = []
    kept = clean = 0
    for each in details:
        before = text[kept : each.start]
        placeholder = memory.name(each.kind, text[each.start : each.end], each.entry)
        clean += len(before)
        spans.append(
            Redaction.model_construct(
                start=each.start,
                end=each.end,
                kind=each.kind,
                clean_start=clean,
                clean_end=clean + len(placeholder),
                reason=each.reason,
            )
        )
        pieces += [before, placeholder]
        clean += len(placeholder)
        kept = each.end
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
            settled[-1] = surer._replace(start=before.start, end=max(before.end, each.end))
        else:
            settled.append(each)
    return settled
