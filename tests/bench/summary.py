"""How fast and how large a summary is: `make bench`, or `python -m tests.bench.summary [ANSWERS ...]`.

Invented answers of one service and one quarter, ten of each person, with what people told of themselves. Two ways: from
answers that are coded already to the finished files (counting, quotations, the table of who answered, change since two
earlier periods, page, JSON and CSV); and the whole line before it too (taking out details, coding), on one process and
on several. Opening sealed answers is not in it: `tests.bench.storage` has that.
"""

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from analysis.deidentify import Finder
from analysis.frameworks import DEFAULT, read_framework
from analysis.identifiers import Found
from analysis.masking import MaskByPerson
from analysis.model import Coded, Coding
from analysis.period import read_period
from analysis.reading import CodedAnswer, Masked
from analysis.services import Service
from analysis.sharing import Crew, SharedReading, Tools, usual_processes
from analysis.summary import make_summary
from analysis.summary.folder import Files, read_earlier, write
from analysis.summary.making import Codes
from analysis.summary.sample import about_you
from storage.records import Answer, Asked, Content, Kind
from tests.bench.export import EACH, family, memory_of, seconds_of
from tests.bench.rows import Row, show
from tests.test_deidentify import marks

SIZES = (1_000, 10_000, 100_000)
ELM = Service(code="elm", name="Elm Tree")
FRAMEWORK = read_framework(DEFAULT)


class Invented:
    """A read port with so many answers in it, none of which it holds."""

    def __init__(self, count: int) -> None:
        self._people = count // EACH
        self._texts = [each.text for each in (*marks.read_marked(), *marks.read_marked("unmarked.txt"))]

    async def answers(
        self,
        *,
        service: str | None = None,  # noqa: ARG002 - there is one service and one quarter
        since: date | None = None,
        until: date | None = None,  # noqa: ARG002
        guide: str | None = None,
        kind: Kind | None = None,
    ) -> AsyncIterator[Answer]:
        if guide is not None:
            return  # no reflections of staff
        chance, day = random.Random(1), since or date(2026, 7, 1)
        for number in range(self._people):
            shared = (f"{number:064x}", "s1", "elm", "relational-practice", 1)
            for about in about_you(DEFAULT) if kind == "choice" else ():
                picked = Content.of_text(chance.choice(list(about.options)))
                yield Answer(*shared, about.id, "choice", day, (picked,), True, True)
            for at in range(EACH) if kind == "answer" else ():
                words = f"{self._texts[(number * EACH + at) % len(self._texts)]} {chance.choice(self._texts)}"
                yield Answer(*shared, f"q{at}", "answer", day, (Content.of_text(words),), True, True)

    async def asked(
        self,
        *,
        service: str | None = None,  # noqa: ARG002
        since: date | None = None,
        until: date | None = None,  # noqa: ARG002
    ) -> AsyncIterator[Asked]:
        for number in range(self._people):
            for at in range(EACH):
                outcome = "skipped" if (number + at) % 9 == 0 else "answered"
                yield Asked(
                    f"{number:064x}",
                    "s1",
                    "elm",
                    "relational-practice",
                    1,
                    f"q{at}",
                    outcome,
                    since or date(2026, 7, 1),
                )


class CodedAlready:
    """Two codings for each answer, by chance."""

    async def code(self, answers: AsyncIterator[Answer]) -> AsyncIterator[CodedAnswer]:
        chance, subthemes = random.Random(2), FRAMEWORK.subthemes
        async for answer in answers:
            text = answer.text
            codings = tuple(
                Coding.model_construct(
                    subtheme=(picked := chance.choice(subthemes)).id,
                    theme=FRAMEWORK.theme_of(picked.id).id,
                    stance=chance.choice(("help", "harm", "wish", "mixed", "neither")),
                    confidence=0.8,
                    start=0,
                    end=len(text),
                    reason="",
                )
                for _ in range(2)
            )
            yield CodedAnswer(
                answer, Masked(text, {}, "approved"), Coded.model_construct(codings=codings, top=(), note="")
            )


class Approved(MaskByPerson):
    """As if people had approved everything, so that there is something to quote."""

    def __call__(self, answer: Answer, details: list[Found] | None = None) -> Masked:
        return replace(super().__call__(answer, details), verdict="approved")


def approve(finders: tuple[Finder, ...]) -> Approved:
    return Approved(finders)


async def run(count: int, processes: int, folder: Path) -> None:
    """Two earlier periods with few people, for the change, and then the one that is measured."""
    with Crew(Tools(DEFAULT, "lexical"), processes) as crew:
        await _three(count, SharedReading(crew, approve) if processes else CodedAlready(), folder)


async def _three(count: int, measured: Codes, folder: Path) -> None:
    for name, number in (("2026-Q1", 500), ("2026-Q2", 500), ("2026-Q3", count)):
        period, page = read_period(name), folder / f"{name}.html"
        codes = measured if name == "2026-Q3" else CodedAlready()
        earlier = read_earlier(page, "elm")
        summary = await make_summary(
            Invented(number), codes, FRAMEWORK, ELM, period, made=period.until, earlier=earlier
        )
        write(summary, Files(page))
    assert summary.quotations and summary.sample and summary.change and summary.change.rows  # noqa: PT018
    assert page.stat().st_size < 500_000


def measure(count: int, processes: int) -> tuple[float, float, float, float]:
    """Seconds on the clock; seconds of processors; the most MB of all processes together, what they share counted once,
    and of the largest one."""
    command = [sys.executable, "-m", "tests.bench.summary", "one", str(count), str(processes)]
    began, together, largest = time.perf_counter(), 0.0, 0.0
    used: dict[int, float] = {}
    with subprocess.Popen(command) as started:
        while started.poll() is None:
            each = [memory_of(process) for process in family(started.pid)]
            together, largest = max(together, sum(each)), max(largest, *each, 0.0)
            for process in family(started.pid):
                used[process] = max(used.get(process, 0.0), seconds_of(process))
            time.sleep(0.1)
        seconds = time.perf_counter() - began
    if started.returncode:
        raise SystemExit(f"The summary of {count:,} answers failed.")
    return seconds, sum(used.values()), together, largest


def main() -> None:
    if sys.argv[1:2] == ["one"]:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(run(int(sys.argv[2]), int(sys.argv[3]), Path(folder)))
        return
    show(rows(tuple(map(int, sys.argv[1:])) or SIZES))


def rows(sizes: tuple[int, ...] = SIZES) -> list[Row]:
    found = []
    for processes in sorted({0, 1, usual_processes()}):
        what = f"Summary from words, {processes} processes" if processes else "Summary from codings"
        for count in sizes:
            seconds, used, together, largest = measure(count, processes)
            found.append(Row(f"{what}, processor", "s", used, count=count))
            found.append(Row(f"{what}, clock", "s", seconds, count=count))
            found.append(Row(f"{what}, all memory", "MB", together, count=count))
            found.append(Row(f"{what}, largest process", "MB", largest, count=count))
    return found


if __name__ == "__main__":
    main()
