"""One, two and four bot workers behind one webhook, on one PostgreSQL: what an answer costs, and how it grows.

Each worker is a process of its own, as it would be on a machine of its own; a small proxy hands updates to them in
turn; PostgreSQL waits for its disk. People write one message after the other and wait for the reply each time, all at
once. Telegram and the people are one more process (this one), and everything shares the cores of this machine. So
messages a second end where the cores end, and what each part costs in CPU time is what tells how far more machines go.

    python -m tests.bench.workers [1 2 4]
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url

from bot.demo.stage import make_token, set_stage
from bot.messenger import Messenger, Person
from tests.bench.reply import WORDS
from tests.test_bot.conftest import House, to_first_question
from tests.test_bot.test_doors import bot_process
from tests.test_bot.test_operating import free_port
from tests.test_bot.test_workers import SECRET, Balancer
from tests.test_storage.server import Server, find_binaries

PEOPLE, EACH = 16, 10
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Of one number of workers. CPU in milliseconds a message, memory in MB a worker, disk in bytes a message."""

    workers: int
    a_second: float
    bot: float
    database: float
    here: float
    memory: float
    disk: float


def cpu(processes: Iterable[int]) -> float:
    """Seconds that these have worked so far (proc(5), utime and stime), with their children that have ended."""
    total = 0
    for each in processes:
        try:
            fields = Path(f"/proc/{each}/stat").read_text("ascii").rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / _TICK


def children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text("ascii")
    return [process, *(int(each) for each in found.split())]


def postmaster(server: Server) -> int:
    return int((server.data / "postmaster.pid").read_text("ascii").split()[0])


def memory(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


async def listening(port: int) -> None:
    """Return once something does; on a busy machine a start may take minutes."""
    async with asyncio.timeout(300):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.2)
            else:
                writer.close()
                return


async def talk(person: Person) -> None:
    for _ in range(EACH):
        await person.send(WORDS)
        await person.next_message(timeout=120)


async def measure(server: Server, workers: int) -> Cost:
    main, keyring = server.copy_templates()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        token = make_token()
        messenger = Messenger(token)
        await messenger.start()
        stack.push_async_callback(messenger.stop)
        house = House(set_stage(folder / "stage"), messenger, token)
        balancer = Balancer([free_port() for _ in range(workers)])
        url = await stack.enter_async_context(balancer.listening())
        settings = {"DATABASE_URL": main, "KEYRING_URL": keyring, "WEBHOOK_URL": url, "WEBHOOK_SECRET": SECRET}
        started = [
            await stack.enter_async_context(bot_process(house, folder / "log", **settings, WEBHOOK_PORT=str(port)))
            for port in balancer.ports
        ]
        for port in balancer.ports:
            await listening(port)
        people = [messenger.person(number) for number in range(1, PEOPLE + 1)]
        await asyncio.gather(*(to_first_question(person) for person in people))
        await asyncio.gather(*(talk(person) for person in people[:8]))  # every worker is warm
        cost = await _talk_and_measure(server, people, [each.pid for each in started], main)
    server.drop(main, keyring)
    return cost


async def _talk_and_measure(server: Server, people: list[Person], workers: list[int], main: str) -> Cost:
    messages = len(people) * EACH
    database = children(postmaster(server))
    before = (cpu(workers), cpu(database), time.process_time(), size_of(server, main))
    begun = time.perf_counter()
    await asyncio.gather(*(talk(person) for person in people))
    seconds = time.perf_counter() - begun
    after = (cpu(workers), cpu({*database, *children(postmaster(server))}), time.process_time(), size_of(server, main))
    bot, postgres, here, disk = (later - earlier for earlier, later in zip(before, after, strict=True))
    return Cost(
        workers=len(workers),
        a_second=messages / seconds,
        bot=bot / messages * 1000,
        database=postgres / messages * 1000,
        here=here / messages * 1000,
        memory=sum(memory(each) for each in workers) / len(workers),
        disk=disk / messages,
    )


def size_of(server: Server, url: str) -> float:
    return float(server.query("postgres", f"SELECT pg_database_size('{make_url(url).database}')")[0])


def main() -> None:
    if find_binaries() is None:
        sys.exit("PostgreSQL is not installed here (Debian: postgresql).")
    server = Server.make(fsync=True)
    try:
        costs = [asyncio.run(measure(server, int(each))) for each in sys.argv[1:] or ["1", "2", "4"]]
    finally:
        server.remove()
    heads = ("workers", "messages a second", "beside one", "CPU ms: a worker", "PostgreSQL", "Telegram and people")
    table = Table(*heads, "memory of a worker, MB", "disk, bytes", title=f"Workers, on {os.cpu_count()} cores")
    for each in costs:
        ratio = each.a_second / costs[0].a_second
        table.add_row(
            *(str(each.workers), f"{each.a_second:.0f}", f"{ratio:.2f}", f"{each.bot:.1f}", f"{each.database:.1f}"),
            *(f"{each.here:.1f}", f"{each.memory:.0f}", f"{each.disk:.0f}"),
        )
    Console().print(table)


if __name__ == "__main__":
    main()
