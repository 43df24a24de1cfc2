"""The listening page: a voice note, and the words that somebody types while hearing it.

The sound goes from the sealed row to the browser's memory and nowhere else; it is never a file on this side.
"""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from analysis.desk import DeskError
from analysis.desk.shelf import name_of
from analysis.errors import ContentError
from analysis.questions import content_note, words_of
from analysis.serve.at_desk import Desk, back_to, next_after, read_form
from analysis.serve.view import visible
from analysis.voices import VoiceNote, keep_transcript, take_back_transcript, voice_notes
from storage.keys import KeptKey
from storage.records import Answer, Content

#: What a browser is told that a sound is. Everything else is offered as bytes, so that nothing is run.
SOUNDS = frozenset({"audio/ogg", "audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/wav", "audio/webm"})


@dataclass(frozen=True, slots=True)
class Opened:
    """One answer with voice notes, and the key for what is typed out of them."""

    name: str
    answer: Answer
    notes: list[VoiceNote]
    key: KeptKey

    def note(self, number: str) -> VoiceNote:
        """Raises DeskError where there is none of this number."""
        for each in self.notes:
            if str(each.number) == number:
                return each
        raise DeskError("This page has no such button: load it again.")


class ListeningPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: dict[str, int] | None = None  # by answer with voice notes: how many nobody has heard

    async def show(self, request: web.Request) -> web.Response:
        waiting = await self._look() if self._waiting is None or request.query.get("look") else self._waiting
        name = request.query.get("answer") or next_after(
            list(waiting), {each for each, count in waiting.items() if count}, request.query.get("after", "")
        )
        if name is None:
            return self._desk.page("heard.html", counts=self._counts())
        opened = await self._open(name)
        return self._page(request, opened, {each.number: each.words or "" for each in opened.notes})

    def _page(self, request: web.Request, opened: Opened, words: dict[int, str], suggested: int = 0) -> web.Response:
        """`words`: what stands in the fields. `suggested`: the note for which a machine suggested them; 0 for none."""
        given = opened.answer
        return self._desk.page(
            "listen.html",
            sounds=True,
            name=opened.name,
            about={
                "wording": visible(words_of(given.guide, given.question)),
                "question": visible(given.question),
                "service": visible(given.service),
                "hard": content_note(given.guide, given.question),
            },
            notes=opened.notes,
            words=words,
            suggests=self._desk.recogniser is not None,
            suggested=suggested,
            counts=self._counts(),
            hide=request.query.get("hide", ""),
        )

    def _counts(self) -> dict[str, int]:
        waiting = self._waiting or {}
        return {"answers": len(waiting), "open": sum(waiting.values())}

    async def play(self, request: web.Request) -> web.Response:
        """The sound itself, from memory; a part of it where a part is asked for, so that one can go back a little."""
        opened = await self._open(request.query.get("answer", ""))
        number = request.query.get("note")
        sound = next((each.sound for each in opened.notes if str(each.number) == number), None)
        if sound is None:
            raise web.HTTPNotFound
        return _part_of(sound, request)

    async def act(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        opened = await self._open(form.get("answer", ""))
        book, who = self._desk.book, self._desk.who
        do, _, which = form.get("do", "").partition(" ")
        match do:
            case "keep":
                self._keep(opened, form)
            case "suggest":
                return await self._suggest(request, opened, opened.note(which), form)
            case "undo":
                number = opened.note(which).number
                if not take_back_transcript(book, who, opened.answer, number, key=opened.key):
                    raise DeskError("You typed nothing here that still holds.")
            case _:
                raise DeskError("This page has no such button: load it again.")
        left = _count(voice_notes(book, opened.answer, opened.key))
        if self._waiting is not None:
            self._waiting[opened.name] = left
        if do == "undo" or left:
            raise back_to(request, answer=opened.name)
        raise back_to(request, answer="", after=opened.name)

    async def _suggest(
        self, request: web.Request, opened: Opened, note: VoiceNote, form: dict[str, str]
    ) -> web.Response:
        """The same page with words in one field that a machine heard. Nothing is kept, and nothing else is lost."""
        if self._desk.recogniser is None:
            raise DeskError("There is no recogniser here: start these pages with HEARTEN_SPEECH.")
        try:
            heard = await asyncio.to_thread(self._desk.recogniser.suggest, note.sound)
        except ContentError as problem:
            raise DeskError(str(problem)) from None
        words = {each.number: form.get(f"words-{each.number}", "") for each in opened.notes}
        return self._page(request, opened, words | {note.number: heard}, note.number)

    def _keep(self, opened: Opened, form: dict[str, str]) -> None:
        """Everything that was typed on the page, whichever note it is for, so that no words are lost."""
        changed = False
        for note in opened.notes:
            words = form.get(f"words-{note.number}", "").replace("\r\n", "\n").strip()
            nothing = f"nothing-{note.number}" in form
            if words and nothing:
                raise DeskError(
                    f"Voice note {note.number} has words, and is marked as having none: go back and choose one."
                )
            if (words or nothing) and words != note.words:
                keep_transcript(self._desk.book, self._desk.who, opened.answer, note.number, words, key=opened.key)
                changed = True
        if not changed:
            raise DeskError("There are no new words: type what is said, or mark that there is nothing to type.")

    async def _look(self) -> dict[str, int]:
        """Every answer with a voice note. What is sealed says nothing from outside, so all are opened, once."""
        self._desk.note_opening("voice notes")
        found = {}
        async with self._desk.open_source() as source:
            async for answer in source.answers():
                if notes := voice_notes(self._desk.book, answer, await source.key_about(answer.person)):
                    found[name_of(answer)] = _count(notes)
        self._waiting = found
        return found

    async def _open(self, name: str) -> Opened:
        place = (await self._desk.shelf.places()).get(name)
        if place is not None:
            async with self._desk.open_source() as source:
                key = await source.key_about(place.person)
                async for answer in source.answers(person=place.person):
                    if key is not None and name_of(answer) == name:
                        self._desk.note_opening("listening", name)
                        return Opened(name, answer, voice_notes(self._desk.book, answer, key), key)
        raise DeskError("This answer is no longer there: its person may have withdrawn.")


def _part_of(sound: Content, request: web.Request) -> web.Response:
    """The whole, or one range of bytes (RFC 9110, section 14)."""
    kind, size = sound.media_type, len(sound.data)
    try:
        start, stop, _ = request.http_range.indices(size)
        partial = request.http_range.start is not None
    except ValueError:
        start, stop, partial = 0, size, False
    if start >= stop:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    headers = {"Accept-Ranges": "bytes"}
    if partial:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return web.Response(
        status=206 if partial else 200,
        body=sound.data[start:stop],
        content_type=kind if kind in SOUNDS else "application/octet-stream",
        headers=headers,
    )


def _count(notes: list[VoiceNote]) -> int:
    return sum(each.words is None for each in notes)
