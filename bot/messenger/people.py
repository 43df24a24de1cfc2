"""What people do in the messenger, for tests, rehearsals and the chat page.

Every act becomes the update that Telegram would send. `next_message` and `wait_for` read the bot's messages like a
book with a bookmark: what was taken is not returned again, so that a test never mistakes an old answer for a new one.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Self

from bot.messenger.chats import Chat, Message
from bot.messenger.limits import pieces
from bot.messenger.room import FIRST_PERSON, Room


class Visitor:
    """Someone or some group that shares a chat with the bot. Made by `Messenger.person` and `Messenger.group`."""

    def __init__(self, room: Room, chat: Chat, user: dict[str, Any]) -> None:
        self._room = room
        self.chat = chat
        self.user = user
        self._bookmark = 0

    @property
    def id(self) -> int:
        """The chat's id on the wire."""
        return self.chat.id

    @property
    def messages(self) -> list[Message]:
        """What is in the chat now, oldest first, without what was deleted."""
        return [message for message in self.chat.messages.values() if not message.deleted]

    async def send(self, text: str) -> Message:
        """Send words. More than 4,096 UTF-16 units go as several messages, as in Telegram's apps; returns the last."""
        for piece in pieces(text):
            entities = []
            if piece.startswith("/"):
                entities = [{"type": "bot_command", "offset": 0, "length": len(piece.split(maxsplit=1)[0])}]
            message = self._say(text=piece, entities=entities)
        return message

    async def until(self, condition: Callable[[Self], bool], timeout: float = 5) -> None:  # noqa: ASYNC109 (part of the agreed interface)
        """Wait until `condition(self)` is true, looked at after every change in the chat; TimeoutError otherwise."""
        async with asyncio.timeout(timeout):
            while True:
                change = self.chat.change
                if condition(self):
                    return
                await self.chat.wait_for_change(change)

    async def next_message(self, timeout: float = 5) -> Message:  # noqa: ASYNC109
        """The next message of the bot that was not taken yet."""
        return await self.wait_for(lambda _: True, timeout)

    async def wait_for(self, predicate: Callable[[Message], bool], timeout: float = 5) -> Message:  # noqa: ASYNC109
        """The first message of the bot after the bookmark for which `predicate` is true; the bookmark moves past it."""
        async with asyncio.timeout(timeout):
            while True:
                change = self.chat.change
                for message in self.chat.messages.values():
                    if message.id > self._bookmark and message.from_bot and not message.deleted and predicate(message):
                        self._bookmark = message.id
                        return message
                await self.chat.wait_for_change(change)

    def _say(self, **fields: Any) -> Message:
        self.chat.started = True
        message = self.chat.add(self.user, self._room.clock(), **fields)
        self._room.updates.put("message", self.chat.wire(message), self.chat.id)
        return message


class Group(Visitor):
    """A group chat that somebody put the bot into; `left` once the bot has gone."""

    @property
    def left(self) -> bool:
        """Whether the bot has left the group."""
        return self.chat.left


class Person(Visitor):
    """One person in a private chat with the bot."""

    def __init__(self, room: Room, number: int) -> None:
        user: dict[str, Any] = {
            "id": FIRST_PERSON + number,
            "is_bot": False,
            "first_name": f"Person {number}",
            "language_code": "en",
        }
        chat = room.open_chat(user["id"], "private", {"first_name": user["first_name"]})
        super().__init__(room, chat, user)
        self.number = number

    @property
    def toasts(self) -> list[str]:
        """The short texts with which the bot answered pressed buttons, oldest first."""
        return list(self.chat.toasts)

    async def send_start(self, code: str = "") -> Message:
        """Open the bot through a deep link that carries `code`."""
        return await self.send(f"/start {code}".strip())

    async def press(self, message: Message, which: str, *, anyway: bool = False) -> str:
        """Press the button with that label or callback data; return the query's id.

        A button that is not there is a ValueError, unless `anyway`: then `which` is sent as data, as a hostile or
        outdated app would.
        """
        offered = [button for row in message.buttons for button in row]
        data = next((b.data for b in offered if which in (b.label, b.data)), which if anyway else None)
        if data is None:
            raise ValueError(
                f"Message {message.id} has no such button; it offers: {', '.join(message.labels) or 'none'}."
            )
        return self._room.press(self.chat, self.user, message, data)

    async def press_and_wait(self, message: Message, which: str, timeout: float = 5) -> None:  # noqa: ASYNC109
        """Press a button and wait until the bot has answered the query."""
        query_id = await self.press(message, which)
        await self.until(lambda _: not self._room.is_waiting(query_id), timeout)

    async def edit(self, message: Message, text: str) -> None:
        """Edit an own message."""
        if message.from_bot or message.deleted:
            raise ValueError("A person can edit only a message of their own that is still there.")
        message.text, message.edited = text, self._room.clock()
        message.entities = []
        self.chat.announce("message", message)
        self._room.updates.put("edited_message", self.chat.wire(message), self.chat.id)

    async def delete(self, message: Message) -> None:
        """Delete a message for both sides. Telegram does not tell the bot."""
        self.chat.delete(message, "person")

    async def send_voice(self, data: bytes, seconds: int = 3, mime: str = "audio/ogg") -> Message:
        """Send a voice note."""
        stored = self._room.files.keep(data, folder="voice", name="voice.ogg", mime=mime)
        return self._say(content={"voice": stored.wire() | {"duration": seconds, "mime_type": mime}})

    async def send_photo(self, data: bytes, mime: str = "image/jpeg", caption: str = "") -> Message:
        """Send a photo."""
        stored = self._room.files.keep(data, folder="photos", name="photo.jpg", mime=mime)
        return self._say(text=caption, content={"photo": [stored.wire() | {"width": 640, "height": 480}]})

    async def send_document(
        self, data: bytes, name: str = "file.bin", mime: str = "application/octet-stream"
    ) -> Message:
        """Send a file."""
        stored = self._room.files.keep(data, folder="documents", name=name, mime=mime)
        return self._say(content={"document": stored.wire() | {"file_name": name, "mime_type": mime}})

    async def send_sticker(self) -> Message:
        """Send a sticker."""
        stored = self._room.files.keep(b"RIFF", folder="stickers", name="sticker.webp", mime="image/webp")
        looks = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._say(content={"sticker": stored.wire() | looks | {"emoji": "\N{WAVING HAND SIGN}"}})

    async def send_location(self, latitude: float = 51.5, longitude: float = -0.12) -> Message:
        """Send a place."""
        return self._say(content={"location": {"latitude": latitude, "longitude": longitude}})

    async def send_contact(self, phone: str = "+440000000000", name: str = "Somebody") -> Message:
        """Send somebody's contact."""
        return self._say(content={"contact": {"phone_number": phone, "first_name": name}})

    async def send_poll(
        self, question: str = "Tea or coffee?", options: tuple[str, ...] = ("Tea", "Coffee")
    ) -> Message:
        """Send a poll."""
        choices = [{"text": o, "voter_count": 0, "persistent_id": str(n)} for n, o in enumerate(options)]
        flags = {"is_closed": False, "is_anonymous": True, "allows_multiple_answers": False}
        flags |= {"allows_revoting": True, "members_only": False}
        poll = {"id": str(self._room.updates.fresh_id()), "question": question, "options": choices}
        return self._say(content={"poll": poll | {"total_voter_count": 0, "type": "regular"} | flags})

    async def forward(self, text: str, author: str = "Somebody else") -> Message:
        """Forward somebody else's message."""
        origin = {"type": "hidden_user", "sender_user_name": author, "date": int(self._room.clock())}
        return self._say(text=text, content={"forward_origin": origin})

    async def block(self) -> None:
        """Block the bot."""
        self._set_blocked(blocked=True)

    async def unblock(self) -> None:
        """Let the bot in again."""
        self._set_blocked(blocked=False)

    def _set_blocked(self, *, blocked: bool) -> None:
        if self.chat.blocked == blocked:
            return
        self.chat.blocked = blocked
        out = {"user": self._room.bot, "status": "kicked", "until_date": 0}
        here = {"user": self._room.bot, "status": "member"}
        change = {"chat": self.chat.about, "from": self.user, "date": int(self._room.clock())}
        change |= {"old_chat_member": here if blocked else out, "new_chat_member": out if blocked else here}
        self.chat.announce("blocked")
        self._room.updates.put("my_chat_member", change, self.chat.id)
