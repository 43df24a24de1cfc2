"""One summary from beginning to end: what is opened for it, what is counted, and in which order.

Promises: answers pass through one by one; what people told of themselves is taken from all that they told the service
up to the end of the period, the last time counts; staff's reflections are never counted among service users' answers.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Protocol

from analysis.model import Framework
from analysis.period import Period
from analysis.questions import framework_of
from analysis.reading import CodedAnswer, Source
from analysis.services import Service
from analysis.summary.numbers import Summary, summarise, tally
from analysis.summary.quotations import Candidates
from analysis.summary.sample import gather
from storage.records import Answer, Asked


class Codes(Protocol):
    """Anything that codes answers as they come: `Reading`, or `SharedReading` on several processes."""

    def code(self, answers: AsyncIterator[Answer]) -> AsyncIterator[CodedAnswer]: ...


async def make_summary(
    source: Source,
    codes: Codes,
    framework: Framework,
    service: Service,
    period: Period,
    *,
    made: date,
    earlier: Sequence[Summary] = (),
) -> Summary:
    """Open, count, and keep back what may not be shown. `earlier`: what was published before, to compare with."""
    code, since, until = service.code, period.since, period.until
    told = await gather(source.answers(service=code, until=until, kind="choice"))
    answers = _on(framework.id, source.answers(service=code, since=since, until=until, kind="answer"))
    questions = _asked_on(framework.id, source.asked(service=code, since=since, until=until))
    candidates = Candidates()
    counted = await tally(codes.code(answers), questions, candidates, told)
    return summarise(counted, framework, service, period, made, candidates=candidates, earlier=earlier)


async def was_asked(source: Source, code: str) -> bool:
    """Whether anybody was ever asked anything for this service."""
    async for _ in source.asked(service=code):
        return True
    return False


async def _on(framework: str, answers: AsyncIterator[Answer]) -> AsyncIterator[Answer]:
    async for each in answers:
        if framework_of(each.guide) == framework:
            yield each


async def _asked_on(framework: str, questions: AsyncIterator[Asked]) -> AsyncIterator[Asked]:
    async for each in questions:
        if framework_of(each.guide) == framework:
            yield each
