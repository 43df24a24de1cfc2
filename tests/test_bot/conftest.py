"""The whole bot over HTTP: the real aiogram stack, the local messenger, real SQLite files, real keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.assembly import Parts, put_together, run
from bot.demo.stage import Stage, make_token, set_stage
from bot.messenger import Message, Messenger, Person, RehearsalClock
from storage.keys import ResearchKey, read_research_key
from storage.read import Reader
from storage.records import Answer


@dataclass(frozen=True)
class House:
    """A folder with keys and databases, and a messenger; `bot()` runs the bot for as long as it is entered."""

    stage: Stage
    messenger: Messenger
    token: str

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[Parts]:
        stop = asyncio.Event()
        async with put_together(self.stage.settings(self.messenger.url, self.token), clock=self.now) as parts:
            running = asyncio.create_task(run(parts, stop))
            try:
                yield parts
            finally:
                stop.set()
                await running

    def now(self) -> datetime:
        """The time of the rehearsal."""
        return datetime.fromtimestamp(self.messenger.clock(), UTC)

    def forward(self, **spans: float) -> None:
        """Let time pass: `days=1`, `hours=3`."""
        assert isinstance(self.messenger.clock, RehearsalClock)
        self.messenger.clock.forward(timedelta(**spans).total_seconds())

    def research_key(self) -> ResearchKey:
        return read_research_key(self.stage.research_key, self.stage.passphrase.read_text().strip())

    def every_byte(self) -> bytes:
        """All that is on the disk of this house."""
        return b"".join(file.read_bytes() for file in sorted(self.stage.folder.rglob("*")) if file.is_file())

    async def answers(self) -> list[Answer]:
        """Everything that the researcher can read."""
        reader = await Reader.open(self.stage.settings("http://127.0.0.1:1", self.token), self.research_key())
        try:
            return [answer async for answer in reader.answers()]
        finally:
            await reader.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    token = make_token()
    messenger = Messenger(token)
    await messenger.start()
    try:
        yield House(set_stage(tmp_path / "demo"), messenger, token)
    finally:
        await messenger.stop()


CODE = "RIVERSIDE"


async def to_first_question(person: Person, start: Message | None = None) -> Message:
    """Agree to everything, take all topics, and come to the first question."""
    if start is None:
        await person.send_start(CODE)
    message = start or await _offer(person)
    while True:
        data = [button.data for row in message.buttons for button in row]
        if any(each.startswith("help:question-") for each in data):
            return message
        usual = ("next:", "yes:consent", "yes:eligible", "choose:company", "choose:safe", "choose:path", "done:topics")
        await person.press(
            message, next(each for verb in (*usual, "no:", "skip:") for each in data if each.startswith(verb))
        )
        message = await _offer(person)


async def _offer(person: Person) -> Message:
    return await person.wait_for(lambda message: bool(message.buttons), timeout=60)
