"""`access-request`: the copy of everything that one person gave, for a researcher to hand on to them.

People have a right to it, and the bot cannot make it. It is the one place where answers leave whole: with every name in
them, because they are the person's own. So it is written into a new folder that only its owner may read, and noted.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.study import Key, Who, open_study, run, tell_unopened
from analysis.desk import read_name
from analysis.errors import AnalysisError
from analysis.questions import words_of
from storage.records import TEXT, Agreed, Answer, Content

ENDINGS = {"audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "m4a"}
_PERSON = re.compile(r"[0-9a-f]{64}")

Person = Annotated[str, typer.Argument(metavar="PERSON", help="What `python -m storage find CODE` printed.")]
Folder = Annotated[Path, typer.Option("-o", help="A new folder, for the copy and the voice notes.")]


def register(app: typer.Typer) -> None:
    app.command("access-request")(access_request)


def access_request(person: Person, out: Folder, key: Key, who: Who = "") -> None:
    """Write all that one person gave, as it was said, for them alone."""

    async def work() -> None:
        if not _PERSON.fullmatch(person):
            raise AnalysisError("This names nobody: give what `python -m storage find CODE` printed on the bot's host.")
        async with open_study(key) as (reader, _, book):
            agreed = await reader.agreed(person)
            if not agreed:
                raise AnalysisError(
                    "There is nobody of this name here: they withdrew, or this copy is older than they."
                )
            book.write(read_name(who), "opened", what="access-request")
            answers = [answer async for answer in reader.answers(person=person)]
            tell_unopened(reader)
        voices = _write(out, agreed, answers)
        typer.echo(f"{len(answers)} answers and {voices} voice notes are in {out}: for that person alone.")

    run(work)


def _write(folder: Path, agreed: Sequence[Agreed], answers: Sequence[Answer]) -> int:
    """Returns the number of voice notes. Raises AnalysisError where there is something of that name already."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError:
        raise AnalysisError("The folder for the copy cannot be made: name one that is not there yet.") from None
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
    _save(folder / "copy.txt", ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass"))
    for number, sound in enumerate(sounds, 1):
        _save(folder / _name(number, sound), sound.data)
    return len(sounds)


def _name(number: int, sound: Content) -> str:
    return f"voice-{number}.{ENDINGS.get(sound.media_type, 'bin')}"


def _save(file: Path, data: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(data)
