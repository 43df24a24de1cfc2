"""Conversations through power cuts: the bot is killed again and again while people talk, and Telegram has its faults.

The people here are stubborn, as people are whose phone shows an answer or none: they press the newest button, and
press again when nothing comes. What they write, they write once, and every text is theirs alone, so that each can be
looked for afterwards.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import pairwise

from bot.messenger import Message, Messenger, Person
from storage.records import Answer

#: Seconds after which somebody presses again; each time twice as long, so that a slow machine is not asked ever more.
PATIENCE, LONGEST_PATIENCE = 3.0, 60.0
TOPICS = ("helped", "heard")
#: What each of them says to every question, in two messages.
PARTS = ("first", "second")

FAULTS = {
    "too_many_requests": {"probability": 0.02, "seconds": 1},
    "server_error": {"probability": 0.03},
    "drop_before": {"probability": 0.03},
    "drop_after": {"probability": 0.02},
    "redeliver": {"probability": 0.1},
}


@dataclass
class Stubborn:
    """One person, from their service's link to the end. `said` is every text that they sent, `steps` where they were
    brought to."""

    person: Person
    code: str
    said: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    _told: set[str] = field(default_factory=set)
    _topics: set[str] = field(default_factory=set)

    async def talk(self) -> None:
        await self.person.send_start(self.code)
        acted_on: tuple[int, int] | None = None
        patience = PATIENCE
        while True:
            change = self.person.chat.change
            self._look()
            message = self._newest()
            if message is not None and _step(message) == "end":
                return
            if message is not None and (message.id, len(self._topics)) != acted_on:
                await self._act(message)
                acted_on = (message.id, len(self._topics))
                continue
            try:
                async with asyncio.timeout(patience):
                    await self.person.chat.wait_for_change(change)
                patience = PATIENCE
            except TimeoutError:
                acted_on = None
                patience = min(LONGEST_PATIENCE, patience * 2)
                if message is None:
                    await self.person.send_start(self.code)

    def _newest(self) -> Message | None:
        return next((each for each in reversed(self.person.messages) if each.from_bot and each.buttons), None)

    async def _act(self, message: Message) -> None:
        step, offered = _step(message), _data(message)
        if step.startswith("question-") and step not in self._told:
            self._told.add(step)
            for part in PARTS:
                self.said.append(f"person {self.person.number} {step} {part}")
                await self.person.send(self.said[-1])
        elif step == "topics" and len(self._topics) < len(TOPICS):
            topic = TOPICS[len(self._topics)]
            self._topics.add(topic)
            if f"choose:topics:{topic}" in offered and not _is_chosen(message, topic):
                await self.person.press(message, f"choose:topics:{topic}")
        else:
            await self.person.press(message, _usual(step, offered))

    def _look(self) -> None:
        """Note the steps in the order in which they are first seen; buttons go from older messages."""
        for each in self.person.messages:
            if each.from_bot and each.buttons and _step(each) not in self.steps:
                self.steps.append(_step(each))


def _is_chosen(message: Message, topic: str) -> bool:
    return any(b.data.endswith(f":{topic}") and b.label[:1].isdigit() for row in message.buttons for b in row)


def _usual(step: str, offered: list[str]) -> str:
    if step.split("-", maxsplit=1)[0] in ("company", "safe", "path", "how_was_this"):
        return next(data for data in offered if data.startswith("choose:"))
    wanted = (f"done:{step}", f"next:{step}", f"yes:{step}", f"no:{step}", f"skip:{step}")
    if step.startswith(("about_offer", "tidy")):
        wanted = (f"no:{step}",)
    return next((data for data in wanted if data in offered), offered[0])


def _data(message: Message) -> list[str]:
    return [button.data for row in message.buttons for button in row]


def _step(message: Message) -> str:
    data = _data(message)
    return next((each.removeprefix("help:") for each in data if each.startswith("help:")), data[0].split(":")[1])


@dataclass(frozen=True)
class Story:
    """What came of it."""

    people: list[Stubborn]
    cuts: int

    def check(self, answers: list[Answer]) -> None:
        """Nothing lost, nothing doubled, everybody at the end, and brought there in the same order."""
        kept = Counter(part.text for answer in answers for part in answer.parts if answer.kind == "answer")
        said = Counter(text for person in self.people for text in person.said)
        assert said - kept == Counter(), f"{(said - kept).total()} messages were lost"
        assert kept - said == Counter(), f"{(kept - said).total()} messages were kept twice"
        for one, other in pairwise(self.people):
            shared = [step for step in one.steps if step in other.steps]
            assert shared == [step for step in other.steps if step in one.steps], "messages came out of order"


async def play(
    messenger: Messenger,
    start: Callable[[], AbstractAsyncContextManager[asyncio.subprocess.Process]],
    *,
    people: int,
    cuts: int,
    code: str,
    seed: int = 0,
) -> Story:
    """Let so many people talk while the bot is killed so often, at random moments; then let them come to the end."""
    dice = random.Random(seed)
    crowd = [Stubborn(messenger.person(number), code) for number in range(1, people + 1)]
    for name, setting in FAULTS.items():
        messenger.faults.set(name, **setting)  # type: ignore[arg-type]
    talking = asyncio.gather(*(each.talk() for each in crowd))
    done = 0
    async for moment in _moments(dice, cuts):
        if talking.done():
            break
        async with start():
            before = messenger.calls[-1:]
            while messenger.calls[-1:] == before:  # it is up, and talks to us (the list of calls has an end)
                await asyncio.sleep(0.02)
            await asyncio.sleep(moment)
        done += 1
    async with start():
        await talking
        while messenger.pending:
            await asyncio.sleep(0.05)
    messenger.faults.clear()
    return Story(crowd, done)


async def _moments(dice: random.Random, cuts: int) -> AsyncIterator[float]:
    for _ in range(cuts):
        yield dice.uniform(0.1, 1.5)
