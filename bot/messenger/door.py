"""The page's door: the chat page itself, what a person does on it, and the live stream of what changes.

`GET /people/N/events` is a stream of server-sent events. It begins with `state` (everything that the page shows);
after a lost connection the browser names the last event that it saw and gets only what it missed, or `state` again
when that is too long ago. The other routes are acts of person N and answer `{"ok": true}` or one plain sentence.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.messenger.chats import Message
from bot.messenger.controls import Controls, Wrong, read_body
from bot.messenger.parameters import Upload, read_multipart
from bot.messenger.people import Person
from bot.messenger.refusals import Refusal
from bot.messenger.room import Room
from bot.messenger.showing import show_message
from bot.messenger.updates import encode

PAGE = Path(__file__).parent / "page"
ASSETS = {"/": "index.html"} | {
    f"/{name}": name for name in ("chat.css", "behind.css", "chat.js", "draw.js", "rehearse.js", "voice.js", "icon.svg")
}
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HISTORY = 500
HEARTBEAT = 15.0
HIGHEST_PERSON = 999_999
_SHOWN_INLINE = ("image/jpeg", "image/png", "image/webp", "image/gif", "audio/", "video/webm")


class Door:
    """Routes of the page."""

    def __init__(self, room: Room, person: Callable[[int], Person], controls: Controls) -> None:
        self._room = room
        self._controls = controls
        self._person = person
        self._shown = {1, 2, 3}
        self._run = secrets.token_hex(4)
        self._streams: set[asyncio.Task[Any]] = set()

    def routes(self) -> list[web.RouteDef]:
        """The routes of the page."""
        person = r"/people/{number:\d{1,6}}"
        return [
            *(web.get(path, self._asset) for path in ASSETS),
            web.get("/files/{path:.+}", self._file),
            web.get(person + "/events", self._events),
            web.post(person + "/messages", self._answered(self._send)),
            web.post(person + "/uploads", self._answered(self._upload)),
            web.patch(person + r"/messages/{id:\d+}", self._answered(self._edit)),
            web.post(person + "/presses", self._answered(self._press)),
            web.post(person + "/things", self._answered(self._send_thing)),
            web.post(person + "/block", self._answered(self._block)),
            web.get(person + "/rows", self._answered(self._rows)),
            web.get("/faults", self._answered(self._controls.faults)),
            web.post("/faults", self._answered(self._controls.set_faults)),
            web.post("/clock", self._answered(self._controls.forward)),
        ]

    async def close(self) -> None:
        """End all streams."""
        for stream in self._streams:
            stream.cancel()

    def _answered(
        self, act: Callable[[web.Request], Awaitable[dict[str, Any]]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return web.json_response({"ok": True} | await act(request))
            except Wrong as wrong:
                return web.json_response({"ok": False, "error": str(wrong)}, status=400)
            except Refusal as refusal:
                return web.json_response({"ok": False, "error": refusal.description}, status=refusal.code)

        return handle

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        path = PAGE / ASSETS[request.path]
        return web.Response(text=path.read_text(encoding="utf-8"), content_type=TYPES[path.suffix])

    async def _file(self, request: web.Request) -> web.StreamResponse:
        stored = self._room.files.by_path(request.match_info["path"])
        if stored is None:
            raise web.HTTPNotFound(text="That file is no longer here.")
        inline = stored.mime.startswith(_SHOWN_INLINE)
        return web.Response(
            body=stored.data,
            headers={
                "Content-Type": stored.mime if inline else "application/octet-stream",
                "Content-Disposition": "inline" if inline else "attachment",
            },
        )

    def _who(self, request: web.Request) -> Person:
        number = int(request.match_info["number"])
        if not 1 <= number <= HIGHEST_PERSON:
            raise Wrong("People are numbered from 1.")
        return self._person(number)

    def _message(self, person: Person, message_id: Any) -> Message:
        message = person.chat.find(message_id) if isinstance(message_id, int) else None
        if message is None:
            raise Wrong("That message is no longer there.")
        return message

    async def _send(self, request: web.Request) -> dict[str, Any]:
        text = (await read_body(request)).get("text")
        if not isinstance(text, str) or not text.strip():
            raise Wrong("There is nothing to send yet.")
        return {"id": (await self._who(request).send(text.strip())).id}

    async def _edit(self, request: web.Request) -> dict[str, Any]:
        person, text = self._who(request), (await read_body(request)).get("text")
        message = self._message(person, int(request.match_info["id"]))
        if message.from_bot or message.kind != "text":
            raise Wrong("Only your own words can be changed.")
        if not isinstance(text, str) or not text.strip():
            raise Wrong("There is nothing to send yet.")
        await person.edit(message, text.strip()[:4096])
        return {}

    async def _press(self, request: web.Request) -> dict[str, Any]:
        person, body = self._who(request), await read_body(request)
        message = self._message(person, body.get("message"))
        try:
            return {"query": await person.press(message, str(body.get("data")))}
        except ValueError:
            raise Wrong("That button is no longer there.") from None

    async def _upload(self, request: web.Request) -> dict[str, Any]:
        fields, uploads = await read_multipart(request)
        upload: Upload | None = uploads.get("file")
        if upload is None or not upload.data:
            raise Wrong("That file is empty.")
        person = self._who(request)
        if fields.get("kind") == "voice":
            seconds = fields.get("seconds", "")
            message = await person.send_voice(upload.data, int(seconds) if seconds.isdigit() else 1, upload.mime)
        elif fields.get("kind") == "photo" and upload.mime in _SHOWN_INLINE:
            message = await person.send_photo(upload.data, upload.mime)
        else:
            message = await person.send_document(upload.data, upload.name, upload.mime)
        return {"id": message.id}

    async def _send_thing(self, request: web.Request) -> dict[str, Any]:
        person, kind = self._who(request), (await read_body(request)).get("kind")
        acts: dict[str, Callable[[], Awaitable[Message]]] = {
            "sticker": person.send_sticker,
            "location": person.send_location,
            "contact": person.send_contact,
            "poll": person.send_poll,
            "forward": lambda: person.forward("Words that somebody else wrote."),
        }
        if kind not in acts:
            raise Wrong("There is no such thing to send.")
        return {"id": (await acts[kind]()).id}

    async def _rows(self, request: web.Request) -> dict[str, Any]:
        return await self._controls.show_rows(self._who(request).id)

    async def _block(self, request: web.Request) -> dict[str, Any]:
        person = self._who(request)
        await (person.block() if (await read_body(request)).get("blocked") else person.unblock())
        return {}

    async def _events(self, request: web.Request) -> web.StreamResponse:
        try:
            person = self._who(request)
        except Wrong as wrong:
            return web.json_response({"ok": False, "error": str(wrong)}, status=400)
        if person.number not in self._shown:
            self._shown.add(person.number)
            self._room.announce_everywhere("about")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a handler always runs in a task)
        self._streams.add(task)
        try:
            await self._stream(person, response, request.headers.get("Last-Event-ID", ""))
        except (asyncio.CancelledError, ConnectionResetError):
            pass  # the page was closed, or the messenger stops
        finally:
            self._streams.discard(task)
        return response

    async def _stream(self, person: Person, response: web.StreamResponse, last_seen: str) -> None:
        chat = person.chat
        run, _, number = last_seen.partition("-")
        seen = int(number) if run == self._run and number.isdigit() else -1
        while True:
            changes = chat.changes_after(seen) if seen >= 0 else None
            now = chat.change
            if changes is None:
                await response.write(self._event(now, "state", self._state(person)))
            else:
                parts = [self._event(n, what, self._show(person, what, about)) for n, what, about in changes]
                await response.write(b"".join(parts) or b": still here\n\n")
            seen = now
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await chat.wait_for_change(seen)
            except TimeoutError:
                continue

    def _event(self, number: int, what: str, data: Any) -> bytes:
        return b"id: %s-%d\nevent: %s\ndata: %s\n\n" % (self._run.encode(), number, what.encode(), encode(data))

    def _show(self, person: Person, what: str, about: Any) -> Any:
        if what == "message":
            return show_message(about, self._room.files)
        if what == "answered":
            return about
        return self._about(person)

    def _about(self, person: Person) -> dict[str, Any]:
        room = self._room
        return {
            "name": room.bot["first_name"],
            "description": room.profile.texts.get(("description", ""), ""),
            "commands": room.commands(),
            "links": [{"label": label, "url": url} for label, url in room.links],
            "people": sorted(self._shown),
            "blocked": person.chat.blocked,
            "ahead": getattr(room.clock, "ahead", None),
            "rows": self._controls.rows is not None,
            "typing": max(0.0, person.chat.typing_until - room.clock()),
        }

    def _state(self, person: Person) -> dict[str, Any]:
        messages = list(person.chat.messages.values())[-HISTORY:]
        return self._about(person) | {"messages": [show_message(m, self._room.files) for m in messages]}
