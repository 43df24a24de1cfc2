"""The pages of the desk: what they share. Each kind of work (review, coding, settling) is a module of its own.

Promises: every page works without its script, which only answers keys; a form is taken only from a page of this server
(its Origin is checked, and its address holds the token); what is done is in the book before the next page is shown;
opening an answer is in the book too.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Protocol
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.deidentify import Finder
from analysis.desk import Book, DeskError, OnDesk, Shelf
from analysis.desk.shelf import OpenSource
from analysis.questions import content_note, words_of
from analysis.reading import BatchCoder
from analysis.serve.guard import policy_for
from analysis.serve.view import visible
from analysis.summary.page import style as summary_style
from analysis.voices.recognise import Recogniser
from storage.records import AnswerPlace

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class AtDesk:
    """The book, who is at work, what looks for details beside the rules, and what suggests words for voice notes."""

    book: Book
    who: str
    finders: tuple[Finder, ...] = ()
    recogniser: Recogniser | None = None


class Work(Protocol):
    """One kind of work: a page, and what its forms do."""

    async def show(self, request: web.Request) -> web.Response: ...

    async def act(self, request: web.Request) -> web.Response: ...


class Desk:
    """What the pages of the desk have in common."""

    def __init__(self, at_desk: AtDesk, open_source: OpenSource, coder: BatchCoder, token: str) -> None:
        self.book = at_desk.book
        self.who = at_desk.who
        self.recogniser = at_desk.recogniser
        self.coder = coder
        self.open_source = open_source
        self.shelf = Shelf(open_source, at_desk.book, at_desk.finders)
        self._token = token
        self._opened: set[tuple[str, str]] = set()
        own = files("analysis.serve").joinpath("templates")
        self._style = summary_style() + own.joinpath("serve.css").read_text("utf-8")
        self._style += own.joinpath("desk.css").read_text("utf-8")
        self._script = own.joinpath("desk.js").read_text("utf-8")
        self._templates = Environment(
            loader=PackageLoader("analysis.serve"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["visible"] = visible

    def add_to(self, app: web.Application) -> None:
        """Add the pages to an application."""
        from analysis.serve.coding import CodingPages  # noqa: PLC0415 - they stand on this module
        from analysis.serve.listening import ListeningPages  # noqa: PLC0415
        from analysis.serve.reviewing import ReviewPages  # noqa: PLC0415
        from analysis.serve.settling import SettlePages  # noqa: PLC0415

        listening = ListeningPages(self)
        pages: dict[str, Work] = {
            "voices": listening, "review": ReviewPages(self), "coding": CodingPages(self), "settle": SettlePages(self)
        }  # fmt: skip
        app.router.add_get("/researcher/{token}/voices/sound", self._open_to_holder(listening.play))
        for name, each in pages.items():
            address = "/researcher/{token}/" + name + "/"
            app.router.add_get(address, self._open_to_holder(each.show))
            app.router.add_post(address, self._open_to_holder(each.act))

    def note_opening(self, what: str, answer: str = "") -> None:
        """Write down, once while these pages are served, that words were opened for this person to read."""
        if (what, answer) not in self._opened:
            self.book.write(self.who, "opened", answer, what=what)
            self._opened.add((what, answer))

    def note_look(self, what: str, **looked: Any) -> None:
        """Write down one look at many answers: what was chosen, in names of ours."""
        self.book.write(self.who, "opened", what=what, **looked)

    async def read(self, places: Mapping[str, AnswerPlace], name: str, what: str) -> OnDesk:
        """Open one answer, and write that down. Raises DeskError where there is none of this name."""
        if name not in places:
            raise DeskError("This answer is no longer there: its person may have withdrawn.")
        found = await self.shelf.read(name, places[name])
        self.note_opening(what, name)
        return found

    def page(self, template: str, status: int = 200, *, sounds: bool = False, **values: object) -> web.Response:
        html = self._templates.get_template(template).render(
            style=self._style, script=self._script, who=self.who, framework=self.coder.framework, **values
        )
        headers = {
            "Content-Security-Policy": policy_for(self._style, self._script, sounds=sounds),
            # Forms need an Origin, which browsers leave out under no-referrer. The address still goes to nobody else.
            "Referrer-Policy": "same-origin",
        }
        return web.Response(text=html, content_type="text/html", charset="utf-8", status=status, headers=headers)

    @staticmethod
    def about(answer: OnDesk) -> dict[str, str]:
        """What stands above the words of an answer: the question, and a note where its topic can be hard to read."""
        given = answer.answer
        return {
            "wording": visible(words_of(given.guide, given.question)),
            "question": visible(given.question),
            "service": visible(given.service),
            "hard": content_note(given.guide, given.question),
        }

    def _open_to_holder(self, handler: Handler) -> Handler:
        """Only for whoever has the token; forms only from our own pages; refusals as a page with one sentence."""

        async def guarded(request: web.Request) -> web.Response:
            if not secrets.compare_digest(request.match_info["token"].encode(), self._token.encode()):
                raise web.HTTPNotFound
            if request.method == "POST" and not _is_from_here(request):
                return self.page("sentence.html", 403, sentence="This form did not come from these pages.")
            try:
                return await handler(request)
            except DeskError as problem:
                return self.page("refused.html", 409, sentence=str(problem), back=str(request.rel_url))

        return guarded


def back_to(request: web.Request, fragment: str = "", **changes: str) -> web.HTTPSeeOther:
    """Where a form leads when it is done: the same page, with some of its address changed. Empty takes a part away."""
    query = {name: value for name, value in {**request.query, **changes}.items() if value}
    return web.HTTPSeeOther(f"{request.path}?{urlencode(query)}" + (f"#{fragment}" if fragment else ""))


async def read_form(request: web.Request) -> dict[str, str]:
    """The text fields of a form, the first of each name."""
    form = await request.post()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def read_span(form: Mapping[str, str], name: str) -> tuple[int, int]:
    """A field such as "3-14". Raises DeskError where it is none."""
    start, _, end = form.get(name, "").partition("-")
    if not (start.isascii() and start.isdigit() and end.isascii() and end.isdigit() and len(start + end) < 20):  # noqa: PLR2004 - digits
        raise DeskError("No part of the text was marked: choose one, or select some words, and try again.")
    return int(start), int(end)


def next_after(names: list[str], wanted: set[str], after: str) -> str | None:
    """The first wanted name behind another one, then from the beginning."""
    begin = names.index(after) + 1 if after in names else 0
    return next((name for name in names[begin:] + names[:begin] if name in wanted), None)


def _is_from_here(request: web.Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return request.headers.get("Origin") == f"http://{request.host}" and site == "same-origin"
