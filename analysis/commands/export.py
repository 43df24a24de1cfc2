"""`export` and `import`: out of the study to other tools, and back from them.

Exit 0: done. 1: a stated failure, one sentence on stderr. 2: wrong use. Never a traceback, and never anybody's words.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, model_validator

from analysis.commands.engine import EngineName, ModelFolder, Scheduler
from analysis.commands.lines import read_records, write_whole
from analysis.commands.study import (
    Key,
    ReportSettings,
    Who,
    finders_of,
    invites_by_question,
    open_study,
    run,
    span_of,
    tell_unopened,
)
from analysis.desk import Book, Cleaner, OnDesk, count_unreviewed, people_needed, read_name
from analysis.desk.coding import Coding as CodingAtDesk
from analysis.desk.coding import Marked
from analysis.errors import InputError
from analysis.export import Request, Told, export
from analysis.export.read_qdpx import Coded, as_lines, coders_of, read_project
from analysis.export.request import DEFAULT_K, DEFAULT_L, LEAST_K, LEAST_L, refuse_unreviewed
from analysis.export.request import check as check_request
from analysis.frameworks import DEFAULT, read_framework
from analysis.masking import ReviewedMask
from analysis.model import Framework
from analysis.period import read_period
from analysis.reading import show_progress
from analysis.serve.app import today
from analysis.sharing import SharedReading, Tools, usual_processes
from storage.read import Reader
from storage.settings import read_settings


class Format(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    XLSX = "xlsx"
    QDPX = "qdpx"


class Text(BaseModel):
    """One text that a project may hold, as `analysis code` reads it or as an export in JSON Lines has it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str | int
    text: str

    @model_validator(mode="before")
    @classmethod
    def _of_an_export(cls, line: Any) -> Any:
        return (
            line | {"id": line["answer"]} if isinstance(line, dict) and "id" not in line and "answer" in line else line
        )


def export_answers(
    *,
    key: Key,
    form: Annotated[Format, typer.Option("--format", help="What the data file is.")],
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
        request = Request(out, form.value, unreviewed, today(), service, days, k=k, l=l, narrow=narrow)
        check_request(request)
        async with open_study(key) as (reader, _, book):
            settings = read_settings(ReportSettings)
            tools = Tools(DEFAULT, engine, model, settings.study_list, settings.ner)
            many, mask = processes or usual_processes(), partial(ReviewedMask, book)
            reading = SharedReading(tools, mask, invites_by_question, processes=many, scheduler=scheduler)
            told_rules = replace(request, reviewers=people_needed(book))
            manifest = await _export(reader, book, told_rules, reading, read_name(who))
            tell_unopened(reader)
        typer.echo(f"{manifest['answers']} answers of {manifest['people']} people are in {out}. Read README.txt first.")

    run(work)


async def _export(reader: Reader, book: Book, request: Request, reading: SharedReading, name: str) -> dict[str, Any]:
    """Export, and write in the book what was opened and what was made of it."""
    span = span_of(request.service, request.period)
    period = request.period.name if request.period else None
    log: dict[str, Any] = {"what": "export", "service": request.service, "period": period}
    book.write(name, "opened", **log)
    if not request.unreviewed:
        looked_at = show_progress(reader.answers(**span), "Answers looked up in the desk's book")
        if waiting := await count_unreviewed(book, looked_at):
            raise refuse_unreviewed(waiting)
    told = Told()
    coded = show_progress(reading.code(told.listen(reader.answers(**span))), "Answers exported")
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
    made = _digest(request.folder / "manifest.json")
    book.write(
        name, "exported", **log, form=request.form, manifest=made, answers=manifest["answers"],
        people=manifest["people"], review=manifest["review"],
    )  # fmt: skip
    return manifest


def import_project(
    *,
    project: Annotated[Path, typer.Argument(metavar="CODED.qdpx", help="A REFI-QDA project that came back.")],
    texts: Annotated[
        Path | None, typer.Option("--texts", metavar="IN.jsonl", help="The texts: lines with id, or answer, and text.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="OUT.jsonl", help="The codings, as `code` writes them.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The research key, to put the codings on the desk instead.")] = None,
    coder: Annotated[str, typer.Option(help="Whose codings, where several people coded.")] = "",
    framework: Annotated[str, typer.Option("--framework", metavar="ID", help="The codebook.")] = DEFAULT,
    who: Who = "",
) -> None:
    """Bring back what was coded in another tool: as lines for `agreement`, or onto the desk."""
    if (texts is None) == (key is None):
        typer.echo("Say which texts were coded: --texts IN.jsonl, or --key KEY for the answers of the study.", err=True)
        raise typer.Exit(2)

    async def work() -> None:
        book_of_codes = read_framework(framework)
        if texts is not None:
            coded = read_project(project, ((each.id, each.text) for each in read_records(texts, Text)), book_of_codes)
            with write_whole(output) as out:
                for line in as_lines(coded, _coder(coded, coder)):
                    out.write(json.dumps(line, ensure_ascii=False) + "\n")
            _tell(coded)
        elif key is not None:
            async with open_study(key) as (reader, _, book):
                await _to_desk(reader, book, project, book_of_codes, coder=coder, who=who)

    run(work)


async def _to_desk(reader: Reader, book: Book, project: Path, framework: Framework, *, coder: str, who: str) -> None:
    clean, found = Cleaner(book, finders_of(read_settings(ReportSettings))), dict[str, OnDesk]()
    async for answer in reader.answers():
        if answer.kind == "answer":
            each = clean(answer)
            found[each.name] = each
    coded = read_project(project, ((name, each.clean.text) for name, each in found.items()), framework)
    chosen = _coder(coded, coder)
    name, count = read_name(who or chosen), 0
    for answer_name, codings in coded.codings[chosen].items():
        on_desk = found[str(answer_name)]
        at_desk = CodingAtDesk(book, name, on_desk.name, on_desk.answer.text, framework)
        for coding in codings:
            start, end = on_desk.clean.to_original(coding.start, coding.end)
            at_desk.add(Marked(coding.subtheme, coding.stance, start, end), coding.reason, "import")
            count += 1
        at_desk.finish()
    book.write(name, "imported", what="codings", codings=count, project=_digest(project))
    _tell(coded)
    typer.echo(f"{count} codings of {len(coded.codings[chosen])} answers are on the desk.")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _coder(coded: Coded, asked: str) -> str:
    """Whose codings are meant. Raises InputError where that is not clear."""
    coders = coders_of(coded)
    if asked:
        if asked not in coded.codings:
            raise InputError(f"Nobody of that name coded in this project: choose one of {_names(coders)} with --coder.")
        return asked
    if not coders:
        raise InputError("Nothing is coded in this project: code it in your tool first, and export it again.")
    if len(coders) > 1:
        raise InputError(f"Several people coded in this project: choose one of {_names(coders)} with --coder.")
    return coders[0]


def _names(coders: list[str]) -> str:
    return ", ".join(f'"{each}"' for each in coders)


def _tell(coded: Coded) -> None:
    for sentence in _left(coded):
        typer.echo(sentence, err=True)


def _left(coded: Coded) -> Iterator[str]:
    if coded.other_texts:
        texts = "1 text is" if coded.other_texts == 1 else f"{coded.other_texts} texts are"
        yield f"{texts} not among the answers, or changed, and left out."
    if coded.unknown_codes:
        count = len(coded.unknown_codes)
        codes = "1 code is" if count == 1 else f"{count} codes are"
        yield f"{codes} not of this codebook and left out: {_names(sorted(coded.unknown_codes))}."


def register(app: typer.Typer) -> None:
    """Add the two commands to an application."""
    app.command("export")(export_answers)
    app.command("import")(import_project)
