"""`summary` and `serve` on the command line.

Exit 0: done. 1: a stated failure, one sentence on stderr. 2: wrong use. Never a traceback, and never anybody's words.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.desk import find_gone
from analysis.commands.due import make_all_due
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
from analysis.desk import Book, Handing, read_name
from analysis.frameworks import DEFAULT, read_framework
from analysis.masking import ReviewedMask
from analysis.period import Period, read_period
from analysis.questions import invites_of
from analysis.reading import CodedAnswer, show_progress
from analysis.serve import Served, start_published, start_serve
from analysis.serve.app import today
from analysis.serve.at_desk import AtDesk
from analysis.services import Services
from analysis.sharing import Crew, SharedReading, Tools, usual_processes
from analysis.summary import Summary, make_summary, was_asked
from analysis.summary.folder import Files, SummaryError, read_earlier, write
from analysis.summary.mirrors import STAFF
from analysis.voices.recognise import Recogniser
from storage.read import Reader
from storage.records import Answer
from storage.settings import read_settings

#: Codings that the server keeps in memory, so that a page that is loaded again is quick. About 20 MB at most.
_REMEMBER = 10_000

#: What makes the crew of a summary, once it is asked for.
CrewOf = Callable[[], Crew]


class Reports:
    """The two commands."""

    def summary(
        self,
        key: Key,
        out: Annotated[
            Path, typer.Option("--out", "-o", help="The page to write, ending in .html; with --all-due, a folder.")
        ],
        *,
        service: Annotated[str | None, typer.Option(help="The code of the service.")] = None,
        period: Annotated[str | None, typer.Option(help="2026-Q3, 2026-07 or 2026.")] = None,
        all_due: Annotated[
            bool, typer.Option("--all-due", help="Make every summary that is due and not there yet, into a folder.")
        ] = False,
        processes: Annotated[
            int, typer.Option(help="How many processes read and code; 0: as many as there are cores.", min=0)
        ] = 0,
        scheduler: Scheduler = None,
        pdf: Annotated[Path | None, typer.Option(help="Write the page as a PDF too, into this file.")] = None,
        easy_read: Annotated[
            Path | None, typer.Option(help="Write the Easy Read page too: larger type, short sentences, pictures.")
        ] = None,
        correction: Annotated[
            str, typer.Option(metavar="REASON", help="Replace a published summary, and say on it why.")
        ] = "",
        who: Who = "",
    ) -> None:
        """Write the summary of one service and period, its numbers as JSON and CSV beside it; or all that is due."""
        crew_of = partial(_crew, processes, scheduler)
        if all_due:
            if service or period or pdf or easy_read or correction:
                raise typer.BadParameter(
                    "--all-due makes everything of every service: it goes with --key and -o alone."
                )

            async def work() -> None:
                with crew_of() as crew:
                    await make_all_due(key, out, read_name(who), partial(self._summarise, crew=crew))

            run(work, "Stopped; what was made is whole, and the next run makes the rest.")
            return
        if service is None or period is None:
            raise typer.BadParameter("Give --service and --period, or --all-due.")
        files = Files(out, pdf, easy_read)
        self._write_one(key, service, period, files, correction=correction, crew_of=crew_of, who=who)

    def _write_one(
        self, key: Path, service: str, period: str, files: Files, *, correction: str, crew_of: CrewOf, who: str
    ) -> None:
        async def work() -> None:
            days = read_period(period)
            files.check()
            with crew_of() as crew:  # before the key is opened
                async with open_study(key) as (reader, services, book):
                    book.write(read_name(who), "opened", what="summary", service=service, period=days.name)
                    earlier = read_earlier(files.page, service)
                    summary = await self._summarise(reader, services, service, days, book, crew=crew, earlier=earlier)
                    write(summary, files, correction=correction)
                    tell_unopened(reader)
            if not summary.counts.enough:
                typer.echo(
                    f"Fewer than {summary.counts.threshold} people answered: the page says so and shows no number."
                )
            typer.echo(
                f"The page is {files.page}; its numbers are in {files.numbers.name} and {files.table.name} beside it."
            )
            if files.pdf is not None:
                typer.echo(f"The same as a PDF is {files.pdf}.")
            if files.easy_read is not None:
                typer.echo(f"The same in Easy Read is {files.easy_read}.")
            if correction:
                typer.echo(
                    "Take back the earlier one wherever it is: whoever has both may learn what a few people said."
                )

        run(work)

    def serve(
        self,
        key: Annotated[Path | None, typer.Option(help="The research key (research.key), private half.")] = None,
        published: Annotated[
            Path | None, typer.Option(help="Show only the summaries in this folder; no key is needed.")
        ] = None,
        port: Annotated[int, typer.Option(help="Port on this machine.", min=0, max=65535)] = 8081,
        who: Who = "",
    ) -> None:
        """Show on this machine only what the service would see, and what the researcher would see."""
        if (key is None) == (published is None):
            raise typer.BadParameter("Give --key, or --published for what is published alone.")
        if published is not None:
            self._serve_published(published, port)
        elif key is not None:
            self._serve_all(key, port, who)

    def _serve_published(self, folder: Path, port: int) -> None:
        async def work() -> None:
            served = await start_published(folder, port)
            typer.echo(f"What is published:  {served.service}")
            typer.echo("Ctrl+C stops.")
            await _serve_until_stopped(served)

        run(work)

    def _serve_all(self, key: Path, port: int, who: str) -> None:
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
                at_desk=AtDesk(book, read_name(who), finders, Recogniser(settings.speech) if settings.speech else None),
            )
            await _tell_gone(settings, book)
            typer.echo(f"What the service would see:     {served.service}")
            typer.echo(f"What the researcher would see:  {served.researcher}")
            typer.echo("Keep the second address to yourself. Ctrl+C stops.")
            await _serve_until_stopped(served)

        run(work)

    async def _summarise(
        self,
        reader: Reader,
        services: Services,
        code: str,
        period: Period,
        book: Book,
        *,
        crew: Crew,
        earlier: Sequence[Summary],
    ) -> Summary:
        if code not in services and not await was_asked(reader, code):
            raise SummaryError(
                "There is no service with this code: check it against the services file (HEARTEN_SERVICES)."
            )

        def reading_on(framework: str) -> _Shown:
            # What staff reflect is little beside what people say, so one process is enough for it.
            who = crew if framework == DEFAULT else Crew(replace(crew.tools, framework=framework), 1)
            handing = Handing(book, read_framework(framework), memos=False)
            mask = partial(ReviewedMask, book, handing=handing)
            return _Shown(SharedReading(who, mask, partial(_invites, framework)))

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


async def _serve_until_stopped(served: Served) -> None:
    try:
        with suppress(asyncio.CancelledError):  # Ctrl+C: the expected end
            await asyncio.Event().wait()
    finally:
        await served.close()


def _crew(processes: int, scheduler: str | None) -> Crew:
    settings = read_settings(ReportSettings)
    tools = Tools(DEFAULT, "lexical", None, settings.study_list, settings.ner)
    return Crew(tools, processes or usual_processes(), scheduler)


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
