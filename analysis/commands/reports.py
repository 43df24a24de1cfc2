"""`summary` and `serve` on the command line.

Exit 0: done. 1: a stated failure, one sentence on stderr. 2: wrong use. Never a traceback, and never anybody's words.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.desk import find_gone
from analysis.commands.engine import Scheduler
from analysis.commands.study import (
    Key,
    ReportSettings,
    Who,
    finders_of,
    open_key,
    open_study,
    reading_of,
    run,
    services_of,
    tell_unopened,
)
from analysis.desk import Book, read_name
from analysis.frameworks import DEFAULT, read_framework
from analysis.masking import ReviewedMask
from analysis.period import Period, read_period
from analysis.questions import invites_of
from analysis.reading import CodedAnswer, show_progress
from analysis.serve import start_serve
from analysis.serve.app import today
from analysis.serve.at_desk import AtDesk
from analysis.services import Services
from analysis.sharing import SharedReading, Tools, usual_processes
from analysis.summary import Summary, make_summary, was_asked
from analysis.summary.folder import SummaryError, check_place, numbers_of, read_earlier, write
from analysis.summary.mirrors import STAFF
from storage.read import Reader
from storage.records import Answer
from storage.settings import read_settings

#: Codings that the server keeps in memory, so that a page that is loaded again is quick. About 20 MB at most.
_REMEMBER = 10_000


class Reports:
    """The two commands."""

    def summary(
        self,
        key: Key,
        service: Annotated[str, typer.Option(help="The code of the service.")],
        period: Annotated[str, typer.Option(help="2026-Q3, 2026-07 or 2026.")],
        out: Annotated[Path, typer.Option("--out", "-o", help="The page to write, ending in .html.")],
        *,
        processes: Annotated[
            int, typer.Option(help="How many processes read and code; 0: as many as there are cores.", min=0)
        ] = 0,
        scheduler: Scheduler = None,
        pdf: Annotated[Path | None, typer.Option(help="Write the page as a PDF too, into this file.")] = None,
        easy_read: Annotated[
            Path | None, typer.Option(help="Write the Easy Read page too: larger type, short sentences, pictures.")
        ] = None,
        who: Who = "",
    ) -> None:
        """Write the summary of one service and period: a page, and its numbers as JSON beside it."""

        async def work() -> None:
            days = read_period(period)
            check_place(out, pdf, easy_read)
            async with open_study(key) as (reader, services, book):
                book.write(read_name(who), "opened", what="summary", service=service, period=days.name)
                earlier = read_earlier(out, service)
                readers = partial(SharedReading, processes=processes or usual_processes(), scheduler=scheduler)
                summary = await self._summarise(reader, services, service, days, book, readers=readers, earlier=earlier)
                write(summary, out, pdf, easy_read)
                tell_unopened(reader)
            if not summary.counts.enough:
                typer.echo(
                    f"Fewer than {summary.counts.threshold} people answered: the page says so and shows no number."
                )
            typer.echo(f"The page is {out}; its numbers are in {numbers_of(out).name} beside it.")
            if pdf is not None:
                typer.echo(f"The same as a PDF is {pdf}.")
            if easy_read is not None:
                typer.echo(f"The same in Easy Read is {easy_read}.")

        run(work)

    def serve(
        self,
        key: Key,
        port: Annotated[int, typer.Option(help="Port on this machine.", min=0, max=65535)] = 8081,
        who: Who = "",
    ) -> None:
        """Show on this machine only what the service would see, and what the researcher would see."""

        async def work() -> None:
            settings = read_settings(ReportSettings)
            research_key = open_key(settings, key)
            book = Book.open(settings.desk, research_key.desk_key)
            finders = finders_of(settings)
            served = await start_serve(
                settings,
                research_key,
                reading=reading_of(book, finders, remember=_REMEMBER),
                services=services_of(settings),
                port=port,
                at_desk=AtDesk(book, read_name(who), finders),
            )
            await _tell_gone(settings, book)
            typer.echo(f"What the service would see:     {served.service}")
            typer.echo(f"What the researcher would see:  {served.researcher}")
            typer.echo("Keep the second address to yourself. Ctrl+C stops.")
            try:
                with suppress(asyncio.CancelledError):  # Ctrl+C: the expected end
                    await asyncio.Event().wait()
            finally:
                await served.close()

        run(work)

    async def _summarise(
        self,
        reader: Reader,
        services: Services,
        code: str,
        period: Period,
        book: Book,
        *,
        readers: Callable[..., SharedReading],
        earlier: Sequence[Summary],
    ) -> Summary:
        if code not in services and not await was_asked(reader, code):
            raise SummaryError(
                "There is no service with this code: check it against the services file (HEARTEN_SERVICES)."
            )
        settings = read_settings(ReportSettings)

        def reading_on(framework: str) -> _Shown:
            tools = Tools(framework, "lexical", None, settings.study_list, settings.ner)
            invites = partial(_invites, framework)
            return _Shown(readers(tools, partial(ReviewedMask, book), invites))

        framework = read_framework(DEFAULT)
        return await make_summary(
            reader,
            reading_on(DEFAULT),
            framework,
            services.of(code),
            period,
            made=today(),
            earlier=earlier,
            staff=partial(reading_on, STAFF),
        )


def _invites(framework: str, _guide: str, _version: int, question: str) -> tuple[str, ...]:
    return invites_of(framework, question)


class _Shown:
    """Codes answers and shows on a terminal how many are done."""

    def __init__(self, reading: SharedReading) -> None:
        self._reading = reading

    def code(self, answers: AsyncIterator[Answer]) -> AsyncIterator[CodedAnswer]:
        return show_progress(self._reading.code(answers), "Answers read")


def register(app: typer.Typer) -> None:
    """Add the two commands to an application."""
    reports = Reports()
    app.command("summary")(reports.summary)
    app.command("serve")(reports.serve)


async def _tell_gone(settings: ReportSettings, book: Book) -> None:
    """Say that people withdrew whose answers were worked on, so that somebody empties their entries too."""
    reader = await Reader.open(settings, None)
    try:
        count = len(await find_gone(reader, book))
    finally:
        await reader.close()
    if count:
        typer.echo(
            f"Answers that were worked on and are gone: {count}. Run `python -m analysis desk forget`.", err=True
        )
