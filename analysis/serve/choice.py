"""What the researcher asked to see, and the answers that fit it. Whatever an address may say, this is a choice.

A search is words that somebody may have said, and addresses stay in the history of a browser: so an address holds only
the name of a search, and the words stay in this process (`Searches`).
"""

import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import get_args
from urllib.parse import urlencode

from analysis.disclosure import COLUMNS, COUNTED, Column
from analysis.model import Framework, Stance
from analysis.period import Period, PeriodError, read_period
from analysis.questions import framework_of
from analysis.reading import CodedAnswer, Masked, Reading
from analysis.serve.view import visible
from analysis.summary.settled import as_settled
from storage.records import Answer

PAGE = 25
NO_THEME = "none"
STANCES: tuple[Stance, ...] = get_args(Stance)

_SEARCHES = 200  # remembered at a time
_LONGEST = 200  # characters of a search
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")


class Searches:
    """What was searched for while these pages are served, by a name that says nothing. In memory only."""

    def __init__(self) -> None:
        self._words: OrderedDict[str, str] = OrderedDict()

    def remember(self, words: str) -> str:
        """The name of a search; empty for none."""
        words = " ".join(words.split())[:_LONGEST]
        if not words:
            return ""
        name = secrets.token_hex(8)
        self._words[name] = words
        if len(self._words) > _SEARCHES:
            self._words.popitem(last=False)
        return name

    def words(self, name: str) -> str:
        return self._words.get(name, "")


@dataclass(frozen=True, slots=True)
class Choice:
    """Empty means all; names are as they are shown. `code` is a theme, a sub-theme, several of them with commas, or
    `none`: answers without any. `told` is a column of a summary, and `counted` leaves what a summary counts: together
    they give the answers behind one of its numbers. `after` passes over that many."""

    service: str = ""
    period: str = ""
    guide: str = ""
    question: str = ""
    code: str = ""
    stance: str = ""
    told: str = ""
    counted: bool = False
    search: str = ""
    original: bool = False
    after: int = 0

    @classmethod
    def read(cls, query: Mapping[str, str], framework: Framework) -> "Choice":
        """From the address; what is not known there counts as empty."""
        codes = {NO_THEME, *(each.id for each in framework.themes), *(each.id for each in framework.subthemes)}
        code, stance, after = query.get("code", ""), query.get("stance", ""), query.get("after", "")
        return cls(
            service=query.get("service", ""),
            period=_known_period(query.get("period", "")),
            guide=query.get("guide", ""),
            question=query.get("question", ""),
            code=code if set(code.split(",")) <= codes else "",
            stance=stance if stance in STANCES else "",
            told=query.get("told", "") if query.get("told") in COLUMNS else "",
            counted=query.get("counted") == "yes",
            search=query.get("search", ""),
            original=query.get("words") == "original",
            after=int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0,  # noqa: PLR2004 - digits
        )

    @property
    def span(self) -> Period | None:
        return read_period(self.period) if self.period else None

    def may_fit(self, answer: Answer, masked: Masked, framework: str, searched: str) -> bool:
        """Whether an answer fits, as far as that can be told before it is coded."""
        if self.counted and not (answer.in_summaries and framework_of(answer.guide) == framework):
            return False
        if self.question and visible(answer.question) != self.question:
            return False
        if self.guide and visible(answer.guide) != self.guide:
            return False
        return not searched or holds(answer.text if self.original else masked.text, searched)

    def fits(self, coded: CodedAnswer) -> bool:
        """Whether what an answer is about fits."""
        codings = coded.coded.codings
        if self.code == NO_THEME:
            return not codings
        wanted = set(self.code.split(",")) if self.code else set()
        return not (wanted or self.stance or self.told) or any(
            (not wanted or wanted & {each.theme, each.subtheme})
            and self.stance in {"", each.stance}
            and (not self.told or self.told in COUNTED[each.stance])
            for each in codings
        )

    def at(self, after: int) -> str:
        """The address, behind the page's own, of the same choice from another place on."""
        return replace(self, after=max(0, after)).address

    @property
    def address(self) -> str:
        fields = {
            "service": self.service,
            "period": self.period,
            "guide": self.guide,
            "question": self.question,
            "code": self.code,
            "stance": self.stance,
            "told": self.told,
            "counted": "yes" if self.counted else "",
            "search": self.search,
            "words": "original" if self.original else "",
            "after": str(self.after or ""),
        }
        return "?" + urlencode({name: value for name, value in fields.items() if value}, safe=",")


def behind(service: str, period: Period, codes: tuple[str, ...], column: Column | None) -> Choice:
    """The answers behind one number of a summary."""
    return Choice(service=service, period=period.name, code=",".join(codes), told=column or "", counted=True)


def holds(text: str, searched: str) -> bool:
    """Whether every word of a search is in a text, in small letters or large ones."""
    plain = _plain(text)
    return all(word in plain for word in _plain(searched).split())


async def select(
    reading: Reading, answers: AsyncIterator[Answer], choice: Choice, searched: str = ""
) -> tuple[list[CodedAnswer], bool]:
    """One page of answers, and whether there are more. Stops reading as soon as that is known, and holds no more than
    the page and the batch in hand."""
    found: list[CodedAnswer] = []
    passed = 0
    framework = reading.coder.framework.id
    wanted = reading.code(answers, lambda answer, masked: choice.may_fit(answer, masked, framework, searched))
    async with aclosing(wanted) as coded:
        async for one in coded:
            each = as_settled(one)
            if not choice.fits(each):
                continue
            passed += 1
            if passed <= choice.after:
                continue
            if len(found) == PAGE:
                return found, True
            found.append(each)
    return found, False


def _plain(text: str) -> str:
    return text.casefold().translate(_APOSTROPHES)


def _known_period(name: str) -> str:
    try:
        return read_period(name).name if name else ""
    except PeriodError:
        return ""
