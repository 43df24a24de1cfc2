"""The command `agreement`: how far two codings of the same texts agree."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from analysis.commands.lines import STANDARD, Answer, read_records
from analysis.errors import InputError


def agreement(
    *,
    first: Annotated[Path, typer.Argument(metavar="A.jsonl", help='The one coding: lines with "id" and "codings".')],
    second: Annotated[Path, typer.Argument(metavar="B.jsonl", help="The other coding of the same texts.")],
    texts: Annotated[
        Path | None, typer.Option(metavar="IN.jsonl", help="The texts, so that uncoded characters can be counted.")
    ] = None,
    shared: Annotated[bool, typer.Option("--shared", help="Compare only the texts that both files hold.")] = False,
    table: Annotated[bool, typer.Option("--table", help="A table to read instead of JSON.")] = False,
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples; 0 for no intervals.", min=0, max=100_000)] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the resamples.", min=0)] = 1,
) -> None:
    """Measure how far two codings of the same texts agree; prints one JSON object. docs/agreement.md explains it."""
    # The statistics are imported here so that --help and the other commands do not wait for scipy.
    from analysis.agreement import CodedText, as_table, compare, pair  # noqa: PLC0415

    if first == second == STANDARD:
        raise InputError("Standard input can be one of the two codings and not both: name a file for the other.")
    lengths = {each.id: len(each.text) for each in read_records(texts, Answer)} if texts else None
    pairs = pair(
        read_records(first, CodedText),
        read_records(second, CodedText),
        names=(_name(first), _name(second)),
        lengths=lengths,
        shared=shared,
    )
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("Resampling", total=resamples)
        result = compare(pairs, resamples=resamples, seed=seed, advance=lambda done: progress.advance(task, done))
    if table:
        out = Console()
        for each in as_table(result):
            out.print(each)
    else:
        typer.echo(json.dumps(result, ensure_ascii=False))


def _name(source: Path) -> str:
    return "Standard input" if source == STANDARD else source.name


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command()(agreement)
