"""A whole study on disk: keys, settings, and the two databases in a folder of the test's own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from storage.keys import Cost, ResearchKey, make_research_key, read_research_key
from storage.read import Reader
from storage.records import Answer, Content, Enrolment, NewPart, Place
from storage.settings import StorageSettings
from storage.write import Store, Unit

PASSPHRASE = "four words of a test"
CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)
DAY = date(2026, 7, 1)


@dataclass(frozen=True)
class Study:
    """The folder `host` is the bot's machine; the research key lies apart from it."""

    host: Path
    away: Path
    settings: StorageSettings

    @property
    def research_key(self) -> ResearchKey:
        return read_research_key(self.away / "research.key", PASSPHRASE)

    def bytes_on_host(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.host.rglob("*")) if path.is_file())

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
def study(tmp_path: Path) -> Study:
    return make_study(tmp_path)


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
