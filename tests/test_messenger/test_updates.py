"""Long polling: what was not acknowledged comes again, what was is gone, and the newest poll wins."""

import asyncio
import json
import time
from typing import Any

import aiohttp
import pytest
from aiogram.exceptions import ClientDecodeError, TelegramConflictError

from bot.messenger.faults import Faults
from bot.messenger.updates import Updates


async def test_an_update_stays_until_an_offset_passes_it(rehearsal: Any) -> None:
    async with rehearsal() as r:
        person = r.messenger.person()
        for text in ("one", "two", "three"):
            await person.send(text)
        first = await r.bot.get_updates()
        assert [u.message.text for u in first] == ["one", "two", "three"]
        assert [u.update_id for u in await r.bot.get_updates(limit=2)] == [u.update_id for u in first[:2]]
        left = await r.bot.get_updates(offset=first[1].update_id)
        assert [u.message.text for u in left] == ["two", "three"]
        assert r.messenger.pending == 2
        assert [u.message.text for u in await r.bot.get_updates(offset=-1)] == ["three"]
        assert await r.bot.get_updates(offset=first[2].update_id + 1) == []


async def test_a_waiting_poll_answers_at_once_when_something_comes(rehearsal: Any) -> None:
    async with rehearsal() as r:
        poll = asyncio.create_task(r.bot.get_updates(timeout=20))
        await asyncio.sleep(0.1)
        assert not poll.done()
        began = time.monotonic()
        await r.messenger.person().send("Hello")
        assert [u.message.text for u in await poll] == ["Hello"]
        assert time.monotonic() - began < 1


async def test_an_empty_poll_lasts_as_long_as_was_asked(rehearsal: Any) -> None:
    async with rehearsal() as r:
        began = time.monotonic()
        assert await r.bot.get_updates(timeout=1) == []
        assert 0.9 < time.monotonic() - began < 3


async def test_a_second_poller_ends_the_first(rehearsal: Any) -> None:
    async with rehearsal() as r:
        rival = r.another_bot()
        first = asyncio.create_task(r.bot.get_updates(timeout=20))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(rival.get_updates(timeout=20))
        with pytest.raises(TelegramConflictError, match="terminated by other getUpdates"):
            await first
        await r.messenger.person().send("Hello")
        assert len(await second) == 1
        await rival.session.close()


async def test_only_the_kinds_that_were_asked_for(rehearsal: Any) -> None:
    async with rehearsal() as r:
        await r.bot.get_updates(allowed_updates=["message"])
        person = r.messenger.person()
        await person.edit(await person.send("Words"), "Other words")
        assert [u.event_type for u in await r.bot.get_updates()] == ["message"]


async def test_delivering_again_and_odd_updates(rehearsal: Any) -> None:
    async with rehearsal() as r:
        await r.messenger.person().send("Once")
        once = (await r.bot.get_updates())[0]
        assert await r.bot.get_updates(offset=once.update_id + 1) == []
        r.messenger.redeliver(once.update_id)
        again = await r.bot.get_updates(offset=once.update_id + 1)
        assert [(u.update_id, u.message.text) for u in again] == [(once.update_id, "Once")]
        r.messenger.inject({"something_from_the_future": {"id": 1}})
        assert len(await r.bot.get_updates(offset=-1)) == 1
        r.messenger.inject(b'{"update_id": 1, "message"')
        with pytest.raises(ClientDecodeError):
            await r.bot.get_updates(offset=-1)


async def test_json_forms_and_queries_are_read_alike(rehearsal: Any) -> None:
    async with rehearsal() as r, aiohttp.ClientSession() as session:
        person = r.messenger.person()
        await person.send_start()
        address = f"{r.messenger.url}/bot4242:rehearsal-token/SENDmessage"
        body = {"chat_id": person.id, "text": "Hello", "entities": [{"type": "bold", "offset": 0, "length": 5}]}
        async with session.post(address, json=body) as answer:
            assert (await answer.json())["result"]["entities"] == body["entities"]
        form = body | {"entities": json.dumps(body["entities"])}
        async with session.post(address, data=form) as answer:
            assert (await answer.json())["result"]["entities"] == body["entities"]
        async with session.get(address, params=form) as answer:
            assert (await answer.json())["ok"] is True
        async with session.post(address, data=form | {"entities": "[{"}) as answer:
            assert await answer.json() == {
                "ok": False,
                "error_code": 400,
                "description": "Bad Request: can't parse entities JSON object",
            }
        with aiohttp.MultipartWriter("form-data") as parts:
            for name, value in {"chat_id": str(person.id), "text": "Hello"}.items():
                parts.append(value).set_content_disposition("form-data", name=name)
        async with session.post(address, data=parts) as answer:
            assert answer.status == 200
        assert [m.text for m in person.messages[1:]] == ["Hello"] * 4


async def test_memory_is_bounded() -> None:
    updates = Updates(Faults(), remembered=10)
    ids = [updates.inject({"message": {}}) for _ in range(100)]
    await updates.poll(ids[-1] + 1, 100, 0)
    assert len(updates) == 0
    updates.redeliver(ids[-10])
    with pytest.raises(KeyError):
        updates.redeliver(ids[-11])


async def test_a_hundred_people_at_once(rehearsal: Any) -> None:
    async def speak(number: int) -> list[str]:
        person = r.messenger.person(number)
        heard = []
        for turn in range(3):
            await person.send(f"{number} says {turn}")
            heard.append((await person.next_message(timeout=20)).text)
        return heard

    async with rehearsal() as r, r.echoing():
        heard = await asyncio.gather(*(speak(number) for number in range(1, 101)))
    assert heard == [[f"You said: {n} says {turn}" for turn in range(3)] for n in range(1, 101)]


async def test_a_messenger_that_is_started_again_gives_new_ids(rehearsal: Any) -> None:
    """The bot remembers which updates and messages it has seen, also from before."""
    seen = []
    for _ in range(2):
        async with rehearsal() as r:
            message = await r.messenger.person(1).send("Hello")
            seen.append((r.messenger.last_update_id(), message.id))
    (first_update, first_message), (second_update, second_message) = seen
    assert second_update > first_update
    assert second_message > first_message
