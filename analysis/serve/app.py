"""The server: its addresses, and how a page is made from the databases. See the package for its promises."""

import errno
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.errors import AnalysisError
from analysis.period import Period, PeriodError, quarter_of, read_period
from analysis.reading import Reading, Source
from analysis.serve.at_desk import AtDesk, Desk
from analysis.serve.choice import PAGE, Choice, select
from analysis.serve.guard import guard, page
from analysis.serve.view import show, visible
from analysis.services import Services
from analysis.summary import Link, make_summary, render, was_asked
from analysis.summary.page import style as summary_style
from analysis.voices import StudyReader
from storage.keys import ResearchKey
from storage.settings import StorageSettings

HOST = "127.0.0.1"
_QUARTER_MONTHS = 3

OpenSource = Callable[[], AbstractAsyncContextManager[Source]]


class ServeError(AnalysisError):
    """The pages cannot be served. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server. `researcher` holds the token: show it to the researcher and to nobody else."""

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
    pages = Pages(open_source, reading, services, token, desk)
    runner = web.AppRunner(pages.app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as problem:
        await runner.cleanup()
        taken = problem.errno == errno.EADDRINUSE
        raise ServeError(
            f"Port {port} is {'already in use' if taken else 'not available'}: choose another one with --port."
        ) from None
    bound = runner.addresses[0][1]
    return Served(runner, f"http://{HOST}:{bound}/", f"http://{HOST}:{bound}/researcher/{token}/")


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
        app.router.add_get("/researcher/{token}/", self.answers)
        if self._desk:
            self._desk.add_to(app)
        return app

    async def service_list(self, _request: web.Request) -> web.Response:
        """Every service and quarter in which somebody was asked something."""
        found: set[tuple[str, str]] = set()
        async with self._open() as source:
            async for each in source.asked():
                found.add((each.service, quarter_of(each.day).name))
        codes = sorted({code for code, _ in found}, key=lambda code: self._services.of(code).name)
        listed = [
            (
                visible(self._services.of(code).name),
                code,
                [read_period(q) for c, q in sorted(found, reverse=True) if c == code],
            )
            for code in codes
        ]
        return self._page("services.html", services=listed)

    async def service_summary(self, request: web.Request) -> web.Response:
        """The summary of one service and quarter, as `analysis summary` would write it today."""
        period = _quarter(request.match_info["period"])
        code = request.match_info["service"]
        if period is None:
            raise web.HTTPNotFound
        if self._desk:
            self._desk.note_opening("summary page")
        framework = self._reading.coder.framework
        async with self._open() as source:
            if code not in self._services and not await was_asked(source, code):
                raise web.HTTPNotFound
            service = self._services.of(code)
            summary = await make_summary(source, self._reading, framework, service, period, made=today())
        return page(render(summary, (Link("/", "All services and periods"),)), summary_style())

    async def answers(self, request: web.Request) -> web.Response:
        """Answers with their codings, de-identified unless asked otherwise, a page at a time."""
        if not secrets.compare_digest(request.match_info["token"].encode(), self._token.encode()):
            raise web.HTTPNotFound
        if self._desk:
            self._desk.note_opening("answers")
        framework = self._reading.coder.framework
        choice = Choice.read(request.query, framework)
        async with self._open() as source:
            questions, codes = set(), {}
            async for each in source.asked():
                questions.add(visible(each.question))
                codes[visible(each.service)] = each.service
            answers = source.answers(service=codes.get(choice.service, choice.service) or None)
            found, more = await select(self._reading, answers, choice)
        shown = [show(each, framework, salt=self._token, original=choice.original) for each in found]
        return self._page(
            "answers.html",
            desk=self._desk is not None,
            shown=shown,
            choice=choice,
            more=more,
            page_size=PAGE,
            framework=framework,
            questions=sorted(questions),
            services=[(code, visible(self._services.of(real).name)) for code, real in sorted(codes.items())],
        )

    def _page(self, template: str, status: int = 200, **values: object) -> web.Response:
        html = self._templates.get_template(template).render(style=self._style, **values)
        return page(html, self._style, status)

    def _explain(self, status: int, sentence: str) -> web.Response:
        return self._page("sentence.html", status, sentence=sentence)


def today() -> date:
    return datetime.now(UTC).date()


def _quarter(name: str) -> Period | None:
    """Only quarters are shown here: a month beside its quarter would let a reader subtract one from the other."""
    try:
        period = read_period(name)
    except PeriodError:
        return None
    return period if quarter_of(period.since) == period else None
