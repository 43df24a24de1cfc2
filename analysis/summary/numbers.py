"""The numbers of a summary: counted from coded answers, passed through disclosure control, and nothing else.

`Summary` is what is published: the page is drawn from it alone and the JSON file beside the page is exactly it, so that
neither can say more than the other. It holds no words that anybody said, but those that `quotations` lets through.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Literal

from analysis.disclosure import Column, Counts, Tally, publish
from analysis.model import Framework, Frozen
from analysis.period import Period
from analysis.reading import CodedAnswer
from analysis.services import Service
from analysis.summary.change import REMEMBERED, Change, EarlierPeriod, compare
from analysis.summary.mirrors import Mirrors, hold_mirrors
from analysis.summary.quotations import Candidates, Quotation
from analysis.summary.sample import Sample, about_you, make_table
from analysis.summary.settled import Share
from analysis.summary.sorter import name_sorter
from storage.records import Asked


class NamedSubTheme(Frozen):
    id: str
    title: str


class NamedTheme(Frozen):
    id: str
    title: str
    subthemes: tuple[NamedSubTheme, ...]


class NamedFramework(Frozen):
    """The framework as far as a reader of a summary needs it."""

    id: str
    title: str
    version: int
    sha256: str
    source: str
    themes: tuple[NamedTheme, ...]


class Correction(Frozen):
    """A published summary was replaced by this one, on this day, for this reason."""

    day: date
    reason: str


class Summary(Frozen):
    """One service, one period. `made` is the day on which it was counted; `finished`, whether the period was over.

    Version 1 had counts and nothing that came after them; a file of that version is still read."""

    format: Literal["hearten summary"] = "hearten summary"
    format_version: Literal[1, 2] = 2
    service: str
    service_name: str
    period: str
    period_title: str
    since: date
    until: date
    made: date
    finished: bool
    reviewed_by_people: Literal[False] = False
    framework: NamedFramework
    counts: Counts
    sorted_by: str = ""
    settled_by_people: Share = "none"
    quotations: tuple[Quotation, ...] = ()
    sample: Sample | None = None
    change: Change | None = None
    mirrors: Mirrors | None = None
    corrections: tuple[Correction, ...] = ()

    @property
    def subthemes(self) -> tuple[NamedSubTheme, ...]:
        return tuple(each for theme in self.framework.themes for each in theme.subthemes)

    def count(self, subtheme: str, column: Column | None = None) -> int | None:
        """People who spoke about a sub-theme, or told of help, harm or a wish in it. None where withheld."""
        for theme in self.counts.themes.values():
            if subtheme in theme.subthemes:
                row = theme.subthemes[subtheme]
                return row.people if column is None else row.of(column)
        raise KeyError(subtheme)

    def most(self, column: Column) -> tuple[int, tuple[str, ...]]:
        """The highest count that is shown in a column, and the titles of the sub-themes that have it. 0: none is."""
        counts = {each.title: self.count(each.id, column) or 0 for each in self.subthemes}
        highest = max(counts.values(), default=0)
        return highest, tuple(title for title, count in counts.items() if count == highest) if highest else ()

    def any_withheld(self, column: Column) -> bool:
        return any(self.count(each.id, column) is None for each in self.subthemes)


async def tally(
    coded: AsyncIterator[CodedAnswer],
    asked: AsyncIterator[Asked],
    candidates: Candidates | None = None,
    told: Mapping[str, Mapping[str, str]] | None = None,
) -> Tally:
    """Count people. Only those who agreed to be in summaries are counted as having answered; everyone who was put a
    question is counted as asked. `candidates` hears of what might be quoted; `told` is what people told of themselves,
    by person and question. Memory grows with the number of people, not of answers."""
    numbers: dict[str, int] = {}
    counted = Tally()
    async for each in coded:
        if not each.answer.in_summaries:
            continue
        person = numbers.setdefault(each.answer.person, len(numbers))
        counted.answered.add(person)
        counted.asked.add(person)
        for coding in each.coded.codings:
            counted.heard(coding.subtheme).add(person, coding.stance)
        if candidates is not None:
            candidates.add(each)
    async for question in asked:
        person = numbers.setdefault(question.person, len(numbers))
        counted.asked.add(person)
        if question.outcome == "skipped":
            counted.skipped.add(person)
    if told is not None:
        counted.told = {person: told.get(real, {}) for real, person in numbers.items() if person in counted.answered}
    return counted


def summarise(
    counted: Tally,
    framework: Framework,
    service: Service,
    period: Period,
    made: date,
    *,
    candidates: Candidates | None = None,
    earlier: Sequence[Summary] | None = None,
    staff: tuple[Tally, Framework] | None = None,
    settled: Share = "none",
) -> Summary:
    """What may be published of a tally, and of the words of `candidates`, and what changed since `earlier` summaries of
    the service (None: nobody looked), of which those that cannot be compared are passed over. `staff`: what staff
    reflected, as counted on the framework of their guide. `settled`: how much of it is people's coding."""
    counts = publish(counted, framework, service.threshold)
    return Summary(
        service=service.code,
        service_name=service.name,
        period=period.name,
        period_title=period.title,
        since=period.since,
        until=period.until,
        made=made,
        finished=made >= period.until,
        framework=_name(framework),
        counts=counts,
        quotations=candidates.pick(counts) if candidates else (),
        sorted_by=_sorter(settled),
        settled_by_people=settled,
        sample=_sample(counted, framework, counts),
        change=_change(counts, framework, period, service, earlier, sorter=_sorter(settled)),
        mirrors=hold_mirrors(counts, framework, *staff) if staff else None,
    )


def _sorter(settled: Share) -> str:
    """What sorted the answers: two summaries of which this differs are compared with care."""
    return name_sorter() if settled == "none" else f"{name_sorter()} and people ({settled})"


def _sample(counted: Tally, framework: Framework, counts: Counts) -> Sample | None:
    asked = about_you(framework.id)
    if counted.told is None or not counts.enough or not asked:
        return None
    return make_table(list(counted.told.values()), asked, counts.threshold)


def _change(
    counts: Counts,
    framework: Framework,
    period: Period,
    service: Service,
    earlier: Sequence[Summary] | None,
    *,
    sorter: str,
) -> Change | None:
    if not counts.enough or earlier is None:
        return None
    before = sorted(
        (
            each
            for each in earlier
            if each.service == service.code
            and each.finished
            and each.counts.enough
            and each.until <= period.since
            and (each.until - each.since).days // 28 == (period.until - period.since).days // 28  # as many months
        ),
        key=lambda each: each.since,
    )[-REMEMBERED:]
    if before and before[-1].framework.sha256 != framework.sha256:
        return Change(compared="another framework")
    same = [each for each in before if each.framework.sha256 == framework.sha256]
    named = [
        (EarlierPeriod(period=each.period, title=each.period_title, answered=each.counts.answered or 0), each.counts)
        for each in same
    ]
    return compare(counts, named, unsure=bool(same) and same[-1].sorted_by != sorter)


def _name(framework: Framework) -> NamedFramework:
    themes = tuple(
        NamedTheme(
            id=theme.id,
            title=theme.title,
            subthemes=tuple(NamedSubTheme(id=each.id, title=each.title) for each in theme.subthemes),
        )
        for theme in framework.themes
    )
    return NamedFramework(
        id=framework.id,
        title=framework.title,
        version=framework.version,
        sha256=framework.sha256,
        source=framework.source,
        themes=themes,
    )
