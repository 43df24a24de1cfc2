"""The command `frames`: the same answers through each framework, the crosswalk drawn, and the two mirrors."""

import json
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.engine import EngineName, ModelFolder, choose_coder, name_engine
from analysis.commands.lines import Answer, read_records, write_whole
from analysis.errors import InputError
from analysis.frameworks import DEFAULT, framework_ids, read_crosswalk, read_framework

_STAFF = "clinician_synthesis"


def frames(
    source: Annotated[Path, typer.Argument(metavar="IN.jsonl", help="Answers of service users.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the results.")],
    staff: Annotated[
        Path | None, typer.Option("--staff", metavar="STAFF.jsonl", help="Reflections of staff, for the two mirrors.")
    ] = None,
    engine: EngineName = "auto",
    model: ModelFolder = None,
) -> None:
    """Lay the same answers through every framework, draw how they meet, and hold staff's beside service users'."""
    from analysis.frames import hold_mirrors, look_through, unseen_by_crosswalk  # noqa: PLC0415
    from analysis.pictures import draw_crosswalk  # noqa: PLC0415

    try:
        output.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"Cannot write {output.name} there: choose a folder that exists and is yours.") from error
    coders = {name: choose_coder(name, engine, model) for name in framework_ids()}
    crosswalk = read_crosswalk().root
    throughs = {
        name: look_through(coder, (each.text for each in read_records(source, Answer)))
        for name, coder in coders.items()
    }
    result: dict[str, object] = {
        "frameworks": [each.model_dump() for each in throughs.values()],
        "no_counterpart": {name: unseen_by_crosswalk(throughs[name], meets) for name, meets in crosswalk.items()},
    }
    if staff is not None:
        reflected = look_through(coders[_STAFF], (each.text for each in read_records(staff, Answer)))
        result["staff"] = reflected.model_dump()
        result["staff_no_counterpart"] = unseen_by_crosswalk(reflected, crosswalk[_STAFF])
        result["mirrors"] = [each.model_dump() for each in hold_mirrors(throughs[DEFAULT], reflected)]
    for name, meets in crosswalk.items():
        with write_whole(output / f"{name}.svg") as out:
            out.write(draw_crosswalk(read_framework(name), read_framework(DEFAULT), meets))
    with write_whole(output / "frames.json") as out:
        out.write(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    name_engine(coders[DEFAULT])


def register(app: typer.Typer) -> None:
    """Adds this command to an application."""
    app.command()(frames)
