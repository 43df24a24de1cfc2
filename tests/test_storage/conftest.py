"""A whole study: keys, settings, and two databases of the test's own.

The databases are SQLite files. Tests marked `databases("sqlite", "postgresql")` run once with each; without the
binaries of PostgreSQL one line says how many did not.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from storage.__main__ import app
from storage.database import Database, Name
from storage.keyfiles import write_new
from storage.keys import Cost, ResearchKey, make_research_key, read_research_key
from storage.read import Reader
from storage.records import Answer, Content, Enrolment, NewPart, Place
from storage.settings import StorageSettings
from storage.write import Store, Unit
from tests.test_storage.server import Server, find_binaries

PASSPHRASE = "four words of a test"
CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)
DAY = date(2026, 7, 1)


left_out: list[str] = []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Once for each database that a test is marked for."""
    if "study" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("databases")
    places = list(marker.args) if marker else ["sqlite"]
    if "postgresql" in places and find_binaries() is None:
        left_out.append(metafunc.definition.nodeid)
        places.remove("postgresql")
    metafunc.parametrize("study", places, indirect=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if left_out:
        count = f"SKIPPED [{len(left_out)}] tests on PostgreSQL"
        terminalreporter.write_line(f"{count}: it is not installed here; install Debian's postgresql to run them.")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running PostgreSQL server, for the whole run."""
    server = Server.make()
    yield server
    server.remove()


@dataclass(frozen=True)
class Study:
    """The folder `host` is the bot's machine; the research key lies apart from it. `server`: where the databases are on
    one."""

    host: Path
    away: Path
    settings: StorageSettings
    server: Server | None = None

    @property
    def research_key(self) -> ResearchKey:
        return read_research_key(self.away / "research.key", PASSPHRASE)

    @property
    def urls(self) -> dict[str, str]:
        return {"main": self.settings.database_url, "keyring": self.settings.keyring_url}

    def bytes_on_host(self) -> bytes:
        """Every byte of the bot's machine, and of the databases where they are on a server."""
        files = b"".join(path.read_bytes() for path in sorted(self.host.rglob("*")) if path.is_file())
        return files + b"".join(self.server.files_of(url) for url in self.urls.values()) if self.server else files

    async def rows(self, table: str, name: Name = "main", columns: str = "*") -> list[Any]:
        """What is in a table, seen by a connection of its own."""
        return await self.change(f"SELECT {columns} FROM {table}", name=name)  # noqa: S608 - a name of ours

    async def change(self, statement: str, name: Name = "main", **parameters: object) -> list[Any]:
        """Do with the database what Hearten would not; the rows that this gave."""
        database = Database(name, self.urls[name], writable=True)
        try:
            async with database.begin(write=True) as transaction:
                return list((await transaction.execute(text(statement), parameters)).all())
        finally:
            await database.close()

    async def answers(self, settings: StorageSettings | None = None) -> list[Answer]:
        reader = await Reader.open(settings or self.settings, self.research_key)
        try:
            return [answer async for answer in reader.answers()]
        finally:
            await reader.close()


def make_study(folder: Path) -> Study:
    host, away = folder / "host", folder / "away"
    (host / "recipients").mkdir(parents=True)
    away.mkdir()
    private, public = make_research_key(PASSPHRASE, "test", CHEAP)
    (away / "research.key").write_text(private)
    (away / "research.key").chmod(0o600)
    (host / "recipients" / "research.pub").write_text(public)
    settings = StorageSettings(
        _env_file=None,
        database_url=f"sqlite+aiosqlite:///{host}/var/hearten.db",
        keyring_url=f"sqlite+aiosqlite:///{host}/var/keyring.db",
        recipients=host / "recipients",
        bot_key=host / "var" / "bot.key",
    )
    return Study(host, away, settings)


class Speaker:
    """Somebody who takes part, for tests that are about something else."""

    def __init__(self, number: int) -> None:
        self.id = number
        self.session = f"session-{number}"
        self.code = f"CODE-{number:06d}"

    def enrolment(self, day: date = DAY, service: str = "north", **items: bool) -> Enrolment:
        wanted = {"take_part": True, "quotes": False, "summaries": True} | items
        return Enrolment(self.session, service, "guide", 1, self.code, wanted, "0" * 64, day)

    async def enrol(self, unit: Unit, **items: bool) -> bytes:
        pseudonym, _ = await unit.progress(self.id)
        await unit.enrol(pseudonym, self.enrolment(**items))
        return pseudonym

    def says(self, words: str, question: str = "what-helped", part: int = 1, day: date = DAY) -> NewPart:
        place = Place(self.session, question, part)
        return NewPart(place, "answer", Content.of_text(words), f"{question}/{part}", day)


@pytest.fixture
def study(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Study]:
    study = make_study(tmp_path)
    if request.param == "sqlite":
        yield study
        return
    server: Server = request.getfixturevalue("server")
    main, keyring = server.copy_templates()
    settings = study.settings.model_copy(update={"database_url": main, "keyring_url": keyring})
    yield replace(study, settings=settings, server=server)
    server.drop(main, keyring)


@pytest.fixture
async def store(study: Study) -> AsyncIterator[Store]:
    store = await Store.open(study.settings)
    yield store
    await store.close()


@pytest.fixture
def speaker() -> type[Speaker]:
    return Speaker


@pytest.fixture
def fill():
    """A function that lets so many people say one thing each; returns their pseudonyms."""

    async def fill(store: Store, people: int, words: str = "words of {}") -> list[bytes]:
        pseudonyms = []
        for number in range(people):
            async with store.unit(number) as unit:
                pseudonym = await Speaker(number).enrol(unit)
                await unit.keep(pseudonym, Speaker(number).says(words.replace("{}", str(number))))
                await unit.outcome(pseudonym, Speaker(number).session, "what-helped", "answered", DAY)
                await unit.save(pseudonym, b"progress", DAY)
                pseudonyms.append(pseudonym)
        return pseudonyms

    return fill


@pytest.fixture
def as_environment():
    """A function that gives a study's settings as the environment of another process."""

    def as_environment(study: Study) -> dict[str, str]:
        settings = study.settings
        return {
            "HEARTEN_DATABASE_URL": settings.database_url,
            "HEARTEN_KEYRING_URL": settings.keyring_url,
            "HEARTEN_RECIPIENTS": str(settings.recipients),
            "HEARTEN_BOT_KEY": str(settings.bot_key),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }

    return as_environment


@pytest.fixture
def run(study, as_environment, monkeypatch, tmp_path):
    """A function that runs a command of storage on the study, as typed; `typed` is what is answered."""
    monkeypatch.chdir(tmp_path)
    for name, value in as_environment(study).items():
        monkeypatch.setenv(name, value)

    def run(*arguments, typed=None):
        return CliRunner().invoke(app, [str(each) for each in arguments], input=typed)

    return run


@pytest.fixture
def spoken(study, fill):
    """Three people have said one thing each."""

    async def speak() -> None:
        store = await Store.open(study.settings)
        await fill(store, 3)
        await store.close()

    asyncio.run(speak())


@pytest.fixture
def unattended(study, monkeypatch):
    """The passphrase of the study's research key in a file; returns the options that name the key."""
    write_new(study.away / "passphrase", PASSPHRASE + "\n", 0o600)
    monkeypatch.setenv("HEARTEN_PASSPHRASE_FILE", str(study.away / "passphrase"))
    return "--key", study.away / "research.key"
