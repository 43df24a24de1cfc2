"""How fast we may write: in all, and to one chat.

Telegram takes about 30 messages a second from a bot, and about one a second in one chat with short bursts above it
(https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this). Whoever is over it gets 429 for
everybody, so we wait before, and do not rely on being told.
"""

from collections import OrderedDict
from dataclasses import dataclass

from aiolimiter import AsyncLimiter

#: So many chats are remembered; whoever was written to longest ago has long had a full measure again.
CHATS_REMEMBERED = 5_000


@dataclass(frozen=True, slots=True)
class Pace:
    """`in_all` and `each_chat` are messages a second, 0 for as fast as it goes; `burst` is how many one chat may get at
    once before its own limit counts."""

    in_all: float = 30.0
    each_chat: float = 1.0
    burst: int = 4


class Limits:
    """Waits until a message may leave. Made for one event loop."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._all = AsyncLimiter(pace.in_all, 1) if pace.in_all else None
        self._chats: OrderedDict[int, AsyncLimiter] = OrderedDict()

    def may_write(self, chat: int) -> bool:
        """Whether this chat's own measure lets a message through now."""
        return not self._pace.each_chat or self._of(chat).has_capacity()

    async def chat(self, chat: int) -> None:
        """Wait for this chat's turn."""
        if self._pace.each_chat:
            await self._of(chat).acquire()

    async def call(self) -> None:
        """Wait until one more call fits into what Telegram takes in all."""
        if self._all is not None:
            await self._all.acquire()

    def _of(self, chat: int) -> AsyncLimiter:
        if chat not in self._chats:
            self._chats[chat] = AsyncLimiter(self._pace.burst, self._pace.burst / self._pace.each_chat)
        self._chats.move_to_end(chat)
        if len(self._chats) > CHATS_REMEMBERED:
            self._chats.popitem(last=False)
        return self._chats[chat]
