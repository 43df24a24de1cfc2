"""`export`: out of the study, into a folder for research.

Exit 0: done. 1: a stated failure, one sentence on stderr. 2: wrong use. Never a traceback, and never anybody's words.
"""

from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from analysis.commands.engine import EngineName, ModelFolder, Scheduler
from analysis.commands.study import (
    Key,
    ReportSettings,
    Who,
    digest_of,
    invites_by_question,
    open_study,
    run,
    span_of,
    tell_unopened,
    today,
)
from analysis.desk import Book, Handing, only_reviewed, people_needed, read_name
from analysis.export import Request, Told, export
from analysis.export.forms import FORMS
from analysis.export.request import DEFAULT_K, DEFAULT_L, LEAST_K, LEAST_L, refuse_unreviewed
from analysis.export.request import check as check_request
from analysis.frameworks import DEFAULT, read_framework
from analysis.masking import ReviewedMask
from analysis.period import read_period
from analysis.reading import show_progress
from analysis.sharing import Crew, SharedReading, Tools, usual_processes
from storage.read import Reader
from storage.settings import read_settings


class Whose(StrEnum):
    MACHINE = "machine"
    PEOPLE = "people"
    SETTLED = "settled"
    ALL = "all"


def _form(name: str) -> str:
    if name not in FORMS:
        raise typer.BadParameter(f"there is no format {name}; there are {', '.join(FORMS)}")
    return name


def export_answers(
    *,
    key: Key,
    form: Annotated[
        str, typer.Option("--format", help="What the data file is.", parser=_form, metavar=f"[{'|'.join(FORMS)}]")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to make; it must not exist.")],
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
    period: Annotated[str | None, typer.Option(help="Only this period: 2026-Q3, 2026-07 or 2026.")] = None,
    k: Annotated[
        int, typer.Option("--k", help="Nobody is told from fewer than so many people.", min=LEAST_K)
    ] = DEFAULT_K,
    l: Annotated[  # noqa: E741 - its name in the field
        int, typer.Option("--l", help="So many different answers to a sensitive question in a group.", min=LEAST_L)
    ] = DEFAULT_L,
    narrow: Annotated[
        bool,
        typer.Option("--narrow", help="In REFI-QDA, replace emoji and the like, for tools that miscount them."),
    ] = False,
    unreviewed: Annotated[
        bool,
        typer.Option(
            "--unreviewed-i-am-the-custodian",
            help="Export texts that no person has reviewed. You answer for what happens to them.",
        ),
    ] = False,
    codings: Annotated[
        Whose, typer.Option(help="Whose codings: the machine's, people's, what stands since it was settled, or all.")
    ] = Whose.ALL,
    name_coders: Annotated[
        bool, typer.Option("--name-coders", help="Names of coders as they are on the desk, in place of CODER_1.")
    ] = False,
    no_memos: Annotated[bool, typer.Option("--no-memos", help="Leave out what coders wrote about codings.")] = False,
    engine: EngineName = "lexical",
    model: ModelFolder = None,
    processes: Annotated[
        int, typer.Option(help="How many processes find details and code; 0: as many as there are cores.", min=0)
    ] = 0,
    scheduler: Scheduler = None,
    who: Who = "",
) -> None:
    """Export answers for research: one folder with data, codebook, data dictionary, manifest and README."""

    async def work() -> None:
        days = read_period(period) if period else None
        request = Request(
            out, form, unreviewed, today(), service, days, k=k, l=l, narrow=narrow, codings=codings.value,
            named=name_coders, memos=not no_memos,
        )  # fmt: skip
        check_request(request)
        settings = read_settings(ReportSettings)
        tools = Tools(DEFAULT, engine, model, settings.study_list, settings.ner, request.by_machine)
        with Crew(tools, processes or usual_processes(), scheduler) as crew:  # before the key is opened
            async with open_study(key) as (reader, _, book):
                mask = partial(ReviewedMask, book, handing=_handing(book, request, tools))
                reading = SharedReading(crew, mask, invites_by_question)
                told_rules = replace(request, reviewers=people_needed(book))
                manifest = await _export(reader, book, told_rules, reading, read_name(who))
                tell_unopened(reader)
        typer.echo(f"{manifest['answers']} answers of {manifest['people']} people are in {out}. Read README.txt first.")

    run(work)


def _handing(book: Book, request: Request, tools: Tools) -> Handing | None:
    if not request.by_people:
        return None
    framework = read_framework(tools.framework)
    return Handing(book, framework, by_name=request.named, memos=request.memos, finders=tools.finders)


async def _export(reader: Reader, book: Book, request: Request, reading: SharedReading, name: str) -> dict[str, Any]:
    """Export, and write in the book what was opened and what was made of it."""
    span = span_of(request.service, request.period)
    period = request.period.name if request.period else None
    log: dict[str, Any] = {"what": "export", "service": request.service, "period": period}
    book.write(name, "opened", **log)
    answers, told = reader.answers(**span), Told()
    if not request.unreviewed:  # looked up on the way, so that each answer is opened once
        answers = only_reviewed(book, answers, refuse_unreviewed)
    coded = show_progress(reading.code(told.listen(answers)), "Answers exported")
    flow = await reader.flow()
    manifest = await export(
        request,
        coded,
        reader.asked(**span),
        read_framework(DEFAULT),
        told=told,
        flow=flow,
        engine=lambda: reading.engine,
    )
    made = digest_of(request.folder / "manifest.json")
    book.write(
        name, "exported", **log, form=request.form, manifest=made, answers=manifest["answers"],
        people=manifest["people"], review=manifest["review"], codings=request.codings, named=request.named,
    )  # fmt: skip
    return manifest


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("export")(export_answers)
