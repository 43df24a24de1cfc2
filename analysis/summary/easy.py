"""The Easy Read page: the numbers of a summary again, in larger type, short sentences, one idea a line, each with a
simple picture.

Promises: it is made from the same Summary as the page and says nothing that the page does not say; the words stand
on their own without the pictures; its sentences are data (`easy.toml`, or a file of your own in its form), and how
hard they are to read is a test. Like the page it needs nothing else: no network, no script, no font.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from typing import Annotated, Self

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from analysis.content import read_toml
from analysis.disclosure import COLUMNS, Column
from analysis.model import Frozen
from analysis.summary.numbers import Summary
from analysis.summary.page import style

#: What may stand in a line, wherever it is. What a page does not publish has no slot.
SLOTS = frozenset({"service", "period", "people", "all", "least", "asked", "skipped", "day", "reason"})


def _check_slots(text: str) -> str:
    try:
        unknown = {name for _, name, _, _ in Formatter().parse(text) if name is not None} - SLOTS
    except ValueError:
        raise ValueError("a curly bracket stands alone; take it out") from None
    if unknown:
        raise ValueError(f"{{{min(unknown)}}} is not a slot; use one of {', '.join(sorted(SLOTS))}")
    return text


Say = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_check_slots)]
#: The `d` of an SVG path: nothing but commands and numbers.
Drawing = Annotated[str, StringConstraints(pattern=r"^[MmLlHhVvCcSsAaZz0-9 .,-]+$")]


class Line(Frozen):
    say: Say
    symbol: str


class Side(Frozen):
    """One of the three lists. `told` stands under each part, `others` beneath them all where more had to be left out;
    `few` and `nobody` where there is none to show."""

    title: Say
    told: Say
    few: Say
    others: Say
    nobody: Say


class Section(Frozen):
    title: Say
    lines: tuple[Line, ...] = Field(min_length=1)


class People(Frozen):
    title: Say
    all: Line
    asked: Line
    asked_hidden: Line
    skipped: Line
    more: tuple[Line, ...] = ()


class Sentences(Frozen):
    """Everything that the page can say. `subthemes`: by framework and part."""

    title: Say
    start: tuple[Line, ...] = Field(min_length=1)
    not_finished: Line
    correction: Line
    sides: dict[Column, Side]
    people: People
    hidden: Section
    made: Section
    made_with_people: Section
    end: Section
    too_few: Section
    subthemes: dict[str, dict[str, Line]]
    symbols: dict[str, Drawing]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if missing := set(COLUMNS) - set(self.sides):
            raise ValueError(f"sides.{min(missing)} is missing: add it")
        if unknown := {each.symbol for each in self.lines()} - set(self.symbols):
            raise ValueError(f"there is no symbol {min(unknown)}: draw it under [symbols], or choose another")
        return self

    def lines(self) -> tuple[Line, ...]:
        """Every line that has a symbol."""
        sections = (self.hidden, self.made, self.made_with_people, self.end, self.too_few)
        people = self.people
        return (
            *self.start, self.not_finished, self.correction, people.all, people.asked, people.asked_hidden,
            people.skipped, *people.more, *(line for section in sections for line in section.lines),
            *(line for parts in self.subthemes.values() for line in parts.values()),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the framework in one of the three lists."""

    line: Line
    people: int


@lru_cache(maxsize=1)
def read_sentences() -> Sentences:
    """The sentences that come with Hearten. Raises ContentError."""
    return read_toml(files("analysis.summary").joinpath("easy.toml"), Sentences)


def render_easy(summary: Summary, sentences: Sentences | None = None) -> str:
    """The page."""
    sentences = sentences or read_sentences()
    pages = Environment(
        loader=PackageLoader("analysis.summary"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sheet = style() + files("analysis.summary").joinpath("templates/easy.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    counts = summary.counts
    filled = {
        "service": summary.service_name,
        "period": summary.period_title,
        "all": counts.answered,
        "least": counts.threshold,
        "asked": counts.asked,
        "skipped": counts.skipped,
    }
    return pages.get_template("easy.html").render(
        summary=summary,
        counts=counts,
        text=sentences,
        made=sentences.made if summary.settled_by_people == "none" else sentences.made_with_people,
        columns=COLUMNS,
        parts={column: _parts(summary, column, sentences) for column in COLUMNS} if counts.enough else {},
        say=lambda sentence, **more: sentence.format(**(filled | more)),
        style=sheet,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        links=(),
    )


def _parts(summary: Summary, column: Column, sentences: Sentences) -> list[Part]:
    """What is shown in one list, most people first."""
    known = sentences.subthemes.get(summary.framework.id, {})
    shown = [
        Part(known.get(each.id) or Line(say=_plain(each.title), symbol="question"), count)
        for each in summary.subthemes
        if (count := summary.count(each.id, column))
    ]
    return sorted(shown, key=lambda part: -part.people)


def _plain(title: str) -> str:
    """A framework's own title as a sentence without slots."""
    return title.replace("{", "{{").replace("}", "}}")
