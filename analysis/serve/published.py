"""For a service, or whoever is to see only what is published: the files in a folder of summaries, and nothing else.

Promises: no key is needed and no database is opened; nothing but the files of finished summaries is shown, found by
their numbers and never by what stands in an address; the pages can be read and not changed, on this machine only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.serve.guard import guard, page
from analysis.serve.view import visible
from analysis.summary import Summary
from analysis.summary.folder import SummaryError, read_summary
from analysis.summary.page import style as summary_style

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
#: What lies beside the numbers: the end of the name in an address, and of the file, and what the file is.
_KINDS = {
    "page": (".html", "text/html"),
    "easy-read": ("-easy-read.html", "text/html"),
    "pdf": (".pdf", "application/pdf"),
    "table": (".csv", "text/csv"),
    "numbers": (".json", "application/json"),
}


@dataclass(frozen=True, slots=True)
class Published:
    """One summary in the folder. `kinds` are those of its files that are there."""

    summary: Summary
    numbers: Path

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(kind for kind in _KINDS if self.file(kind).is_file())

    def file(self, kind: str) -> Path:
        return self.numbers.with_name(self.numbers.stem + _KINDS[kind][0])


class PublishedPages:
    """Handlers. Each looks into the folder anew."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise SummaryError("There is no such folder of summaries: give the one that `summary --all-due` writes to.")
        self._folder = folder
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
        app.router.add_get("/", self.list)
        app.router.add_get("/{service}/{period}/{kind}", self.show)
        return app

    async def list(self, _request: web.Request) -> web.Response:
        """Every service with its summaries, newest first."""
        found: dict[str, list[Published]] = {}
        for each in self._find():
            found.setdefault(each.summary.service, []).append(each)
        listed = [
            (visible(each[0].summary.service_name), sorted(each, key=lambda one: one.summary.since, reverse=True))
            for each in found.values()
        ]
        return self._page("published.html", services=sorted(listed, key=lambda each: each[0]))

    async def show(self, request: web.Request) -> web.Response:
        """One file, as it is."""
        wanted = request.match_info["service"], request.match_info["period"]
        for each in self._find():
            if (each.summary.service, each.summary.period) == wanted:
                return self._file(each, request.match_info["kind"])
        raise web.HTTPNotFound

    def _file(self, published: Published, kind: str) -> web.Response:
        if kind not in published.kinds:
            raise web.HTTPNotFound
        content, (_, media_type) = published.file(kind).read_bytes(), _KINDS[kind]
        if media_type == "text/html":
            text = content.decode("utf-8", "replace")
            found = _STYLE.search(text)
            return page(text, found[1] if found else "")
        headers = {"Content-Disposition": f'attachment; filename="{published.file(kind).name}"'}
        return web.Response(body=content, content_type=media_type, headers=headers)

    def _find(self) -> Iterator[Published]:
        """What is in the folder, and in those of services in it. A period that was not over is no published one."""
        for path in sorted((*self._folder.glob("*.json"), *self._folder.glob("*/*.json"))):
            summary = read_summary(path)
            if summary is not None and summary.finished:
                yield Published(summary, path)

    def _page(self, template: str, status: int = 200, **values: object) -> web.Response:
        html = self._templates.get_template(template).render(style=self._style, **values)
        return page(html, self._style, status)

    def _explain(self, status: int, sentence: str) -> web.Response:
        return self._page("sentence.html", status, sentence=sentence)
