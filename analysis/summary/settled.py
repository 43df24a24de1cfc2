"""What people coded and settled takes the place of what the machine suggests, answer by answer."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Literal

from analysis.model import Coded, Coding
from analysis.reading import CodedAnswer

#: How many of the answers people settled. No number: a few of them could be told from it.
Share = Literal["none", "some", "all"]


class Settled:
    """Hears of every answer as it passes, and says afterwards how many of them people settled."""

    def __init__(self) -> None:
        self._by_people = self._by_machine = False

    async def put_first(self, coded: AsyncIterator[CodedAnswer]) -> AsyncIterator[CodedAnswer]:
        async for each in coded:
            if each.answer.in_summaries:
                self._by_people |= is_settled(each)
                self._by_machine |= not is_settled(each)
            yield as_settled(each)

    @property
    def share(self) -> Share:
        if not self._by_people:
            return "none"
        return "some" if self._by_machine else "all"


def is_settled(each: CodedAnswer) -> bool:
    """Whether two people coded this answer and somebody settled what stands, which may be no theme at all."""
    return any(work.settled for work in each.masked.people)


def as_settled(each: CodedAnswer) -> CodedAnswer:
    """The answer with what stands since it was settled; as it came where nobody settled it."""
    if not is_settled(each):
        return each
    stands = {
        (kept.start, kept.end, kept.theme, kept.subtheme, kept.stance)
        for work in each.masked.people
        for kept in work.codings
        if kept.settled and kept.theme
    }
    codings = tuple(
        Coding(
            subtheme=subtheme,
            theme=theme,
            stance=stance,
            confidence=1.0,
            start=start,
            end=end,
            reason="People coded this and settled on it.",
        )
        for start, end, theme, subtheme, stance in sorted(stands)
    )
    return replace(each, coded=Coded(codings=codings, top=each.coded.top))
