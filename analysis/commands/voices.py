"""`voices` on the command line: which voice notes there are, one as a sound file, and the words that somebody types.

Words come from standard input and never as an argument, because a shell remembers what was typed.
"""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.access import ENDINGS
from analysis.commands.desk import Name
from analysis.commands.study import Key, ReportSettings, Who, open_study, run, tell_unopened
from analysis.desk import Book, DeskError, name_of, read_name
from analysis.reading import show_progress
from analysis.serve.view import visible
from analysis.voices import StudyReader, VoiceNote, keep_transcript, take_back_transcript, voice_notes
from analysis.voices.recognise import SMALL, Recogniser
from storage.keys import KeptKey
from storage.records import Answer
from storage.settings import read_settings

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Which voice note of the answer, from 1.", min=1)]

voices = typer.Typer(help="Voice notes: listen, and type what is said.", no_args_is_help=True)


@voices.command("list")
def list_notes(key: Key, who: Who = "") -> None:
    """Print each voice note, and whether somebody has typed it out, as a line of JSON."""

    async def work() -> None:
        async with open_study(key) as (reader, _, book):
            book.write(read_name(who), "opened", what="voice notes")
            async for answer in show_progress(reader.answers(), "Answers looked through"):
                for each in voice_notes(book, answer, await reader.key_about(answer.person)):
                    line = {"answer": name_of(answer), "number": each.number, "bytes": len(each.sound.data)}
                    typer.echo(json.dumps(line | {"typed": each.words is not None}))
            tell_unopened(reader)

    run(work)


@voices.command("listen")
def listen(
    answer: Name,
    number: Number,
    out: Annotated[Path, typer.Option("-o", metavar="FILE", help="A new file for the sound.")],
    key: Key,
    who: Who = "",
) -> None:
    """Write one voice note into a file that only you may read. Delete it when you have listened."""

    async def work() -> None:
        async with open_study(key) as (reader, _, book):
            _, note, _ = await _read(reader, book, answer, number)
            book.write(read_name(who), "opened", answer, what="listening")
            file = out if out.suffix else out.with_suffix("." + ENDINGS.get(note.sound.media_type, "bin"))
            _write_private(file, note.sound.data)
            typer.echo(f"The sound is in {file}, in clear: delete it when you have listened.")

    run(work)


@voices.command("suggest")
def suggest(answer: Name, number: Number, key: Key, who: Who = "") -> None:
    """Print the words that a machine hears in a voice note (HEARTEN_SPEECH). Nothing is kept."""

    async def work() -> None:
        recogniser = Recogniser(read_settings(ReportSettings).speech or SMALL)
        async with open_study(key) as (reader, _, book):
            _, note, _ = await _read(reader, book, answer, number)
            book.write(read_name(who), "opened", answer, what="listening")
            typer.echo("It makes mistakes, and can make words up: listen before you keep any of it.", err=True)
            typer.echo(visible(recogniser.suggest(note.sound)))

    run(work)


@voices.command("type")
def type_out(answer: Name, number: Number, key: Key, who: Who = "") -> None:
    """Keep what is said in a voice note, read from standard input to its end. Nothing says: nothing to type."""

    async def work() -> None:
        async with open_study(key) as (reader, _, book):
            given, _, own = await _read(reader, book, answer, number)
            if sys.stdin.isatty():
                typer.echo("Type what is said. Ctrl+D on a line of its own ends it.", err=True)
            try:
                words = sys.stdin.read()
            except UnicodeDecodeError:
                raise DeskError("These words are not UTF-8 text: save them as UTF-8 and try again.") from None
            keep_transcript(book, read_name(who), given, number, words, key=own)
            typer.echo("Kept." if words.strip() else "Kept: there is nothing to type.")

    run(work)


@voices.command("undo")
def undo(answer: Name, number: Number, key: Key, who: Who = "") -> None:
    """Take back what you typed last for a voice note."""

    async def work() -> None:
        async with open_study(key) as (reader, _, book):
            given, _, own = await _read(reader, book, answer, number)
            if not take_back_transcript(book, read_name(who), given, number, key=own):
                raise DeskError("You typed nothing for this voice note that still holds.")
            typer.echo("Taken back.")

    run(work)


def register(app: typer.Typer) -> None:
    app.add_typer(voices, name="voices")


async def _read(reader: StudyReader, book: Book, name: str, number: int) -> tuple[Answer, VoiceNote, KeptKey]:
    """Open one voice note. Raises DeskError where there is none."""
    async for place in reader.places():
        if name_of(place) != name:
            continue
        key = await reader.key_about(place.person)
        async for answer in reader.answers(person=place.person):
            for note in voice_notes(book, answer, key) if name_of(answer) == name else ():
                if key is not None and note.number == number:
                    return answer, note, key
    raise DeskError("There is no such voice note here: `voices list` prints those that there are.")


def _write_private(file: Path, data: bytes) -> None:
    try:
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(data)
    except OSError:
        raise DeskError("The sound cannot be written there: name a new file in a folder of yours.") from None
