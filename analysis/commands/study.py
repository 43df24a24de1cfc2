"""What the commands that open answers have in common: settings, the key, the databases, the desk's book, and how a
stated failure becomes one sentence and an exit status."""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from analysis.deidentify import Finder
from analysis.desk import Book, Handing
from analysis.errors import AnalysisError
from analysis.finding import read_finders
from analysis.frameworks import DEFAULT
from analysis.masking import ReviewedMask
from analysis.period import Period, PeriodError
from analysis.questions import invites_of
from analysis.reading import Reading
from analysis.services import Services, read_services
from analysis.voices import StudyReader
from flows.errors import ContentError
from storage.errors import KeyFileError, StorageError
from storage.keyfiles import read_passphrase
from storage.keys import ResearchKey, read_research_key
from storage.read import Reader
from storage.settings import StorageSettings, read_settings


class ReportSettings(StorageSettings):
    """What reports need beside storage: HEARTEN_SERVICES, for the names and thresholds of services, and HEARTEN_DESK,
    the file in which people's work with answers is kept, HEARTEN_STUDY_LIST and HEARTEN_NER, for de-identification,
    and HEARTEN_SPEECH, for suggestions what a voice note says."""

    services: Path | None = None
    desk: Path = Path("var/desk.db")
    study_list: Path | None = None
    ner: bool = False
    speech: str = ""


Key = Annotated[Path, typer.Option(help="The research key (research.key), private half.")]
Who = Annotated[
    str, typer.Option("--as", metavar="NAME", help="Who is at work, for the desk's book; default: your login name.")
]


@asynccontextmanager
async def open_study(key: Path, opened: ResearchKey | None = None) -> AsyncIterator[tuple[StudyReader, Services, Book]]:
    """The read port, the services and the desk's book, for as long as a command works. `opened`: the key, where it is
    open already."""
    settings = read_settings(ReportSettings)
    services = services_of(settings)
    research_key = opened or open_key(settings, key)
    reader = await StudyReader.open(settings, research_key)
    try:
        reader.book = book = Book.open(settings.desk, research_key.desk_key)
        yield reader, services, book
        book.close()
    finally:
        await reader.close()


def services_of(settings: ReportSettings) -> Services:
    """The services of the services file; none where no file is named."""
    return read_services(settings.services) if settings.services else Services()


def finders_of(settings: ReportSettings) -> tuple[Finder, ...]:
    """What looks for details beside the rules, wherever answers are de-identified."""
    return read_finders(settings.study_list, ner=settings.ner)


def open_key(settings: StorageSettings, path: Path) -> ResearchKey:
    """The research key, its passphrase read from its file or asked for."""
    passphrase = read_passphrase(settings)
    if passphrase is None:
        if not sys.stdin.isatty():
            raise KeyFileError(
                "The research key needs its passphrase: write it into a file that only you may read and name that in"
                " HEARTEN_PASSPHRASE_FILE, or start this in a terminal."
            )
        passphrase = typer.prompt("Passphrase of the research key", hide_input=True, err=True)
    return read_research_key(path, passphrase)


def tell_unopened(reader: Reader) -> None:
    """Say how many answers did not open, where there were any."""
    if count := reader.unopened.total():
        left_out = (
            "1 answer does not open with this key and is" if count == 1 else f"{count} answers do not open and are"
        )
        typer.echo(f"{left_out} left out: sealed to another research key, or damaged.", err=True)


def run(work: Callable[[], Coroutine[Any, Any, None]], stopped: str = "Stopped; nothing was written.") -> None:
    """Run to the end; turn a stated failure into one sentence and an exit code. `stopped` is said after Ctrl+C."""
    try:
        asyncio.run(work())
    except PeriodError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    except (AnalysisError, ContentError, StorageError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo(stopped, err=True)
        raise typer.Exit(1) from None


def reading_of(book: Book, finders: Iterable[Finder] = (), *, remember: int = 0) -> Reading:
    """How answers are read: as people reviewed them, coded by the machine."""
    # The engine is imported here so that --help and a refusal do not wait for scikit-learn.
    from analysis.lexical import lexical_coder  # noqa: PLC0415

    coder = lexical_coder()

    def mask() -> ReviewedMask:
        return ReviewedMask(book, finders, handing=Handing(book, coder.framework, memos=False))

    return Reading(coder, mask, invites_by_question, remember=remember)


def today() -> date:
    """The day, in UTC."""
    return datetime.now(UTC).date()


def digest_of(file: Path) -> str:
    """The SHA-256 of a file, for the desk's book."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def span_of(service: str | None, period: Period | None) -> dict[str, Any]:
    """A service and a period as the read port takes them."""
    return {
        "service": service,
        "since": period.since if period else None,
        "until": period.until if period else None,
    }


def invites_by_question(_guide: str, _version: int, question: str) -> tuple[str, ...]:
    return invites_of(DEFAULT, question)
