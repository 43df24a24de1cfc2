"""The command `learn`: what the exemplars that come with Hearten teach, kept so that a start takes a second."""

import typer
from rich.console import Console


def learn() -> None:
    """Learn the exemplars that come with Hearten anew. Needed again after exemplars or definitions were changed."""
    from analysis.ahead import write_ahead  # noqa: PLC0415 - as every command, so that --help is quick
    from analysis.frameworks import framework_ids  # noqa: PLC0415
    from analysis.lexical import learn_words  # noqa: PLC0415
    from analysis.stance import LESSON, teach_stances  # noqa: PLC0415

    with Console(stderr=True).status("Learning, which takes half a minute"):
        for name in framework_ids():
            learned = learn_words(name, anew=True)
            write_ahead(name, learned.lesson, learned.ahead)
        stances = teach_stances(anew=True)
        write_ahead(LESSON, stances.lesson, stances.ahead)
    typer.echo(f"What {len(framework_ids())} frameworks and the stances teach is kept.")


def register(app: typer.Typer) -> None:
    """Adds this command to an application."""
    app.command()(learn)
