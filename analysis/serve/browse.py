"""For the researcher: from any number of a summary to the answers behind it, with filters and search.

Promises: what is behind a number is what was counted in it, no more and no less; answers are opened, looked at and let
go one batch at a time, and nothing of them is written anywhere; words that are searched for stand in no address; every
look is in the desk's book, without the words.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import web

from analysis.disclosure import Column
from analysis.period import Period, PeriodError, quarter_of, read_period
from analysis.reading import Reading, Source
from analysis.serve.at_desk import Desk, read_form
from analysis.serve.choice import PAGE, Choice, Searches, behind, select
from analysis.serve.guard import page
from analysis.serve.view import show, visible
from analysis.services import Services
from analysis.summary import Link, Summary, make_summary, render, was_asked
from analysis.summary.page import style as summary_style
from storage.records import Asked

Handler = Callable[[web.Request], Awaitable[web.Response]]
OpenSource = Callable[[], AbstractAsyncContextManager[Source]]


@dataclass(slots=True)
class Seen:
    """What there is to choose from, as it is shown, with what stands behind it in the databases."""

    services: dict[str, str]
    questions: set[str]
    guides: set[str]
    quarters: set[str]


@dataclass(frozen=True, slots=True)
class Ground:
    """What the researcher's pages stand on. `page` makes one from a template."""

    open_source: OpenSource
    reading: Reading
    services: Services
    token: str
    desk: Desk | None
    page: Callable[..., web.Response]


class Browse:
    """Handlers. Each opens the databases, streams, and lets go."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._searches = Searches()

    def add_to(self, app: web.Application) -> None:
        """Add the pages to an application."""
        app.router.add_get("/researcher/{token}/", self._open_to_holder(self.answers))
        app.router.add_post("/researcher/{token}/search", self._open_to_holder(self.search))
        app.router.add_get("/researcher/{token}/numbers/", self._open_to_holder(self.numbers))
        app.router.add_get("/researcher/{token}/numbers/{service}/{period}", self._open_to_holder(self.summary))

    async def answers(self, request: web.Request) -> web.Response:
        """Answers with their codings, de-identified unless asked otherwise, a page at a time."""
        ground = self._ground
        framework = ground.reading.coder.framework
        choice = Choice.read(request.query, framework)
        searched = self._searches.words(choice.search)
        async with ground.open_source() as source:
            seen = await _see(source.asked())
            span = choice.span
            answers = source.answers(
                service=seen.services.get(choice.service, choice.service) or None,
                since=span.since if span else None,
                until=span.until if span else None,
                kind="answer",
            )
            # Where the words of a search are forgotten, all answers would be taken for what was found.
            lost = choice.search and not searched
            found, more = ([], False) if lost else await select(ground.reading, answers, choice, searched)
        known = choice if choice.service in seen.services else replace(choice, service="")
        self._note("answers", known, searched=bool(searched), original=choice.original, shown=len(found))
        return ground.page(
            "answers.html",
            desk=ground.desk is not None,
            shown=[show(each, framework, salt=ground.token, original=choice.original) for each in found],
            choice=choice,
            searched=searched,
            more=more,
            page_size=PAGE,
            framework=framework,
            questions=sorted(seen.questions),
            guides=sorted(seen.guides),
            periods=_periods(seen.quarters, choice.period),
            services=[(code, visible(ground.services.of(real).name)) for code, real in sorted(seen.services.items())],
        )

    async def search(self, request: web.Request) -> web.Response:
        """Take the form of the page, keep the words here, and lead to an address without them."""
        form = await read_form(request)
        choice = replace(Choice.read(form, self._ground.reading.coder.framework), search="", after=0)
        name = self._searches.remember(form.get("find", ""))
        raise web.HTTPSeeOther(f"./{replace(choice, search=name).address}")

    async def numbers(self, _request: web.Request) -> web.Response:
        """Every service and quarter in which somebody was asked something."""
        async with self._ground.open_source() as source:
            listed = await list_quarters(source, self._ground.services)
        return self._ground.page("numbers.html", services=listed)

    async def summary(self, request: web.Request) -> web.Response:
        """The service's page, on which every number leads to its answers."""
        ground, code = self._ground, request.match_info["service"]
        period = read_quarter(request.match_info["period"])
        async with ground.open_source() as source:
            summary = await count(source, ground.reading, ground.services, code, period)
        self._note("summary page", Choice(service=code, period=summary.period))

        def answers_behind(codes: tuple[str, ...], column: Column | None) -> str:
            return "../../" + behind(visible(code), period, codes, column).address

        ways = (Link("../", "All services and periods"), Link("../../", "What people said"))
        return page(render(summary, ways, behind=answers_behind), summary_style())

    def _note(self, what: str, choice: Choice, **more: object) -> None:
        """What was looked for, as far as it is a name of ours; never words."""
        if self._ground.desk:
            looked = {"service": choice.service, "period": choice.period, "code": choice.code, "told": choice.told}
            looked["stance"] = choice.stance
            self._ground.desk.note_look(what, **{name: value for name, value in (looked | more).items() if value})

    def _open_to_holder(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            if not secrets.compare_digest(request.match_info["token"].encode(), self._ground.token.encode()):
                raise web.HTTPNotFound
            return await handler(request)

        return guarded


async def count(source: Source, reading: Reading, services: Services, code: str, period: Period) -> Summary:
    """A summary as it would be made now. Raises HTTPNotFound for a service that nobody knows."""
    if code not in services and not await was_asked(source, code):
        raise web.HTTPNotFound
    return await make_summary(
        source, reading, reading.coder.framework, services.of(code), period, made=datetime.now(UTC).date()
    )


async def list_quarters(source: Source, services: Services) -> list[tuple[str, str, list[Period]]]:
    """Name, code and quarters of every service in which somebody was asked something, newest first."""
    found: set[tuple[str, str]] = set()
    async for each in source.asked():
        found.add((each.service, quarter_of(each.day).name))
    codes = sorted({code for code, _ in found}, key=lambda code: services.of(code).name)
    return [
        (
            visible(services.of(code).name),
            quote(code, safe=""),
            [read_period(quarter) for each, quarter in sorted(found, reverse=True) if each == code],
        )
        for code in codes
    ]


def read_quarter(name: str) -> Period:
    """Only quarters are shown here: a month beside its quarter would let a reader subtract one from the other. Raises
    HTTPNotFound."""
    try:
        period = read_period(name)
    except PeriodError:
        raise web.HTTPNotFound from None
    if quarter_of(period.since) != period:
        raise web.HTTPNotFound
    return period


async def _see(asked: AsyncIterator[Asked]) -> Seen:
    seen = Seen({}, set(), set(), set())
    async for each in asked:
        seen.services[visible(each.service)] = each.service
        seen.questions.add(visible(each.question))
        seen.guides.add(visible(each.guide))
        seen.quarters.add(quarter_of(each.day).name)
    return seen


def _periods(quarters: set[str], chosen: str) -> list[Period]:
    """To choose from, newest first; what was chosen in an address is among them."""
    return [read_period(name) for name in sorted(quarters | ({chosen} if chosen else set()), reverse=True)]
