"""The commands `code` and `deidentify`. The contract of their lines is in ARCHITECTURE.md."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import tee
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.engine import EngineName, FrameworkName, ModelFolder, Scheduler, choose_coder, name_engine
from analysis.commands.lines import Answer, read_records, write_whole
from analysis.finding import read_finders
from analysis.frameworks import DEFAULT
from analysis.model import Coded
from analysis.questions import invites_of
from analysis.reading import Text

Input = Annotated[
    Path, typer.Argument(metavar="IN.jsonl", help='Lines with "id" and "text"; "-" reads standard input.')
]
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="OUT.jsonl", help="Default: standard output.")]


def code_lines(source: Path, hints: str, code_many: Callable[[Iterable[Text]], Iterator[Coded]]) -> Iterator[str]:
    """The coding of each answer as a line of JSON, in the order of the input. `hints`: the framework's id."""
    answers, again = tee(read_records(source, Answer))  # tee holds what is at work at a time: the two are read in step
    texts = ((each.text, invites_of(hints, each.question) if each.question else ()) for each in again)
    for coded, answer in zip(code_many(texts), answers, strict=True):
        yield to_line(answer.id, coded)


def to_line(name: str | int, coded: Coded) -> str:
    """One coded answer as the contract has it; `note` only where there is one."""
    return json.dumps(
        {"id": name, **coded.model_dump(exclude_defaults=False, exclude=_notes(coded))}, ensure_ascii=False
    )


def _notes(coded: Coded) -> set[str]:
    return set() if coded.note else {"note"}


def code(
    source: Input,
    *,
    output: Output = None,
    framework: FrameworkName = DEFAULT,
    engine: EngineName = "auto",
    model: ModelFolder = None,
    scheduler: Scheduler = None,
) -> None:
    """Suggest themes and stances for each answer, with spans, confidence and reasons."""
    coder = choose_coder(framework, engine, model)
    code_many = coder.code_many
    if scheduler is not None:
        from analysis.sharing import Tools, code_shared, usual_processes  # noqa: PLC0415

        tools = Tools(framework, engine, model)
        code_many = partial(code_shared, tools, processes=usual_processes(), scheduler=scheduler)
    with write_whole(output) as out:
        for line in code_lines(source, coder.framework.id, code_many):
            out.write(line + "\n")
    name_engine(coder)


StudyFile = Annotated[
    Path | None, typer.Option("--study-list", metavar="FILE", help="Names of the study: staff, wards, places.")
]
Ner = Annotated[bool, typer.Option("--ner", help="Look with the recogniser of the extra `ner` as well.")]


def deidentify(source: Input, output: Output = None, study_list: StudyFile = None, ner: Ner = False) -> None:
    """Replace identifying details with placeholders. A person must still review every text before it leaves."""
    from analysis.deidentify import deidentify as replace_details  # noqa: PLC0415
    from analysis.desk.flags import find_flags  # noqa: PLC0415

    finders = read_finders(study_list, ner=ner)
    with write_whole(output) as out:
        for answer in read_records(source, Answer):
            text, spans = replace_details(answer.text, finders=finders)
            record = {"id": answer.id, "text": text, "spans": [span.model_dump() for span in spans]}
            if flags := find_flags(text):
                record["flags"] = [flag.model_dump() for flag in flags]
            out.write(json.dumps(record, ensure_ascii=False) + "\n")


def register(app: typer.Typer) -> None:
    """Adds these commands to an application."""
    for command in (code, deidentify):
        app.command()(command)
