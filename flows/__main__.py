"""The door to the guides: check one, or walk through one in the terminal."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from flows.errors import ContentError
from flows.guide import Guide
from flows.library import load_guide
from flows.reading import grade, texts_of
from flows.rehearse import Rehearsal

#: People have a reading age of 9 to 11 in mind when they write a guide; above this grade a text is worth another look.
HIGHEST_GRADE = 6.0

app = typer.Typer(
    help="Guides: what Hearten says and asks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

GuideName = Annotated[str, typer.Argument(help="The name of a guide, or the folder of your own.")]


@app.command()
def check(guide: GuideName = "relational-practice") -> None:
    """Check a guide: that it is complete, that it hangs together, and how hard its texts are to read."""
    loaded = _load(guide)
    texts = list(texts_of(loaded))
    hard = sorted(((grade(text), place) for place, text in texts if grade(text) > HIGHEST_GRADE), reverse=True)
    questions = sum(len(topic.questions) for topic in loaded.topics)
    print(
        f"{loaded.id} version {loaded.version}: {len(loaded.topics)} topics, {questions} questions, {len(texts)} texts."
    )
    if hard:
        print(f"Harder to read than grade {HIGHEST_GRADE:g} (Flesch-Kincaid); shorter sentences and words would help:")
    for value, place in hard:
        print(f"  {value:4.1f}  {place}")


@app.command()
def rehearse(guide: GuideName = "relational-practice") -> None:
    """Walk through a guide in the terminal. Nothing is kept."""
    loaded = _load(guide)
    Rehearsal(loaded, lambda: datetime.now(UTC), Console(highlight=False)).walk(_typed())


def _typed() -> Iterator[str]:
    while True:
        try:
            yield input("> ")
        except (EOFError, KeyboardInterrupt):
            print()
            return


def _load(name: str) -> Guide:
    try:
        return load_guide(name)
    except ContentError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app(prog_name="python -m flows")
