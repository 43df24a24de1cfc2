"""JSON Lines in and out, a line at a time, for inputs of any size.

Promises: memory does not grow with the file; a byte-order mark and empty lines are passed over; a bad line stops the
run with one sentence that names its number and shows none of its words; the output appears whole or not at all.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, TextIO, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from rich.console import Console
from rich.progress import Progress

from analysis.content import explain
from analysis.errors import InputError

Line = TypeVar("Line", bound=BaseModel)

STANDARD = Path("-")


class Answer(BaseModel):
    """One answer to code or to de-identify. Other keys of the line are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    id: str | int
    text: str
    question: str | None = None


def read_records(source: Path, schema: type[Line]) -> Iterator[Line]:
    """The records of a file, or of standard input for "-". Raises InputError at the first line that is not one."""
    stream = sys.stdin.buffer if source == STANDARD else _open(source)
    name = "Standard input" if source == STANDARD else source.name
    with stream, Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress:
        size = None if source == STANDARD else source.stat().st_size
        task = progress.add_task("Reading", total=size)
        for number, raw in enumerate(stream, start=1):
            progress.advance(task, len(raw))
            line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if not line.strip():
                continue
            try:
                yield schema.model_validate_json(line)
            except ValidationError as error:
                raise InputError(f"{name}, line {number}: {_what(error)} Nothing was written.") from error


@contextmanager
def write_whole(target: Path | None) -> Iterator[TextIO]:
    """A file to write to (standard output for None or "-") that takes its place only when all went well."""
    if target is None or target == STANDARD:
        yield sys.stdout
        sys.stdout.flush()
        return
    try:
        part = NamedTemporaryFile(  # noqa: SIM115 - closed below, renamed after
            "w", encoding="utf-8", newline="\n", dir=target.parent, prefix=f".{target.name}.", delete=False
        )
    except OSError as error:
        raise InputError(f"Cannot write {target.name} there: choose a folder that exists and is yours.") from error
    try:
        with part:
            yield cast("TextIO", part)
        os.chmod(part.name, 0o600)  # noqa: PTH101 - people's words: for the one who ran this only
        Path(part.name).replace(target)
    except BaseException:
        Path(part.name).unlink(missing_ok=True)
        raise


def _open(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except OSError as error:
        raise InputError(f"Cannot read {source.name}: check that the file exists and that you may read it.") from error


def _what(error: ValidationError) -> str:
    if error.errors(include_input=False)[0]["type"] == "json_invalid":
        return "this is not valid JSON; each line must be one object."
    return explain(error)
