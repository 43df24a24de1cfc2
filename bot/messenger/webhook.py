"""Delivering updates to a webhook, as Telegram does.

Promises: one person's updates arrive strictly in order, each repeated with growing pauses until the bot answers 2xx;
different people's updates travel in parallel, up to `connections` at once; the secret travels in its header.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import aiohttp

from bot.messenger.updates import Updates

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the name of a header)
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
TIMEOUT = aiohttp.ClientTimeout(total=60)


class Webhook:
    """One webhook while it is set."""

    def __init__(
        self, url: str, secret: str, *, connections: int, updates: Updates, clock: Callable[[], float]
    ) -> None:
        self.url = url
        self._headers = {"Content-Type": "application/json"} | ({SECRET_HEADER: secret} if secret else {})
        self._connections = connections
        self._slots = asyncio.Semaphore(connections)
        self._updates = updates
        self._clock = clock
        self._lines: dict[int, deque[tuple[int, bytes]]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._session = aiohttp.ClientSession(timeout=TIMEOUT)
        self._last_error: dict[str, Any] = {}
        for update_id, raw, chat in updates.waiting():
            self._take(update_id, raw, chat)
        updates.on_put = self._take

    def wire(self) -> dict[str, Any]:
        """Telegram's `WebhookInfo`."""
        waiting = sum(map(len, self._lines.values()))
        info = {"url": self.url, "has_custom_certificate": False, "pending_update_count": waiting}
        return info | {"max_connections": self._connections} | self._last_error

    async def close(self) -> None:
        """Stop delivering; what was not answered keeps waiting for a poll or the next webhook."""
        self._updates.on_put = None
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._session.close()

    def _take(self, update_id: int, raw: bytes, chat: int) -> None:
        self._lines.setdefault(chat, deque()).append((update_id, raw))
        if chat not in self._tasks:
            self._tasks[chat] = asyncio.create_task(self._deliver(chat))

    async def _deliver(self, chat: int) -> None:
        line = self._lines[chat]
        while line:
            update_id, raw = line[0]
            pause = FIRST_PAUSE
            while not await self._post(raw):
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            line.popleft()
            self._updates.remember(update_id, raw)
        del self._lines[chat], self._tasks[chat]

    async def _post(self, raw: bytes) -> bool:
        try:
            async with self._slots, self._session.post(self.url, data=raw, headers=self._headers) as answer:
                await answer.read()
                if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
                    return True
                trouble = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError):
            trouble = "Connection refused or lost"
        self._last_error = {"last_error_date": int(self._clock()), "last_error_message": trouble}
        return False
