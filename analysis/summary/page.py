"""From a Summary to one HTML page that needs nothing else: no network, no script, no font, no picture file.

Promise: everything on the page comes from the Summary, the answers of the service and the wording in `templates/`. Text
is escaped by the template engine; the page's own policy (a Content-Security-Policy with the hash of its one style
sheet) forbids everything else.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.disclosure import COLUMNS, Column
from analysis.summary.answered import ServiceAnswers
from analysis.summary.map import draw_tall, draw_wide
from analysis.summary.numbers import NamedTheme, Summary
from analysis.summary.sentences import say, say_people
from analysis.summary.whiskers import SAYS, Drawing, draw_change


@dataclass(frozen=True, slots=True)
class Link:
    """A way from this page to another one of the same server. A page in a file has none."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a list: a sub-theme, how many people, and how long its bar is (percent of those who answered)."""

    id: str
    title: str
    people: int
    percent: float


@dataclass(frozen=True, slots=True)
class Side:
    """One of the three lists of a theme: what is shown, most people first, what is too small to show, and what people
    said, each with the title of its sub-theme."""

    column: Column
    bars: tuple[Bar, ...]
    withheld: tuple[str, ...]
    quotations: tuple[tuple[str, str], ...]


#: Where the answers behind a number are: of these parts of the framework (none: of all), in this column (None: in any).
Behind = Callable[[tuple[str, ...], Column | None], str]


def style() -> str:
    """The style sheet of every page of the analysis."""
    return files("analysis.summary").joinpath("templates/page.css").read_text("utf-8")


def style_source() -> str:
    """How a Content-Security-Policy names the one style sheet that a page carries."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()}'"


def policy() -> str:
    return f"default-src 'none'; style-src {style_source()}; base-uri 'none'; form-action 'none'"


def render(
    summary: Summary,
    links: tuple[Link, ...] = (),
    answers: ServiceAnswers | None = None,
    behind: Behind | None = None,
) -> str:
    """The page. `links` appear above it where it is looked at in a server; `answers` are those of the service; `behind`
    leads from numbers to what people said, for whoever may read it."""
    pages = Environment(
        loader=PackageLoader("analysis.summary"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shared = {"summary": summary, "counts": summary.counts, "links": links, "style": style(), "policy": policy()}
    if not summary.counts.enough:
        return pages.get_template("too_few.html").render(shared)
    return pages.get_template("summary.html").render(
        shared,
        columns=COLUMNS,
        sentences=say(summary),
        people=say_people(summary),
        maps=(draw_wide(summary), draw_tall(summary)),
        behind=behind,
        answers=answers,
        drawings=_drawings(summary),
        titles=_titles(summary),
        says=SAYS,
        sides={theme.id: sides(summary, theme) for theme in summary.framework.themes},
    )


def _titles(summary: Summary) -> dict[str, str]:
    themes = {each.id: each.title for each in summary.framework.themes}
    return themes | {each.id: each.title for each in summary.subthemes}


def _drawings(summary: Summary) -> tuple[Drawing, ...]:
    """The changes for a desk and for a phone; none where there is nothing to draw."""
    if summary.change is None or not summary.change.rows:
        return ()
    sizes = (("wide", 736.0), ("tall", 360.0))
    return tuple(draw_change(summary.change, _titles(summary), name, width) for name, width in sizes)


def sides(summary: Summary, theme: NamedTheme) -> tuple[Side, ...]:
    """What helps, what harms and what is wished for in one theme."""
    return tuple(_side(summary, theme, column) for column in COLUMNS)


def _side(summary: Summary, theme: NamedTheme, column: Column) -> Side:
    counts = [(each, summary.count(each.id, column)) for each in theme.subthemes]
    bars = [
        Bar(each.id, each.title, count, round(100 * count / max(1, summary.counts.answered or 1), 1))
        for each, count in counts
        if count
    ]
    titles = {each.id: each.title for each in theme.subthemes}
    return Side(
        column,
        tuple(sorted(bars, key=lambda bar: -bar.people)),
        tuple(each.title for each, count in counts if count is None),
        tuple(
            (titles[each.subtheme], each.text)
            for each in summary.quotations
            if each.column == column and each.subtheme in titles
        ),
    )
