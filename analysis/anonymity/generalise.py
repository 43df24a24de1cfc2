"""k-anonymity (Sweeney 2002) and distinct l-diversity (Machanavajjhala et al. 2007) by joining and withholding.

What is published of a person (age band, gender, ..., service, period) is made coarser for everybody alike, a step of
one characteristic at a time, until few enough people stand out; all that is told of those few is withheld. Then, in
every group in which all who told gave one answer to a sensitive question, that answer is withheld.

Promises: whoever knows everything about everybody who took part finds no fewer than k people that a published row could
be, unless fewer than k took part; then everything is withheld. Every row is in a group of at least k rows that look the
same. The result depends on the table alone, not on the order of its rows.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.anonymity.hierarchy import NOT_TOLD, WITHHELD, Hierarchy

_MOST_WITHHELD = 0.05  # share of people of whom everything may be withheld rather than making all coarser

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """What one characteristic lost: after how many of how many steps it is, and how many cells are withheld beside."""

    id: str
    step: int
    steps: int
    withheld: int
    withheld_as_all_alike: int


@dataclass(frozen=True, slots=True)
class Anonymised:
    """`rows` by person, in the order of `names`. `smallest` is the size of the smallest group that remains."""

    names: tuple[str, ...]
    rows: Mapping[str, Row]
    k: int
    l: int  # noqa: E741 - its name in the field
    smallest: int
    groups: int
    people_withheld: int
    loss: tuple[Loss, ...]


def anonymise(people: Mapping[str, Mapping[str, str]], hierarchies: Sequence[Hierarchy], k: int, l: int) -> Anonymised:  # noqa: E741
    """`people`: what each told, by the id of the characteristic; what is missing was not told."""
    told = {person: tuple(values.get(each.id, NOT_TOLD) for each in hierarchies) for person, values in people.items()}
    counts = Counter(told.values())
    steps = _choose_steps(counts, hierarchies, k)
    coarse = {row: _at(row, steps, hierarchies) for row in counts}
    sizes: Counter[Row] = Counter()
    for row, count in counts.items():
        sizes[coarse[row]] += count
    gone = _withhold(sizes, k)
    nothing = (WITHHELD,) * len(hierarchies)
    rows = {person: nothing if coarse[row] in gone else coarse[row] for person, row in told.items()}
    alike = _hide_alike(rows, hierarchies, l)
    final = Counter(alike.values())
    loss = tuple(
        Loss(
            each.id,
            steps[at],
            each.last,
            sum(row[at] == WITHHELD for row in alike.values()),
            sum(row[at] == WITHHELD != rows[person][at] for person, row in alike.items()),
        )
        for at, each in enumerate(hierarchies)
    )
    lost = sum(coarse[row] in gone for row in told.values())
    names = tuple(each.id for each in hierarchies)
    return Anonymised(names, alike, k, l, min(final.values(), default=0), len(final), lost, loss)


def _at(row: Row, steps: Sequence[int], hierarchies: Sequence[Hierarchy]) -> Row:
    return tuple(each.at(step, value) for each, step, value in zip(hierarchies, steps, row, strict=True))


def _standing_out(counts: Counter[Row], steps: Sequence[int], hierarchies: Sequence[Hierarchy], k: int) -> int:
    """How many people are in groups smaller than k."""
    tables = [
        {value: each.at(step, value) for value in {row[at] for row in counts}}
        for at, (each, step) in enumerate(zip(hierarchies, steps, strict=True))
    ]
    sizes: Counter[Row] = Counter()
    for row, count in counts.items():
        sizes[tuple(table[value] for table, value in zip(tables, row, strict=True))] += count
    return sum(size for size in sizes.values() if size < k)


def _choose_steps(counts: Counter[Row], hierarchies: Sequence[Hierarchy], k: int) -> list[int]:
    """Greedy: the step that helps most for what it costs, until few stand out; then back whatever was not needed."""
    allowed = int(_MOST_WITHHELD * counts.total())
    steps = [0] * len(hierarchies)
    while (out := _standing_out(counts, steps, hierarchies, k)) > allowed:
        tries = []
        for at, each in enumerate(hierarchies):
            if steps[at] < each.last:
                tried = [*steps[:at], steps[at] + 1, *steps[at + 1 :]]
                helped = out - _standing_out(counts, tried, hierarchies, k)
                tries.append((-(helped + 1) / (each.weight * (steps[at] + 1) / each.last), at))
        if not tries:
            return steps
        steps[min(tries)[1]] += 1
    for at in sorted(range(len(steps)), key=lambda place: -hierarchies[place].weight):
        while steps[at]:
            tried = [*steps[:at], steps[at] - 1, *steps[at + 1 :]]
            if _standing_out(counts, tried, hierarchies, k) > allowed:
                break
            steps = tried
    return steps


def _withhold(sizes: Counter[Row], k: int) -> set[Row]:
    """The groups of which everything is withheld: all that are too small, and, where these are too few to hide among
    each other, the next larger ones."""
    gone = {row for row, size in sizes.items() if size < k}
    hidden = sum(sizes[row] for row in gone)
    for row, size in sorted(sizes.items(), key=lambda item: (item[1], item[0])):
        if hidden == 0 or hidden >= k:
            break
        if row not in gone:
            gone.add(row)
            hidden += size
    return gone


def _hide_alike(rows: Mapping[str, Row], hierarchies: Sequence[Hierarchy], l: int) -> dict[str, Row]:  # noqa: E741
    """Withhold a sensitive answer in every group (of all else) in which fewer than l different ones were given."""
    done = dict(rows)
    for at, each in enumerate(hierarchies):
        if not each.sensitive:
            continue
        groups: defaultdict[Row, list[str]] = defaultdict(list)
        for person, row in done.items():
            groups[row[:at] + row[at + 1 :]].append(person)
        for members in groups.values():
            answers = {done[person][at] for person in members} - {WITHHELD}
            if answers and len(answers) < l and answers != {NOT_TOLD}:
                for person in members:
                    row = done[person]
                    done[person] = (*row[:at], WITHHELD, *row[at + 1 :])
    return done
