"""What is told of the people in an export: characteristics, service, period and guide, made so coarse that nobody
stands out.

Characteristics are what people picked under "about you"; where somebody took part several times, the last pick counts.
Service, period and guide belong to them here, because who took part where, when and as what is known to others (a
version of a guide says when): they are as coarse in the rows of the answers. Where everybody had the same guide, it
tells nothing of anybody and stays.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, NamedTuple

from analysis.anonymity import NOT_TOLD, WITHHELD, Anonymised, anonymise
from analysis.anonymity.hierarchy import hierarchy_of
from analysis.export.request import Request
from analysis.export.rows import Row, clean
from analysis.period import quarter_of
from storage.records import Answer

#: Told of everybody without asking.
SERVICE, PERIOD, GUIDE = "service", "period", "guide"


@dataclass
class Told:
    """Gathers what people told while their answers pass by. Holds one short record for each person."""

    of: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    _days: dict[tuple[str, str], date] = field(default_factory=dict)
    _same: dict[str, str] = field(default_factory=dict)  # people pick the same few things: each is held once

    async def listen(self, answers: AsyncIterator[Answer]) -> AsyncIterator[Answer]:
        """Pass answers on, and take note of what was picked from a list."""
        async for answer in answers:
            if answer.kind == "choice":
                question = self._once(answer.question)
                if self._days.get((answer.person, question), date.min) <= answer.day:
                    self._days[answer.person, question] = answer.day
                    self.of[answer.person][question] = self._once(answer.text)
            yield answer

    def _once(self, text: str) -> str:
        return self._same.setdefault(text, text)


class _Seen(NamedTuple):
    """Where, when and with which guides somebody took part, as far as answers have passed by."""

    services: frozenset[str] = frozenset()
    periods: frozenset[str] = frozenset()
    guides: frozenset[str] = frozenset()


class Table:
    """What is told of each person of an export, by their new ids. `note` is called for each row, then `settle` once."""

    def __init__(self, told: Told, request: Request) -> None:
        self._told = told
        self._request = request
        self._real: dict[str, str] = {}
        self._seen: dict[str, _Seen] = {}
        self._same: dict[_Seen, _Seen] = {}  # most people are like many others in this: each is held once

    def note(self, person: str, answer: Answer) -> None:
        self._real[person] = answer.person
        before, service, period = self._seen.get(person, _Seen()), clean(answer.service), quarter_of(answer.day).name
        guide = _edition(clean(answer.guide), answer.guide_version)
        if service in before.services and period in before.periods and guide in before.guides:
            return
        after = _Seen(before.services | {service}, before.periods | {period}, before.guides | {guide})
        self._seen[person] = self._same.setdefault(after, after)

    def settle(self) -> Anonymised:
        people = {
            person: {clean(name): clean(value) for name, value in self._told.of.get(real, {}).items()}
            | {SERVICE: " and ".join(sorted(self._seen[person].services)), PERIOD: _span(self._seen[person].periods)}
            for person, real in self._real.items()
        }
        asked = sorted({name for told in people.values() for name in told} - {SERVICE, PERIOD, GUIDE})
        names = [*asked, SERVICE, PERIOD]
        guides = {person: " and ".join(sorted(each.guides)) for person, each in self._seen.items()}
        if len(set(guides.values())) > 1:
            names.append(GUIDE)
            for person, guide in guides.items():
                people[person][GUIDE] = guide
        return anonymise(people, [hierarchy_of(name) for name in names], self._request.k, self._request.l)


def coarsen_row(row: Row, of_person: Mapping[str, str]) -> Row:
    """The row of an answer with what is told of its person, no finer than there. The id of a question would say which
    guide it is of, so it goes with the guide."""
    coarse = row | {SERVICE: of_person[SERVICE], PERIOD: of_person[PERIOD]}
    guides = of_person.get(GUIDE)
    if guides == WITHHELD:
        return coarse | {"guide": WITHHELD, "guide_version": None, "question": WITHHELD}
    if guides is not None and _edition(row["guide"], row["guide_version"]) not in guides.split(" and "):
        return coarse | {"guide_version": None}
    return coarse


def _edition(guide: str, version: int) -> str:
    return f"{guide} {version}"


def _span(periods: frozenset[str]) -> str:
    if len(periods) == 1:
        return next(iter(periods))
    first, last = min(periods)[:4], max(periods)[:4]
    return first if first == last else f"{first} to {last}"


def as_rows(table: Anonymised) -> dict[str, dict[str, str]]:
    """The row of each person, by id, in the order of the ids, which are random."""
    return {person: dict(zip(table.names, table.rows[person], strict=True)) for person in sorted(table.rows)}


def describe(table: Anonymised) -> dict[str, Any]:
    """What the manifest says of it."""
    return {
        "k": table.k,
        "l": table.l,
        "smallest_group": table.smallest,
        "groups": table.groups,
        "people_of_whom_all_is_withheld": table.people_withheld,
        "characteristics": [asdict(each) for each in table.loss],
        "not_told_is_a_group_of_its_own": NOT_TOLD,
    }
