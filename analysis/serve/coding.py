"""The coding page: one answer in its meaning units, the codebook, and one's own codings; never another coder's.

Machine suggestions can be left out (`suggest=no`), for whoever wants to code without being led. Spans on the page count
in the clean text; in the book they count in the original.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from analysis.desk import DeskError, OnDesk
from analysis.desk.book import Entry
from analysis.desk.codebook import editions, is_current, take_up
from analysis.desk.coding import FINISHED, KINDS, CoderView, Coding, Marked, PersonCoding, coded_by
from analysis.questions import invites_of
from analysis.segments import find_segments
from analysis.serve.at_desk import Desk, back_to, next_after, read_form, read_span
from analysis.serve.view import visible
from storage.records import AnswerPlace

#: The keys of sub-themes, in the order of the codebook: the two upper rows of the keyboard.
CODE_KEYS = "1234567890qwertyop"
#: The keys of stances: the lowest row.
STANCES = {
    "help": ("z", "helped"),
    "harm": ("x", "harmed"),
    "wish": ("c", "wished for"),
    "mixed": ("v", "helped and harmed"),
    "neither": ("b", "takes no side"),
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One of the machine's, with what became of it. `marked` counts in the original text."""

    marked: Marked
    title: str
    words: str
    percent: int
    reason: str
    status: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One meaning unit of the clean text, with what begins in it."""

    start: int
    end: int
    text: str
    suggestions: tuple[Suggestion, ...]
    codings: tuple[tuple[PersonCoding, str], ...]


class CodingPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, request: web.Request) -> web.Response:
        places = await self._desk.shelf.places()
        done = self._finished(places)
        framework = self._desk.coder.framework
        mine = {name for name, who in done.items() if self._desk.who in who}
        counts = Counter(len(who) for who in done.values())
        progress: dict[str, Any] = {
            "mine": len(mine),
            "total": len(places),
            "double": sum(n for c, n in counts.items() if c > 1),
        }
        common: dict[str, Any] = {"progress": progress, "suggest": request.query.get("suggest") != "no"}
        if not is_current(self._desk.book, framework) and editions(self._desk.book, framework.id):
            return self._desk.page("codebook.html", old=editions(self._desk.book, framework.id)[-1], **common)
        name = request.query.get("answer") or next_after(
            list(places), set(places) - mine, request.query.get("after", "")
        )
        if name is None:
            return self._desk.page("coded.html", **common)
        answer = await self._desk.read(places, name, "coding")
        view = self._coding(answer).view
        return self._desk.page(
            "coding.html",
            name=name,
            text=self._desk.book.text_code(answer.answer.text),
            about=self._desk.about(answer),
            units=await self._units(answer, view, suggest=common["suggest"]),
            view=view,
            keys=dict(zip((each.id for each in framework.subthemes), CODE_KEYS, strict=False)),
            stances=STANCES,
            at=request.query.get("at", ""),
            hide=request.query.get("hide", ""),
            show=request.query.get("show", ""),
            **common,
        )

    async def act(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        if form.get("do") == "codebook":
            take_up(self._desk.book, self._desk.who, self._desk.coder.framework, form.get("reason", ""))
            raise back_to(request)
        places = await self._desk.shelf.places()
        name = form.get("answer", "")
        answer = await self._desk.read(places, name, "coding")
        if form.get("text") != self._desk.book.text_code(answer.answer.text):
            raise DeskError("This answer was edited since you loaded the page: read it again.")
        coding = self._coding(answer)
        match form.get("do"):
            case "code":
                self._code(coding, answer, form)
            case "accept":
                coding.accept(_marked(form, read_span(form, "original")))
            case "reject":
                coding.reject(_marked(form, read_span(form, "original")))
            case "remove":
                coding.remove(form.get("coding", ""))
            case "undo":
                if not coding.undo():
                    raise await self._undo_before(request, places)
            case "finish":
                coding.finish()
                raise back_to(request, answer="", at="", after=name, show="")
            case _:
                raise DeskError("This page has no such button: load it again.")
        at = form.get("unit", "") or form.get("span", "").partition("-")[0]
        raise back_to(request, answer=name, after="", at=at, show="1")

    async def _undo_before(self, request: web.Request, places: Mapping[str, AnswerPlace]) -> web.HTTPSeeOther:
        """Take back the last step with the answer that one came from."""
        name = request.query.get("after", "")
        if name in places and self._coding(await self._desk.read(places, name, "coding")).undo():
            return back_to(request, answer=name, after="", at="", show="1")
        raise DeskError("There is nothing of yours to take back here.")

    def _code(self, coding: Coding, answer: OnDesk, form: Mapping[str, str]) -> None:
        if not form.get("subtheme"):
            raise DeskError("Choose a sub-theme first, then how it went.")
        start, end = answer.clean.to_original(*read_span(form, "span"))
        marked, memo = _marked(form, (start, end)), form.get("memo", "")[:5000]
        if form.get("changes"):
            coding.change(form["changes"], marked, memo)
        else:
            coding.add(marked, memo)

    def _coding(self, answer: OnDesk) -> Coding:
        desk = self._desk
        return Coding(desk.book, desk.who, answer.name, answer.answer.text, desk.coder.framework)

    def _finished(self, places: Mapping[str, AnswerPlace]) -> dict[str, set[str]]:
        """Who finished which answer, from the book alone."""
        by_answer: dict[str, list[Entry]] = {}
        for each in self._desk.book.of_kind(*KINDS):
            if each.subject in places:
                by_answer.setdefault(each.subject, []).append(each)
        framework = self._desk.coder.framework.id
        done: dict[str, set[str]] = {}
        for name, entries in by_answer.items():
            text = entries[-1].detail["text"]
            who = {each.who for each in entries if each.kind == FINISHED}
            done[name] = {each for each in who if coded_by(entries, each, text, framework).finished}
        return done

    async def _units(self, answer: OnDesk, view: CoderView, *, suggest: bool) -> list[Unit]:
        text, framework = answer.clean.text, self._desk.coder.framework
        titles = {each.id: each.title for each in framework.subthemes}
        suggestions: list[tuple[int, Suggestion]] = []
        if suggest:
            coded = await asyncio.to_thread(
                self._desk.coder.code, text, invites_of(framework.id, answer.answer.question)
            )
            decided = view.dealt_with()
            for each in coded.codings:
                start, end = answer.clean.to_original(each.start, each.end)
                marked = Marked(each.subtheme, each.stance, start, end)
                status = decided[marked.name].status if marked.name in decided else ""
                words, reason = visible(text[each.start : each.end]), visible(each.reason)
                found = Suggestion(marked, titles[each.subtheme], words, round(100 * each.confidence), reason, status)
                suggestions.append((each.start, found))
        own = [(answer.clean.to_clean(each.start, each.end)[0], each) for each in view.standing]
        return list(_cut(text, suggestions, own, titles))


def _cut(
    text: str, suggestions: list[tuple[int, Suggestion]], own: list[tuple[int, PersonCoding]], titles: dict[str, str]
) -> Iterator[Unit]:
    """The meaning units, each with what begins in it or in the space before the next."""
    segments = find_segments(text)
    begins = [0, *(segment.start for segment in segments[1:]), len(text) + 1]
    for segment, begin, after in zip(segments, begins, begins[1:], strict=False):
        yield Unit(
            segment.start,
            segment.end,
            visible(text[segment.start : segment.end]),
            tuple(given for at, given in suggestions if begin <= at < after),
            tuple((given, titles.get(given.subtheme, given.subtheme)) for at, given in own if begin <= at < after),
        )


def _marked(form: Mapping[str, str], span: tuple[int, int]) -> Marked:
    return Marked(form.get("subtheme", ""), form.get("stance", "neither"), *span)
