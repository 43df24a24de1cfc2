"""What comes back to people: a service's answer once, a copy of their answers when they say so, and nothing unasked."""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.assembly import Parts
from bot.messenger import Message, Person
from storage.bundles import TidingsText
from storage.read import Reader
from storage.seal.bundle import Bundle, Enclosed, make_bundle
from storage.taking import Taken, take
from tests.test_bot.conftest import House, to_first_question
from tests.test_bot.test_reminders import data, nothing_comes, to_morning, to_the_end

ANSWER = "We now answer the phone until 8 in the evening."
CANARY = "the lamp by the green door was always lit"


def tidings(house: House, parts: Parts, service: str = "RIVERSIDE", **more: str) -> bytes:
    text = TidingsText(period="2026-Q3", messages={"en": ANSWER} | more, link="https://riverside.example/said")
    enclosed = Enclosed("tidings.json", "application/json", text.model_dump_json().encode())
    bundle = Bundle(os.urandom(16), house.now().date(), "tidings", service, (enclosed,))
    return make_bundle(bundle, parts.store.bundle_key.recipient, house.research_key())


async def bring(house: House, parts: Parts, bundle: bytes) -> Taken:
    return await take(parts.store, bundle, house.now())


async def at_the_end(house: House, *numbers: int) -> list[Person]:
    people = [house.messenger.person(number) for number in numbers]
    for person in people:
        await to_the_end(person)
    return people


async def test_who_asked_to_hear_is_told_once_over_restarts(house: House) -> None:
    await to_morning(house)
    async with house.bot() as parts:
        (person,) = await at_the_end(house, 1)
        bundle = tidings(house, parts)
        assert (await bring(house, parts, bundle)).people == 1
        told = await person.next_message(timeout=20)
        assert ANSWER in told.text
        assert "https://riverside.example/said" in told.text
        assert data(told) == ["choose:tidings:never", "help:end"]
        assert (await bring(house, parts, bundle)).again
        assert await nothing_comes(person)
    async with house.bot() as parts:
        assert (await bring(house, parts, bundle)).again
        assert await nothing_comes(person)
        assert len([each for each in person.messages if ANSWER in each.text]) == 1


async def test_one_that_waits_is_told_after_a_restart_and_not_at_night(house: House) -> None:
    await to_morning(house)
    async with house.bot() as parts:
        (person,) = await at_the_end(house, 1)
        house.forward(hours=12)
        await bring(house, parts, tidings(house, parts))
        assert await nothing_comes(person)
    async with house.bot():
        assert await nothing_comes(person)
        house.forward(hours=12)
        assert ANSWER in (await person.next_message(timeout=20)).text
        assert await nothing_comes(person)


async def test_one_tap_ends_it(house: House) -> None:
    await to_morning(house)
    async with house.bot() as parts:
        (person,) = await at_the_end(house, 1)
        await bring(house, parts, tidings(house, parts))
        told = await person.next_message(timeout=20)
        await person.press(told, "choose:tidings:never")
        assert "not write to you about this again" in (await person.next_message()).text
        assert (await bring(house, parts, tidings(house, parts))).people == 0
        assert await nothing_comes(person)


async def test_nobody_else_is_told(house: House) -> None:
    """Not who withdrew, not who blocked the bot, not another service's people; and who comes back is told again."""
    await to_morning(house)
    async with house.bot() as parts:
        gone, blocking, other = await at_the_end(house, 1, 2, 3)
        await gone.send("delete everything please")
        sure = await gone.wait_for(lambda message: "delete:sure:all" in data(message))
        await gone.press(sure, "delete:sure:all")
        await gone.wait_for(lambda message: "It is done" in message.text)
        await blocking.block()
        assert (await bring(house, parts, tidings(house, parts, "SOMEWHERE"))).people == 0
        await asyncio.sleep(0.5)
        assert (await bring(house, parts, tidings(house, parts))).people == 1
        assert ANSWER in (await other.next_message(timeout=20)).text
        assert await nothing_comes(gone)


async def test_two_workers_that_look_at_once_tell_it_once(house: House) -> None:
    await to_morning(house)
    async with house.bot() as parts:
        (person,) = await at_the_end(house, 1)
        await bring(house, parts, tidings(house, parts))
        await asyncio.gather(*(parts.reminders.look() for _ in range(4)))
        assert ANSWER in (await person.next_message(timeout=20)).text
        assert await nothing_comes(person)


async def test_a_long_answer_is_split_where_a_reader_would_pause(house: House) -> None:
    await to_morning(house)
    async with house.bot() as parts:
        (person,) = await at_the_end(house, 1)
        long = " ".join(f"We did thing number {number}." for number in range(220))
        await bring(house, parts, tidings(house, parts, en=long))
        first, second = await person.next_message(timeout=20), await person.next_message(timeout=20)
        assert first.text.endswith(".")
        assert "thing number 219." in second.text
        assert data(second) == ["choose:tidings:never", "help:end"]


async def ask_for_copy(person: Person) -> None:
    await person.send("/mydata")
    offer = await person.wait_for(lambda message: "yes:mydata" in data(message))
    await person.press(offer, "yes:mydata")
    await person.wait_for(lambda message: "You asked for a copy" in message.text)


async def copy_of(house: House, parts: Parts, person: Person, files: Sequence[Enclosed]) -> bytes:
    async with parts.store.unit() as unit:
        pseudonym, _ = await unit.progress(person.id)
    reader, bundle = await Reader.open(parts.settings, house.research_key()), os.urandom(16)
    closed = await reader.close_copy(pseudonym.hex(), files, bundle)
    await reader.close()
    enclosed = Enclosed("copy", "application/octet-stream", closed)
    made = Bundle(bundle, house.now().date(), "copy", pseudonym.hex(), (enclosed,))
    return make_bundle(made, parts.store.bundle_key.recipient, house.research_key())


FILES = (Enclosed("copy.txt", "text/plain", CANARY.encode()), Enclosed("voice-1.ogg", "audio/ogg", CANARY.encode()))


async def with_a_copy(house: House, parts: Parts, person: Person) -> Message:
    """Somebody who asked for a copy; the question whether now is a good time."""
    await to_the_end(person)
    await ask_for_copy(person)
    await bring(house, parts, await copy_of(house, parts, person, FILES))
    return await person.wait_for(lambda message: "yes:copy" in data(message), timeout=20)


def documents(house: House, person: Person) -> list[bytes]:
    sent = [message for message in person.messages if message.kind == "document"]
    files = (house.messenger._room.files.by_id(each.content["document"]["file_id"]) for each in sent)
    return [each.data for each in files if each is not None]


async def test_a_copy_comes_once_when_they_say_so_and_in_no_byte_on_disk(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await to_morning(house)
    person = house.messenger.person(1)
    async with house.bot() as parts:
        question = await with_a_copy(house, parts, person)
        assert documents(house, person) == [], "nothing comes before they say so"
        assert CANARY.encode() not in house.every_byte()
        await person.press(question, "yes:copy")
        await person.until(lambda it: len(documents(house, it)) == 2, timeout=20)
        assert documents(house, person) == [CANARY.encode()] * 2
        await person.press(question, "yes:copy", anyway=True)
        await person.wait_for(lambda message: "not here any more" in message.text, timeout=20)
        assert len(documents(house, person)) == 2, "once"
        async with parts.store.unit() as unit:
            assert await unit.copy_waiting((await unit.progress(person.id))[0]) is None
        assert CANARY.encode() not in house.every_byte()
    assert CANARY.encode() not in house.every_byte()
    assert CANARY not in caplog.text


async def test_a_copy_that_was_on_its_way_comes_after_a_restart(house: House) -> None:
    await to_morning(house)
    person = house.messenger.person(1)
    async with house.bot() as parts:
        question = await with_a_copy(house, parts, person)
        house.messenger.faults.set("server_error", probability=1.0, methods=frozenset({"sendDocument"}))
        await person.press(question, "yes:copy")
        await person.wait_for(lambda message: "Here it comes" in message.text, timeout=20)
        await asyncio.sleep(0.5)
        assert documents(house, person) == []
    house.messenger.faults.clear()
    async with house.bot():
        await person.until(lambda it: len(documents(house, it)) == 2, timeout=30)
        await asyncio.sleep(1.5)
    assert len(documents(house, person)) == 2


async def test_a_copy_that_nobody_fetches_goes_and_so_does_one_of_who_withdraws(house: House) -> None:
    await to_morning(house)
    late, gone = house.messenger.person(1), house.messenger.person(2)
    async with house.bot() as parts:
        question = await with_a_copy(house, parts, late)
        asked = await with_a_copy(house, parts, gone)
        await gone.send("delete everything please")
        sure = await gone.wait_for(lambda message: "delete:sure:all" in data(message))
        await gone.press(sure, "delete:sure:all")
        await gone.wait_for(lambda message: "It is done" in message.text)
        await gone.press(asked, "yes:copy", anyway=True)
        assert "not taking part" in (await gone.next_message()).text
        house.forward(days=15)
        await parts.reminders.look()
        await late.press(question, "yes:copy")
        await late.wait_for(lambda message: "not here any more" in message.text, timeout=20)
        assert documents(house, late) == documents(house, gone) == []


async def test_tomorrow_they_are_asked_again_and_no_deletes_it(house: House) -> None:
    await to_morning(house)
    person = house.messenger.person(1)
    async with house.bot() as parts:
        question = await with_a_copy(house, parts, person)
        await person.press(question, "choose:copy:later")
        await person.wait_for(lambda message: "ask you again tomorrow" in message.text)
        house.forward(days=1, minutes=1)
        question = await person.wait_for(lambda message: "yes:copy" in data(message), timeout=20)
        await person.press(question, "no:copy")
        await person.wait_for(lambda message: "deleted that copy" in message.text)
        async with parts.store.unit() as unit:
            assert await unit.copy_waiting((await unit.progress(person.id))[0]) is None
        house.forward(days=3)
        assert await nothing_comes(person)


async def test_a_question_that_is_open_stays_open(house: House) -> None:
    """Somebody in the middle of it is told a day later, and what they write then is still their answer."""
    await to_morning(house)
    async with house.bot() as parts:
        person = house.messenger.person(1)
        await to_first_question(person)
        await bring(house, parts, tidings(house, parts))
        assert await nothing_comes(person)
        house.forward(seconds=timedelta(days=1, minutes=1).total_seconds())
        assert ANSWER in (await person.next_message(timeout=20)).text
        await person.send("They rang me back.")
        await person.wait_for(lambda message: "kept" in message.text)
    assert [each.text for each in await house.answers() if each.kind == "answer"] == ["They rang me back."]


async def test_the_command_takes_it_while_the_bot_runs(house: House) -> None:
    await to_morning(house)
    async with house.bot() as parts:
        (person,) = await at_the_end(house, 1)
        file = house.stage.folder / "tidings.bundle"
        file.write_bytes(tidings(house, parts))
        settings = parts.settings
        places = {"DATABASE_URL": settings.database_url, "KEYRING_URL": settings.keyring_url}
        places |= {"RECIPIENTS": str(settings.recipients), "BOT_KEY": str(settings.bot_key)}
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "storage", "take", str(file)],
            env=os.environ | {f"HEARTEN_{name}": value for name, value in places.items()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "1 person will be told" in done.stdout
        assert not file.exists()
        assert ANSWER in (await person.next_message(timeout=20)).text
