"""What the researcher asked to see, and the answers that fit it. Whatever an address may say, this is a choice."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import get_args
from urllib.parse import urlencode

from analysis.model import Framework, Stance
from analysis.reading import CodedAnswer, Reading
from analysis.serve.view import visible
from storage.records import Answer

PAGE = 25
NO_THEME = "none"
STANCES: tuple[Stance, ...] = get_args(Stance)


@dataclass(frozen=True, slots=True)
class Choice:
    """Empty means all; names are as they are shown. `code` is a theme, a sub-theme, or `none`: answers without any.
    `after` passes over that many."""

    service: str = ""
    question: str = ""
    code: str = ""
    stance: str = ""
    original: bool = False
    after: int = 0

    @classmethod
    def read(cls, query: Mapping[str, str], framework: Framework) -> "Choice":
        """From the address; what is not known there counts as empty."""
        codes = {NO_THEME, *(each.id for each in framework.themes), *(each.id for each in framework.subthemes)}
        code, stance, after = query.get("code", ""), query.get("stance", ""), query.get("after", "")
        return cls(
            service=query.get("service", ""),
            question=query.get("question", ""),
            code=code if code in codes else "",
            stance=stance if stance in STANCES else "",
            original=query.get("words") == "original",
            after=int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0,  # noqa: PLR2004 - digits
        )

    def fits(self, coded: CodedAnswer) -> bool:
        if self.question and visible(coded.answer.question) != self.question:
            return False
        codings = coded.coded.codings
        if self.code == NO_THEME:
            return not codings
        return (not self.code and not self.stance) or any(
            self.code in {"", each.theme, each.subtheme} and self.stance in {"", each.stance} for each in codings
        )

    def at(self, after: int) -> str:
        """The address, behind the page's own, of the same choice from another place on."""
        return replace(self, after=max(0, after)).address

    @property
    def address(self) -> str:
        fields = {
            "service": self.service,
            "question": self.question,
            "code": self.code,
            "stance": self.stance,
            "words": "original" if self.original else "",
            "after": str(self.after or ""),
        }
        return "?" + urlencode({name: value for name, value in fields.items() if value})


async def select(reading: Reading, answers: AsyncIterator[Answer], choice: Choice) -> tuple[list[CodedAnswer], bool]:
    """One page of answers, and whether there are more. Stops reading as soon as that is known."""
    found: list[CodedAnswer] = []
    passed = 0
    async with aclosing(reading.code(answers)) as coded:
        async for each in coded:
            if not choice.fits(each):
                continue
            passed += 1
            if passed <= choice.after:
                continue
            if len(found) == PAGE:
                return found, True
            found.append(each)
    return found, False
