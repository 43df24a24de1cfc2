"""Health, readiness and figures over HTTP, for whoever runs the bot: on this machine only unless told otherwise.

    /healthz   200 while the program answers at all: otherwise start it anew
    /readyz    200 while it can do its work; 503 and the names of what is not well otherwise
    /metrics   figures for Prometheus

Nothing here tells of anybody: no id, no word, no count of fewer than everybody.
"""

import errno
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType

from aiohttp import web

from bot.errors import PortInUse
from bot.operating.metrics import Metrics

#: Says whether one part is well.
Check = Callable[[], Awaitable[bool]]


class StatusDoor:
    """Listens while it is entered."""

    def __init__(self, host: str, port: int, metrics: Metrics, checks: Mapping[str, Check]) -> None:
        self._host = host
        self._port = port
        self._metrics = metrics
        self._checks = checks
        app = web.Application()
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/readyz", self._readiness)
        app.router.add_get("/metrics", self._figures)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)

    async def __aenter__(self) -> None:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(self._port) from None
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _readiness(self, _: web.Request) -> web.Response:
        well = {name: await check() for name, check in self._checks.items()}
        return web.json_response({"ready": all(well.values())} | well, status=200 if all(well.values()) else 503)

    async def _figures(self, _: web.Request) -> web.Response:
        return web.Response(body=self._metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4"})
