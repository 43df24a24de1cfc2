"""The bot under load, side by side with a bare aiogram echo bot where that can be compared. Part of `make bench`.

- throughput: messages answered in a second while everybody writes at once, through the whole HTTP stack;
- thirty a second, Telegram's own limit: from each message to its reply, p50 and p99;
- ten thousand open conversations: memory, and the reply time among them.

Server and people are the local messenger, in the same process as the bot, so what the bot alone does is less than what
is shown; the bare bot carries the same load. Limits of sending are off: Telegram's would be all that is measured.
"""

import asyncio
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.messenger import Person
from tests.bench.reply import WORDS, echoing, hearten, messengers
from tests.test_bot.conftest import CODE, to_first_question

PEOPLE, EACH = 50, 8
RATE, SECONDS = 30, 20
OPEN = 10_000


async def throughput(people: list[Person]) -> float:
    async def talk(person: Person) -> None:
        for _ in range(EACH):
            await person.send(WORDS)
            await person.next_message(timeout=120)

    begun = time.perf_counter()
    await asyncio.gather(*(talk(person) for person in people))
    return len(people) * EACH / (time.perf_counter() - begun)


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


def megabytes() -> float:
    """The most memory that this process has had (getrusage, KiB on Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def compare() -> None:
    table = Table("", "Hearten", "bare echo bot", "ratio", "aim", title="Under load")
    with tempfile.TemporaryDirectory() as name:
        async with messengers() as (messenger, token), hearten(messenger, token, Path(name)):
            people = [messenger.person(number) for number in range(1, PEOPLE + 1)]
            await asyncio.gather(*(to_first_question(person) for person in people))
            ours = await throughput(people)
            steady = await at_a_steady_rate(people)
    async with messengers() as (messenger, token), echoing(messenger, token):
        people = [messenger.person(number) for number in range(1, PEOPLE + 1)]
        theirs = await throughput(people)
        bare = await at_a_steady_rate(people)
    table.add_row("Messages a second, all at once", f"{ours:.0f}", f"{theirs:.0f}", f"{ours / theirs:.2f}", "0.50")
    for label, ours_ms, theirs_ms, aim in (
        ("p50, ms", statistics.median(steady), statistics.median(bare), ""),
        ("p99, ms", p99(steady), p99(bare), "50 ms"),
    ):
        row = (f"{RATE} a second: {label}", f"{ours_ms:.1f}", f"{theirs_ms:.1f}", f"{ours_ms / theirs_ms:.1f}", aim)
        table.add_row(*row)
    Console().print(table)


async def crowd() -> None:
    """Ten thousand people open the chat and stay; the memory of the bot and of the messenger together."""
    console = Console()
    with tempfile.TemporaryDirectory() as name:
        async with messengers() as (messenger, token), hearten(messenger, token, Path(name)):
            before = megabytes()
            for first in range(1, OPEN + 1, 500):
                people = [messenger.person(number) for number in range(first, first + 500)]
                await asyncio.gather(*(_open(person) for person in people))
                console.print(f"{first + 499:,} open, {megabytes():.0f} MB", end="\r")
            talker = messenger.person(OPEN + 1)
            await to_first_question(talker)
            times = await at_a_steady_rate([talker])
    console.print(
        f"{OPEN:,} open conversations: {megabytes():.0f} MB (aim 300), of which {before:.0f} MB before the first;"
    )
    console.print(f"a message among them: p99 {p99(times):.1f} ms")


async def _open(person: Person) -> None:
    await person.send_start(CODE)
    await person.next_message(timeout=300)


if __name__ == "__main__":
    asyncio.run(crowd() if sys.argv[1:] == ["open"] else compare())
