"""The commands `code`, `deidentify` and `evaluate`. The contract of their lines is in ARCHITECTURE.md."""

import json
from collections.abc import Iterator
from itertools import tee
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.finding import read_finders
from analysis.commands.lines import Answer, read_records, write_whole
from analysis.errors import InputError
from analysis.frameworks import DEFAULT
from analysis.model import Coded
from analysis.questions import invites_of

Input = Annotated[
    Path, typer.Argument(metavar="IN.jsonl", help='Lines with "id" and "text"; "-" reads standard input.')
]
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="OUT.jsonl", help="Default: standard output.")]
FrameworkName = Annotated[
    str, typer.Option("--framework", metavar="ID", help="Id of a framework, or path of your own.")
]


def code_lines(source: Path, framework: str) -> Iterator[str]:
    """The coding of each answer as a line of JSON, in the order of the input."""
    # The engine is imported here so that --help and the other commands do not wait for scikit-learn.
    from analysis.lexical import lexical_coder  # noqa: PLC0415

    coder = lexical_coder(framework)
    answers, again = tee(read_records(source, Answer))  # tee holds one batch at most: the two are read in step
    hints = coder.framework.id
    texts = ((each.text, invites_of(hints, each.question) if each.question else ()) for each in again)
    for coded, answer in zip(coder.code_many(texts), answers, strict=True):
        yield to_line(answer.id, coded)


def to_line(name: str | int, coded: Coded) -> str:
    """One coded answer as the contract has it; `note` only where there is one."""
    return json.dumps(
        {"id": name, **coded.model_dump(exclude_defaults=False, exclude=_notes(coded))}, ensure_ascii=False
    )


def _notes(coded: Coded) -> set[str]:
    return set() if coded.note else {"note"}


def code(source: Input, output: Output = None, framework: FrameworkName = DEFAULT) -> None:
    """Suggest themes and stances for each answer, with spans, confidence and reasons."""
    with write_whole(output) as out:
        for line in code_lines(source, framework):
            out.write(line + "\n")


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


def evaluate(
    source: Annotated[Path, typer.Argument(metavar="GOLD.jsonl", help='Lines with "id", "text", "subtheme".')],
    framework: FrameworkName = DEFAULT,
) -> None:
    """Measure the suggestions against what people coded; prints one JSON object."""
    from analysis.evaluate import Gold  # noqa: PLC0415
    from analysis.evaluate import evaluate as compare  # noqa: PLC0415
    from analysis.lexical import lexical_coder  # noqa: PLC0415
    from analysis.stance import stance_reader  # noqa: PLC0415

    coder = lexical_coder(framework)
    known = {each.id for each in coder.framework.subthemes}
    gold = []
    for number, each in enumerate(read_records(source, Gold), start=1):
        if each.subtheme not in known:
            raise InputError(
                f"{source.name}, record {number}: the framework {coder.framework.id} has no such sub-theme. "
                "Correct the id, or choose its framework with --framework."
            )
        gold.append(each)
    result = compare(gold, coder.code_many((each.text, ()) for each in gold), coder, stance_reader())
    with write_whole(None) as out:
        out.write(result.model_dump_json() + "\n")


def register(app: typer.Typer) -> None:
    """Adds these commands to an application."""
    for command in (code, deidentify, evaluate):
        app.command()(command)
