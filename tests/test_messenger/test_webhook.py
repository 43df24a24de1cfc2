"""Webhooks: secret, order, repetition, and the change between polling and webhook."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiohttp import web


class Hook:
    """A real HTTP server that says no `failures` times to each update before it says yes."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.tries: dict[int, int] = defaultdict(int)
        self.taken: list[tuple[int, str]] = []
        self.secrets: set[str | None] = set()
        self.url = ""
        self.changed = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        update = await request.json()
        self.secrets.add(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        self.tries[update["update_id"]] += 1
        if self.tries[update["update_id"]] <= self.failures:
            return web.Response(status=503)
        self.changed.set()
        self.taken.append((update["message"]["from"]["id"], update["message"]["text"]))
        return web.Response()

    async def all_taken(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.taken) < count:
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def listening(failures: int = 0) -> AsyncIterator[Hook]:
    hook = Hook(failures)
    app = web.Application()
    app.add_routes([web.post("/hook", hook.take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await runner.cleanup()


async def test_updates_are_repeated_until_taken_and_each_person_keeps_their_order(rehearsal: Any) -> None:
    async with listening(failures=2) as hook, rehearsal() as r:
        await r.messenger.person(1).send("0")
        await r.bot.set_webhook(hook.url, secret_token="not-a-secret_1")
        for turn in range(1, 5):
            for number in (1, 2, 3):
                await r.messenger.person(number).send(str(turn))
        await hook.all_taken(13)
        said = {n: [text for who, text in hook.taken if who == r.messenger.person(n).id] for n in (1, 2, 3)}
        assert said == {1: ["0", "1", "2", "3", "4"], 2: ["1", "2", "3", "4"], 3: ["1", "2", "3", "4"]}
        assert hook.secrets == {"not-a-secret_1"}
        assert set(hook.tries.values()) == {3}
        info = await r.bot.get_webhook_info()
        assert "503" in info.last_error_message
        assert r.messenger.pending == 0


async def test_polling_and_webhook_exclude_each_other(rehearsal: Any) -> None:
    async with listening(failures=10**6) as hook, rehearsal() as r:
        await r.bot.set_webhook(hook.url)
        with pytest.raises(TelegramConflictError, match="while webhook is active"):
            await r.bot.get_updates()
        await r.messenger.person().send("Not lost")
        assert (await r.bot.get_webhook_info()).pending_update_count == 1
        await r.bot.delete_webhook()
        assert (await r.bot.get_webhook_info()).url == ""
        assert [u.message.text for u in await r.bot.get_updates()] == ["Not lost"]
        await r.bot.delete_webhook(drop_pending_updates=True)
        assert await r.bot.get_updates() == []


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [
        ("https://example.org/hook", None, "this computer only"),
        ("ftp://127.0.0.1/", None, "HTTPS URL must be provided"),
        ("http://127.0.0.1:1/", "two words", "unallowed characters"),
    ],
)
async def test_wrong_webhooks_are_refused(rehearsal: Any, url: str, secret: str | None, said: str) -> None:
    async with rehearsal() as r:
        with pytest.raises(TelegramBadRequest, match=said):
            await r.bot.set_webhook(url, secret_token=secret)
