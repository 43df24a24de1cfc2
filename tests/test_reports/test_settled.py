"""What people coded and settled counts in a summary, and not what the machine suggests."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

from analysis.desk.handing import Handed, Work
from analysis.period import read_period
from analysis.reading import CodedAnswer
from analysis.services import Service
from analysis.summary import Summary, make_summary, render
from analysis.summary.easy import render_easy
from storage.records import Answer
from tests.test_reports.invented import FRAMEWORK, answer, coded, coding, stream

ELM = Service(code="elm", name="Elm Tree", threshold=5)
PERIOD = read_period("2026-Q3")


def by_people(each: CodedAnswer, *kept: tuple[str, str, bool]) -> CodedAnswer:
    """As two people coded it: sub-theme, stance, and whether it stands."""
    handed = tuple(
        Handed(subtheme, FRAMEWORK.theme_of(subtheme).id, stance, 0, 4, "", "added", stands)  # type: ignore[arg-type]
        for subtheme, stance, stands in kept
    )
    work = (Work("CODER_1", handed, settled=True), Work("CODER_2", handed[:1], settled=True))
    return replace(each, masked=replace(each.masked, people=work))


class Codes:
    """What was coded already."""

    def __init__(self, made: list[CodedAnswer]) -> None:
        self._made = made

    async def code(self, answers: AsyncIterator[Answer]) -> AsyncIterator[CodedAnswer]:
        async for _ in answers:
            pass
        for each in self._made:
            yield each


class Nothing:
    def answers(self, **_: object) -> AsyncIterator[Answer]:
        return stream([])

    def asked(self, **_: object) -> AsyncIterator[object]:
        return stream([])


async def summary_of(made: list[CodedAnswer]) -> Summary:
    return await make_summary(Nothing(), Codes(made), FRAMEWORK, ELM, PERIOD, made=date(2026, 10, 2))  # type: ignore[arg-type]


def by_machine(count: int, first: int = 0) -> list[CodedAnswer]:
    return [coded(answer(f"p{first + each}"), coding("t1s1", "harm")) for each in range(count)]


async def test_what_stands_counts_once_and_the_rest_does_not() -> None:
    settled = [by_people(each, ("t2s3", "help", True), ("t0s0", "wish", False)) for each in by_machine(8)]
    summary = await summary_of([*settled, *by_machine(9, 20)])
    assert (summary.count("t2s3", "help"), summary.count("t1s1", "harm"), summary.count("t0s0")) == (8, 9, 0)
    assert summary.settled_by_people == "some"
    assert "and people sorted the others" in render(summary)


async def test_no_theme_is_a_result_that_stands() -> None:
    summary = await summary_of([by_people(each, ("t1s1", "harm", False)) for each in by_machine(8)])
    assert (summary.count("t1s1"), summary.settled_by_people) == (0, "all")
    assert "Two people sorted each of these answers" in render(summary)
    assert "People read what they said" in render_easy(summary)


async def test_without_people_it_is_the_machine_and_said_so() -> None:
    summary = await summary_of(by_machine(8))
    assert (summary.count("t1s1"), summary.settled_by_people) == (8, "none")
    assert "A machine sorted these answers into themes." in render(summary)
    assert "People read what they said" not in render_easy(summary)
    assert summary.sorted_by != (await summary_of([by_people(each) for each in by_machine(8)])).sorted_by
