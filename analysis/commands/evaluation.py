"""The command `evaluate`: the machine measured like a second coder. The contract is in ARCHITECTURE.md."""

from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.engine import EngineName, FrameworkName, ModelFolder, choose_coder
from analysis.commands.lines import read_records, write_whole
from analysis.errors import InputError
from analysis.frameworks import DEFAULT


def evaluate(
    source: Annotated[Path, typer.Argument(metavar="GOLD.jsonl", help='Lines with "id", "text", "subtheme".')],
    framework: FrameworkName = DEFAULT,
    engine: EngineName = "auto",
    model: ModelFolder = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE.svg", help="Also draw what was taken for what.")
    ] = None,
) -> None:
    """Measure the suggestions against what people coded; prints one JSON object."""
    from analysis.evaluate import Gold  # noqa: PLC0415
    from analysis.evaluate import evaluate as compare  # noqa: PLC0415
    from analysis.exemplars import NO_THEME  # noqa: PLC0415
    from analysis.pictures import draw_confusion  # noqa: PLC0415

    coder = choose_coder(framework, engine, model)
    known = {NO_THEME, *(each.id for each in coder.framework.subthemes)}
    gold = []
    for number, each in enumerate(read_records(source, Gold), start=1):
        if each.subtheme not in known:
            raise InputError(
                f"{source.name}, record {number}: the framework {coder.framework.id} has no such sub-theme. "
                "Correct the id, or choose its framework with --framework."
            )
        gold.append(each)
    result = compare(gold, coder.code_many((each.text, ()) for each in gold), coder, coder.stances)
    if picture is not None:
        with write_whole(picture) as out:
            out.write(draw_confusion(result, coder.framework))
    with write_whole(None) as out:
        out.write(result.model_dump_json() + "\n")


def register(app: typer.Typer) -> None:
    """Adds this command to an application."""
    app.command()(evaluate)
