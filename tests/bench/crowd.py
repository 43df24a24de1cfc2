"""The bot under load, side by side with a bare aiogram echo bot where that can be compared. Part of `make bench`.

- throughput: messages answered in a second while everybody writes at once, through the whole HTTP stack, and the
  processor time of each;
- thirty a second, Telegram's own limit: from each message to its reply, p50 and p99;
- memory: idle, and with ten thousand open conversations (`python -m tests.bench.crowd open`), with the reply time
  among them.

Each bot is a process of its own, as an operator starts it; the local messenger and the people are in this one. Limits
of sending are off: Telegram's would be all that is measured. Bursts take turns, so that both bots meet the same
weather; on a machine that does other things the processor time says more than the clock.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.demo.stage import make_token, set_stage
from bot.messenger import Messenger, Person
from tests.bench.reply import WORDS
from tests.bench.rows import Row, show
from tests.test_bot.conftest import CODE, House, to_first_question
from tests.test_bot.test_doors import bot_process

PEOPLE, EACH, BURSTS = 50, 8, 6
RATE, SECONDS = 30, 20
OPEN = 10_000
CURVE = (500, 1_000, 2_500, 5_000, OPEN)


@dataclass
class Measured:
    """One of the two bots: its process, the people who write to it, and what was seen."""

    process: asyncio.subprocess.Process
    people: list[Person]
    idle: float = 0.0
    seconds: float = 0.0
    processor: float = 0.0
    messages: int = 0
    steady: list[float] = field(default_factory=list)

    async def burst(self) -> None:
        """Everybody writes at once, and again as soon as they are answered."""

        async def talk(person: Person) -> None:
            for _ in range(EACH):
                await person.send(WORDS)
                await person.next_message(timeout=120)

        before, begun = processor_seconds(self.process), time.perf_counter()
        await asyncio.gather(*(talk(person) for person in self.people))
        self.seconds += time.perf_counter() - begun
        self.processor += processor_seconds(self.process) - before
        self.messages += len(self.people) * EACH

    @property
    def rate(self) -> float:
        return self.messages / self.seconds

    @property
    def each(self) -> float:
        """Milliseconds of processor time for a message."""
        return self.processor / self.messages * 1000


async def at_a_steady_rate(people: list[Person]) -> list[float]:
    """Milliseconds from each message to its reply, RATE messages a second from different people in turn."""
    times: list[float] = []

    async def one(person: Person) -> None:
        begun = time.perf_counter()
        await person.send(WORDS)
        await person.next_message(timeout=60)
        times.append((time.perf_counter() - begun) * 1000)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(RATE * SECONDS):
            await asyncio.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
            tasks.create_task(one(people[number % len(people)]))
    return times


def p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[-1]


def megabytes(process: asyncio.subprocess.Process) -> float:
    """The memory that a process holds now (resident set, from /proc)."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def processor_seconds(process: asyncio.subprocess.Process) -> float:
    """What a process has used of the processor, all its threads together."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def messenger() -> AsyncIterator[tuple[Messenger, str]]:
    token = make_token()
    made = Messenger(token)
    await made.start()
    try:
        yield made, token
    finally:
        await made.stop()


@asynccontextmanager
async def hearten(folder: Path) -> AsyncIterator[tuple[Messenger, asyncio.subprocess.Process]]:
    """`python -m bot run`, with its databases and keys in `folder`; stopped as an operator stops it."""
    async with messenger() as (made, token):
        house = House(set_stage(folder), made, token)
        async with bot_process(house, folder / "log") as process:
            await _greet(made)
            yield made, process
            process.terminate()
            if await process.wait():
                raise SystemExit((folder / "log").read_text())


@asynccontextmanager
async def echo() -> AsyncIterator[tuple[Messenger, asyncio.subprocess.Process]]:
    async with messenger() as (made, token):
        command = (sys.executable, "-m", "tests.bench.echo", made.url, token)
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
        try:
            await _greet(made)
            yield made, process
        finally:
            process.kill()
            await process.wait()


async def _greet(made: Messenger) -> None:
    """Until the bot answers, and has made everything ready."""
    person = made.person(OPEN + 100)
    await person.send_start(CODE)
    await person.next_message(timeout=60)
    await asyncio.sleep(2)


def rows() -> list[Row]:
    return [*asyncio.run(_compare()), *asyncio.run(_stay())]


async def _compare() -> list[Row]:
    async with AsyncExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        ours, theirs = [
            Measured(process, [made.person(number) for number in range(1, PEOPLE + 1)], megabytes(process))
            for made, process in [
                await running.enter_async_context(hearten(folder)),
                await running.enter_async_context(echo()),
            ]
        ]
        await asyncio.gather(*(to_first_question(person) for person in ours.people))
        for each in (ours, theirs) * BURSTS:
            await each.burst()
        for each in (ours, theirs):
            each.steady = await at_a_steady_rate(each.people)
        return rows_of(ours, theirs)


def rows_of(ours: Measured, theirs: Measured) -> list[Row]:
    bare, steady = "bare echo bot", f"{RATE} a second,"
    half = [statistics.median(each.steady) for each in (ours, theirs)]
    slow = [p99(each.steady) for each in (ours, theirs)]
    after = [megabytes(each.process) for each in (ours, theirs)]
    return [
        Row("Messages answered, all at once", "/s", ours.rate, theirs.rate, bare, more_is_better=True),
        Row("Processor time of a message", "ms", ours.each, theirs.each, bare),
        Row(f"{steady} p50", "ms", *half, bare),
        Row(f"{steady} p99", "ms", *slow, bare),
        Row("Memory, idle", "MB", ours.idle, theirs.idle, bare),
        Row("Memory, afterwards", "MB", *after, bare),
    ]


async def _stay() -> list[Row]:
    """Ten thousand people open the chat and stay; the memory of the bot alone."""
    with tempfile.TemporaryDirectory() as name:
        async with hearten(Path(name)) as (made, process):
            found = [Row("Memory, open conversations", "MB", megabytes(process), count=1)]
            for first in range(1, OPEN + 1, 500):
                people = [made.person(number) for number in range(first, first + 500)]
                await asyncio.gather(*(_open(person) for person in people))
                if first + 499 in CURVE:
                    found.append(Row("Memory, open conversations", "MB", megabytes(process), count=first + 499))
            talkers = [made.person(OPEN + number) for number in range(1, PEOPLE + 1)]
            await asyncio.gather(*map(to_first_question, talkers))
            times = await at_a_steady_rate(talkers)
    return [*found, Row(f"{RATE} a second among {OPEN:,}, p99", "ms", p99(times))]


async def _open(person: Person) -> None:
    await person.send_start(CODE)
    await person.next_message(timeout=300)


if __name__ == "__main__":
    show(asyncio.run(_stay()) if sys.argv[1:] == ["open"] else asyncio.run(_compare()))
