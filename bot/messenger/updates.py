"""The queue of updates: ids, long polling, acknowledgement, and delivering again.

Promises: update ids only increase; an update stays until a later offset acknowledges it; the newest poll ends an older
one with 409; an update is kept as the bytes that go over the wire, so that any raw JSON, broken JSON included, can be
put in. Acknowledged updates are remembered for `redeliver`, a bounded number of them.
"""

import asyncio
import json
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from bot.messenger.faults import Faults
from bot.messenger.refusals import conflict

LIMIT = 100
OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


def encode(value: Any) -> bytes:
    """Compact JSON, as it goes over the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


class Updates:
    """Updates on their way to the bot, oldest first."""

    def __init__(self, faults: Faults, *, remembered: int = 2000, first_id: int = 500_001) -> None:
        self._faults = faults
        self._next_id = first_id
        self._waiting: OrderedDict[int, tuple[int, bytes]] = OrderedDict()
        self._again: deque[bytes] = deque(maxlen=remembered)
        self._acknowledged: OrderedDict[int, bytes] = OrderedDict()
        self._remembered = remembered
        self._poll: asyncio.Future[bool] | None = None
        self.allowed: frozenset[str] = frozenset()
        self.on_put: Callable[[int, bytes, int], None] | None = None
        """When set (a webhook is active), called with id, bytes and chat instead of waking a poll."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, kind: str, content: dict[str, Any], chat: int) -> int | None:
        """Queue an update of `kind`; return its id, or None when the bot did not ask for that kind."""
        if (self.allowed and kind not in self.allowed) or (not self.allowed and kind in NOT_BY_DEFAULT):
            return None
        if self._faults.strikes("unknown_update"):
            self.inject({"something_from_the_future": {"id": 1, "chat": {"id": chat}}})
        if self._faults.strikes("malformed_update"):
            self.inject({"message": {"message_id": "not a number", "chat": None}})
        return self._add(lambda update_id: encode({"update_id": update_id, kind: content}), chat)

    def inject(self, raw: dict[str, Any] | bytes, chat: int = 0) -> int:
        """Queue any raw update; a dict without `update_id` gets one, bytes go out exactly as they are."""
        if isinstance(raw, bytes):
            return self._add(lambda _: raw, chat)
        return self._add(lambda update_id: encode({"update_id": update_id} | raw), chat)

    def redeliver(self, update_id: int) -> None:
        """Deliver an acknowledged update once more, same id; KeyError when it is not remembered."""
        self._repeat(update_id, self._acknowledged[update_id])

    def acknowledge(self, offset: int) -> None:
        """Forget every waiting update below `offset`; a negative offset keeps that many of the newest."""
        keep = -offset if offset < 0 else None
        while self._waiting:
            if len(self._waiting) <= keep if keep is not None else next(iter(self._waiting)) >= offset:
                return
            update_id, (_, raw) = self._waiting.popitem(last=False)
            self.remember(update_id, raw)

    def remember(self, update_id: int, raw: bytes) -> None:
        """Take an update as acknowledged (a webhook said 200 to it, or an offset passed it)."""
        self._waiting.pop(update_id, None)
        self._acknowledged[update_id] = raw
        if len(self._acknowledged) > self._remembered:
            self._acknowledged.popitem(last=False)
        if self._faults.strikes("redeliver"):
            self._repeat(update_id, raw)

    def fresh_id(self) -> int:
        """A number for something that needs one; update ids may have gaps, as Telegram's do."""
        self._next_id += 1
        return self._next_id - 1

    @property
    def newest(self) -> int:
        """The newest id that was given."""
        return self._next_id - 1

    def clear(self) -> None:
        """Drop everything that waits (`drop_pending_updates`)."""
        self._waiting.clear()
        self._again.clear()

    def waiting(self) -> list[tuple[int, bytes, int]]:
        """What waits now, oldest first: id, bytes, chat."""
        return [(update_id, raw, chat) for update_id, (chat, raw) in self._waiting.items()]

    async def poll(self, offset: int, limit: int, seconds: float) -> list[bytes]:
        """Answer one getUpdates: at once when something waits, otherwise within `seconds`."""
        if self.on_put is not None:
            raise conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
        self._end_poll(terminated=True)
        if offset:
            self.acknowledge(offset)
        if not self._waiting and not self._again and seconds > 0:
            await self._wait(seconds)
        batch = list(self._again)
        self._again.clear()
        for _, raw in self._waiting.values():
            if len(batch) >= limit:
                break
            batch.append(raw)
        return batch

    def stop(self) -> None:
        """Let a waiting poll answer with nothing, for a quick end."""
        self._end_poll(terminated=False)

    async def _wait(self, seconds: float) -> None:
        mine = self._poll = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                terminated = await mine
        except TimeoutError:
            return
        finally:
            if self._poll is mine:
                self._poll = None
        if terminated:
            raise conflict(OTHER_POLL)

    def _end_poll(self, *, terminated: bool) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(terminated)

    def _add(self, make: Callable[[int], bytes], chat: int) -> int:
        update_id = self.fresh_id()
        raw = make(update_id)
        self._waiting[update_id] = (chat, raw)
        self._announce(update_id, raw, chat)
        return update_id

    def _repeat(self, update_id: int, raw: bytes) -> None:
        if self.on_put is None:
            self._again.append(raw)
        self._announce(update_id, raw, 0)

    def _announce(self, update_id: int, raw: bytes, chat: int) -> None:
        if self.on_put is not None:
            self.on_put(update_id, raw, chat)
        else:
            self._end_poll(terminated=False)
