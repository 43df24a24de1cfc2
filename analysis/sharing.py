"""Reading on several processes, here or on a cluster (`analysis.cluster`): a hundred thousand answers keep every core
busy, and many millions keep many machines busy.

Finding details and coding remember nothing from one answer to the next, so processes share them. What does remember
(the placeholders of a person, the desk's book, the research key) stays in the one process that opened the answers; the
others see texts and nothing else, no key, no file and no id.

Promises: answers come in the order of the source, and every one as `Reading` gives it, however many processes there
are; only some batches for each process wait at a time, so memory does not grow with the answers; few answers start no
process; a process that dies ends the reading with a sentence.
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from analysis.cluster import Texts, open_pool
from analysis.deidentify import Finder, find_details
from analysis.finding import read_finders
from analysis.frameworks import read_framework
from analysis.identifiers import Found
from analysis.model import Coded, Framework
from analysis.reading import (
    BATCH,
    NOTHING,
    CodedAnswer,
    Invites,
    Mask,
    Masked,
    Reading,
    Text,
    code_each,
    invite_nothing,
)
from storage.records import Answer

if TYPE_CHECKING:
    from analysis.coder import ThemeCoder
    from analysis.engines import Engine

Given = TypeVar("Given")
Back = TypeVar("Back")

#: Processes where nobody says how many. More would wait for the one that opens the answers.
_MOST = 4
#: Up to so many answers one process is done before others have learned to code.
FEW = 1500
#: Batches that wait for each process at each step: enough that none is idle, few enough to stay small.
_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Tools:
    """What it takes to find details and to code, as plain data that can be sent to another process."""

    framework: str
    engine: "Engine" = "auto"
    model: Path | None = None
    study_list: Path | None = None
    ner: bool = False
    coding: bool = True

    def coder(self) -> "ThemeCoder | Silent":
        """The engine, or one that suggests nothing where no coding is wanted."""
        if not self.coding:
            return Silent(read_framework(self.framework))
        # Imported here so that a process which only opens answers does not wait for scikit-learn, nor holds it.
        from analysis.engines import open_coder  # noqa: PLC0415

        return open_coder(self.framework, self.engine, self.model)

    def finders(self) -> tuple[Finder, ...]:
        return _finders(self.study_list, ner=self.ner)

    @property
    def files(self) -> tuple[Path, ...]:
        """What is read besides our own content."""
        named = (Path(self.framework) if self.framework.endswith(".toml") else None, self.study_list)
        manifest = self.model / "model.toml" if self.model else None
        return tuple(each for each in (*named, manifest) if each is not None)


class Silent:
    """A coder for reports that want no suggestions of a machine."""

    engine = ""

    def __init__(self, framework: Framework) -> None:
        self.framework = framework

    def code(self, _text: str, _invites: tuple[str, ...] = ()) -> Coded:
        return NOTHING

    def code_many(self, texts: Iterable[Text]) -> Iterator[Coded]:
        for _ in texts:
            yield NOTHING


@lru_cache(maxsize=1)
def _finders(study_list: Path | None, *, ner: bool) -> tuple[Finder, ...]:
    return read_finders(study_list, ner=ner)


def usual_processes() -> int:
    """As many as this process may use cores, up to a few."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST)


class SharedReading:
    """As `Reading`, on some processes. `engine` says which engine it was once the first answer has come."""

    def __init__(
        self,
        tools: Tools,
        mask: Callable[[tuple[Finder, ...]], Mask],
        invites: Invites = invite_nothing,
        *,
        processes: int,
        few: int = FEW,
        scheduler: str | None = None,
    ) -> None:
        """`mask` is given the finders where this process has to look itself. `few`: up to so many answers it does.
        `scheduler`: of a cluster that does it instead, however few there are (`analysis.cluster.open_pool`)."""
        self.engine = ""
        self._tools = tools
        self._new_mask = mask
        self._invites = invites
        self._processes = processes
        self._few = 0 if scheduler else few
        self._scheduler = scheduler

    async def code(self, answers: AsyncIterator[Answer]) -> AsyncGenerator[CodedAnswer, None]:
        """Code answers in their own words; what was picked from a list is left out. Raises AnalysisError where a
        process died."""
        words = (answer async for answer in answers if answer.kind == "answer")
        first: list[Answer] = []
        if self._processes > 1 or self._scheduler:
            async for answer in words:
                first.append(answer)
                if len(first) > self._few:
                    break
        if len(first) > self._few:
            async for each in self._share(_chain(first, words)):
                yield each
            return
        coder, finders = self._tools.coder(), self._tools.finders()
        self.engine = coder.engine
        alone = Reading(coder, lambda: self._new_mask(finders), self._invites)
        async for each in alone.code(_chain(first, words)):
            yield each

    async def _share(self, answers: AsyncIterator[Answer]) -> AsyncGenerator[CodedAnswer, None]:
        with open_pool(self._processes, self._scheduler, *self._tools.files) as (pool, workers):
            ahead = _AHEAD * workers
            found = _in_order(pool, ahead, _batches(answers), self._to_find)
            async for (batch, masked), (engine, coded) in _in_order(pool, ahead, self._mask(found), self._to_code):
                self.engine = engine
                for each in zip(batch, masked, coded, strict=True):
                    yield CodedAnswer(*each)

    async def _mask(
        self, found: AsyncIterator[tuple[list[Answer], list[list[Found]]]]
    ) -> AsyncIterator[tuple[list[Answer], list[Masked]]]:
        mask = self._new_mask(())  # the others have looked
        async for batch, details in found:
            yield batch, [mask(answer, each) for answer, each in zip(batch, details, strict=True)]

    def _to_find(self, batch: list[Answer]) -> "Task[list[list[Found]]]":
        return _find_all, (self._tools, Texts(each.text for each in batch))

    def _to_code(self, masked: tuple[list[Answer], list[Masked]]) -> "Task[tuple[str, list[Coded]]]":
        texts = (
            (each.text, self._invites(answer.guide, answer.guide_version, answer.question))
            for answer, each in zip(*masked, strict=True)
        )
        return _code_all, (self._tools, Texts(texts))


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


def code_shared(tools: Tools, texts: Iterable[Text], *, processes: int, scheduler: str | None) -> Iterator[Coded]:
    """As a coder's `code_many`, by other processes or a cluster, in the order of the texts."""
    texts = iter(texts)
    waiting: deque[Future[list[Coded]]] = deque()
    with open_pool(processes, scheduler, *tools.files) as (pool, workers):
        while batch := Texts(islice(texts, BATCH)):
            waiting.append(pool.submit(_code_many, tools, batch))
            if len(waiting) > _AHEAD * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _find_all(tools: Tools, texts: Texts) -> list[list[Found]]:
    finders = tools.finders()
    return [find_details(text, finders) for text in texts]


def _code_all(tools: Tools, texts: Texts) -> tuple[str, list[Coded]]:
    coder = tools.coder()
    return coder.engine, code_each(coder, texts)


def _code_many(tools: Tools, texts: Texts) -> list[Coded]:
    return list(tools.coder().code_many(texts))
