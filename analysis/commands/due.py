"""`summary --all-due`: what a timer runs. See `analysis.summary.due` for what it promises."""

from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from analysis.commands.study import open_study
from analysis.desk import Book
from analysis.period import Period
from analysis.serve.app import today
from analysis.services import Services
from analysis.summary import Summary
from analysis.summary.due import Done, Due, first_days, list_due, make_due, working_in
from analysis.summary.folder import SummaryError, read_earlier
from analysis.summary.pdf import PdfError, check_pdf
from storage.read import Reader


class Summarise(Protocol):
    """Makes one summary."""

    def __call__(
        self,
        reader: Reader,
        services: Services,
        code: str,
        period: Period,
        book: Book,
        /,
        *,
        earlier: Sequence[Summary],
    ) -> Awaitable[Summary]: ...


async def make_all_due(key: Path, folder: Path, who: str, summarise: Summarise) -> None:
    """Make everything that is due, and say so; raises typer.Exit(1) where some of it failed."""
    with working_in(folder):
        async with open_study(key) as (reader, services, book):
            if not services.with_summaries:
                raise SummaryError(
                    'No service is to have summaries: write summary = "quarterly" or "monthly" into the services file'
                    " (HEARTEN_SERVICES)."
                )
            due = await _list(reader, services, folder)
            wanted = [each for each in due if not each.made]

            async def make(each: Due) -> Summary:
                before, code, period = reader.unopened.total(), each.service.code, each.period
                book.write(who, "opened", what="summary", service=code, period=period.name)
                earlier = read_earlier(each.files.page, code)
                made = await summarise(reader, services, code, period, book, earlier=earlier)
                if count := reader.unopened.total() - before:
                    raise SummaryError(
                        f"{count} of its answers {'does' if count == 1 else 'do'} not open with this key, so that it"
                        " would lack somebody: use the key that they were sealed to, or make it by hand with --service."
                    )
                return made

            failed = 0
            with _progress() as progress:
                task = progress.add_task("Summaries", total=len(wanted))
                async for each in make_due(wanted, make):
                    progress.advance(task)
                    failed += bool(each.problem)
                    _tell(each, progress.console)
    typer.echo(f"Made: {len(wanted) - failed}. There already: {len(due) - len(wanted)}. Failed: {failed}.")
    if failed:
        raise typer.Exit(1)


async def _list(reader: Reader, services: Services, folder: Path) -> tuple[Due, ...]:
    """What should be there; says where less is than the calendar has it."""
    try:
        check_pdf()
        pdf = True
    except PdfError as problem:
        typer.echo(f"No PDFs are made. {problem}", err=True)
        pdf = False
    firsts = await first_days(reader.asked())
    known = await reader.last_day() or today()
    due = list_due(services.with_summaries, firsts, min(known, today()), folder, pdf=pdf)
    if len(due) < len(list_due(services.with_summaries, firsts, today(), folder, pdf=pdf)):
        typer.echo(
            f"The databases end on {known:%A} {known.day} {known:%B %Y}: what ended later waits for a newer copy.",
            err=True,
        )
    return due


def _progress() -> Progress:
    """A bar on a terminal; nothing where errors go to a file."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _tell(done: Done, console: Console) -> None:
    if done.problem:
        console.print(f"{done.due.name}: {done.problem}", markup=False, highlight=False, soft_wrap=True)
    elif not done.enough:
        typer.echo(f"{done.due.name}: too few people, so the page shows no number.")
    else:
        typer.echo(f"{done.due.name}: {done.due.files.page}")
