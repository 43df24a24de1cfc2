"""How fast the bot is: replies beside a bare echo bot, a hundred at once, and the demo's start. `make bench`.

Everything is real: aiogram's own HTTP client, the local messenger, SQLite files, sealing. The echo bot is the least
that aiogram can do on the same messenger, with none of our code, so the ratio says what keeping an answer safe costs,
on whatever machine this runs. Numbers move with the machine and with what else it does; ratios much less.
"""

import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.assembly import put_together, run
from bot.demo.stage import make_token, set_stage
from bot.messenger import Messenger, Person
from storage.keys import read_research_key
from storage.read import Reader
from tests.bench.echo import make_client, make_dispatcher
from tests.bench.rows import Row, show
from tests.test_bot.conftest import to_first_question

ROUNDS = 10
#: Messages of one person in a round. The two bots take turns, round by round, so that both meet the same weather.
MESSAGES = 30
CROWD = 100
#: Messages of each person in the crowd.
EACH = 3
WORDS = "They rang me back the same day, and that is what made the difference to me."


@asynccontextmanager
async def echoing(messenger: Messenger, token: str) -> AsyncIterator[None]:
    """A bot that says what it hears."""
    dispatcher, client = make_dispatcher(), make_client(messenger.url, token)
    polling = asyncio.create_task(dispatcher.start_polling(client, handle_signals=False))
    try:
        yield
    finally:
        with suppress(RuntimeError):
            await dispatcher.stop_polling()
        await polling


@asynccontextmanager
async def hearten(messenger: Messenger, token: str, folder: Path) -> AsyncIterator[None]:
    """The whole bot, with its databases and keys in `folder`."""
    stop = asyncio.Event()
    async with put_together(set_stage(folder).settings(messenger.url, token)) as parts:
        running = asyncio.create_task(run(parts, stop))
        try:
            yield
        finally:
            stop.set()
            await running


@asynccontextmanager
async def messengers() -> AsyncIterator[tuple[Messenger, str]]:
    token = make_token()
    messenger = Messenger(token)
    await messenger.start()
    try:
        yield messenger, token
    finally:
        await messenger.stop()


async def reply_times(person: Person) -> list[float]:
    """Milliseconds from each message to the reply."""
    times = []
    for _ in range(MESSAGES):
        begun = time.perf_counter()
        await person.send(WORDS)
        await person.next_message(timeout=60)
        times.append((time.perf_counter() - begun) * 1000)
    return times


async def measure_replies(folder: Path) -> tuple[list[float], list[float]]:
    """Reply times of the whole bot and of the echo bot. The first round is not counted."""
    ours: list[float] = []
    theirs: list[float] = []
    async with (
        messengers() as (one, one_token),
        messengers() as (two, two_token),
        hearten(one, one_token, folder),
        echoing(two, two_token),
    ):
        speaker, caller = one.person(1), two.person(1)
        await to_first_question(speaker)
        await reply_times(speaker)
        await reply_times(caller)
        for _ in range(ROUNDS):
            ours += await reply_times(speaker)
            theirs += await reply_times(caller)
    return ours, theirs


async def crowd(messenger: Messenger, *, begin: bool) -> float:
    """Messages answered in a second while everybody in the crowd writes at once."""
    people = [messenger.person(number) for number in range(1, CROWD + 1)]
    if begin:
        await asyncio.gather(*(to_first_question(person) for person in people))

    async def talk(person: Person) -> None:
        for _ in range(EACH):
            await person.send(WORDS)
            await person.next_message(timeout=120)

    begun = time.perf_counter()
    await asyncio.gather(*(talk(person) for person in people))
    return CROWD * EACH / (time.perf_counter() - begun)


async def measure_crowd(folder: Path) -> tuple[float, float]:
    """Messages a second of the whole bot and of the echo bot. Fails where an answer was lost or kept twice."""
    async with messengers() as (messenger, token):
        async with hearten(messenger, token, folder):
            ours = await crowd(messenger, begin=True)
        kept = await count_parts(messenger, token, folder)
    if kept != CROWD * EACH:
        raise SystemExit(f"{CROWD * EACH} messages were sent and {kept} were kept.")
    async with messengers() as (messenger, token), echoing(messenger, token):
        theirs = await crowd(messenger, begin=False)
    return ours, theirs


async def count_parts(messenger: Messenger, token: str, folder: Path) -> int:
    """How many messages the research key opens."""
    stage = set_stage(folder)
    key = read_research_key(stage.research_key, stage.passphrase.read_text().strip())
    reader = await Reader.open(stage.settings(messenger.url, token), key)
    try:
        return sum([len(answer.parts) async for answer in reader.answers()])
    finally:
        await reader.close()


async def measure_start(folder: Path) -> tuple[float, float]:
    """Seconds until the demo prints its address, and until the invented people have spoken (0 where they had)."""
    played = folder / "var/demo/played"
    first = not played.exists()
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--port", "18090"),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    while b"Talk to the bot" not in (line := await process.stdout.readline()):
        if not line:
            raise SystemExit("The demo did not start, for the reason above.")
    address = time.perf_counter() - begun
    while not played.exists():
        await asyncio.sleep(0.05)
    people = time.perf_counter() - begun if first else 0.0
    process.send_signal(signal.SIGINT)
    await process.communicate()
    return address, people


def rows() -> list[Row]:
    return asyncio.run(_measure())


async def _measure() -> list[Row]:
    bare = "bare echo bot"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, theirs = await measure_replies(folder / "one")
        median = Row("Message to reply, median", "ms", statistics.median(ours), statistics.median(theirs), bare)
        slow = Row("Message to reply, p95", "ms", p95(ours), p95(theirs), bare)
        many = Row(f"Answered, {CROWD} people at once", "/s", *await measure_crowd(folder / "many"), bare, True)
        first, people = await measure_start(folder)
        second, _ = await measure_start(folder)
    starts = {"First start of the demo": first, "until the people have spoken": people, "Second start": second}
    return [median, slow, many, *(Row(what, "s", seconds) for what, seconds in starts.items())]


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    show(rows())
