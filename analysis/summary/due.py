"""Summaries when they are due: every finished month or quarter of every service that is to have them, and only once.

Promises
- What is there is left as it is: nothing is opened for it, and a second run does nothing. Where a page is missing
  beside its numbers, it is made from the numbers alone.
- A run that was stopped, at any moment, is finished by the next one: a summary counts as made once its numbers are
  there, and they are the last of its files.
- A service that fails stops no other. Nothing is made of a period that is not over, or that goes on behind the last
  day that the databases know of: they may be an old copy. Nothing is made where answers do not open, because a summary
  that lacks somebody cannot be mended quietly.

In the folder, each service has one of its own: `RIVERSIDE/RIVERSIDE-2026-Q3.html`, with `.json`, `.csv`, `.pdf`
and `-easy-read.html` beside it.
"""

import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from analysis.errors import AnalysisError
from analysis.period import Period, month_of, quarter_of, read_period
from analysis.services import Service
from analysis.summary.folder import Files, SummaryError, contents_of, read_summary, write, write_all
from analysis.summary.numbers import Summary
from storage.errors import StorageError
from storage.records import Asked


@dataclass(frozen=True, slots=True)
class Due:
    """A summary that should be there, and where its files belong."""

    service: Service
    period: Period
    files: Files

    @property
    def name(self) -> str:
        return f"{self.service.code} {self.period.name}"

    @property
    def made(self) -> bool:
        return all(path.exists() for path in self.files.all)


#: Makes the numbers of one service and period. Raises AnalysisError or StorageError where it cannot.
Make = Callable[[Due], Awaitable[Summary]]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one of them. `problem` is a sentence, empty where it was made."""

    due: Due
    problem: str = ""
    enough: bool = True


def list_due(
    services: Iterable[Service], firsts: dict[str, date], last_day: date, folder: Path, *, pdf: bool
) -> tuple[Due, ...]:
    """Everything that should be there, by service, oldest first. `firsts` is the day on which each service first asked
    anything; it says where to begin if the services file does not. `last_day` is the last one to be counted on."""
    return tuple(
        _place(service, period, folder, pdf=pdf)
        for service in services
        for period in _finished(service, firsts, last_day)
    )


async def first_days(asked: AsyncIterator[Asked]) -> dict[str, date]:
    """The first day on which each service asked anything."""
    firsts: dict[str, date] = {}
    async for each in asked:
        if each.day < firsts.get(each.service, date.max):
            firsts[each.service] = each.day
    return firsts


async def make_due(wanted: Iterable[Due], make: Make) -> AsyncIterator[Done]:
    """Make what is not there yet, one after the other, and say what became of each."""
    for each in wanted:
        if each.made:
            continue
        try:
            yield Done(each, enough=await _make(each, make))
        except (AnalysisError, StorageError) as problem:
            yield Done(each, str(problem))


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """One run at a time in a folder; what a stopped one left half written is taken away. Raises SummaryError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError:
        raise SummaryError("The folder for the summaries cannot be made or written to: choose another one.") from None
    try:
        _lock(descriptor)
        for path in folder.glob("*/.*.partial"):
            path.unlink(missing_ok=True)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SummaryError("Another run is making summaries in this folder: wait until it is done.") from None


async def _make(due: Due, make: Make) -> bool:
    """Whether there were enough people to show anything."""
    summary = _read_made(due)
    if summary is None:
        summary = await make(due)
        due.files.page.parent.mkdir(parents=True, exist_ok=True)
        write(summary, due.files)
    else:
        contents = contents_of(summary, due.files)
        write_all({path: content for path, content in contents.items() if not path.exists()})
    return summary.counts.enough


def _read_made(due: Due) -> Summary | None:
    """The numbers, where they are there already. Raises SummaryError where something else is in their place."""
    numbers = due.files.numbers
    if not numbers.exists():
        return None
    summary = read_summary(numbers)
    if summary is None or (summary.service, summary.period) != (due.service.code, due.period.name):
        raise SummaryError(f"{numbers.name} is not the summary that belongs there: move it away.")
    if not summary.finished:
        raise SummaryError(f"{numbers.name} was made before the period was over: move it and its pages away.")
    return summary


def _finished(service: Service, firsts: dict[str, date], last_day: date) -> Iterator[Period]:
    period_of = month_of if service.summary == "monthly" else quarter_of
    if service.first_period is not None:
        period = read_period(service.first_period)
    elif service.code in firsts:
        period = period_of(firsts[service.code])
    else:
        return
    while period.until <= last_day:
        yield period
        period = period_of(period.until)


def _place(service: Service, period: Period, folder: Path, *, pdf: bool) -> Due:
    page = folder / service.code / f"{service.code}-{period.name}.html"
    easy_read = page.with_name(f"{page.stem}-easy-read.html")
    return Due(service, period, Files(page, page.with_suffix(".pdf") if pdf else None, easy_read))
