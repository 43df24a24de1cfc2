"""Reading on several processes, here or on a cluster (`analysis.cluster`): a hundred thousand answers keep every core
busy, many millions many machines.

Finding details and coding remember nothing from one answer to the next, so processes share them. What does remember
(the placeholders of a person, the desk's book, the research key) stays in the one process that opens the answers; the
others see texts and nothing else, no key, no file and no id. They are copies of this process, made once everything is
learned and before a key is opened: so all of them together hold lists and models once (copy on write).

Promises: answers come in the order of the source, and every one as `Reading` gives it, however many processes there
are; only some batches for each process wait at a time, so memory does not grow with the answers; few answers wait for
no other process; a process that dies ends the reading with a sentence.
"""

import asyncio
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar, cast

from analysis.cluster import Texts, open_cluster
from analysis.deidentify import Finder, find_details
from analysis.errors import AnalysisError
from analysis.finding import read_finders
from analysis.frameworks import read_framework
from analysis.identifiers import Found
from analysis.model import Coded, Coding, Framework
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

    @property
    def may_be_copied(self) -> bool:
        """Whether a process that has these may be copied as it is: a network may have threads of its own."""
        return sys.platform == "linux" and not self.ner and (self.engine == "lexical" or not self.coding)

    def learn(self) -> None:
        """Read every list and learn everything now, so that copies of this process need not."""
        find_details("Anna lives in Leeds.", self.finders())
        code_each(self.coder(), [("They listened to me.", ())])


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


class Crew:
    """The processes that find details and code, for one reading. Enter it before a key is opened. `scheduler`: of a
    cluster, whose workers do it instead, however few answers there are."""

    def __init__(self, tools: Tools, processes: int, scheduler: str | None = None) -> None:
        self.tools = tools
        self.processes = processes
        self.scheduler = scheduler
        self.pool: Executor | None = None
        self._cluster = ExitStack()

    def __enter__(self) -> "Crew":
        if self.scheduler is not None:
            opened = open_cluster(self.scheduler, self.processes, self.tools.files)
            self.pool, self.processes = self._cluster.enter_context(opened)
        elif self.processes > 1:
            if self.tools.may_be_copied:
                self.tools.learn()
                _settle_down()
            self.pool = ProcessPoolExecutor(self.processes, _context(self.tools), initializer=_begin)
            self.pool.submit(os.getpid).result()  # all of them are started at the first task
        return self

    def __exit__(self, *problem: Any) -> None:
        if self.scheduler is not None:
            self._cluster.__exit__(*problem)  # says what happened, where the cluster was lost
        else:
            self.let_go()

    def let_go(self) -> None:
        """End the processes; what they hold is given back. A cluster stays until the crew is left."""
        if self.pool is not None and self.scheduler is None:
            self.pool.shutdown(cancel_futures=True)
            self.pool = None
            gc.unfreeze()


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
                for each in zip(batch, masked, map(_unpack, packed), strict=True):
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
        return _find_all, (self._tools, Texts(each.text for each in batch))

    def _to_code(self, masked: tuple[list[Answer], list[Masked]]) -> "Task[list[Packed]]":
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


def code_shared(tools: Tools, texts: Iterable[Text], *, processes: int, scheduler: str) -> Iterator[Coded]:
    """As a coder's `code_many`, on a cluster, in the order of the texts."""
    texts, waiting = iter(texts), deque[Future[list[Coded]]]()
    with Crew(tools, processes, scheduler) as crew:
        pool = cast("Executor", crew.pool)
        while batch := Texts(islice(texts, BATCH)):
            waiting.append(pool.submit(_code_many, tools, batch))
            if len(waiting) > _AHEAD * crew.processes:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _context(tools: Tools) -> multiprocessing.context.BaseContext:
    """How others are made: copies of this process, or new ones that learn for themselves."""
    if tools.may_be_copied:
        return multiprocessing.get_context("fork")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "analysis.lexical", "analysis.naming"])  # held once, shared by all
    return context


def _settle_down() -> None:
    """What was needed to learn is given back, and what is learned is never looked through again for what could go,
    which would make every process copy every page of it."""
    gc.collect()
    with suppress(AttributeError, OSError):  # other systems have no such call
        ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever presses Ctrl-C stops the one that started these
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A copy holds the other end of what it waits for, so it would wait for ever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _find_all(tools: Tools, texts: Texts) -> list[list[Found]]:
    finders = tools.finders()
    return [find_details(text, finders) for text in texts]


Packed = tuple[tuple[tuple[Any, ...], ...], tuple[str, ...], str]
"""What is coded, as plain tuples: ten times as quick to hand on as models that are checked again."""

_FIELDS = tuple(Coding.model_fields)


def _code_all(tools: Tools, texts: Texts) -> list[Packed]:
    return [
        (tuple(tuple(getattr(it, name) for name in _FIELDS) for it in each.codings), each.top, each.note)
        for each in code_each(tools.coder(), texts)
    ]


def _unpack(packed: Packed) -> Coded:
    codings, top, note = packed
    made = tuple(Coding.model_construct(**dict(zip(_FIELDS, each, strict=True))) for each in codings)
    return Coded.model_construct(codings=made, top=top, note=note)


def _code_many(tools: Tools, texts: Texts) -> list[Coded]:
    return list(tools.coder().code_many(texts))
