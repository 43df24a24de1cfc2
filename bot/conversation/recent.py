"""The messages of a chat that can still be deleted there: the person's own, and ours.

Telegram lets a bot delete a message in a private chat for 48 hours (Bot API, deleteMessage). The numbers of our own
messages are known only once Telegram has taken them, so they wait here, in memory, for the person's next exchange, and
are then kept sealed together with the number of what the person sent. After a power cut the last few may be missing:
then they stay in the chat, where the person can delete them by hand.

Which chat it is stands beside the numbers, so that the chat on a lost phone can be cleared when its owner withdraws
with their code from another one.
"""

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.records import Trace
from storage.write import Unit

#: Telegram allows 48 hours. The half hour less is for a message that waits in the outbox before it is deleted.
DELETABLE = timedelta(hours=47, minutes=30)
#: So many people, and so many messages of each, wait in memory.
MOST_PEOPLE, MOST_MESSAGES = 10_000, 30


@dataclass(frozen=True, slots=True)
class Recent:
    """A message: its number, when it was sent, and whether it is part of a question or its answer."""

    number: int
    at: datetime
    answering: bool

    def may_go(self, now: datetime) -> bool:
        return now - self.at < DELETABLE


class RecentMessages:
    def __init__(self) -> None:
        self._waiting: OrderedDict[bytes, list[Recent]] = OrderedDict()

    def said(self, pseudonym: bytes, message: Recent) -> None:
        """We wrote this message to them."""
        messages = self._waiting.setdefault(pseudonym, [])
        messages.append(message)
        del messages[:-MOST_MESSAGES]
        self._waiting.move_to_end(pseudonym)
        if len(self._waiting) > MOST_PEOPLE:
            self._waiting.popitem(last=False)

    def take(self, pseudonym: bytes) -> list[Recent]:
        """What waits for this person's next exchange, and waits no longer."""
        return self._waiting.pop(pseudonym, [])

    def put_back(self, pseudonym: bytes, messages: list[Recent]) -> None:
        """The exchange that took them came to nothing, or kept none of them yet."""
        if messages:
            self._waiting[pseudonym] = (messages + self._waiting.get(pseudonym, []))[-MOST_MESSAGES:]

    def waiting(self, pseudonym: bytes) -> list[Recent]:
        """What waits for this person's next exchange, and goes on waiting."""
        return list(self._waiting.get(pseudonym, ()))

    def everybody(self) -> list[bytes]:
        return list(self._waiting)


async def keep(unit: Unit, pseudonym: bytes, chat: int, messages: Sequence[Recent]) -> None:
    """Keep these numbers, sealed, for as long as the messages can be deleted."""
    if messages:
        numbers = [[each.number, int(each.at.timestamp()), each.answering] for each in messages]
        payload = json.dumps({"chat": chat, "messages": numbers})
        until = max(each.at for each in messages) + DELETABLE
        await unit.trace(pseudonym, f"up to {messages[-1].number}", payload.encode(), until)


def read(traces: Sequence[Trace]) -> list[Recent]:
    """The messages that are kept in these traces."""
    return [
        Recent(number, datetime.fromtimestamp(at, UTC), answering)
        for trace in traces
        for number, at, answering in _numbers(json.loads(trace.payload))
    ]


def chat_of(traces: Sequence[Trace]) -> int | None:
    """In which chat these messages are, where that was kept."""
    kept = [json.loads(trace.payload) for trace in traces]
    return next((int(each["chat"]) for each in kept if isinstance(each, dict)), None)


def _numbers(kept: Any) -> Any:
    """Two days after an update, nothing is left that an earlier version kept: numbers without their chat."""
    return kept["messages"] if isinstance(kept, dict) else kept
