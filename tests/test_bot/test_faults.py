"""Whatever Telegram and the network do: every message is kept once, answered, and nobody stands in another's way."""

import asyncio
import json
import logging
import socket
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from pydantic import SecretStr

from bot.assembly import put_together, run
from bot.errors import BotError
from bot.messenger import Message
from bot.receiving.webhook import SECRET_HEADER
from storage.write import Store
from tests.test_bot.conftest import CODE, House, to_first_question


def kept(message: Message) -> bool:
    return "kept" in message.text


@pytest.mark.parametrize(
    ("fault", "setting"),
    [
        ("too_many_requests", {"count": 2, "probability": 0.1, "seconds": 1}),
        ("server_error", {"count": 3, "probability": 0.1}),
        ("drop_before", {"count": 3, "probability": 0.1}),
        ("drop_after", {"count": 3, "probability": 0.1}),
        ("redeliver", {"count": 5, "probability": 0.5}),
        ("unknown_update", {"count": 2, "probability": 0.3}),
        ("malformed_update", {"count": 2, "probability": 0.3}),
    ],
)
async def test_a_fault_loses_and_doubles_nothing(house: House, fault: str, setting: dict[str, float]) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        house.messenger.faults.set(fault, **setting)  # type: ignore[arg-type]
        for number in range(6):
            await person.send(f"message {number}")
        for _ in range(6):
            await person.wait_for(kept, timeout=60)
        assert house.messenger.faults.struck[fault]
        house.messenger.faults.clear()
    (answer,) = await house.answers()
    assert [part.text for part in answer.parts] == [f"message {number}" for number in range(6)]


async def test_one_persons_messages_stay_in_order_through_faults(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        house.messenger.faults.set("server_error", count=3, methods={"sendMessage"})
        await person.send_start(CODE)
        first = await person.next_message(timeout=30)
        await person.press(first, "help:arrival")
        texts = [(await person.next_message(timeout=30)).text for _ in range(2)]
    assert "116 123" in texts[0]
    assert "at any time" in texts[1]


async def test_somebody_who_blocked_the_bot_is_not_written_to_and_the_others_go_on(house: House) -> None:
    async with house.bot() as parts:
        blocker, other = house.messenger.person(1), house.messenger.person(2)
        await to_first_question(blocker)
        await blocker.send("one last thing")
        await blocker.block()
        await to_first_question(other)
        async with asyncio.timeout(20):
            while await _waiting(parts.store):
                await asyncio.sleep(0.05)
    assert [answer.text for answer in await house.answers()] == ["one last thing"]


async def _waiting(store: Store) -> int:
    return len(await store.waiting(datetime.now(UTC) + timedelta(days=1)))


async def test_hostile_updates_stop_nobody_and_no_line_of_the_log_holds_them(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "what only one person knows"
    odd = [
        {"message": {"text": secret}},
        {"message": secret},
        {"brand_new_kind": {"text": secret}},
        {"callback_query": {"id": "1", "data": secret}},
        {"edited_message": {"message_id": "NaN", "text": secret * 200}},
        {},
    ]
    async with house.bot():
        for update in odd:
            house.messenger.inject(update)
        person = house.messenger.person(1)
        await to_first_question(person)
        await person.send("still here")
        await person.next_message()
    assert [answer.text for answer in await house.answers()] == ["still here"]
    ours = "".join(record.getMessage() for record in caplog.records if record.name.startswith(("hearten", "storage")))
    assert "set aside" in ours
    assert secret not in ours
    assert secret.encode() not in house.every_byte()


async def test_an_update_that_cannot_be_written_is_not_acknowledged(house: House) -> None:
    async with house.bot() as parts:
        person = house.messenger.person(1)
        await to_first_question(person)
        blocker = await asyncio.create_subprocess_exec(
            "python3", "-c", LOCK, str(house.stage.folder / "hearten.db"), stdout=asyncio.subprocess.PIPE
        )
        assert blocker.stdout is not None
        await blocker.stdout.readline()
        await person.send("while the disk was busy")
        await asyncio.sleep(1)
        assert house.messenger.pending == 1
        blocker.kill()
        await blocker.wait()
        await person.wait_for(kept, timeout=60)
        assert parts.store is not None
    assert [answer.text for answer in await house.answers()] == ["while the disk was busy"]


LOCK = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("begin exclusive")
print("locked", flush=True)
time.sleep(60)
"""


async def test_a_webhook_needs_its_secret_and_answers_after_the_commit(house: House) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    secret = "a-secret-that-nobody-guesses"
    url = f"http://127.0.0.1:{port}/hook"
    settings = house.stage.settings(house.messenger.url, house.token).model_copy(
        update={"webhook_url": url, "webhook_secret": SecretStr(secret), "webhook_port": port}
    )
    stop = asyncio.Event()
    async with put_together(settings) as parts:
        running = asyncio.create_task(run(parts, stop))
        person = house.messenger.person(1)
        await to_first_question(person)
        await person.send("by webhook")
        await person.wait_for(kept)
        forged = {"update_id": 10**9, "message": {"text": "forged"}}
        async with aiohttp.ClientSession() as session:
            for headers, body, status in [
                ({}, json.dumps(forged), 403),
                ({SECRET_HEADER: "wrong"}, json.dumps(forged), 403),
                ({SECRET_HEADER: secret}, "not json", 400),
                ({SECRET_HEADER: secret}, "[]", 400),
                ({SECRET_HEADER: secret}, "x" * 2_000_000, 413),
            ]:
                async with session.post(url, data=body, headers=headers) as response:
                    assert response.status == status
        stop.set()
        await running
    assert [answer.text for answer in await house.answers()] == ["by webhook"]


async def test_a_token_that_is_revoked_while_running_ends_it_with_a_sentence(house: House) -> None:
    settings = house.stage.settings(house.messenger.url, "1:wrong")
    async with put_together(settings) as parts:
        with pytest.raises(BotError, match="HEARTEN_TELEGRAM_TOKEN"):
            await run(parts, asyncio.Event())
