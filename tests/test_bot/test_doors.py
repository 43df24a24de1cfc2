"""`python -m bot`: as an operator starts it, with everything that can be wrong around it, and killed in the middle."""

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.demo.stage import SERVICES, make_token
from tests.test_bot.conftest import House, to_first_question

CANARY = "the heron stood in the car park, quite sure of itself"


def environment(house: House, **changes: str) -> dict[str, str]:
    values = house.stage.environment() | {
        "HEARTEN_TELEGRAM_TOKEN": house.token,
        "HEARTEN_TELEGRAM_API": house.messenger.url,
        "HEARTEN_MESSAGES_PER_SECOND": "0",
        "PATH": os.environ["PATH"],
        "HOME": str(house.stage.folder),
    }
    values |= {f"HEARTEN_{name}": value for name, value in changes.items()}
    return {name: value for name, value in values.items() if value != "unset"}


@asynccontextmanager
async def bot_process(house: House, log: Path, **changes: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bot as a process of its own; killed at the end, as by a power cut."""
    with log.open("ab") as lines:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", env=environment(house, **changes), stdout=lines, stderr=lines
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def test_a_canary_phrase_is_found_nowhere_and_read_back_exactly(house: House, tmp_path: Path) -> None:
    log = tmp_path / "log"
    person = house.messenger.person(1)
    async with bot_process(house, log):
        await to_first_question(person)
        await person.send(CANARY)
        await person.next_message(timeout=30)
        for encoding in ("utf-8", "utf-16-le"):
            assert CANARY.encode(encoding) not in house.every_byte() + log.read_bytes()
    for encoding in ("utf-8", "utf-16-le"):
        assert CANARY.encode(encoding) not in house.every_byte() + log.read_bytes()
    for hidden in (str(person.id), "Person 1", house.token.partition(":")[2]):
        assert hidden.encode() not in log.read_bytes()
    (answer,) = await house.answers()
    assert answer.text == CANARY


def run_bot(house: House, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *(arguments or ("run",))]
    env = environment(house, **changes)
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


async def wrong(house: House, **changes: str) -> str:
    """The one sentence with which the start is refused."""
    done = await asyncio.to_thread(run_bot, house, **changes)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (sentence,) = done.stderr.strip().splitlines()
    return sentence


async def test_missing_and_malformed_settings_are_one_sentence(house: House, tmp_path: Path) -> None:
    assert "HEARTEN_TELEGRAM_TOKEN" in await wrong(house, TELEGRAM_TOKEN="unset")
    assert "BotFather" in await wrong(house, TELEGRAM_TOKEN="not a token")
    assert "HEARTEN_TELEGRAM_TOKEN" in await wrong(house, TELEGRAM_TOKEN=make_token())
    assert "HEARTEN_WEBHOOK_SECRET" in await wrong(house, WEBHOOK_URL="https://bot.example.org/hook")
    assert "relational-practice" in await wrong(house, GUIDE="no-such-guide")
    assert "no such file" in await wrong(house, SERVICES=str(tmp_path / "none.toml"))
    assert "HEARTEN_DATABASE_URL" in await wrong(house, DATABASE_URL="mysql://somewhere")
    (tmp_path / "empty").mkdir()
    assert "storage keys new" in await wrong(house, RECIPIENTS=str(tmp_path / "empty"))
    broken = tmp_path / "services.toml"
    broken.write_text(SERVICES.read_text().replace('"RIVERSIDE"', '"RIVER SIDE"'))
    assert "service[1].code" in await wrong(house, SERVICES=str(broken))


async def test_a_key_file_that_others_may_read_is_refused(house: House) -> None:
    async with house.bot():
        pass
    key = house.stage.folder / "bot.key"
    key.chmod(0o644)
    assert "chmod 600" in await wrong(house)


async def test_a_database_of_a_newer_version_is_refused(house: House) -> None:
    async with house.bot():
        pass
    with sqlite3.connect(house.stage.folder / "hearten.db") as database:
        database.execute("update alembic_version set version_num = '9999'")
    assert "newer" in await wrong(house)


async def test_a_port_in_use_is_one_sentence(house: House) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = await asyncio.to_thread(run_bot, house, "demo", "--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == f"Port {port} is in use by another program: stop that one, or choose another port."


@pytest.mark.parametrize("arguments", [["run", "--nonsense"], ["demo", "--port", "0"], ["dance"]])
async def test_wrong_use_is_exit_2(house: House, arguments: list[str]) -> None:
    done = await asyncio.to_thread(run_bot, house, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
