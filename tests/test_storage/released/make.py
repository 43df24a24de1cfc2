"""Makes the populated database of a schema: run at the version that releases it, before anything else is changed.

    PYTHONPATH=. .venv/bin/python tests/test_storage/released/make.py

Everything in it is invented, its keys included: they open nothing but this. It is kept as SQL, so that a change shows.
"""

import asyncio
import shutil
import sqlite3
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from storage.bundles import TidingsText
from storage.keys import Cost, make_research_key
from storage.records import TEXT, Content, Enrolment, NewPart, Place
from storage.schema import HEADS
from storage.seal.bundle import Enclosed, close_files
from storage.settings import StorageSettings
from storage.write import Store, Unit

DAY, LATER = date(2026, 7, 1), datetime(2026, 7, 3, tzinfo=UTC)
BUNDLE = b"\xc3" * 16


async def speak(unit: Unit, number: int) -> None:
    """The third person does not take part after all; whoever does says one thing."""
    person, _ = await unit.progress(number)
    items = {"take_part": number != 2, "quotes": number % 2 == 0, "summaries": True, "hear_back": True}
    service, session = "north" if number < 3 else "south", f"session-{number}"
    await unit.enrol(person, Enrolment(session, service, "guide", 1, f"CODE-{number:06d}", items, "0" * 64, DAY))
    if items["take_part"]:
        words = Content.of_text(f"They were kind, said number {number}.")
        await unit.keep(person, NewPart(Place(session, "what-helped", 1), "answer", words, "5", DAY))
        await unit.outcome(person, session, "what-helped", "answered", DAY)
    await unit.save(person, b"progress %d" % number, DAY)
    await unit.say(person, b"thanks %d" % number)
    await unit.remind(person, "pause", LATER, b"reminder %d" % number)
    await unit.trace(person, "5", b"trace %d" % number, LATER)
    await unit.reach(person, b"reach %d" % number)
    await unit.ask_copy(person, b"reach %d" % number, DAY)


async def fill(settings: StorageSettings) -> None:
    store = await Store.open(settings)
    for number in range(4):
        async with store.unit(100 + number) as unit:
            await speak(unit, number)
    async with store.unit(200) as unit:
        await unit.set_aside(b"an odd update")
    async with store.unit(202) as unit:
        first, _ = await unit.progress(0)
        closed = close_files(
            [Enclosed("copy.txt", TEXT, b"They were kind.")], await unit._key_of(first), unit._study, first, BUNDLE
        )
        await unit.put_copy(first, BUNDLE, 1, closed, LATER)
        await unit.see_bundle(BUNDLE, DAY)
        await unit.tell(
            BUNDLE, "north", TidingsText(period="2026-Q3", messages={"en": "We answer the phone now."}), LATER
        )
    async with store.unit(201) as unit:
        await unit.erase_person((await unit.progress(3))[0])
    await store.close()


def main() -> None:
    out = Path(__file__).parent / HEADS["main"]
    out.mkdir()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        private, public = make_research_key("four words of a test", "released", Cost(1, 1, 8))
        (folder / "recipients").mkdir()
        (folder / "recipients" / "research.pub").write_text(public)
        urls = {f"{each}_url": f"sqlite+aiosqlite:///{folder}/{each}.db" for each in ("database", "keyring")}
        asyncio.run(
            fill(StorageSettings(_env_file=None, recipients=folder / "recipients", bot_key=folder / "bot.key", **urls))
        )
        for each, kept in (("database", "main"), ("keyring", "keyring")):
            with sqlite3.connect(folder / f"{each}.db") as connection:
                (out / f"{kept}.sql").write_text("\n".join(connection.iterdump()) + "\n")
        shutil.copy(folder / "bot.key", out)
    (out / "research.key").write_text(private)
    (out / "research.pub").write_text(public)


if __name__ == "__main__":
    main()
