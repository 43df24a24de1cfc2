"""The server: its addresses, and how a page is made from the databases. See the package for its promises."""

import errno
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.errors import AnalysisError
from analysis.reading import Reading
from analysis.serve.at_desk import AtDesk, Desk
from analysis.serve.browse import Browse, Ground, OpenSource, count, list_quarters, read_quarter
from analysis.serve.guard import guard, page
from analysis.serve.published import PublishedPages
from analysis.services import Services
from analysis.summary import Link, render
from analysis.summary.page import style as summary_style
from analysis.voices import StudyReader
from storage.keys import ResearchKey
from storage.settings import StorageSettings

HOST = "127.0.0.1"


class ServeError(AnalysisError):
    """The pages cannot be served. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server. `researcher` holds the token: show it to the researcher and to nobody else. It is empty where
    only what is published is shown."""

    runner: web.AppRunner
    service: str
    researcher: str

    async def close(self) -> None:
        await self.runner.cleanup()


async def start_serve(
    settings: StorageSettings,
    key: ResearchKey,
    *,
    reading: Reading,
    services: Services,
    port: int = 8081,
    token: str | None = None,
    at_desk: AtDesk | None = None,
) -> Served:
    """Start on loopback and return with both addresses. With a desk, people can review and code there.

    Port 0 takes a free one. Raises ServeError where the port is
    taken, StorageError where the databases cannot be used."""

    @asynccontextmanager
    async def open_source() -> AsyncIterator[StudyReader]:
        reader = await StudyReader.open_with(settings, key, at_desk.book if at_desk else None)
        try:
            yield reader
        finally:
            await reader.close()

    async with open_source():
        pass  # so that what is wrong is said now and not in the first page
    token = token or secrets.token_urlsafe(24)
    desk = Desk(at_desk, open_source, reading.coder, token) if at_desk else None
    return await start_pages(open_source, reading=reading, services=services, port=port, token=token, desk=desk)


async def start_pages(
    open_source: OpenSource,
    *,
    reading: Reading,
    services: Services,
    port: int,
    token: str | None = None,
    desk: Desk | None = None,
) -> Served:
    """The same from any source of answers."""
    token = token or secrets.token_urlsafe(24)
    runner, address = await _listen(Pages(open_source, reading, services, token, desk).app(), port)
    return Served(runner, address, f"{address}researcher/{token}/")


async def start_published(folder: Path, port: int = 8081) -> Served:
    """Show what is published in a folder, and nothing else; no key, no database. Raises ServeError, SummaryError."""
    runner, address = await _listen(PublishedPages(folder).app(), port)
    return Served(runner, address, "")


async def _listen(app: web.Application, port: int) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as problem:
        await runner.cleanup()
        taken = problem.errno == errno.EADDRINUSE
        raise ServeError(
            f"Port {port} is {'already in use' if taken else 'not available'}: choose another one with --port."
        ) from None
    return runner, f"http://{HOST}:{runner.addresses[0][1]}/"


class Pages:
    """Handlers. Each opens the databases, streams, and lets go."""

    def __init__(
        self, open_source: OpenSource, reading: Reading, services: Services, token: str, desk: Desk | None
    ) -> None:
        self._open = open_source
        self._reading = reading
        self._services = services
        self._token = token
        self._desk = desk
        self._style = summary_style() + files("analysis.serve").joinpath("templates/serve.css").read_text("utf-8")
        self._templates = Environment(
            loader=PackageLoader("analysis.serve"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def app(self) -> web.Application:
        app = web.Application(middlewares=[guard(self._explain)])
        app.router.add_get("/", self.service_list)
        app.router.add_get("/service/{service}/{period}", self.service_summary)
        ground = Ground(self._open, self._reading, self._services, self._token, self._desk, self._page)
        Browse(ground).add_to(app)
        if self._desk:
            self._desk.add_to(app)
        return app

    async def service_list(self, _request: web.Request) -> web.Response:
        """Every service and quarter in which somebody was asked something."""
        async with self._open() as source:
            listed = await list_quarters(source, self._services)
        return self._page("services.html", services=listed)

    async def service_summary(self, request: web.Request) -> web.Response:
        """The summary of one service and quarter, as `analysis summary` would write it today."""
        period = read_quarter(request.match_info["period"])
        if self._desk:
            self._desk.note_opening("summary page")
        async with self._open() as source:
            summary = await count(source, self._reading, self._services, request.match_info["service"], period)
        return page(render(summary, (Link("/", "All services and periods"),)), summary_style())

    def _page(self, template: str, status: int = 200, **values: object) -> web.Response:
        html = self._templates.get_template(template).render(style=self._style, **values)
        return page(html, self._style, status)

    def _explain(self, status: int, sentence: str) -> web.Response:
        return self._page("sentence.html", status, sentence=sentence)


def today() -> date:
    return datetime.now(UTC).date()
