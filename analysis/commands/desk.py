"""`desk` and `review` on the command line: the book itself, and what may leave.

Words of answers are shown and never taken as an argument, because a shell remembers what was typed: parts of a text are
named by where they stand, as `show` counts them.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.study import Key, ReportSettings, Who, finders_of, open_study, run
from analysis.desk import Book, DeskError, OnDesk, Shelf, name_of, read_name
from analysis.desk.flags import find_flags
from analysis.desk.redact import Stretch
from analysis.desk.review import Review, require_people, review_state
from analysis.serve.reviewing import DETAILS
from analysis.serve.view import visible
from storage.audit import Head
from storage.read import Reader
from storage.settings import read_settings

Name = Annotated[str, typer.Argument(metavar="ANSWER", help="The name of an answer, as `list` prints it.")]
Part = Annotated[
    str, typer.Argument(metavar="START-END", help="Where it stands, as `show` counts: code points from 0.")
]

desk = typer.Typer(help="The desk's book: check it, read it, empty it of whoever withdrew.", no_args_is_help=True)
review = typer.Typer(help="What has to be taken out of a text, and whether the rest may leave.", no_args_is_help=True)


def shelf_of(reader: Reader, book: Book) -> Shelf:
    """The shelf over a reader that is open already."""

    @asynccontextmanager
    async def lend() -> AsyncIterator[Reader]:
        yield reader

    return Shelf(lend, book, finders_of(read_settings(ReportSettings)))


async def read_answer(reader: Reader, book: Book, name: str, who: str, what: str) -> OnDesk:
    """Open one answer by its name, and write that down. Raises DeskError where there is none."""
    shelf = shelf_of(reader, book)
    place = (await shelf.places()).get(name)
    if place is None:
        raise DeskError("There is no answer of this name here: `list` prints the names that there are.")
    found = await shelf.read(name, place)
    book.write(who, "opened", name, what=what)
    return found


async def find_gone(reader: Reader, book: Book) -> set[str]:
    """The answers in the book whose people withdrew, or deleted them."""
    return book.subjects() - {name_of(each) async for each in reader.places()}


def read_part(part: str) -> tuple[int, int]:
    """A part such as 3-14. Raises DeskError where it is none."""
    start, _, end = part.partition("-")
    if not (start.isascii() and start.isdigit() and end.isascii() and end.isdigit()):
        raise DeskError("Write a part as START-END, such as 3-14.")
    return int(start), int(end)


@desk.command("verify")
def verify(key: Key, head: Annotated[str | None, typer.Option(help="A head that was kept elsewhere.")] = None) -> None:
    """Check that no entry was changed or taken out, and print the head, to be kept elsewhere."""

    async def work() -> None:
        async with open_study(key) as (_, _, book):
            typer.echo(str(book.verify(Head.parse(head) if head else None)))

    run(work)


@desk.command("log")
def log(key: Key) -> None:
    """Print every entry as a line of JSON: when, who, what, about which answer. No words and no notes."""

    async def work() -> None:
        async with open_study(key) as (_, _, book):
            for each in book.everything():
                line = {"seq": each.seq, "at": each.at, "who": each.who, "what": each.kind, "answer": each.subject}
                typer.echo(json.dumps(line | {"detail": each.detail}, ensure_ascii=False))

    run(work)


@desk.command("forget")
def forget(key: Key, who: Who = "", *, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Empty all entries about answers that are no longer in the data, because their people withdrew."""

    async def work() -> None:
        async with open_study(key) as (reader, _, book):
            gone = await find_gone(reader, book)
            kept = len(book.subjects()) - len(gone)
            if not gone:
                typer.echo("Every answer that was worked on is still there: nothing was emptied.")
                return
            answers = "1 answer" if len(gone) == 1 else f"{len(gone)} answers"
            question = f"Empty the entries about {answers} for good? {kept} more keep theirs."
            if not yes and not typer.confirm(question, err=True):
                raise DeskError("Nothing was emptied.")
            book.forget(read_name(who), gone)
            typer.echo(f"Emptied: the entries about {answers}.")

    run(work)


@review.command("list")
def list_reviews(key: Key, who: Who = "") -> None:
    """Print each answer and its verdict as a line of JSON: open, waiting (for a second person), approved, withheld."""

    async def work() -> None:
        async with open_study(key) as (reader, _, book):
            book.write(read_name(who), "opened", what="review list")
            async for each in reader.answers():
                if each.kind == "answer":
                    state = review_state(book, name_of(each), each.text)
                    line = {"answer": name_of(each), "verdict": state.verdict, "by": list(state.by)}
                    typer.echo(json.dumps(line, ensure_ascii=False))

    run(work)


@review.command("show")
def show(answer: Name, key: Key, who: Who = "") -> None:
    """Show the words as they were said, what is taken out, and what to look at again."""

    async def work() -> None:
        async with open_study(key) as (reader, _, book):
            found = await read_answer(reader, book, answer, read_name(who), "review")
            text = found.answer.text
            typer.echo(f"{visible(text)}\n\n{found.review.verdict}. Taken out:")
            for each in found.clean.taken:
                start, end = each.stretch.start, each.stretch.end
                typer.echo(f"  {start}-{end} {each.stretch.kind}: {visible(text[start:end])}")
            for flag in find_flags(text):
                typer.echo(f"  look at {flag.start}-{flag.end}, {visible(text[flag.start : flag.end])}: {flag.reason}")

    run(work)


@review.command("mask")
def take_out(
    answer: Name,
    part: Part,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=", ".join(DETAILS))],
    key: Key,
    who: Who = "",
) -> None:
    """Take a part of an answer out."""
    chosen = next((each for each in DETAILS if each == kind.upper()), None)
    if chosen is None:
        raise typer.BadParameter(f"choose one of {', '.join(DETAILS)}.")
    _act(key, who, answer, lambda it: it.take_out(Stretch(*read_part(part), chosen)))


@review.command("unmask")
def leave_in(answer: Name, part: Part, key: Key, who: Who = "") -> None:
    """Leave something in that would be taken out."""
    _act(key, who, answer, lambda it: it.leave_in(*read_part(part)))


@review.command("approve")
def approve(answer: Name, key: Key, who: Who = "") -> None:
    """Say that an answer may leave as it is now."""
    _act(key, who, answer, Review.approve)


@review.command("withhold")
def withhold(answer: Name, key: Key, who: Who = "") -> None:
    """Say that an answer must not leave."""
    _act(key, who, answer, Review.withhold)


@review.command("undo")
def undo(answer: Name, key: Key, who: Who = "") -> None:
    """Take back your own last step with an answer."""
    _act(key, who, answer, _undo)


@review.command("rule")
def rule(
    people: Annotated[int, typer.Argument(help="1, or 2 so that a second person has to approve too.")],
    key: Key,
    who: Who = "",
) -> None:
    """Set how many people have to approve a text before it may leave."""

    async def work() -> None:
        async with open_study(key) as (_, _, book):
            require_people(book, read_name(who), people)
            typer.echo(
                "Two people have to approve each text." if people > 1 else "One person has to approve each text."
            )

    run(work)


def _undo(it: Review) -> None:
    if not it.undo():
        raise DeskError("There is nothing of yours to take back here.")


def _act(key: Path, who: str, answer: str, do: Callable[[Review], None]) -> None:
    async def work() -> None:
        async with open_study(key) as (reader, _, book):
            name = read_name(who)
            found = await read_answer(reader, book, answer, name, "review")
            it = Review(book, name, answer, found.answer.text, found.suggested)
            do(it)
            typer.echo(it.state.verdict)

    run(work)


def register(app: typer.Typer) -> None:
    """Add both groups to an application."""
    app.add_typer(desk, name="desk")
    app.add_typer(review, name="review")
