"""The whole way back, by the commands that people type: from the research key to the chat."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from analysis.summary import render
from bot.messenger import Person
from tests.test_bot.conftest import House, to_first_question
from tests.test_bot.test_reminders import data, nothing_comes, to_morning, to_the_end
from tests.test_bot.test_returning import ask_for_copy, documents
from tests.test_reports.test_publishing import GOOD, MESSAGE, SUMMARY

CANARY = "the lamp by the green door was always lit"
SOUND = b"OggS" + bytes(range(256)) * 8


async def typed(house: House, *arguments: object) -> str:
    """What a command says, run as a process of its own."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", *map(str, arguments)],
        env=os.environ | house.stage.environment() | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stdout + done.stderr
    return done.stdout


async def answer_and_finish(person: Person) -> None:
    message = await to_first_question(person)
    await person.send(CANARY)
    await person.wait_for(lambda it: "kept" in it.text)
    await person.send_voice(SOUND)
    message = await person.wait_for(lambda it: "voice note" in it.text)
    while "next:mydata" not in data(message):
        offered = data(message)
        verbs = ("done:question", "skip:", "next:", "no:", "done:")
        await person.press(message, next(each for verb in verbs for each in offered if each.startswith(verb)))
        message = await person.wait_for(lambda it: bool(it.buttons), timeout=30)


async def test_a_copy_asked_for_in_the_chat_comes_into_the_chat(house: House, tmp_path: Path) -> None:
    await to_morning(house)
    person = house.messenger.person(1)
    key, bundle = house.stage.research_key, tmp_path / "copy.bundle"
    async with house.bot():
        await answer_and_finish(person)
        await ask_for_copy(person)
        await typed(house, "storage", "keys", "bot", "-o", tmp_path / "bot.pub")
        listed = re.findall(r"^([0-9a-f]{64})  asked on", await typed(house, "storage", "requests"), re.MULTILINE)
        assert len(listed) == 1
        made = ("access-request", listed[0], "--seal-to", tmp_path / "bot.pub", "-o", bundle, "--key", key)
        assert "voice notes" in await typed(house, "analysis", *made)
        assert CANARY.encode() not in bundle.read_bytes()
        assert "is here" in await typed(house, "storage", "take", bundle)
        assert not bundle.exists()
        question = await person.wait_for(lambda it: "yes:copy" in data(it), timeout=20)
        await person.press(question, "yes:copy")
        await person.until(lambda it: len(documents(house, it)) == 2, timeout=20)
        words, sound = documents(house, person)
        assert CANARY in words.decode()
        assert sound == SOUND
        await asyncio.sleep(0.5)
        assert await typed(house, "storage", "requests") == ""
        assert CANARY.encode() not in house.every_byte()
    assert CANARY.encode() not in house.every_byte()


async def test_what_a_service_did_reaches_who_asked_to_hear(house: House, tmp_path: Path) -> None:
    await to_morning(house)
    person, bundle = house.messenger.person(1), tmp_path / "tidings.bundle"
    summary = SUMMARY.model_copy(update={"service": "RIVERSIDE"})
    (tmp_path / "page.html").write_text(render(summary))
    (tmp_path / "page.json").write_text(summary.model_dump_json())
    (tmp_path / "did.toml").write_text(GOOD.replace('"elm"', '"RIVERSIDE"'))
    async with house.bot():
        await to_the_end(person)
        await typed(house, "storage", "keys", "bot", "-o", tmp_path / "bot.pub")
        with_keys = ("--bot", tmp_path / "bot.pub", "--key", house.stage.research_key)
        made = (tmp_path / "page.html", "--answers", tmp_path / "did.toml", *with_keys)
        for _ in range(2):
            await typed(house, "analysis", "publish", *made, "-o", bundle)
            await typed(house, "storage", "take", bundle)
        told = await person.next_message(timeout=20)
        assert MESSAGE in told.text
        assert await nothing_comes(person), "published twice, told once"
    assert "More time for each first talk." in (tmp_path / "page.html").read_text()
