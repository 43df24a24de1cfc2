"""The review page: the words as they were said, what would be taken out, and whether the rest may leave."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import get_args

from aiohttp import web

from analysis.desk import DeskError, OnDesk
from analysis.desk.book import Entry
from analysis.desk.flags import Flag, find_flags
from analysis.desk.redact import Stretch
from analysis.desk.review import KINDS, WITHHELD, Review, Verdict, people_needed, read_state
from analysis.identifiers import Kind
from analysis.serve.at_desk import Desk, back_to, next_after, read_form, read_span
from analysis.serve.view import visible
from storage.records import AnswerPlace

DETAILS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words under the same stretch and flag. `at` is where they begin; `number` is that of the stretch."""

    text: str
    at: int
    number: int | None
    last: bool
    flagged: bool


class ReviewPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, request: web.Request) -> web.Response:
        places = await self._desk.shelf.places()
        verdicts = self._verdicts(places)
        name = request.query.get("answer") or await self._next(places, verdicts, request.query.get("after", ""))
        counts = Counter(verdict for verdict, _ in verdicts.values())
        needed = people_needed(self._desk.book)
        if name is None:
            return self._desk.page("reviewed.html", counts=counts, total=len(places), needed=needed)
        answer = await self._desk.read(places, name, "review")
        text = answer.answer.text
        stretches = tuple(each.stretch for each in answer.clean.taken)
        flags = find_flags(text)
        return self._desk.page(
            "review.html",
            name=name,
            seen=seen(answer),
            about=self._desk.about(answer),
            pieces=cut(text, stretches, flags),
            stretches=[(each, visible(text[each.start : each.end])) for each in stretches],
            flags=[(visible(text[each.start : each.end]), each.reason) for each in flags],
            clean=visible(answer.clean.text),
            state=answer.review,
            counts=counts,
            total=len(places),
            needed=needed,
            details=DETAILS,
            hide=request.query.get("hide", ""),
            show=request.query.get("show", ""),
            reason=self._reason(name) if answer.review.verdict == "withheld" else "",
            voice=not text.strip(),
        )

    async def act(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        places = await self._desk.shelf.places()
        name = form.get("answer", "")
        answer = await self._desk.read(places, name, "review")
        # What was seen must be what is decided on: in between, the person or another reviewer may have changed it.
        if form.get("seen") != seen(answer):
            raise DeskError("This answer was changed since you loaded the page: look at it again.")
        review = Review(self._desk.book, self._desk.who, name, answer.answer.text, answer.suggested)
        match form.get("do"):
            case "take out":
                for each in _wanted(form, answer.answer.text, review.stretches):
                    review.take_out(each)
            case "leave in":
                review.leave_in(*read_span(form, "span"))
            case "approve":
                review.approve()
                raise back_to(request, answer="", after=name, show="")
            case "withhold":
                review.withhold(form.get("reason", "")[:2000])
                raise back_to(request, answer="", after=name, show="")
            case "undo":
                if not review.undo():
                    raise await self._undo_before(request, places)
            case _:
                raise DeskError("This page has no such button: load it again.")
        raise back_to(request, answer=name, after="", show="1")

    async def _undo_before(self, request: web.Request, places: Mapping[str, AnswerPlace]) -> web.HTTPSeeOther:
        """Take back the last step with the answer that one came from: whoever decided too fast is on the next one."""
        name = request.query.get("after", "")
        if name in places:
            answer = await self._desk.read(places, name, "review")
            review = Review(self._desk.book, self._desk.who, name, answer.answer.text, answer.suggested)
            if review.undo():
                return back_to(request, answer=name, after="", show="1")
        raise DeskError("There is nothing of yours to take back here.")

    def _reason(self, name: str) -> str:
        """Why an answer was withheld, where somebody said."""
        notes = [each.note for each in self._desk.book.of(name) if each.kind == WITHHELD]
        return visible(notes[-1]) if notes else ""

    def _verdicts(self, places: Mapping[str, AnswerPlace]) -> dict[str, tuple[Verdict, tuple[str, ...]]]:
        """From the book alone, without opening anything: as if no answer had been edited since its last review."""
        entries: dict[str, list[Entry]] = {name: [] for name in places}
        for each in self._desk.book.of_kind(*KINDS):
            if each.subject in entries:
                entries[each.subject].append(each)
        needed = people_needed(self._desk.book)
        states = {
            name: read_state(found, found[-1].detail["text"] if found else "", needed)
            for name, found in entries.items()
        }
        return {name: (state.verdict, state.by) for name, state in states.items()}

    async def _next(
        self, places: Mapping[str, AnswerPlace], verdicts: Mapping[str, tuple[Verdict, tuple[str, ...]]], after: str
    ) -> str | None:
        """The next answer that waits for this person. Where the book knows of none, the words themselves are asked: an
        answer may have been edited after its review."""
        who = self._desk.who
        waiting = {
            name for name, (said, by) in verdicts.items() if said == "open" or (said == "waiting" and who not in by)
        }
        if waiting:
            return next_after(list(places), waiting, after)
        return await self._desk.shelf.first_changed(places)


def seen(answer: OnDesk) -> str:
    """A short name for what a page showed: these words with these stretches taken out."""
    spans = ",".join(f"{each.stretch.start}-{each.stretch.end}" for each in answer.clean.taken)
    return f"{hash_of(answer.answer.text)}:{spans}"


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def cut(text: str, stretches: tuple[Stretch, ...], flags: list[Flag]) -> list[Piece]:
    """The text in pieces; joined, they are the text."""
    edges = {0, len(text)}
    edges |= {edge for each in stretches for edge in (each.start, each.end)}
    edges |= {edge for each in flags for edge in (each.start, each.end)}
    pieces = []
    for start, end in pairwise(sorted(edges)):
        number = next((n for n, each in enumerate(stretches, 1) if each.start <= start < each.end), None)
        last = number is not None and stretches[number - 1].end == end
        flagged = any(each.start <= start < each.end for each in flags)
        pieces.append(Piece(visible(text[start:end]), start, number, last, flagged))
    return pieces


def _wanted(form: Mapping[str, str], text: str, already: tuple[Stretch, ...]) -> list[Stretch]:
    """What was selected, or else every place where the typed words stand and are not taken out yet."""
    kind = next((each for each in DETAILS if each == form.get("kind")), None)
    if kind is None:
        raise DeskError("Say what kind of detail this is, and try again.")
    words = form.get("words", "").strip()
    if form.get("span"):
        start, end = read_span(form, "span")
        return [Stretch(start, end, kind)]
    if not words:
        raise DeskError("Type or select the words that are to be taken out.")
    pattern = r"\s+".join(map(re.escape, words.split()))
    found = [
        Stretch(match.start(), match.end(), kind)
        for match in re.finditer(pattern, text, re.IGNORECASE)
        if not any(each.start <= match.start() and match.end() <= each.end for each in already)
    ]
    if not found:
        raise DeskError("These words do not stand in the answer, or are taken out already: copy them from it.")
    return found
