"""A research key, a desk of its own, and a small study with sealed answers for what is done with them."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analysis.__main__ import app
from analysis.desk import Book
from storage.erase import erase_by_code
from storage.keys import Cost, ResearchKey, make_research_key, read_research_key
from storage.read import Reader
from storage.records import Content, Enrolment, NewPart, Place
from storage.settings import StorageSettings
from storage.write import Store

PASSPHRASE = "four words of a test"
CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)
DAY = date(2026, 8, 14)

#: What each of three people says to two questions. Their order in the databases is that of their pseudonyms.
SAID = [
    (
        "My key worker Janet Blackwood listened to me properly. I am the only trans man in Ambleford.",
        "Janet Blackwood rang me back the same day. She believed me.",
    ),
    (
        "I waited 14 months on a list and nobody rang. You have to be in crisis before you get any help.",
        "They talked to me as if I was making it up.",
    ),
    (
        "I wish I could see the same worker each time instead of starting again.",
        "The group helped, people there have been through it too 🌱. Dr Patel never read my notes.",
    ),
]


def secret(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


@dataclass(frozen=True)
class Study:
    folder: Path
    settings: StorageSettings

    @property
    def key(self) -> ResearchKey:
        return read_research_key(self.folder / "research.key", PASSPHRASE)

    @property
    def desk(self) -> Path:
        return self.folder / "desk.db"

    @property
    def book(self) -> Book:
        return Book.open(self.desk, self.key.desk_key)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HEARTEN_DATABASE_URL": self.settings.database_url,
            "HEARTEN_KEYRING_URL": self.settings.keyring_url,
            "HEARTEN_PASSPHRASE_FILE": str(self.folder / "passphrase"),
            "HEARTEN_DESK": str(self.desk),
        }

    def run(self, *arguments: str, stdin: str = "") -> Result:
        """A command of the analysis, with the key."""
        given = [*arguments, "--key", str(self.folder / "research.key")]
        return CliRunner().invoke(app, given, env=self.environment, input=stdin)

    @asynccontextmanager
    async def source(self) -> AsyncIterator[Reader]:
        reader = await Reader.open(self.settings, self.key)
        try:
            yield reader
        finally:
            await reader.close()

    def withdraw(self, number: int) -> None:
        async def work() -> None:
            store = await Store.open(self.settings)
            await erase_by_code(store, f"CODE-{number}")
            await store.close()

        asyncio.run(work())


async def _speak(settings: StorageSettings) -> None:
    store = await Store.open(settings)
    for number, answers in enumerate(SAID):
        items = {"take_part": True, "quotes": True, "summaries": True}
        session = f"session-{number}"
        async with store.unit() as unit:
            person, _ = await unit.progress(1000 + number)
            await unit.enrol(person, Enrolment(session, "elm", "guide", 1, f"CODE-{number}", items, "0" * 64, DAY))
            for which, words in enumerate(answers):
                place = Place(session, f"q{which}", 1)
                await unit.outcome(person, session, place.question, "asked", DAY)
                await unit.keep(person, NewPart(place, "answer", Content.of_text(words), None, DAY))
                await unit.outcome(person, session, place.question, "answered", DAY)
            await unit.keep(person, NewPart(Place(session, "age", 1), "choice", Content.of_text("18-24"), None, DAY))
    await store.close()


@pytest.fixture(scope="session")
def make_study() -> Callable[[Path], Study]:
    def make(folder: Path) -> Study:
        private, public = make_research_key(PASSPHRASE, "test", CHEAP)
        secret(folder / "research.key", private)
        secret(folder / "passphrase", PASSPHRASE + "\n")
        (folder / "recipients").mkdir()
        (folder / "recipients" / "research.pub").write_text(public)
        settings = StorageSettings(
            _env_file=None,
            database_url=f"sqlite+aiosqlite:///{folder}/var/hearten.db",
            keyring_url=f"sqlite+aiosqlite:///{folder}/var/keyring.db",
            recipients=folder / "recipients",
            bot_key=folder / "var" / "bot.key",
        )
        asyncio.run(_speak(settings))
        return Study(folder, settings)

    return make


@pytest.fixture
def study(tmp_path: Path, make_study: Callable[[Path], Study]) -> Study:
    return make_study(tmp_path)


@pytest.fixture(scope="session")
def research_key() -> ResearchKey:
    return new_key()


def new_key() -> ResearchKey:
    return ResearchKey.of_raw(os.urandom(96), "test")


@pytest.fixture
def book(tmp_path: Path, research_key: ResearchKey) -> Iterator[Book]:
    book = Book.open(tmp_path / "desk.db", research_key.desk_key)
    yield book
    book.close()
