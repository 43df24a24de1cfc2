"""Each fault does what it says, as often as it says, and the dice can be thrown again."""

import time
from typing import Any

import aiohttp
import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)

from bot.messenger import FAULTS, Faults


async def test_refusals(rehearsal: Any) -> None:
    async with rehearsal() as r:
        person = r.messenger.person()
        await person.send_start()
        r.messenger.faults.set("too_many_requests", count=1, seconds=7)
        await r.bot.get_me()  # names no chat: not struck
        with pytest.raises(TelegramRetryAfter) as caught:
            await r.bot.send_message(person.id, "Hello")
        assert caught.value.retry_after == 7
        r.messenger.faults.set("blocked", count=1)
        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await r.bot.send_message(person.id, "Hello")
        r.messenger.faults.set("server_error", count=1, methods={"sendMessage"})
        await r.bot.get_me()
        with pytest.raises(TelegramServerError):
            await r.bot.send_message(person.id, "Hello")
        assert [m.text for m in person.messages] == ["/start"]
        await r.bot.send_message(person.id, "Hello")
        assert {name: n for name, n in r.messenger.faults.struck.items() if n} == {
            "too_many_requests": 1,
            "blocked": 1,
            "server_error": 1,
        }


@pytest.mark.parametrize(("fault", "arrived"), [("drop_before", 0), ("drop_after", 1)])
async def test_dropped_connections(rehearsal: Any, fault: str, arrived: int) -> None:
    async with rehearsal() as r:
        person = r.messenger.person()
        await person.send_start()
        r.messenger.faults.set(fault, count=1, methods={"sendMessage"})
        with pytest.raises(TelegramNetworkError):
            await r.bot.send_message(person.id, "Hello")
        assert len(person.messages) == 1 + arrived
        await r.bot.send_message(person.id, "Hello")
        assert len(person.messages) == 2 + arrived


async def test_slow_answers(rehearsal: Any) -> None:
    async with rehearsal() as r:
        r.messenger.faults.set("slow", count=1, seconds=0.4)
        began = time.monotonic()
        await r.bot.get_me()
        assert time.monotonic() - began >= 0.4


async def test_redelivery_after_acknowledgement(rehearsal: Any) -> None:
    async with rehearsal() as r:
        await r.messenger.person().send("Once")
        first = (await r.bot.get_updates())[0]
        r.messenger.faults.set("redeliver", count=1)
        again = await r.bot.get_updates(offset=first.update_id + 1)
        assert [u.update_id for u in again] == [first.update_id]
        assert await r.bot.get_updates(offset=first.update_id + 1) == []


async def test_strange_updates_come_among_the_others(rehearsal: Any) -> None:
    async with rehearsal() as r:
        r.messenger.faults.set("unknown_update", count=1)
        await r.messenger.person().send("Hello")
        unknown, hello = await r.bot.get_updates()
        assert set(unknown.model_extra) == {"something_from_the_future"}
        assert hello.message.text == "Hello"
        r.messenger.faults.set("malformed_update", count=1)
        await r.messenger.person().send("Hello again")
        with pytest.raises(ClientDecodeError):
            await r.bot.get_updates()
        assert (await r.bot.get_updates(offset=-1))[0].message.text == "Hello again"


def test_probability_and_seed() -> None:
    def throw(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.set("server_error", probability=0.1)
        return [faults.strikes("server_error") for _ in range(2000)]

    assert throw(1) == throw(1) != throw(2)
    assert 120 < sum(throw(1)) < 280


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_strikes_until_switched_on_nor_after_clearing(name: str) -> None:
    faults = Faults()
    assert not faults.strikes(name)
    faults.set(name, probability=1)
    assert faults.strikes(name)
    faults.clear()
    assert not faults.strikes(name)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("earthquake", {}),
        ("slow", {"probability": 2}),
        ("slow", {"seconds": -1}),
        ("redeliver", {"methods": ["getMe"]}),
    ],
)
def test_wrong_switches_are_one_sentence(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        Faults().set(name, **wrong)


async def test_switches_over_http(rehearsal: Any) -> None:
    async with rehearsal() as r, aiohttp.ClientSession() as session:
        address = f"{r.messenger.url}/faults"
        async with session.post(address, json={"server_error": {"probability": 1}}) as answer:
            assert answer.status == 200
        with pytest.raises(TelegramServerError):
            await r.bot.get_me()
        async with session.get(address) as answer:
            assert (await answer.json())["faults"]["server_error"]["struck"] == 1
        for wrong in ({"earthquake": {}}, {"slow": {"depth": 3}}, {"slow": 3}):
            async with session.post(address, json=wrong) as answer:
                assert answer.status == 400
                assert (await answer.json())["error"].endswith(".")
        await r.bot.get_me()
