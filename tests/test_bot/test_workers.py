"""Two workers behind one webhook, on one PostgreSQL: each message is sent by one of them, in order, and nothing is lost
when one of them is killed."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.messenger import Messenger
from bot.receiving.webhook import SECRET_HEADER
from storage.read import Reader
from storage.records import Answer
from tests.test_bot.conftest import CODE, House
from tests.test_bot.powercuts import Story, Stubborn
from tests.test_bot.test_doors import bot_process
from tests.test_bot.test_operating import free_port
from tests.test_storage.server import Server, find_binaries

SECRET = "a-secret-that-nobody-guesses"

pytestmark = pytest.mark.skipif(find_binaries() is None, reason="PostgreSQL is not installed here")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server.make()
    yield made
    made.remove()


@dataclass
class Balancer:
    """Hands each update to the next worker that answers, as a proxy in front of several would."""

    ports: list[int]
    handed: dict[int, int] = field(default_factory=dict)
    _next: int = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/hook", self._hand_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._session = aiohttp.ClientSession()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        finally:
            await self._session.close()
            await runner.cleanup()

    async def _hand_on(self, request: web.Request) -> web.Response:
        body, headers = await request.read(), {SECRET_HEADER: request.headers.get(SECRET_HEADER, "")}
        for _ in self.ports:
            self._next += 1
            port = self.ports[self._next % len(self.ports)]
            try:
                async with self._session.post(f"http://127.0.0.1:{port}/hook", data=body, headers=headers) as answer:
                    self.handed[port] = self.handed.get(port, 0) + 1
                    return web.Response(status=answer.status)
            except aiohttp.ClientError:
                continue
        return web.Response(status=502)


Workers = tuple[Balancer, list[asyncio.subprocess.Process], dict[str, str]]


@asynccontextmanager
async def two_workers(house: House, server: Server, log: Path) -> AsyncIterator[Workers]:
    main, keyring = server.copy_templates()
    balancer = Balancer([free_port(), free_port()])
    databases = {"DATABASE_URL": main, "KEYRING_URL": keyring}
    async with balancer.listening() as url:
        changes = databases | {"WEBHOOK_URL": url, "WEBHOOK_SECRET": SECRET}
        async with (
            bot_process(house, log, **changes, WEBHOOK_PORT=str(balancer.ports[0])) as one,
            bot_process(house, log, **changes, WEBHOOK_PORT=str(balancer.ports[1])) as other,
        ):
            for port in balancer.ports:
                await _answers(port)
            yield balancer, [one, other], databases
    server.drop(main, keyring)


async def _answers(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def answers(house: House, databases: dict[str, str]) -> list[Answer]:
    urls = {"database_url": databases["DATABASE_URL"], "keyring_url": databases["KEYRING_URL"]}
    settings = house.stage.settings("http://127.0.0.1:1", house.token).model_copy(update=urls)
    reader = await Reader.open(settings, house.research_key())
    try:
        return [answer async for answer in reader.answers()]
    finally:
        await reader.close()


def crowd(messenger: Messenger, count: int) -> list[Stubborn]:
    return [Stubborn(messenger.person(number), CODE) for number in range(1, count + 1)]


@pytest.mark.timeout(300)
async def test_two_workers_send_each_message_once_and_in_order(house: House, server: Server, tmp_path: Path) -> None:
    async with two_workers(house, server, tmp_path / "log") as (balancer, _, databases):
        people = crowd(house.messenger, 4)
        await asyncio.gather(*(each.talk() for each in people))
        Story(people, 0).check(await answers(house, databases))
        assert len(balancer.handed) == 2
    for each in people:
        said = [message for message in each.person.messages if message.from_bot]
        assert not [one.text for one, other in pairwise(said) if one.text == other.text and len(one.text) > 120]


@pytest.mark.timeout(300)
async def test_killing_one_of_two_workers_loses_nothing(house: House, server: Server, tmp_path: Path) -> None:
    async with two_workers(house, server, tmp_path / "log") as (_, workers, databases):
        people = crowd(house.messenger, 4)
        talking = asyncio.gather(*(each.talk() for each in people))
        while sum(len(each.said) for each in people) < 4:
            await asyncio.sleep(0.05)
        workers[0].send_signal(signal.SIGKILL)
        await talking
        Story(people, 1).check(await answers(house, databases))
