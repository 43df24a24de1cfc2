"""Receiving by webhook: Telegram calls us, and is answered 200 only after the update is on the disk.

Updates whose secret is wrong are turned away before they are read; the comparison takes the same time for every guess.
"""

import errno
import hmac
import json
from types import TracebackType
from urllib.parse import urlsplit

from aiohttp import web

from bot.errors import PortInUse
from bot.receiving.intake import Intake
from bot.settings import BotSettings

#: Telegram's updates are far smaller; anything larger is not from Telegram.
LARGEST_UPDATE = 1024 * 1024
#: Seconds that whatever is under way may take once the bot is asked to stop.
LAST_GRACE = 20.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of the header, not the secret


class WebhookDoor:
    """Listens while it is entered, on WEBHOOK_PORT of this machine; a reverse proxy brings TLS and the public name."""

    def __init__(self, settings: BotSettings, intake: Intake) -> None:
        self._settings = settings
        self._secret = settings.webhook_secret.get_secret_value()
        self._intake = intake
        app = web.Application(client_max_size=LARGEST_UPDATE)
        app.router.add_post(urlsplit(settings.webhook_url).path or "/", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=LAST_GRACE)

    async def __aenter__(self) -> None:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "0.0.0.0", self._settings.webhook_port).start()  # noqa: S104
        except OSError as error:
            await self._runner.cleanup()
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(self._settings.webhook_port) from None
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._secret.encode()):
            return web.Response(status=403)
        try:
            update = json.loads(await request.read())
        except (ValueError, RecursionError):
            return web.Response(status=400)
        if not isinstance(update, dict):
            return web.Response(status=400)
        done = await self._intake.handle(update)
        return web.Response(status=200 if done else 503)
