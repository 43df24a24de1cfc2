"""The door to the guides: check one, walk through one in the terminal, or write one as a page."""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flows.errors import ContentError
from flows.guide import Guide
from flows.library import BASE_LANGUAGE, load_guide
from flows.likeness import kinds_of
from flows.likeness.compare import WEIGHTS
from flows.likeness.examples import read_examples
from flows.lint import Finding, check_guide
from flows.lint.texts import Text, texts_of
from flows.reading import grade, mean_words
from flows.rehearse import Rehearsal
from flows.sheet import show_sheet
from flows.show import show_guide
from flows.spelling import Spelling
from flows.translating import write_files

#: How many of the hardest texts `check` names, also where nothing is wrong with them.
HARDEST = 3

app = typer.Typer(
    help="Guides: what Hearten says and asks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

GuideName = Annotated[str, typer.Argument(help="The name of a guide, or the folder of your own.")]


@app.command()
def check(
    guide: GuideName = "relational-practice",
    language: Annotated[str, typer.Option(help="Check a translation instead: that no text is missing.")] = "en",
    texts: Annotated[bool, typer.Option(help="Also list every text, with its grade and its sentences.")] = False,
) -> None:
    """Check a guide: that it is whole, that it reads plainly and kindly, and that nobody is left without a way out.

    The rules of language are for English; of a translation only what holds in any language is checked."""
    loaded = _load(guide, language)
    if language != BASE_LANGUAGE:
        print(f"{loaded.id} in {language}: {len(list(texts_of(loaded)))} texts, none missing.")
        return
    try:
        findings = check_guide(loaded, datetime.now(UTC).date())
    except ContentError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    _print_size(loaded, texts)
    errors = [each for each in findings if each.level == "error"]
    _print_findings("To mend", errors)
    _print_findings("To think about", [each for each in findings if each.level == "advice"])
    if errors:
        raise typer.Exit(1)
    print("Nothing has to be mended.")


@app.command()
def translate(
    guide: GuideName,
    language: Annotated[str, typer.Argument(help="Its short name, such as cy, ur or pl (ISO 639).")],
) -> None:
    """Make the files in which a guide is translated: every text, empty, with what it says now above it."""
    if not re.fullmatch(r"[a-z]{2,3}", language):
        print("A language is named by two or three small letters, such as cy or ur.", file=sys.stderr)
        raise typer.Exit(1)
    try:
        written = write_files(guide, language)
    except (ContentError, OSError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    for file in written:
        print(f"To fill: {file}")
    print(f"Then: python -m flows check {guide} --language {language}")


@app.command()
def rehearse(guide: GuideName = "relational-practice") -> None:
    """Walk through a guide in the terminal. Nothing is kept."""
    loaded = _load(guide)
    Rehearsal(loaded, lambda: datetime.now(UTC), Console(highlight=False)).walk(_typed())


@app.command()
def show(
    guide: GuideName = "relational-practice",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The page to write. Without it: the guide's name, here.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Write over a page that is there already.")] = False,
) -> None:
    """Write a whole guide as one page to read, print and talk about, with the map of its paths."""
    loaded = _load(guide)
    file = _write(out or Path(f"{loaded.id}.html"), show_guide(loaded), force=force)
    print(f"The guide is in {file}.")


@app.command()
def sheet(
    guide: GuideName = "relational-practice",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The page to write. Without it: the guide's name and -sheet, here."),
    ] = None,
    force: Annotated[bool, typer.Option(help="Write over a page that is there already.")] = False,
) -> None:
    """Write the information sheet and the consent form as one page to print, for an ethics review."""
    loaded = _load(guide)
    file = _write(out or Path(f"{loaded.id}-sheet.html"), show_sheet(loaded), force=force)
    print(f"The information sheet and the consent form are in {file}.")


@app.command()
def learn() -> None:
    """Learn anew how to hear what is like the example sentences, after one of them was changed. A few seconds."""
    from flows.likeness.learn import learn as learn_weights  # noqa: PLC0415 - loads scikit-learn, which no other needs
    from flows.likeness.learn import lines_of  # noqa: PLC0415

    try:
        examples = read_examples()
    except ContentError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    distress = _load("relational-practice").distress
    if distress.likeness is None:
        print("distress.toml has no [likeness]; put it back, since it says what to learn with.", file=sys.stderr)
        raise typer.Exit(1)
    weights = learn_weights(examples, Spelling.of(distress).plain, kinds_of(distress.terms, distress.likeness))
    WEIGHTS.write_text("\n".join(lines_of(weights, examples)) + "\n", encoding="utf-8")
    print(f"Learned from {len(examples)} examples: {len(weights)} weights are in {WEIGHTS.name}.")


def _write(file: Path, text: str, *, force: bool) -> Path:
    try:
        with file.open("w" if force else "x", encoding="utf-8") as page:
            page.write(text)
    except FileExistsError:
        print(f"{file} is there already. Give another name with -o, or add --force to write over it.", file=sys.stderr)
        raise typer.Exit(1) from None
    except OSError as error:
        print(f"{file} cannot be written ({error.strerror}). Give another place with -o.", file=sys.stderr)
        raise typer.Exit(1) from None
    return file


def _print_size(guide: Guide, all_texts: bool) -> None:
    texts = list(texts_of(guide))
    questions = sum(len(topic.questions) for topic in guide.topics)
    print(f"{guide.id} version {guide.version}: {len(guide.topics)} topics, {questions} questions, {len(texts)} texts.")
    by_grade = sorted(texts, key=lambda text: -grade(text.filled))
    print("Hardest to read (Flesch-Kincaid grade, words in a sentence):")
    for text in texts if all_texts else by_grade[:HARDEST]:
        print(_measured(text))
    if not all_texts:
        longest = sorted(texts, key=lambda text: -mean_words(text.filled))
        print("Longest sentences:")
        for text in longest[:HARDEST]:
            print(_measured(text))


def _measured(text: Text) -> str:
    return f"  {grade(text.filled):5.1f}  {mean_words(text.filled):5.1f}  {text.file}: {text.place}"


def _print_findings(title: str, findings: list[Finding]) -> None:
    if findings:
        print(f"{title} ({len(findings)}):")
    for finding in findings:
        print(f"  {finding}")


def _typed() -> Iterator[str]:
    while True:
        try:
            yield input("> ")
        except (EOFError, KeyboardInterrupt):
            print()
            return


def _load(name: str, language: str = BASE_LANGUAGE) -> Guide:
    try:
        return load_guide(name, language=language)
    except ContentError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app(prog_name="python -m flows")
