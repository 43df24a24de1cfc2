"""How the commands speak: what was done on standard output, one sentence about what failed on standard error.

No traceback, no secret on the screen, no word or name of anybody. Long work shows how far it is, on standard error,
where that is a terminal.
"""

import asyncio
import sys
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from storage.errors import KeyFileError, StorageError, WrongPassphrase
from storage.keyfiles import read_passphrases
from storage.keys import ResearchKey, read_research_key
from storage.progress import Tell
from storage.settings import StorageSettings

T = TypeVar("T")


@contextmanager
def stated() -> Iterator[None]:
    """Turn a stated failure into one sentence and exit 1."""
    try:
        yield
    except StorageError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@contextmanager
def progress(*, count: bool = False) -> Iterator[Tell]:
    """A bar on standard error. `count`: what is told are things, not bytes."""
    last = MofNCompleteColumn() if count else TaskProgressColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), last, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=None)
            bar.update(tasks[what], completed=done, total=total or None)

        yield tell


def read_keys(settings: StorageSettings, paths: Sequence[Path]) -> list[ResearchKey]:
    """The research keys in these files; each passphrase is asked for, or is a line of HEARTEN_PASSPHRASE_FILE.

    Raises KeyFileError.
    """
    passphrases = read_passphrases(settings)
    return [_read_key(path, passphrases) for path in paths]


def _read_key(path: Path, passphrases: list[str]) -> ResearchKey:
    if not passphrases:
        if not sys.stdin.isatty():
            raise KeyFileError(
                "The research key needs its passphrase: write it into a file that only you may read and name that in"
                " HEARTEN_PASSPHRASE_FILE, or start this in a terminal."
            )
        return read_research_key(path, typer.prompt(f"Passphrase of {path}", hide_input=True, err=True))
    for each in passphrases[:-1]:
        try:
            return read_research_key(path, each)
        except WrongPassphrase:
            continue
    return read_research_key(path, passphrases[-1])


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 answer`, `2 answers`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
