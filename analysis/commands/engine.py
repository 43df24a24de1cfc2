"""The options that choose a framework and an engine, and how the choice is told."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from analysis.coder import ThemeCoder

FrameworkName = Annotated[
    str, typer.Option("--framework", metavar="ID", help="Id of a framework, or path of your own.")
]
EngineName = Annotated[
    Literal["auto", "lexical", "semantic"],
    typer.Option("--engine", help="auto: semantic where its extra is installed, else lexical."),
]
ModelFolder = Annotated[
    Path | None, typer.Option("--model", metavar="DIR", help="Folder of a larger model for the semantic engine.")
]

Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help='For very large collections: a Dask cluster does it. Its scheduler (tls://ADDRESS), or "local".',
    ),
]


def choose_coder(framework: str, engine: Literal["auto", "lexical", "semantic"], model: Path | None) -> "ThemeCoder":
    """The coder that the options ask for."""
    # Imported here so that --help and the other commands do not wait for scikit-learn.
    from analysis.engines import open_coder  # noqa: PLC0415

    return open_coder(framework, engine, model)


def name_engine(coder: "ThemeCoder") -> None:
    """Tells a person at a terminal which engine it was. In files, the reason of every coding says it."""
    if sys.stderr.isatty():
        typer.echo(f"Coded with the engine: {coder.engine}.", err=True)
