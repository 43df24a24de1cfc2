"""The write port: one unit for one update, exactly once, in order, or not at all."""

import asyncio
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from storage.errors import Erased, NotConsented, StorageError, Tampered, Unavailable
from storage.records import Place
from storage.write import Store

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY = date(2026, 7, 1)


async def test_progress_comes_back_as_it_was_saved(store):
    async with store.unit(1) as unit:
        pseudonym, progress = await unit.progress(42)
        assert progress is None
        await unit.save(pseudonym, b"first", DAY)
        await unit.save(pseudonym, b"second", DAY)
    async with store.unit(2) as unit:
        assert await unit.progress(42) == (pseudonym, b"second")
        assert (await unit.progress(43))[1] is None
    assert len(pseudonym) == 32


async def test_the_same_update_twice_is_handled_once(store):
    async with store.unit(7) as unit:
        assert not unit.seen
    async with store.unit(7) as unit:
        assert unit.seen
    async with store.unit(8) as unit:
        assert not unit.seen
    async with store.unit() as unit:
        assert not unit.seen


async def test_an_exception_leaves_nothing(store, study, speaker):
    someone = speaker(1)

    async def fail() -> None:
        async with store.unit(7) as unit:
            pseudonym = await someone.enrol(unit)
            await unit.keep(pseudonym, someone.says("words"))
            await unit.save(pseudonym, b"progress", DAY)
            await unit.say(pseudonym, b"hello")
            await unit.set_aside(b"update")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with store.unit(7) as unit:
        assert not unit.seen
        assert (await unit.progress(1))[1] is None
    assert await store.waiting(NOW) == []
    assert await study.answers() == []


async def test_progress_moved_to_another_person_does_not_open(store):
    async with store.unit() as unit:
        one, _ = await unit.progress(1)
        await unit.save(one, b"progress", DAY)
    async with store._main.begin(write=True) as connection:
        await connection.exec_driver_sql("UPDATE conversation SET pseudonym = ?", (store._bot_key.pseudonym(2),))
    with pytest.raises(Tampered):
        async with store.unit() as unit:
            await unit.progress(2)


async def test_nothing_is_kept_without_consent(store, study, speaker):
    someone = speaker(1)
    async with store.unit() as unit:
        pseudonym, _ = await unit.progress(1)
        with pytest.raises(NotConsented):
            await unit.keep(pseudonym, someone.says("words"))
        with pytest.raises(NotConsented):
            await unit.outcome(pseudonym, someone.session, "what-helped", "asked", DAY)
    async with store.unit() as unit:
        await someone.enrol(unit, take_part=False)
        with pytest.raises(NotConsented):
            await unit.keep(pseudonym, someone.says("words"))
    async with store.unit() as unit:
        await someone.enrol(unit)
        await unit.keep(pseudonym, someone.says("words"))
    assert [answer.text for answer in await study.answers()] == ["words"]


async def test_each_item_of_consent_keeps_the_day_on_which_it_changed(store, speaker):
    someone, later = speaker(1), DAY + timedelta(days=3)
    async with store.unit() as unit:
        pseudonym = await someone.enrol(unit)
    async with store.unit() as unit:
        await unit.enrol(pseudonym, someone.enrolment(day=later, quotes=True))
    async with store._main.begin(write=False) as connection:
        rows = await connection.exec_driver_sql("SELECT item, given, day FROM consent ORDER BY item")
        kept = [tuple(row) for row in rows]
    assert kept == [
        ("quotes", 1, later.isoformat()),
        ("summaries", 1, DAY.isoformat()),
        ("take_part", 1, DAY.isoformat()),
    ]


async def test_an_edit_finds_its_place_and_replaces_the_words(store, study, speaker):
    someone = speaker(1)
    async with store.unit() as unit:
        pseudonym = await someone.enrol(unit)
        await unit.keep(pseudonym, someone.says("first", part=1))
        await unit.keep(pseudonym, someone.says("second", part=2))
        place = await unit.place_of(pseudonym, "what-helped/2")
        assert place == Place(someone.session, "what-helped", 2)
        assert await unit.place_of(pseudonym, "another") is None
        assert await unit.place_of(b"x" * 32, "what-helped/2") is None
        await unit.keep(pseudonym, someone.says("second, mended", part=2, day=DAY + timedelta(days=1)))
    (answer,) = await study.answers()
    assert answer.text == "first\nsecond, mended"
    assert answer.day == DAY


async def test_what_became_of_a_question_goes_one_way_only(store, speaker):
    someone = speaker(1)
    steps = [
        ("asked", "asked"),
        ("skipped", "skipped"),
        ("asked", "skipped"),
        ("answered", "answered"),
        ("skipped", "answered"),
        ("asked", "answered"),
    ]
    async with store.unit() as unit:
        pseudonym = await someone.enrol(unit)
    for said, expected in steps:
        async with store.unit() as unit:
            await unit.outcome(pseudonym, someone.session, "what-helped", said, DAY)
        async with store._main.begin(write=False) as connection:
            kept = (await connection.exec_driver_sql("SELECT outcome FROM asked")).scalars().all()
        assert kept == [expected]


async def test_messages_leave_in_order_and_not_too_early(store):
    async with store.unit() as unit:
        one, other = (await unit.progress(1))[0], (await unit.progress(2))[0]
        await unit.say(one, b"one, now")
        await unit.say(one, b"one, in an hour", NOW + timedelta(hours=1))
        await unit.say(one, b"one, after that")
        await unit.say(other, b"other")
    waiting = await store.waiting(NOW)
    assert [(each.pseudonym, each.payload, each.attempts) for each in waiting] == [
        (one, b"one, now", 0),
        (other, b"other", 0),
    ]
    await store.sent([waiting[1].seq])
    await store.postpone(waiting[0].seq, NOW + timedelta(seconds=0.5))
    assert await store.waiting(NOW) == []
    assert await store.waiting(NOW + timedelta(seconds=0.499)) == []
    (again,) = await store.waiting(NOW + timedelta(seconds=0.5))
    assert (again.payload, again.attempts) == (b"one, now", 1)
    everything = await store.waiting(NOW + timedelta(hours=1))
    assert [each.payload for each in everything] == [b"one, now", b"one, in an hour", b"one, after that"]
    assert [each.payload for each in await store.waiting(NOW + timedelta(hours=1), limit=2)] == [
        b"one, now",
        b"one, in an hour",
    ]
    await store.forget_unreachable(one)
    assert await store.waiting(NOW + timedelta(hours=1)) == []


async def test_a_message_that_was_changed_holds_nobody_up(store, caplog):
    async with store.unit() as unit:
        one, other = (await unit.progress(1))[0], (await unit.progress(2))[0]
        await unit.say(one, b"one")
        await unit.say(other, b"other")
    async with store._main.begin(write=True) as connection:
        await connection.exec_driver_sql("UPDATE outbox SET pseudonym = ? WHERE seq = 1", (other,))
    assert [each.payload for each in await store.waiting(NOW)] == [b"other"]
    assert "does not open" in caplog.text


async def test_a_hundred_units_at_once(store, study, speaker):
    async def speak(number: int) -> None:
        someone = speaker(number)
        async with store.unit(number) as unit:
            pseudonym = await someone.enrol(unit)
            await unit.keep(pseudonym, someone.says(f"words of {number}"))
            await unit.say(pseudonym, b"thanks")

    await asyncio.gather(*(speak(number) for number in range(100)))
    assert {answer.text for answer in await study.answers()} == {f"words of {number}" for number in range(100)}
    assert len(await store.waiting(NOW, limit=1000)) == 100


async def test_units_that_are_cancelled_leave_the_store_usable(store, study, speaker):
    async def speak(number: int) -> None:
        someone = speaker(number)
        async with store.unit(number) as unit:
            pseudonym = await someone.enrol(unit)
            await unit.keep(pseudonym, someone.says(f"words of {number}"))

    done, begun = 0, asyncio.get_running_loop().time()
    for number in range(40):
        task = asyncio.create_task(speak(number))
        await asyncio.sleep(0.0002 * number)
        task.cancel()
        done += not isinstance((await asyncio.gather(task, return_exceptions=True))[0], BaseException)
    await speak(1000)
    assert asyncio.get_running_loop().time() - begun < 4, "a write lock was left behind"
    answers = {answer.text for answer in await study.answers()}
    assert "words of 1000" in answers
    assert len(answers) >= done + 1


WRITER = """
import asyncio, sys
from pathlib import Path
from datetime import date
from storage.settings import StorageSettings
from storage.write import Store
from storage.records import *

async def main(start):
    store = await Store.open(StorageSettings(_env_file=None))
    for number in range(start, start + 40):
        async with store.unit(number) as unit:
            if unit.seen:
                continue
            pseudonym, _ = await unit.progress(number)
            items = {"take_part": True}
            await unit.enrol(pseudonym, Enrolment("s", "north", "g", 1, f"CODE{number}", items, "", date(2026, 7, 1)))
            content = Content.of_text(f"words of {number}")
            await unit.keep(pseudonym, NewPart(Place("s", "q", 1), "answer", content, None, date(2026, 7, 1)))
    await store.close()

asyncio.run(main(int(sys.argv[1])))
"""


def test_two_processes_on_one_file(study, as_environment):
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(start)], env=as_environment(study), stderr=subprocess.PIPE)
        for start in (0, 20)
    ]
    for process in processes:
        _, complaint = process.communicate(timeout=60)
        assert process.returncode == 0, complaint.decode()

    async def check() -> None:
        assert sorted(answer.text for answer in await study.answers()) == sorted(f"words of {n}" for n in range(60))
        store = await Store.open(study.settings)
        await store.audit_head()
        await store.close()

    asyncio.run(check())


async def test_a_locked_database_is_one_sentence_and_loses_nothing(store, study):
    other = await Store.open(study.settings)
    async with store._main.begin(write=False) as connection:
        await connection.exec_driver_sql("PRAGMA busy_timeout=50")
    async with other.unit():
        with pytest.raises(Unavailable, match="nothing was changed"):
            async with store.unit(1):
                pass
    async with store.unit(1) as unit:
        assert not unit.seen
    await other.close()


async def test_keep_after_the_key_went_is_refused(store, speaker):
    someone = speaker(1)
    async with store.unit() as unit:
        pseudonym = await someone.enrol(unit)
    async with store._keyring_database.begin(write=True) as connection:
        await connection.exec_driver_sql("DELETE FROM participant_key")
    with pytest.raises(Erased) as caught:
        async with store.unit() as unit:
            await unit.keep(pseudonym, someone.says("words"))
    assert isinstance(caught.value, StorageError)


async def test_what_cannot_be_understood_is_set_aside_sealed(store, study):
    async with store.unit(1) as unit:
        await unit.set_aside(b'{"a strange": "update"}')
    assert b"strange" not in study.bytes_on_host()
    async with store._main.begin(write=False) as connection:
        (sealed,) = (await connection.exec_driver_sql("SELECT sealed FROM set_aside")).scalars()
    assert store._bot_key.open(sealed, b"hearten bot set aside\0" + store._study) == b'{"a strange": "update"}'


async def test_updates_of_long_ago_are_forgotten_at_the_next_start(study):
    store = await Store.open(study.settings)
    async with store.unit(1) as unit:
        await unit.set_aside(b"old")
    async with store._main.begin(write=True) as connection:
        await connection.exec_driver_sql("UPDATE seen_update SET day = '2026-01-01'")
        await connection.exec_driver_sql("UPDATE set_aside SET day = '2026-01-01'")
    async with store.unit(2) as unit:
        await unit.set_aside(b"new")
    await store.close()
    store = await Store.open(study.settings)
    async with store._main.begin(write=False) as connection:
        ids = (await connection.exec_driver_sql("SELECT update_id FROM seen_update")).scalars().all()
        left = (await connection.exec_driver_sql("SELECT count(*) FROM set_aside")).scalar_one()
    await store.close()
    assert (ids, left) == ([2], 1)
