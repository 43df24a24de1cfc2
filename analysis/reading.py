"""From sealed answers to coded ones: open, take out what identifies, map onto the framework. One answer at a time.

Promises: the words are de-identified before a coder sees them, so that no coding can quote a name; nothing is kept
beyond the batch in hand (apart from the placeholders given to each person's names, which must stay the same from one
answer to the next), so a hundred thousand answers need no more memory than a thousand; answers arrive in the order of
the source.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol, TypeVar

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from analysis.identifiers import Found
from analysis.model import Coded, Coder
from storage.records import Answer, Asked, Kind

if TYPE_CHECKING:
    from analysis.desk import Work

#: Answers, opened or coded, that only pass through.
Each = TypeVar("Each")

#: Answers coded in one go off the event loop: enough to make it fast, few enough to stay small.
BATCH = 128

#: Whether an answer is to be coded, once what identifies is taken out of it.
Wanted = Callable[[Answer, "Masked"], bool]

#: (guide, guide version, question) -> the sub-themes that this question invites.
Invites = Callable[[str, int, str], tuple[str, ...]]


def invite_nothing(_guide: str, _version: int, _question: str) -> tuple[str, ...]:
    """Where the guide is not known, no question hints at anything."""
    return ()


#: One answer, and the sub-themes that its question invites.
Text = tuple[str, tuple[str, ...]]

NOTHING = Coded(codings=(), top=())


class BatchCoder(Coder, Protocol):
    """A coder that codes many texts in one go, which is several times faster."""

    def code_many(self, texts: Iterable[Text]) -> Iterator[Coded]: ...


class Source(Protocol):
    """The read port of storage, as far as reports need it. None means all."""

    def answers(
        self,
        *,
        service: str | None = None,
        since: date | None = None,
        until: date | None = None,
        guide: str | None = None,
        kind: Kind | None = None,
    ) -> AsyncIterator[Answer]: ...

    def asked(
        self, *, service: str | None = None, since: date | None = None, until: date | None = None
    ) -> AsyncIterator[Asked]: ...


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without what identifies, and how many mentions of each kind were taken out. `verdict` is what people said
    about letting it leave (`analysis.desk.review`), open where nobody reviewed it. `people` is what they coded, where
    that was asked for; spans count in `text`."""

    text: str
    taken_out: Mapping[str, int]
    verdict: str = "open"
    people: "tuple[Work, ...]" = ()


class Mask(Protocol):
    """Takes identifying details out. The same name of the same person gets the same placeholder every time. `details`:
    what the machine found in the text, where another process has looked already."""

    def __call__(self, answer: Answer, details: list[Found] | None = None) -> Masked: ...


@dataclass(frozen=True, slots=True)
class CodedAnswer:
    """One answer ready for reports. Spans of `coded` count in `masked.text`."""

    answer: Answer
    masked: Masked
    coded: Coded


class Reading:
    """How answers are read: with which coder, which mask and which hints."""

    def __init__(
        self, coder: BatchCoder, mask: Callable[[], Mask], invites: Invites = invite_nothing, *, remember: int = 0
    ) -> None:
        """`remember`: how many codings to keep in memory, for a server that shows the same answers again and again.
        They are kept by a hash of the text, never by the text."""
        self.coder = coder
        self._new_mask = mask
        self._invites = invites
        self._remember = remember
        self._known: dict[tuple[bytes, tuple[str, ...]], Coded] = {}

    async def code(
        self, answers: AsyncIterator[Answer], wanted: Wanted | None = None
    ) -> AsyncGenerator[CodedAnswer, None]:
        """Code answers in their own words. What was picked from a list ("about you") is not words and is left out, and
        so is what is not `wanted`. Details are taken out of that all the same: placeholders count on."""
        mask = self._new_mask()
        batch: list[Answer] = []
        async for answer in answers:
            if answer.kind != "answer":
                continue
            batch.append(answer)
            if len(batch) == BATCH:
                for each in await asyncio.to_thread(self._code_all, mask, batch, wanted):
                    yield each
                batch = []
        for each in await asyncio.to_thread(self._code_all, mask, batch, wanted):
            yield each

    def _code_all(self, mask: Mask, batch: list[Answer], wanted: Wanted | None) -> list[CodedAnswer]:
        both = [(answer, mask(answer)) for answer in batch]
        kept = [each for each in both if wanted is None or wanted(*each)]
        texts = [
            (masked.text, self._invites(answer.guide, answer.guide_version, answer.question)) for answer, masked in kept
        ]
        return [CodedAnswer(*each, coded) for each, coded in zip(kept, self._code_texts(texts), strict=True)]

    def _code_texts(self, texts: list[Text]) -> list[Coded]:
        """Code what is not remembered, in one go, and put everything in its place."""
        names = [(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), invites) for text, invites in texts]
        found = {name: self._known[name] for name in names if name in self._known}
        wanted = {name: text for name, text in zip(names, texts, strict=True) if name not in found}
        for name, coded in zip(wanted, code_each(self.coder, wanted.values()), strict=True):
            found[name] = coded
            if coded is not NOTHING and len(self._known) < self._remember:
                self._known[name] = coded
        return [found[name] for name in names]


def code_each(coder: BatchCoder, texts: Iterable[Text]) -> list[Coded]:
    """The coding of each text, in one go; what comes twice is coded once, what has no words is not coded at all."""
    texts = list(texts)
    wanted = dict.fromkeys(text for text in texts if text[0].strip())
    found = dict(zip(wanted, coder.code_many(wanted), strict=True))
    return [found.get(text, NOTHING) for text in texts]


async def show_progress(answers: AsyncIterator[Each], doing: str) -> AsyncIterator[Each]:
    """Pass answers on and, on a terminal, show how many have passed. Says nothing where errors go to a file."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(doing, total=None)
        async for each in answers:
            progress.advance(task)
            yield each
