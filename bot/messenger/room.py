"""The rehearsal room: everything that the messenger knows, in memory, without HTTP.

The two sides of the room are `people.py` (what a person does) and `methods.py` (what the bot does); both change the
same chats, and everything a person does becomes an update for the bot. All bounded: chats keep their newest messages,
files and the call log their newest entries.
"""

import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.messenger.chats import Chat, Message
from bot.messenger.faults import Faults
from bot.messenger.files import Files
from bot.messenger.updates import Updates

CALLS_KEPT = 10_000
QUERIES_KEPT = 10_000
QUERY_LIFETIME = 15 * 60
"""Seconds for which a pressed button can be answered."""
FIRST_PERSON = 1_000_000
TYPING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the bot: method, parameters (a file is only named), and 0 or the error code that it got."""

    method: str
    parameters: dict[str, Any]
    error: int = 0


@dataclass(slots=True)
class Query:
    """A pressed button that may still be answered."""

    chat: Chat
    message_id: int
    at: float


@dataclass(slots=True)
class Profile:
    """What the bot says about itself; texts per language, commands per scope and language."""

    commands: dict[tuple[str, str], list[dict[str, str]]] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    menu_buttons: dict[int, dict[str, Any]] = field(default_factory=dict)


class Room:
    """State shared by people, bot, page and tests."""

    def __init__(self, token: str, *, name: str, clock: Callable[[], float], seed: int) -> None:
        self.token = token
        self.clock = clock
        self.bot: dict[str, Any] = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": name,
            "username": "".join(filter(str.isalnum, name.lower())) + "_bot",
        }
        self.faults = Faults(seed)
        #: Ids begin at the time in milliseconds, so that a messenger that is started again, as the demo is, never gives
        #: one that the bot has seen.
        self._first_id = int(clock() * 1000)
        self.updates = Updates(self.faults, first_id=self._first_id)
        self.files = Files()
        self.profile = Profile()
        self.chats: dict[int, Chat] = {}
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.links: list[tuple[str, str]] = []
        self._queries: OrderedDict[str, Query] = OrderedDict()

    def open_chat(self, chat_id: int, kind: str, about: dict[str, Any]) -> Chat:
        """The chat of that id, made when it is new."""
        if chat_id not in self.chats:
            self.chats[chat_id] = Chat(chat_id, kind, about, first_message=self._first_id)
        return self.chats[chat_id]

    def press(self, chat: Chat, sender: dict[str, Any], message: Message, data: str) -> str:
        """Put a callback query on its way; return its id."""
        query_id = str(secrets.randbits(62))
        self._queries[query_id] = Query(chat, message.id, self.clock())
        if len(self._queries) > QUERIES_KEPT:
            self._queries.popitem(last=False)
        query = {"id": query_id, "from": sender, "chat_instance": str(chat.id * 7919), "data": data}
        if message.deleted:  # Telegram's InaccessibleMessage: date is 0
            query["message"] = {"chat": chat.about, "message_id": message.id, "date": 0}
        else:
            query["message"] = chat.wire(message)
        self.updates.put("callback_query", query, chat.id)
        return query_id

    def take_query(self, query_id: str) -> Query | None:
        """The unanswered query of that id, once; None when it is unknown, answered or too old."""
        query = self._queries.pop(query_id, None)
        return query if query is not None and self.clock() - query.at <= QUERY_LIFETIME else None

    def is_waiting(self, query_id: str) -> bool:
        """Whether a pressed button still waits for its answer."""
        return query_id in self._queries

    def commands(self, kinds: Iterable[str] = ("all_private_chats", "default")) -> list[dict[str, str]]:
        """The command menu that a person sees in a private chat."""
        for kind in kinds:
            if found := self.profile.commands.get((kind, "")):
                return found
        return []

    def announce_everywhere(self, what: str) -> None:
        """Tell the watchers of every chat of a change that concerns them all."""
        for chat in self.chats.values():
            chat.announce(what)
