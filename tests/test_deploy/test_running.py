"""docs/running.md as it is written: the upgrade, going back and the drill are walked, and what it names is there."""

import asyncio
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, closing, suppress
from pathlib import Path

import pytest
import yaml

from bot.messenger import Person
from bot.operating.metrics import Metrics
from storage.doctor import _CHECKS as CHECKS
from storage.schema import HEADS
from tests.test_bot.conftest import House, house, to_first_question
from tests.test_bot.test_doors import bot_process, environment
from tests.test_docs.documents import ROOT, blocks, code, read, rows
from tests.test_storage.test_released import RELEASED, REVISIONS, read_dump

__all__ = ["house"]

RUNNING = read("docs/running.md")
PASSPHRASE = "four words of a test"


def section(heading: str) -> str:
    (found,) = re.findall(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", RUNNING, re.MULTILINE | re.DOTALL)
    return str(found)


def steps_of(heading: str) -> list[list[str]]:
    """The commands of each block in a section."""
    return [block.splitlines() for block in blocks(section(heading), "sh")]


class Host:
    """The bot's machine of a house, and the commands of the page on it. What systemd would start and stop is a process
    of ours; everything else is run by a shell in the folder of the databases."""

    def __init__(self, house: House, log: Path) -> None:
        self.house = house
        self._log = log
        self._running = AsyncExitStack()
        self._process: asyncio.subprocess.Process | None = None
        programs = log.parent / "programs"
        programs.mkdir()
        (programs / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (programs / "python").chmod(0o755)
        self._path = f"{programs}:{os.environ['PATH']}"

    async def run(self, command: str, folder: Path | None = None, **changes: str) -> str:
        if command == "systemctl stop hearten-bot":
            await self.stop()
            return ""
        if command == "systemctl start hearten-bot":
            await self.start()
            return ""
        variables = environment(self.house) | {"PATH": self._path, "PYTHONPATH": str(ROOT)}
        process = await asyncio.create_subprocess_shell(
            command,
            cwd=folder or self.house.stage.folder,
            env=variables | {f"HEARTEN_{name}": value for name, value in changes.items()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said = (await process.communicate())[0].decode()
        if not command.endswith("storage doctor"):  # it ends with 1 where it has advice
            assert process.returncode == 0, f"{command}: {said}"
        return said

    async def walk(self, commands: Sequence[str]) -> str:
        return "".join([await self.run(command) for command in commands])

    async def start(self) -> None:
        self._process = await self._running.enter_async_context(bot_process(self.house, self._log))

    async def stop(self) -> None:
        """As systemd does: ask, and wait."""
        if self._process is not None:
            self._process.terminate()
            assert await self._process.wait() == 0
            self._process = None

    async def close(self) -> None:
        await self._running.aclose()


@pytest.fixture
async def host(house: House, tmp_path: Path) -> AsyncIterator[Host]:
    made = Host(house, tmp_path / "log")
    yield made
    await made.close()


def lay_out(house: House, revision: str) -> None:
    """The databases and keys of a released version, in place of those of this house."""
    stage, kept = house.stage, RELEASED / revision
    settings = stage.settings(house.messenger.url, house.token)
    for name, place in (
        ("bot.key", settings.bot_key),
        ("research.key", stage.research_key),
        ("research.pub", settings.recipients / "research.pub"),
    ):
        shutil.copy(kept / name, place)
        place.chmod(0o600)
    stage.passphrase.write_text(PASSPHRASE + "\n")
    for name, file in (("main", settings.database_file), ("keyring", settings.keyring_file)):
        file.parent.mkdir(exist_ok=True)
        with closing(read_dump(revision, name)) as dump, closing(sqlite3.connect(file)) as copy, copy:
            if name == "main":  # what was invented there for other tests is no message that the bot could send
                dump.execute("DELETE FROM outbox")
                if revision > "m0001":
                    dump.execute("DELETE FROM reminder")
                dump.commit()
            dump.backup(copy)
            copy.execute("PRAGMA journal_mode=WAL")
        file.chmod(0o600)


def revision_of(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


async def said_in(house: House) -> set[str]:
    return {part.text or "" for answer in await house.answers() for part in answer.parts}


OLD = {f"They were kind, said number {number}." for number in (0, 1)}


async def answer(person: Person, words: str) -> None:
    await to_first_question(person)
    await person.send(words)
    await person.next_message(timeout=30)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("revision", REVISIONS)
async def test_an_upgrade_as_it_is_written_loses_nothing(house: House, host: Host, revision: str) -> None:
    """People write before (where this version could run on it), while the bot is away, and after."""
    lay_out(house, revision)
    before, _, after = house.messenger.person(10), house.messenger.person(11), house.messenger.person(12)
    expected = set(OLD)
    backing_up, upgrading = steps_of("Upgrading")
    is_present = revision == HEADS["main"]
    if is_present:
        await host.start()
        await answer(before, "Said before the upgrade.")
        expected.add("Said before the upgrade.")
        await host.walk(backing_up)
    else:
        await host.stop()
    waiting = [house.messenger.person(number) for number in (20, 21, 22)]
    for person in waiting:
        await person.send_start("RIVERSIDE")
    if is_present:
        await before.send("Said while the bot was away.")
        expected.add("Said while the bot was away.")
    assert house.messenger.pending
    said = await host.walk(upgrading)
    assert "message is sealed" in said or "messages are sealed" in said
    for person in waiting:
        await person.wait_for(lambda message: bool(message.buttons), timeout=60)
    await answer(after, "Said after the upgrade.")
    expected.add("Said after the upgrade.")
    await host.stop()
    assert house.messenger.pending == 0
    assert await said_in(house) == expected
    assert revision_of(house.stage.folder / "hearten.db") == HEADS["main"]


@pytest.mark.timeout(300)
async def test_going_back_as_it_is_written_and_coming_again(house: House, host: Host) -> None:
    lay_out(house, "m0001")
    settings = house.stage.settings(house.messenger.url, house.token)
    await host.run("python -m storage migrate")
    await host.start()
    await answer(house.messenger.person(10), "Said to the newer version.")
    (going_back,) = steps_of("Going back")
    await host.walk(going_back)
    assert revision_of(settings.database_file) == "m0001"
    refused = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "storage", "verify"), env=environment(house), stderr=asyncio.subprocess.PIPE
    )
    assert (await refused.communicate())[1]  # this version is the newer one: it asks for the migration
    assert refused.returncode == 1
    newer = f"sqlite+aiosqlite:///{house.stage.folder.resolve()}/newer/hearten.db"
    verified = await host.run(
        f"python -m storage verify --key {house.stage.research_key.resolve()}", DATABASE_URL=newer
    )
    assert "3 messages open" in verified
    await host.run("python -m storage migrate")
    assert await said_in(house) == OLD


@pytest.mark.timeout(300)
async def test_the_drill_as_it_is_written_and_a_new_host(house: House, host: Host, tmp_path: Path) -> None:
    person = house.messenger.person(1)
    await host.start()
    await answer(person, "Kept through the drill.")
    on_host, away = steps_of("The drill: backup and restore")
    await host.walk(on_host)
    researcher = tmp_path / "researcher"
    researcher.mkdir()
    for name in ("answers.backup", "keyring.backup"):
        shutil.copy(house.stage.folder / name, researcher)
    shutil.copy(house.stage.research_key, researcher / "research.key")
    empty = {f"{name}_URL": f"sqlite+aiosqlite:///{researcher}/{name.lower()}.db" for name in ("DATABASE", "KEYRING")}
    for command in away:
        said = await host.run(command, researcher, **empty)
    assert "1 message opens" in said
    await host.stop()
    settings = house.stage.settings(house.messenger.url, house.token)
    for file in (settings.database_file, settings.keyring_file):  # the host is lost
        for more in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                file.with_name(file.name + more).unlink()
    for name, place in (("database", settings.database_file), ("keyring", settings.keyring_file)):
        shutil.copy(researcher / f"{name}.db", place)
        place.chmod(0o600)
    await host.start()
    await person.send("And said on the new host.")
    await person.next_message(timeout=60)
    await host.stop()
    assert await said_in(house) == {"Kept through the drill.", "And said on the new host."}


def test_every_line_of_doctor_is_explained_and_no_other() -> None:
    explained = [row[0].strip("`") for row in rows(RUNNING, "## What doctor says")]
    assert explained == [name for name, _ in CHECKS]


def test_every_alert_is_explained_and_its_figures_exist() -> None:
    rules = yaml.safe_load(read("deploy/alerts.yml"))["groups"][0]["rules"]
    explained = re.findall(r"^\| `(Hearten\w+)` \|", RUNNING, re.MULTILINE)
    assert explained == [rule["alert"] for rule in rules]
    metrics = Metrics()
    outcomes = {"sent", "refused", "handled", "again", "set_aside"}
    for outcome in ("handled", "again", "set_aside"):
        metrics.updates.labels(outcome)
    for outcome in ("sent", "refused"):
        metrics.letters.labels(outcome)
    there = metrics.text().decode()
    for rule in rules:
        for name in re.findall(r"hearten_\w+", rule["expr"]):
            assert f"\n{name}" in there or f"\n{name}{{" in there, name
        assert set(re.findall(r'outcome="(\w+)"', rule["expr"])) <= outcomes


def test_lines_of_the_log_that_it_explains_are_written() -> None:
    written = "\n".join(file.read_text("utf-8") for room in ("bot", "storage") for file in (ROOT / room).rglob("*.py"))
    lines = [
        line for line in re.findall(r"^\| `([^`]+)` \|", section("Figures and alerts"), re.MULTILINE) if " " in line
    ]
    assert len(lines) >= 3
    assert all(line in written for line in lines)


def test_files_that_the_page_names_are_there() -> None:
    for each in code(RUNNING):
        if each.startswith(("deploy/", "docs/")):
            assert (ROOT / each).exists(), each
