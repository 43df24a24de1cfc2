"""One chat: its messages, what the page needs to know of changes, and the JSON that Telegram would send.

A deleted message loses its words and files here at once; only its number, side and the fact of its deletion stay, so
that the page can say that something was removed. Each chat keeps a bounded number of messages and changes.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MESSAGES_KEPT = 4000
CHANGES_KEPT = 200


class Button(NamedTuple):
    """An inline button: what it says, and the callback data (or the address, for a link) behind it."""

    label: str
    data: str


@dataclass(slots=True, eq=False)
class Message:
    """A message as both sides see it; live: it changes when it is edited or deleted.

    Times are unix seconds; `content` holds Telegram's media fields.
    """

    id: int
    sender: dict[str, Any] = field(repr=False)
    date: float = field(repr=False)
    text: str = ""
    entities: list[dict[str, Any]] = field(default_factory=list, repr=False)
    markup: dict[str, Any] | None = field(default=None, repr=False)
    content: dict[str, Any] = field(default_factory=dict, repr=False)
    edited: float | None = None
    deleted_by: str | None = None

    @property
    def from_bot(self) -> bool:
        """Whether the bot wrote it."""
        return bool(self.sender["is_bot"])

    @property
    def deleted(self) -> bool:
        """Whether it is gone from the chat."""
        return self.deleted_by is not None

    @property
    def kind(self) -> str:
        """`text`, or the name of Telegram's media field: voice, photo, document, sticker, location, contact, poll."""
        return next((name for name in self.content if name in _MEDIA), "text")

    @property
    def rows(self) -> list[list[dict[str, Any]]]:
        """The inline keyboard in Telegram's form, row by row."""
        return list((self.markup or {}).get("inline_keyboard", []))

    @property
    def buttons(self) -> list[list[Button]]:
        """The inline keyboard, row by row."""
        return [
            [Button(str(b["text"]), str(b.get("callback_data") or b.get("url") or "")) for b in row]
            for row in self.rows
        ]

    @property
    def labels(self) -> list[str]:
        """The labels of all buttons, in reading order."""
        return [button.label for row in self.buttons for button in row]


_MEDIA = frozenset({"voice", "audio", "photo", "document", "sticker", "location", "contact", "poll", "video"})


class Chat:
    """A private chat between one person and the bot, or a group."""

    def __init__(self, chat_id: int, kind: str, about: dict[str, Any], first_message: int = 1) -> None:
        self.id = chat_id
        self.kind = kind
        self.about = {"id": chat_id, "type": kind} | about
        self.messages: dict[int, Message] = {}
        self.started = False
        self.blocked = False
        self.left = False
        self.typing_until = 0.0
        self.toasts: deque[str] = deque(maxlen=50)
        self.change = 0
        self._next_message = first_message
        self._changes: deque[tuple[int, str, Any]] = deque(maxlen=CHANGES_KEPT)
        self._waiters: set[asyncio.Future[None]] = set()

    def add(self, sender: dict[str, Any], date: float, **fields: Any) -> Message:
        """Append a message; its id is the next of this chat."""
        message = Message(id=self._next_message, sender=sender, date=date, **fields)
        self._next_message += 1
        self.messages[message.id] = message
        if len(self.messages) > MESSAGES_KEPT:
            del self.messages[next(iter(self.messages))]
        if message.from_bot:
            self.typing_until = 0.0
        self.announce("message", message)
        return message

    def find(self, message_id: int) -> Message | None:
        """The message of that id that is still there, or None."""
        message = self.messages.get(message_id)
        return None if message is None or message.deleted else message

    def delete(self, message: Message, by: str) -> None:
        """Take a message out for both sides; its words and media are forgotten."""
        message.deleted_by = by
        message.text, message.markup = "", None
        message.entities, message.content = [], {}
        self.announce("message", message)

    def announce(self, what: str, about: Any = None) -> None:
        """Tell everybody who watches this chat that something changed."""
        self.change += 1
        self._changes.append((self.change, what, about))
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def changes_after(self, change: int) -> Sequence[tuple[int, str, Any]] | None:
        """The changes since that number, or None when they are no longer all remembered."""
        if change > self.change or change < self.change - len(self._changes):
            return None
        return [entry for entry in self._changes if entry[0] > change]

    async def wait_for_change(self, change: int) -> None:
        """Return as soon as this chat's change number is above `change`."""
        while self.change <= change:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)

    def wire(self, message: Message) -> dict[str, Any]:
        """The message as a Telegram `Message` object."""
        body: dict[str, Any] = {
            "message_id": message.id,
            "from": message.sender,
            "chat": self.about,
            "date": int(message.date),
        }
        if message.edited is not None:
            body["edit_date"] = int(message.edited)
        body |= message.content
        if message.kind != "text":
            if message.text:
                body["caption"] = message.text
            if message.entities:
                body["caption_entities"] = message.entities
        elif message.text:
            body["text"] = message.text
            if message.entities:
                body["entities"] = message.entities
        if message.rows:
            body["reply_markup"] = {"inline_keyboard": message.rows}
        return body
