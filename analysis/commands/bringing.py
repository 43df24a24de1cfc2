"""`import`: what was coded in another tool, as lines for `agreement` or onto the desk.

Exit 0: done. 1: a stated failure, one sentence on stderr. 2: wrong use. Never a traceback, and never anybody's words.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, model_validator

from analysis.commands.lines import read_records, write_whole
from analysis.commands.study import ReportSettings, Who, digest_of, finders_of, open_study, run
from analysis.desk import Book, Cleaner, Coding, Marked, OnDesk, read_name
from analysis.errors import InputError
from analysis.export.read_qdpx import Coded, Returned, as_lines, coders_of, read_project
from analysis.frameworks import DEFAULT, read_framework
from analysis.model import Framework
from storage.read import Reader
from storage.settings import read_settings


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


def import_project(
    *,
    project: Annotated[Path, typer.Argument(metavar="CODED.qdpx", help="A REFI-QDA project that came back.")],
    texts: Annotated[
        Path | None, typer.Option("--texts", metavar="IN.jsonl", help="The texts: lines with id, or answer, and text.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="OUT.jsonl", help="The codings; with --every-coder, a folder to make."),
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The research key, to put the codings on the desk instead.")] = None,
    coder: Annotated[str, typer.Option(help="Whose codings, where several people coded.")] = "",
    every_coder: Annotated[
        bool, typer.Option("--every-coder", help="Everybody's codings, each under their own name.")
    ] = False,
    framework: Annotated[str, typer.Option("--framework", metavar="ID", help="The codebook.")] = DEFAULT,
    who: Who = "",
) -> None:
    """Bring back what was coded in another tool: as lines for `agreement`, or onto the desk."""
    if (texts is None) == (key is None):
        _wrong_use("Say which texts were coded: --texts IN.jsonl, or --key KEY for the answers of the study.")
    if every_coder and (coder or who):
        _wrong_use("Everybody's codings keep the names in the project: leave out --coder and --as, or --every-coder.")
    if every_coder and texts is not None and output is None:
        _wrong_use("Say where the files go, one for each coder: -o DIR, a folder that does not exist.")

    async def work() -> None:
        book_of_codes = read_framework(framework)
        if texts is not None:
            coded = read_project(project, ((each.id, each.text) for each in read_records(texts, Text)), book_of_codes)
            if every_coder and output is not None:
                _write_each(coded, output)
            else:
                _write(coded, _coder(coded, coder), output)
            _tell(coded)
        elif key is not None:
            async with open_study(key) as (reader, _, book):
                await _to_desk(reader, book, project, book_of_codes, coder=None if every_coder else coder, who=who)

    run(work)


def _write(coded: Coded, coder: str, target: Path | None) -> None:
    with write_whole(target) as out:
        for line in as_lines(coded, coder):
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def _write_each(coded: Coded, folder: Path) -> None:
    """A file for each coder, named after them as far as a file name can be."""
    try:
        folder.mkdir(mode=0o700)
    except OSError:
        raise InputError("There is something at that place already, or no folder around it: name a new one.") from None
    taken: set[str] = set()
    try:
        for coder in _everyone(coded):
            name = re.sub(r"[^\w-]+", "_", coder).strip("_") or "coder"
            while name.casefold() in taken:
                name += "_"
            taken.add(name.casefold())
            _write(coded, coder, folder / f"{name}.jsonl")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


async def _to_desk(
    reader: Reader, book: Book, project: Path, framework: Framework, *, coder: str | None, who: str
) -> None:
    """`coder`: whose codings; None for everybody's."""
    clean, found = Cleaner(book, finders_of(read_settings(ReportSettings))), dict[str, OnDesk]()
    async for answer in reader.answers():
        if answer.kind == "answer":
            each = clean(answer)
            found[each.name] = each
    coded = read_project(project, ((name, each.clean.text) for name, each in found.items()), framework)
    chosen = {each: each for each in _everyone(coded)} if coder is None else {_coder(coded, coder): who}
    for in_project, at_desk in chosen.items():
        answers, name, count = coded.codings.get(in_project, {}), read_name(at_desk or in_project), 0
        for answer_name, codings in answers.items():
            count += _take_over(book, name, found[str(answer_name)], framework, codings)
        book.write(name, "imported", what="codings", codings=count, project=digest_of(project))
        typer.echo(f"{count} codings of {len(answers)} answers are on the desk, as {name}.")
    _tell(coded)


def _take_over(book: Book, name: str, on_desk: OnDesk, framework: Framework, codings: list[Returned]) -> int:
    """Put one coder's codings of one answer on the desk, but for those that they have there; how many were put."""
    mine, put = Coding(book, name, on_desk.name, on_desk.answer.text, framework), 0
    before = mine.view
    there = {(it.subtheme, it.stance, it.start, it.end) for it in before.standing}
    for each in codings:
        marked = Marked(each.subtheme, each.stance, *on_desk.clean.to_original(each.start, each.end))
        if (marked.subtheme, marked.stance, marked.start, marked.end) not in there:
            mine.add(marked, each.reason, "import")
            put += 1
    if put or not before.finished:
        mine.finish()
    return put


def _everyone(coded: Coded) -> list[str]:
    if coders := coders_of(coded):
        return coders
    raise InputError("Nothing is coded in this project: code it in your tool first, and export it again.")


def _coder(coded: Coded, asked: str) -> str:
    """Whose codings are meant. Raises InputError where that is not clear."""
    if asked:
        if asked not in coded.codings:
            raise InputError(
                f"Nobody of that name coded in this project: choose one of {_names(coders_of(coded))} with --coder."
            )
        return asked
    coders = _everyone(coded)
    if len(coders) > 1:
        raise InputError(
            f"Several people coded in this project: choose one of {_names(coders)} with --coder, or --every-coder."
        )
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


def _wrong_use(sentence: str) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(2)


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("import")(import_project)
