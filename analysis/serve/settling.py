"""The settling page: what two coders made of one answer, beside each other, and which of it stands."""

from aiohttp import web

from analysis.desk import DeskError
from analysis.desk.adjudication import SETTLED, Beside, put_beside, settle_codings
from analysis.desk.book import Entry
from analysis.desk.coding import FINISHED
from analysis.desk.coding import KINDS as CODING
from analysis.serve.at_desk import Desk, back_to, next_after, read_form
from analysis.serve.coding import STANCES
from analysis.serve.view import visible


class SettlePages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, request: web.Request) -> web.Response:
        places = await self._desk.shelf.places()
        ready = {name: each for name, each in self._ready().items() if name in places}
        open_ones = {name for name, each in ready.items() if each.kept is None}
        name = request.query.get("answer") or next_after(list(places), open_ones, request.query.get("after", ""))
        counts = {"ready": len(ready), "open": len(open_ones)}
        if name is None:
            return self._desk.page("settled.html", counts=counts)
        answer = await self._desk.read(places, name, "settling")
        framework = self._desk.coder.framework
        beside = put_beside(self._desk.book.of(name), self._desk.book.text_code(answer.answer.text), framework.id)
        titles = {each.id: each.title for each in framework.subthemes}
        rows = []
        for each in beside.codings:
            start, end = answer.clean.to_clean(each.start, each.end)
            rows.append((each, titles.get(each.subtheme, each.subtheme), visible(answer.clean.text[start:end])))
        return self._desk.page(
            "settle.html",
            name=name,
            about=self._desk.about(answer),
            text=visible(answer.clean.text),
            beside=beside,
            rows=rows,
            stances=STANCES,
            counts=counts,
            hide=request.query.get("hide", ""),
        )

    async def act(self, request: web.Request) -> web.Response:
        form = await request.post()
        fields = await read_form(request)
        places = await self._desk.shelf.places()
        name = fields.get("answer", "")
        answer = await self._desk.read(places, name, "settling")
        if fields.get("do") != "settle":
            raise DeskError("This page has no such button: load it again.")
        kept = [value for key, value in form.items() if key == "keep" and isinstance(value, str)]
        settle_codings(
            self._desk.book,
            self._desk.who,
            answer=name,
            text=answer.answer.text,
            framework=self._desk.coder.framework.id,
            kept=kept,
        )
        raise back_to(request, answer="", after=name)

    def _ready(self) -> dict[str, Beside]:
        """Answers that two people finished, from the book alone."""
        by_answer: dict[str, list[Entry]] = {}
        for each in self._desk.book.of_kind(*CODING, SETTLED):
            by_answer.setdefault(each.subject, []).append(each)
        found = {}
        for name, entries in by_answer.items():
            finished = [each for each in entries if each.kind == FINISHED]
            if finished:
                beside = put_beside(entries, finished[-1].detail["text"], self._desk.coder.framework.id)
                if beside.ready:
                    found[name] = beside
        return found
