"""The messenger talks to this computer only, and to no page from elsewhere."""

import asyncio
import socket
from typing import Any

import aiohttp
import pytest

from bot.messenger import Messenger, PortInUse

TOKEN = "4242:rehearsal-token"


async def test_it_listens_on_this_computer_only() -> None:
    with pytest.raises(ValueError, match="this computer only"):
        await Messenger(TOKEN).start(host="0.0.0.0")  # noqa: S104 (to be refused)


async def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortInUse, match="used by another program"):
            await Messenger(TOKEN).start(port=taken.getsockname()[1])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "evil.example:80"}, 403),
        ({"Host": "localhost.evil.example"}, 403),
        ({"Host": "["}, 403),
        ({"Host": "localhost:1234"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
async def test_who_may_act(rehearsal: Any, headers: dict[str, str], status: int) -> None:
    async with rehearsal() as r, aiohttp.ClientSession(r.messenger.url, headers=headers) as session:
        async with session.post("/people/1/messages", json={"text": "Hello"}) as answer:
            assert answer.status == status
        async with session.post(f"/bot{TOKEN}/getMe") as answer:
            assert answer.status == status
        assert len(r.messenger.person(1).messages) == (status == 200)


async def test_a_link_to_the_page_may_be_followed_from_elsewhere(rehearsal: Any) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with rehearsal() as r, aiohttp.ClientSession(r.messenger.url, headers=headers) as session:
        async with session.get("/?person=2") as answer:
            assert answer.status == 200
            policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        async with session.get("/people/1/events") as answer:
            assert answer.status == 403


async def test_files_are_shown_only_when_harmless(rehearsal: Any) -> None:
    async with rehearsal() as r, aiohttp.ClientSession(r.messenger.url) as session:
        for mime, shown in (("text/html", "application/octet-stream"), ("image/svg+xml", "application/octet-stream")):
            form = aiohttp.FormData({"kind": "photo"})
            form.add_field("file", b"<script>", filename="x", content_type=mime)
            async with session.post("/people/1/uploads", data=form) as answer:
                assert answer.status == 200
            file_id = r.messenger.person(1).messages[-1].content["document"]["file_id"]
            path = (await r.bot.get_file(file_id)).file_path
            async with session.get(f"/files/{path}") as answer:
                assert answer.headers["Content-Type"] == shown
                assert answer.headers["Content-Disposition"] == "attachment"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("messages", {"text": "  "}),
        ("messages", {"text": 5}),
        ("messages", []),
        ("presses", {"message": 1, "data": "nothing"}),
        ("presses", {"message": 99}),
        ("things", {"kind": "elephant"}),
    ],
)
async def test_wrong_acts_are_one_sentence(rehearsal: Any, path: str, body: Any) -> None:
    async with rehearsal() as r, aiohttp.ClientSession(r.messenger.url) as session:
        await r.messenger.person(1).send("Hello")
        async with session.post(f"/people/1/{path}", json=body) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"].endswith(".")
        assert len(r.messenger.person(1).messages) == 1


async def test_the_stream_resumes_where_it_was_left(rehearsal: Any) -> None:
    async def read(session: aiohttp.ClientSession, last: str, count: int) -> list[tuple[str, str]]:
        events: list[tuple[str, str]] = []
        headers = {"Last-Event-ID": last} if last else {}
        async with asyncio.timeout(5), session.get("/people/1/events", headers=headers) as answer:
            mark = ""
            async for line in answer.content:
                field, _, value = line.decode().strip().partition(": ")
                if field == "id":
                    mark = value
                elif field == "event":
                    events.append((mark, value))
                if len(events) == count and not line.strip():
                    return events
        raise AssertionError

    async with rehearsal() as r, aiohttp.ClientSession(r.messenger.url) as session:
        person = r.messenger.person(1)
        await person.send("One")
        ((mark, first),) = await read(session, "", 1)
        assert first == "state"
        await person.send("Two")
        await person.send("Three")
        assert [event for _, event in await read(session, mark, 2)] == ["message", "message"]
        assert [event for _, event in await read(session, "another-7", 1)] == ["state"]
        for _ in range(300):
            await person.send("Many")
        assert [event for _, event in await read(session, mark, 1)] == ["state"]
