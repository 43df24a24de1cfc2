"""The sentences at the top of a summary, filled from `sentences.toml` with what is published anyway.

Promises: every number in a sentence is one that the summary shows; where nothing can be shown there is no sentence, and
what there is to say of that comes apart from them; titles are escaped, whatever is in them.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Self

from markupsafe import Markup, escape
from pydantic import AfterValidator, Field, model_validator

from analysis.content import read_toml
from analysis.disclosure import COLUMNS, Column
from analysis.model import Frozen
from analysis.summary.numbers import Summary


def _with(*names: str) -> AfterValidator:
    """A text that holds exactly these places to fill."""

    def check(text: str) -> str:
        try:
            found = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        except ValueError:
            raise ValueError("a curly bracket is opened or closed alone: take it out or add the other one.") from None
        if found != set(names):
            wanted = " and ".join(f"{{{name}}}" for name in names) or "nothing"
            raise ValueError(f"this text is filled with {wanted}: use each of them and no other.")
        return text

    return AfterValidator(check)


class SentenceWords(Frozen):
    column: Column
    one: Annotated[str, _with("parts", "count", "answered")]
    several: Annotated[str, _with("parts", "count", "answered")]
    many: Annotated[str, _with("number", "count", "answered")]
    few: Annotated[str, _with()]
    nobody: Annotated[str, _with()]


class PeopleWords(Frozen):
    answered: Annotated[str, _with("answered")]
    asked: Annotated[str, _with("asked")]
    skipped: Annotated[str, _with("skipped")]


class SentencesFile(Frozen):
    most_named: int = Field(ge=1, le=5)
    sentence: tuple[SentenceWords, ...]
    people: PeopleWords

    @model_validator(mode="after")
    def _one_for_each_column(self) -> Self:
        if [each.column for each in self.sentence] != list(COLUMNS):
            raise ValueError(f"there must be one sentence for each of {', '.join(COLUMNS)}, in this order.")
        return self


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is safe to put into a page. `count` is None where nothing can be counted out loud."""

    column: Column
    text: Markup
    count: int | None


@cache
def read_sentences() -> SentencesFile:
    """The wording that comes with Hearten. Raises ContentError where it is wrong."""
    return read_toml(files("analysis.summary") / "sentences.toml", SentencesFile)


def say(summary: Summary) -> tuple[Sentence, ...]:
    """One sentence for each column, those with a count and those without."""
    words = read_sentences()
    return tuple(_say(summary, each, words.most_named) for each in words.sentence)


def say_people(summary: Summary) -> str:
    """How many were asked, answered and skipped, as far as that is shown."""
    words, counts = read_sentences().people, summary.counts
    said = [words.asked.format(asked=counts.asked)] if counts.asked is not None else []
    said += [words.answered.format(answered=counts.answered)]
    said += [words.skipped.format(skipped=counts.skipped)] if counts.skipped is not None else []
    return " ".join(said)


def _say(summary: Summary, words: SentenceWords, most_named: int) -> Sentence:
    count, titles = summary.most(words.column)
    if not count:
        text = words.few if summary.any_withheld(words.column) else words.nobody
        return Sentence(words.column, escape(text), None)
    form = words.one if len(titles) == 1 else words.several if len(titles) <= most_named else words.many
    filled = escape(form).format(parts=_list(titles), number=len(titles), count=count, answered=summary.counts.answered)
    return Sentence(words.column, filled, count)


def _list(titles: Sequence[str]) -> Markup:
    strong = [Markup("<strong>{}</strong>").format(title) for title in titles]
    return Markup(" and ").join([Markup(", ").join(strong[:-1]), strong[-1]] if len(strong) > 1 else strong)
