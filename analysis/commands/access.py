"""`access-request`: the copy of everything that one person gave, for a researcher to hand on to them.

People have a right to it, and the bot cannot make it. It is the one place where answers leave whole: with every name in
them, because they are the person's own. So it is written into a new folder that only its owner may read, and noted.
With `--seal-to`, nothing is written in clear: it goes into a bundle that only the bot opens, and that closes with
everything else when they withdraw.
"""

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.study import Key, ReportSettings, Who, open_key, open_study, run, tell_unopened
from analysis.desk import read_name
from analysis.errors import AnalysisError
from analysis.questions import words_of
from storage.bundles import COPY, COPY_FILE, MOST_BYTES
from storage.keys import BotRecipient, ResearchKey, read_bot_recipient
from storage.read import Reader
from storage.records import TEXT, Agreed, Answer, Content
from storage.seal.bundle import Bundle, Enclosed, make_bundle
from storage.settings import read_settings

ENDINGS = {"audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "m4a"}
_PERSON = re.compile(r"[0-9a-f]{64}")

Person = Annotated[str, typer.Argument(metavar="PERSON", help="What `python -m storage find CODE` printed.")]
Folder = Annotated[Path, typer.Option("-o", help="A new folder, for the copy and the voice notes; or the bundle.")]
Bot = Annotated[
    Path | None, typer.Option("--seal-to", metavar="BOT.PUB", help="Make a sealed bundle, for the bot to hand on.")
]


def register(app: typer.Typer) -> None:
    app.command("access-request")(access_request)


def access_request(person: Person, out: Folder, key: Key, seal_to: Bot = None, who: Who = "") -> None:
    """Write all that one person gave, as it was said, for them alone: into a folder, or sealed, for the bot to send."""

    async def work() -> None:
        if not _PERSON.fullmatch(person):
            raise AnalysisError("This names nobody: give what `python -m storage find CODE` printed on the bot's host.")
        bot = read_bot_recipient(seal_to) if seal_to else None
        research_key = open_key(read_settings(ReportSettings), key)
        async with open_study(key, research_key) as (reader, _, book):
            agreed = await reader.agreed(person)
            if not agreed:
                raise AnalysisError(
                    "There is nobody of this name here: they withdrew, or this copy is older than they."
                )
            book.write(read_name(who), "opened", what="access-request")
            answers = [answer async for answer in reader.answers(person=person)]
            tell_unopened(reader)
            files = _files(agreed, answers)
            if bot is not None:
                _save_new(out, await _seal(reader, research_key, bot, person, files))
        if bot is None:
            _write(out, files)
        typer.echo(f"{len(answers)} answers and {len(files) - 1} voice notes are in {out}: for that person alone.")
        if bot is not None:
            typer.echo("Bring it to the bot's host, and run `python -m storage take` there within 30 days.")

    run(work)


def _files(agreed: Sequence[Agreed], answers: Sequence[Answer]) -> list[Enclosed]:
    """The copy, and then each voice note."""
    sounds: list[Content] = []
    lines = [
        "A copy of what you told us, as you said it.",
        "",
        "What you said to each thing that we asked you to agree to:",
    ]
    lines += [f"  {each.item.replace('_', ' ')}: {'yes' if each.given else 'no'} ({each.day})" for each in agreed]
    marks = sorted({each.wording for each in agreed})
    lines += ["", f"The words that you read have the mark {', '.join(mark[:16] for mark in marks)}."]
    for answer in answers:
        lines += ["", "", f"{words_of(answer.guide, answer.question)}  ({answer.day})", ""]
        for part, words in answer.words():
            if part.media_type == TEXT:
                lines.append(words)
                continue
            sounds.append(part)
            lines.append(f"[your voice note: {_name(len(sounds), part)}]")
            lines += [f"[what we typed out of it: {words}]"] if words else []
    copy = Enclosed("copy.txt", TEXT, ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass"))
    notes = [Enclosed(_name(number, each), each.media_type, each.data) for number, each in enumerate(sounds, 1)]
    return [copy, *notes]


def _write(folder: Path, files: Sequence[Enclosed]) -> None:
    """Raises AnalysisError where there is something of that name already."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError:
        raise AnalysisError("The folder for the copy cannot be made: name one that is not there yet.") from None
    for each in files:
        _save(folder / each.name, each.data)


async def _seal(reader: Reader, key: ResearchKey, bot: BotRecipient, person: str, files: Sequence[Enclosed]) -> bytes:
    """The bundle: closed with the person's own key, sealed to the bot, signed."""
    if bot.study != reader.study:
        raise AnalysisError("This bot.pub is of another study: write it on the host of this one (`storage keys bot`).")
    bundle_id = os.urandom(16)
    closed = await reader.close_copy(person, files, bundle_id)
    enclosed = Enclosed(COPY_FILE, "application/octet-stream", closed)
    bundle = make_bundle(Bundle(bundle_id, datetime.now(UTC).date(), COPY, person, (enclosed,)), bot, key)
    if len(bundle) > MOST_BYTES:
        raise AnalysisError("The copy is too large for the bot: write it into a folder, and hand that on another way.")
    return bundle


def _name(number: int, sound: Content) -> str:
    return f"voice-{number}.{ENDINGS.get(sound.media_type, 'bin')}"


def _save(file: Path, data: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(data)


def _save_new(file: Path, data: bytes) -> None:
    try:
        file.touch(mode=0o600, exist_ok=False)
        file.write_bytes(data)
    except OSError:
        raise AnalysisError("The bundle cannot be written: name a file that is not there yet.") from None
