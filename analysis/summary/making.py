"""One summary from beginning to end: what is opened for it, what is counted, and in which order.

Promises: answers pass through one by one; what people told of themselves is taken from all that they told the service
up to the end of the period, the last time counts; staff's reflections are never counted among service users' answers;
where people coded an answer and settled what stands, that is counted, and not what the machine suggests.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from typing import Any, Protocol

from analysis.disclosure import Tally
from analysis.frameworks import read_framework
from analysis.model import Framework
from analysis.period import Period
from analysis.questions import framework_of, guides_of
from analysis.reading import CodedAnswer, Source
from analysis.services import Service
from analysis.summary.mirrors import STAFF
from analysis.summary.numbers import Summary, summarise, tally
from analysis.summary.quotations import Candidates
from analysis.summary.sample import gather
from analysis.summary.settled import Settled
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
    earlier: Sequence[Summary] | None = None,
    staff: Callable[[], Codes] | None = None,
) -> Summary:
    """Open, count, and keep back what may not be shown. `earlier`: what was published before, to compare with (None:
    nobody looked). `staff` makes what codes staff's reflections, and is called only if there are any."""
    code, since, until = service.code, period.since, period.until
    told = await gather(source.answers(service=code, until=until, kind="choice"))
    answers = _on(framework.id, source.answers(service=code, since=since, until=until, kind="answer"))
    questions = _asked_on(framework.id, source.asked(service=code, since=since, until=until))
    candidates, settled = Candidates(), Settled()
    counted = await tally(settled.put_first(codes.code(answers)), questions, candidates, told)
    reflected = (await _count_staff(source, staff, service, period), read_framework(STAFF)) if staff else None
    return summarise(
        counted,
        framework,
        service,
        period,
        made,
        candidates=candidates,
        earlier=earlier,
        staff=reflected,
        settled=settled.share,
    )


async def _count_staff(source: Source, staff: Callable[[], Codes], service: Service, period: Period) -> Tally:
    answers = _reflections(source, service, period)
    first = await anext(answers, None)
    coded = staff().code(_behind(first, answers)) if first else _none()
    return await tally(coded, _none())


async def _reflections(source: Source, service: Service, period: Period) -> AsyncIterator[Answer]:
    for guide in guides_of(STAFF):
        span = source.answers(service=service.code, since=period.since, until=period.until, guide=guide, kind="answer")
        async for each in span:
            yield each


async def _behind(first: Answer, rest: AsyncIterator[Answer]) -> AsyncIterator[Answer]:
    yield first
    async for each in rest:
        yield each


async def _none() -> AsyncIterator[Any]:
    nothing: tuple[Any, ...] = ()
    for each in nothing:
        yield each


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
