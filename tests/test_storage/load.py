"""A worker that writes as fast as it can, to be killed; and what must be true of the database afterwards.

Each number is an update: its answer, its progress, its message. When it is committed, and only then, the number goes
into a file, as the bot would acknowledge it to Telegram. A worker that starts again is sent the last numbers once more,
whether they were acknowledged or not.
"""

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path

from storage.errors import StorageError
from storage.records import Content, Enrolment, NewPart, Place
from storage.settings import StorageSettings
from storage.write import Store, Unit

WORDS = "the heron stood at the corner of Ellery Street {}"
WORDS_OF_A_VISITOR = "the heron stood there too {}"
DAY = date(2026, 7, 1)
SESSION = "session"
#: People who speak; everybody beyond comes, says one thing, and withdraws.
SPEAKERS = 20
AT_ONCE = 4


def work(settings: StorageSettings, acknowledged: Path, first: int, step: int) -> None:
    """Handle numbers from `first` on until killed."""
    asyncio.run(_work(settings, acknowledged, first, step))


async def _work(settings: StorageSettings, acknowledged: Path, first: int, step: int) -> None:
    store = await _until_it_works(settings)
    file = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    numbers = count(first, step)
    await asyncio.gather(*(_handle_all(store, numbers, file) for _ in range(AT_ONCE)))


async def _until_it_works(settings: StorageSettings) -> Store:
    while True:
        try:
            return await Store.open(settings)
        except StorageError:
            await asyncio.sleep(0.02)


async def _handle_all(store: Store, numbers: Iterator[int], file: int) -> None:
    for number in numbers:
        while True:
            try:
                await handle(store, number)
            except StorageError:
                await asyncio.sleep(0.02)  # it is delivered again
            else:
                break
        os.write(file, b"%d\n" % number)


async def handle(store: Store, number: int) -> None:
    async with store.unit(number) as unit:
        if unit.seen:
            return
        if number % 20 == 9:
            await _come(unit, SPEAKERS + number, number, WORDS_OF_A_VISITOR)
        elif number % 20 == 19:
            await unit.erase_person((await unit.progress(SPEAKERS + number - 10))[0])
        await _come(unit, number % SPEAKERS, number, WORDS)


async def _come(unit: Unit, who: int, number: int, words: str) -> None:
    pseudonym, _ = await unit.progress(who)
    items = {"take_part": True}
    await unit.enrol(pseudonym, Enrolment(SESSION, "north", "guide", 1, f"CODE{who}", items, "", DAY))
    content = Content.of_text(words.format(number))
    await unit.keep(pseudonym, NewPart(Place(SESSION, f"q{number}", 1), "answer", content, str(number), DAY))
    await unit.outcome(pseudonym, SESSION, f"q{number}", "answered", DAY)
    await unit.save(pseudonym, content.data, DAY)
    await unit.say(pseudonym, content.data)


def numbers_in(acknowledged: Path) -> list[int]:
    return [int(line) for line in acknowledged.read_text().splitlines()] if acknowledged.exists() else []


async def check(settings: StorageSettings, acknowledged: set[int]) -> None:
    """The database opens and finishes what was left; its log is whole; all that was acknowledged is there, and once."""
    store = await Store.open(settings)
    await store.audit_head()
    messages = []
    for who in range(SPEAKERS):
        messages += await store.waiting(datetime.now(UTC), limit=10**6, pseudonym=store._bot_key.pseudonym(who))
    await store.close()
    said = [each.payload for each in messages]
    assert len(said) == len(set(said)), "an answer was handled twice"
    lost = {WORDS.format(number).encode() for number in acknowledged} - set(said)
    assert not lost, f"{len(lost)} acknowledged updates are lost"
