"""What keeping an answer safe costs: one whole unit of work beside a plain insert, on this machine. `make bench`.

The unit is what the bot commits for one answer: the update's number, the person's progress read and written, the answer
sealed in two layers, what became of the question, the message to send. Beside it, with the same durability (WAL,
`synchronous=FULL`), in turns: aiosqlite inserting one row with as many bytes, and the same through SQLCipher, which
encrypts the file with a key that lies beside it. First one after the other, then twenty at the same moment, when our
units share a commit; a plain insert has its own, since one connection has one transaction. Then every answer is read
back with the research key.
"""

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import aiosqlite
import sqlcipher3

from storage.keys import Cost, make_research_key, read_research_key
from storage.read import Reader
from storage.records import Content, Enrolment, NewPart, Place
from storage.settings import StorageSettings
from storage.write import Store
from tests.bench.rows import Row, show
from tests.test_storage.server import Server, find_binaries

ROUNDS, EACH, AT_ONCE = 12, 160, 20
DAY, PASSPHRASE = date(2026, 7, 1), "four words of a bench"
WORDS = "They rang me back the same day, and that is what made the difference to me."
PROGRESS, MESSAGE = b"p" * 700, b"m" * 400
#: Envelope, sealed progress and sealed message of such a unit, in bytes.
SIZE = 1500 + len(PROGRESS) + len(MESSAGE) + 2 * 28
SIZES = (1_000, 10_000, 100_000)
PEOPLE = 500

Insert = Callable[[int], Awaitable[None]]
Times = dict[str, list[float]]


def make_settings(folder: Path, urls: tuple[str, str] | None = None) -> StorageSettings:
    private, public = make_research_key(PASSPHRASE, "bench", Cost(iterations=1, lanes=1, memory_kib=8))
    (folder / "recipients").mkdir(parents=True)
    (folder / "recipients" / "research.pub").write_text(public)
    (folder / "research.key").touch(mode=0o600)
    (folder / "research.key").write_text(private)
    main, keyring = urls or [f"sqlite+aiosqlite:///{folder}/{name}.db" for name in ("hearten", "keyring")]
    return StorageSettings(
        _env_file=None,
        database_url=main,
        keyring_url=keyring,
        recipients=folder / "recipients",
        bot_key=folder / "bot.key",
    )


async def enrol(store: Store, people: int) -> None:
    for number in range(people):
        async with store.unit() as unit:
            person, _ = await unit.progress(number)
            wanted = {"take_part": True, "quotes": True, "summaries": True}
            await unit.enrol(person, Enrolment("s", "north", "guide", 1, f"CODE-{number}", wanted, "0" * 64, DAY))
            await unit.save(person, PROGRESS, DAY)


async def one_unit(store: Store, number: int) -> None:
    async with store.unit(number, number % PEOPLE) as unit:
        person, _ = await unit.progress(number % PEOPLE)
        place = Place("s", f"question-{number // PEOPLE}", 1)
        await unit.keep(person, NewPart(place, "answer", Content.of_text(WORDS), str(number), DAY))
        await unit.outcome(person, "s", place.question, "answered", DAY)
        await unit.save(person, PROGRESS, DAY)
        await unit.say(person, MESSAGE)


async def plain(connection: aiosqlite.Connection, number: int) -> None:
    await connection.execute("INSERT INTO answer (person, words) VALUES (?, ?)", (number % PEOPLE, os.urandom(SIZE)))
    await connection.commit()


async def prepare(connection: aiosqlite.Connection, key: str = "") -> None:
    if key:
        await connection.execute(f"PRAGMA key = '{key}'")
    await connection.execute("PRAGMA journal_mode=WAL")
    await connection.execute("PRAGMA synchronous=FULL")
    await connection.execute("CREATE TABLE answer (number INTEGER PRIMARY KEY, person INTEGER, words BLOB)")
    await connection.commit()


async def measure_commits(folder: Path) -> tuple[Times, Times]:
    """Milliseconds of each commit, alone and with others at the same moment: ours, plain, SQLCipher; in turns, so that
    all three meet the same weather."""
    store = await Store.open(make_settings(folder))
    await enrol(store, PEOPLE)
    cipher = aiosqlite.Connection(lambda: sqlcipher3.connect(str(folder / "cipher.db")), iter_chunk_size=64)
    async with aiosqlite.connect(folder / "plain.db") as bare, cipher:
        await prepare(bare)
        await prepare(cipher, "a key that lies beside it")
        ways: dict[str, Insert] = {
            "ours": lambda number: one_unit(store, number),
            "plain": lambda number: plain(bare, number),
            "SQLCipher": lambda number: plain(cipher, number),
        }
        alone = await take_turns(ways)
        side_by_side = {name: insert if name == "ours" else one_by_one(insert) for name, insert in ways.items()}
        together = await take_turns_together(side_by_side)
    await store.close()
    return alone, together


def one_by_one(insert: Insert) -> Insert:
    turn = asyncio.Lock()

    async def in_turn(number: int) -> None:
        async with turn:
            await insert(number)

    return in_turn


async def take_turns_together(ways: dict[str, Insert]) -> Times:
    """As below, AT_ONCE started at the same moment; milliseconds for each of them."""
    times: Times = {name: [] for name in ways}
    beyond = (ROUNDS + 1) * EACH
    for turn in range(ROUNDS + 1):
        for name, insert in ways.items():
            for first in range(beyond + turn * EACH, beyond + (turn + 1) * EACH, AT_ONCE):
                begun = time.perf_counter()
                await asyncio.gather(*map(insert, range(first, first + AT_ONCE)))
                times[name] += [(time.perf_counter() - begun) / AT_ONCE * 1000] * bool(turn)
    return times


async def take_turns(ways: dict[str, Insert]) -> Times:
    times: Times = {name: [] for name in ways}
    for turn in range(ROUNDS + 1):
        for name, insert in ways.items():
            for number in range(turn * EACH, (turn + 1) * EACH):
                begun = time.perf_counter()
                await insert(number)
                times[name] += [(time.perf_counter() - begun) * 1000] * bool(turn)  # the first turn is not counted
    return times


def measure_server(folder: Path) -> list[float]:
    """Milliseconds of each unit on a PostgreSQL server with fsync, one after the other."""
    server = Server.make(fsync=True)
    try:
        return asyncio.run(measure_units(make_settings(folder, server.copy_templates())))
    finally:
        server.remove()


async def measure_units(settings: StorageSettings) -> list[float]:
    store = await Store.open(settings)
    await enrol(store, PEOPLE)
    times = await take_turns({"ours": lambda number: one_unit(store, number)})
    await store.close()
    return times["ours"]


async def fill(settings: StorageSettings, answers: int) -> None:
    """Many answers, fast: many in one unit."""
    store = await Store.open(settings)
    await enrol(store, PEOPLE)
    for first in range(0, answers, 1000):
        async with store.unit() as unit:
            for number in range(first, min(first + 1000, answers)):
                person = store._bot_key.pseudonym(number % PEOPLE)
                place = Place("s", f"question-{number // PEOPLE}", 1)
                await unit.keep(person, NewPart(place, "answer", Content.of_text(WORDS), None, DAY))
    await store.close()


async def read_all(folder: Path) -> None:
    """Run in a process of its own: prints how many answers were read, the seconds, and the most memory (KiB)."""
    settings = StorageSettings(
        _env_file=None,
        database_url=f"sqlite+aiosqlite:///{folder}/hearten.db",
        keyring_url=f"sqlite+aiosqlite:///{folder}/keyring.db",
    )
    begun, seen = time.perf_counter(), 0
    reader = await Reader.open(settings, read_research_key(folder / "research.key", PASSPHRASE))
    async for answer in reader.answers():
        seen += answer.text == WORDS
    await reader.close()
    print(seen, time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # noqa: T201


def measure_reading(folder: Path, answers: int) -> tuple[float, float]:
    """Answers a second, and the most memory in MiB."""
    folder.mkdir()
    asyncio.run(fill(make_settings(folder), answers))
    command = [sys.executable, "-m", "tests.bench.storage", str(folder)]
    seen, seconds, memory = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    if int(seen) != answers:
        raise SystemExit(f"{answers} answers were kept and {seen} were read.")
    return answers / float(seconds), float(memory) / 1024


def rows() -> list[Row]:
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "commits").mkdir()
        ways = ("One answer committed", f"{AT_ONCE} at once, each")
        for when, times in zip(ways, asyncio.run(measure_commits(folder / "commits")), strict=True):
            for how, of in (("median", statistics.median), ("mean", statistics.mean)):
                for beside, other in (("aiosqlite", "plain"), ("SQLCipher", "SQLCipher")):
                    found.append(Row(f"{when}, {how}", "ms", of(times["ours"]), of(times[other]), beside))
        if find_binaries():
            (folder / "server").mkdir()
            found.append(
                Row("The same on PostgreSQL, median", "ms", statistics.median(measure_server(folder / "server")))
            )
        for count in SIZES:
            rate, memory = measure_reading(folder / str(count), count)
            found.append(Row("Answers read back", "/s", rate, more_is_better=True, count=count))
            found.append(Row("Memory of reading back", "MB", memory, count=count))
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(read_all(Path(sys.argv[1])))
    else:
        show(rows())
