"""Answers on their way through the crew and back, in the order in which they came."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, TypeVar, cast

from analysis.cluster import Texts
from analysis.deidentify import Finder
from analysis.errors import AnalysisError
from analysis.identifiers import Found
from analysis.model import Coded
from analysis.reading import BATCH, CodedAnswer, Invites, Mask, Masked, Reading, Text, invite_nothing
from analysis.sharing.crew import Crew
from analysis.sharing.tools import Packed, Tools, code_all, code_many_texts, find_all, unpack
from storage.records import Answer

Given = TypeVar("Given")
Back = TypeVar("Back")

#: Up to so many answers one process is done before others have learned to code.
FEW = 1500
#: Batches that wait for each process at each step: enough that none is idle, few enough to stay small.
_AHEAD = 3


class SharedReading:
    """As `Reading`, with a crew. `engine` says which engine it was once the first answer has come."""

    def __init__(
        self,
        crew: Crew,
        mask: Callable[[tuple[Finder, ...]], Mask],
        invites: Invites = invite_nothing,
        *,
        few: int = FEW,
    ) -> None:
        """`mask` is given the finders where this process has to look itself. `few`: up to so many answers it does."""
        self.engine = ""
        self._crew = crew
        self._tools = crew.tools
        self._new_mask = mask
        self._invites = invites
        self._few = 0 if crew.scheduler else few

    async def code(self, answers: AsyncIterator[Answer]) -> AsyncGenerator[CodedAnswer, None]:
        """Code answers in their own words; what was picked from a list is left out. Raises AnalysisError where a
        process died."""
        words = (answer async for answer in answers if answer.kind == "answer")
        first: list[Answer] = []
        if self._crew.pool is not None:
            async for answer in words:
                first.append(answer)
                if len(first) > self._few:
                    break
        coder, finders = self._tools.coder(), self._tools.finders()
        self.engine = coder.engine
        if self._crew.pool is not None and len(first) > self._few:
            async for each in self._share(self._crew.pool, _chain(first, words)):
                yield each
            self._crew.let_go()  # before all that is written, which needs memory of its own
            return
        alone = Reading(coder, lambda: self._new_mask(finders), self._invites)
        async for each in alone.code(_chain(first, words)):
            yield each

    async def _share(self, pool: Executor, answers: AsyncIterator[Answer]) -> AsyncGenerator[CodedAnswer, None]:
        ahead = _AHEAD * self._crew.processes
        try:
            found = _in_order(pool, ahead, _batches(answers), self._to_find)
            async for (batch, masked), packed in _in_order(pool, ahead, self._mask(found), self._to_code):
                for each in zip(batch, masked, map(unpack, packed), strict=True):
                    yield CodedAnswer(*each)
        except BrokenProcessPool:
            raise AnalysisError(
                "A process that was coding came to an end before its work did, most often for want of memory: nothing"
                " was written. Try again with --processes 1."
            ) from None

    async def _mask(
        self, found: AsyncIterator[tuple[list[Answer], list[list[Found]]]]
    ) -> AsyncIterator[tuple[list[Answer], list[Masked]]]:
        mask = self._new_mask(())  # the others have looked
        async for batch, details in found:
            yield batch, [mask(answer, each) for answer, each in zip(batch, details, strict=True)]

    def _to_find(self, batch: list[Answer]) -> "Task[list[list[Found]]]":
        return find_all, (self._tools, Texts(each.text for each in batch))

    def _to_code(self, masked: tuple[list[Answer], list[Masked]]) -> "Task[list[Packed]]":
        texts = (
            (each.text, self._invites(answer.guide, answer.guide_version, answer.question))
            for answer, each in zip(*masked, strict=True)
        )
        return code_all, (self._tools, Texts(texts))


Task = tuple[Callable[..., Back], tuple[Any, ...]]
"""What another process is to do: a function of a module, and what it is given."""


async def _in_order(
    pool: Executor, ahead: int, source: AsyncIterator[Given], task: Callable[[Given], Task[Back]]
) -> AsyncIterator[tuple[Given, Back]]:
    """Each thing of the source with what a process made of it, in the order of the source, some at work at a time."""
    waiting: deque[tuple[Given, asyncio.Future[Back]]] = deque()
    async for each in source:
        work, given = task(each)
        waiting.append((each, asyncio.wrap_future(pool.submit(work, *given))))
        if len(waiting) > ahead:
            first, made = waiting.popleft()
            yield first, await made
    while waiting:
        first, made = waiting.popleft()
        yield first, await made


async def _batches(answers: AsyncIterator[Answer]) -> AsyncIterator[list[Answer]]:
    """Batches that hold every person whole: what somebody said is at work in one place at a time."""
    batch: list[Answer] = []
    async for answer in answers:
        if len(batch) >= BATCH and answer.person != batch[-1].person:
            yield batch
            batch = []
        batch.append(answer)
    if batch:
        yield batch


async def _chain(first: Sequence[Answer], rest: AsyncIterator[Answer]) -> AsyncIterator[Answer]:
    for each in first:
        yield each
    async for each in rest:
        yield each


def code_shared(tools: Tools, texts: Iterable[Text], *, processes: int, scheduler: str) -> Iterator[Coded]:
    """As a coder's `code_many`, on a cluster, in the order of the texts."""
    texts, waiting = iter(texts), deque[Future[list[Coded]]]()
    with Crew(tools, processes, scheduler) as crew:
        pool = cast("Executor", crew.pool)
        while batch := Texts(islice(texts, BATCH)):
            waiting.append(pool.submit(code_many_texts, tools, batch))
            if len(waiting) > _AHEAD * crew.processes:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
