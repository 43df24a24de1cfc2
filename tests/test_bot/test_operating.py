"""Starting, watching and stopping it, with everything that can be wrong around it."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.assembly import put_together, run
from bot.errors import BotError
from bot.operating.metrics import Metrics
from tests.test_bot.conftest import CODE, House, to_first_question
from tests.test_bot.test_doors import bot_process, environment

SECRET = "a-secret-that-nobody-guesses"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def changed(house: House, **changes: Any) -> Any:
    return house.stage.settings(house.messenger.url, house.token).model_copy(update=changes)


def webhook(port: int) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}/hook"
    return {"webhook_url": url, "webhook_secret": SecretStr(SECRET), "webhook_port": port}


@asynccontextmanager
async def running(house: House, **changes: Any) -> Any:
    stop = asyncio.Event()
    async with put_together(changed(house, **changes)) as parts:
        task = asyncio.create_task(run(parts, stop))
        try:
            yield task
        finally:
            stop.set()
            await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(hours=-3)])
async def test_a_clock_that_is_far_off_stops_the_start_with_a_sentence(house: House, ahead: timedelta) -> None:
    settings = changed(house)
    async with put_together(settings, clock=lambda: datetime.now(UTC) + ahead) as parts:
        with pytest.raises(BotError, match=r"180 minutes (ahead of|behind) Telegram's: set it"):
            await run(parts, asyncio.Event())


async def test_without_a_network_it_waits_says_so_and_stops_when_asked(house: House, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as lines:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            env=environment(house, TELEGRAM_API=f"http://127.0.0.1:{free_port()}"),
            stdout=lines,
            stderr=lines,
        )
        async with asyncio.timeout(30):
            while b"cannot be reached" not in log.read_bytes():
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    (line, *_) = [json.loads(each) for each in log.read_text().splitlines()]
    assert line["level"] == "warning"
    assert line["logger"] == "hearten"
    assert "TelegramNetworkError" in line["event"]


async def test_a_webhook_that_telegram_refuses_is_one_sentence(house: House) -> None:
    settings = changed(house, **webhook(free_port())).model_copy(update={"webhook_url": "http://bot.example.org/hook"})
    async with put_together(settings) as parts:
        with pytest.raises(BotError, match="HEARTEN_WEBHOOK_URL: it needs https"):
            await run(parts, asyncio.Event())


@pytest.mark.parametrize("by_webhook", [False, True])
async def test_a_token_that_is_revoked_while_it_runs_ends_it_with_a_sentence(house: House, by_webhook: bool) -> None:
    changes = webhook(free_port()) if by_webhook else {}
    async with running(house, **changes) as task:
        person = house.messenger.person(1)
        await person.send_start(CODE)
        await person.next_message(timeout=10)
        house.messenger.revoke_token()
        await person.send("is anybody there")
        with pytest.raises(BotError, match="does not know this token"):
            await asyncio.wait_for(asyncio.shield(task), 40)


async def test_a_service_that_is_no_longer_listed_is_told_kindly_and_those_under_way_go_on(house: House) -> None:
    services = house.stage.folder / "services.toml"
    services.write_text('[[service]]\ncode = "OTHER"\nname = "the other team"\nlocality = "Northtown"\n')
    async with house.bot():
        under_way = house.messenger.person(1)
        await to_first_question(under_way)
    async with running(house, services=services):
        newcomer = house.messenger.person(2)
        await newcomer.send_start(CODE)
        assert "do not know that link" in (await newcomer.next_message(timeout=10)).text
        await under_way.send("They helped me move.")
        assert "kept" in (await under_way.next_message(timeout=10)).text
    assert [answer.text for answer in await house.answers()] == ["They helped me move."]


async def test_health_readiness_and_figures_tell_of_nobody(house: House) -> None:
    port = free_port()
    async with running(house, status_port=port), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        person = house.messenger.person(1)
        await to_first_question(person)
        async with session.get("/healthz") as answer:
            assert answer.status == 200
        async with session.get("/readyz") as answer:
            assert (answer.status, (await answer.json())["telegram"]) == (200, True)
        async with session.get("/metrics") as answer:
            figures = await answer.text()
    assert 'hearten_letters_total{outcome="sent"}' in figures
    assert "hearten_exchange_seconds_bucket" in figures
    for hidden in (str(person.id), "Person 1", CODE, house.token[12:]):
        assert hidden not in figures


async def test_readiness_names_what_is_not_well(house: House) -> None:
    port = free_port()
    nowhere = f"http://127.0.0.1:{free_port()}"
    async with (
        running(house, status_port=port, telegram_api=nowhere),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        asyncio.timeout(10),
    ):
        while True:
            try:
                async with session.get("/readyz") as answer:
                    assert answer.status == 503
                    assert await answer.json() == {"ready": False, "telegram": False, "store": True}
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)


async def test_a_stop_finishes_what_has_begun(house: House, tmp_path: Path) -> None:
    """A voice note is being fetched when it is asked to stop: it is kept, and Telegram knows."""
    async with bot_process(house, tmp_path / "log") as process:
        person = house.messenger.person(1)
        await to_first_question(person)
        house.messenger.faults.set("slow", count=1, seconds=2, methods={"download"})
        await person.send_voice(b"OggS" * 50)
        await asyncio.sleep(0.8)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    assert house.messenger.pending == 0
    (answer,) = await house.answers()
    assert [part.data for part in answer.parts] == [b"OggS" * 50]


LOGGING = """
import logging
from bot.operating.log import log_to_stderr, one_exchange
log_to_stderr(logging.INFO)
log = logging.getLogger("hearten.test")
with one_exchange():
    log.info("one")
    try:
        raise ValueError("words of somebody")
    except ValueError:
        log.exception("two")
log.info("three")
logging.getLogger("aiogram.event").error("a whole update")
"""


def test_the_log_is_one_object_a_line_and_holds_no_text_of_an_error() -> None:
    done = subprocess.run([sys.executable, "-c", LOGGING], capture_output=True, text=True, timeout=60, check=True)
    one, two, three = [json.loads(line) for line in done.stderr.splitlines()]
    assert one["exchange"] == two["exchange"]
    assert "exchange" not in three
    assert (two["event"], two["error"], two["level"]) == ("two", "ValueError", "error")
    assert "words of somebody" not in done.stderr


def test_labels_of_figures_are_words_of_ours() -> None:
    text = Metrics().text().decode()
    assert "hearten_exchange_seconds" in text
    assert "outcome=" not in text  # none until something happens: no label is made of what somebody sent
