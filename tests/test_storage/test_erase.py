"""Erasure: whoever withdraws is gone, from the files and from the backups too."""

import asyncio
import logging
import random
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from storage.backup import back_up
from storage.erase import erase_by_code
from storage.errors import UnknownCode
from storage.write import Store

NOW = datetime(2026, 7, 2, tzinfo=UTC)


def rows_of(study, table):
    with sqlite3.connect(study.settings.database_file) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - a name of ours


async def test_one_message_then_the_whole_answer(store, study, speaker):
    someone = speaker(1)
    async with store.unit() as unit:
        pseudonym = await someone.enrol(unit)
        for part in (1, 2, 3):
            await unit.keep(pseudonym, someone.says(f"message {part}", part=part))
        await unit.keep(pseudonym, someone.says("another", question="other"))
        await unit.outcome(pseudonym, someone.session, "what-helped", "answered", date(2026, 7, 1))
    async with store.unit() as unit:
        assert await unit.erase_parts(pseudonym, someone.session, "what-helped", 2) == 1
        assert await unit.erase_parts(pseudonym, someone.session, "what-helped", 2) == 0
    assert [answer.text for answer in await study.answers()] == ["another", "message 1\nmessage 3"]
    assert rows_of(study, "asked")[0][3] == "answered"
    async with store.unit() as unit:
        assert await unit.erase_parts(pseudonym, someone.session, "what-helped") == 2
    assert [answer.text for answer in await study.answers()] == ["another"]
    assert rows_of(study, "asked")[0][3] == "skipped"


async def test_a_person_is_gone_and_what_is_said_to_them_after_stays(store, study, fill):
    pseudonyms = await fill(store, 3)
    async with store.unit() as unit:
        await unit.say(pseudonyms[1], b"a reminder")
    async with store.unit() as unit:
        assert await unit.erase_person(pseudonyms[1]) == 1
        await unit.say(pseudonyms[1], b"a receipt")
        await unit.save(pseudonyms[1], b"withdrawn", NOW.date())
    assert [each.payload for each in await store.waiting(NOW)] == [b"a receipt"]
    async with store.unit() as unit:
        assert await unit.progress(1) == (pseudonyms[1], b"withdrawn")
    assert {answer.text for answer in await study.answers()} == {"words of 0", "words of 2"}
    for table in ("part", "asked", "consent", "participant"):
        assert pseudonyms[1] not in {row[0] for row in rows_of(study, table)}
    await store.audit_head()


async def test_nothing_of_an_erased_person_is_left_in_any_byte(store, study, fill):
    """Many people, so that pages split and rows move while they are written and erased."""
    pseudonyms = await fill(store, 120, words="words of {} " * 30)
    gone = pseudonyms[::6]
    sealed = {row[0]: row[10] for row in rows_of(study, "part")}
    with sqlite3.connect(study.settings.keyring_file) as connection:
        keys = dict(connection.execute("SELECT pseudonym, key FROM participant_key"))
    for pseudonym in gone:
        async with store.unit() as unit:
            await unit.erase_person(pseudonym)
    left = study.bytes_on_host()
    for pseudonym in gone:
        assert keys[pseudonym] not in left
        assert pseudonym not in left
        middle = len(sealed[pseudonym]) // 2
        assert sealed[pseudonym][middle : middle + 32] not in left
        assert sealed[pseudonym][-32:] not in left
    assert pseudonyms[1] in left
    assert len(await study.answers()) == 100


async def test_rows_that_moved_between_pages_leave_no_copies(store, study, speaker):
    """`secure_delete` alone fails this: it leaves copies behind where a page was split."""
    draw = random.Random(2)
    people = {}
    for number in range(80):
        async with store.unit() as unit:
            people[number] = await speaker(number).enrol(unit)
    for _ in range(600):
        number = draw.randrange(80)
        place = {"question": f"q{draw.randrange(8)}", "part": draw.randrange(1, 4)}
        async with store.unit() as unit:
            await unit.keep(people[number], speaker(number).says("w" * draw.choice([5, 300, 900, 3000]), **place))
            await unit.save(people[number], b"p" * draw.randrange(100, 3000), NOW.date())
            await unit.say(people[number], b"m" * draw.randrange(10, 300))
    gone = [people[number] for number in range(0, 80, 4)]
    sealed = [row[-1] for row in rows_of(study, "part") if row[0] in gone]
    sealed += [row[1] for row in rows_of(study, "conversation") if row[0] in gone]
    marks = [each[at : at + 24] for each in sealed for at in range(0, len(each) - 24, 200)]
    for pseudonym in gone:
        async with store.unit() as unit:
            await unit.erase_person(pseudonym)
    left = study.bytes_on_host()
    assert len(marks) > 500
    assert sum(mark in left for mark in marks + gone) == 0


async def test_an_old_backup_opens_nothing_of_whoever_withdrew(store, study, fill, tmp_path):
    pseudonyms = await fill(store, 10)
    old = tmp_path / "old.db"
    back_up(study.settings.database_file, old)
    for pseudonym in pseudonyms[:3]:
        async with store.unit() as unit:
            await unit.erase_person(pseudonym)
    restored = study.settings.model_copy(update={"database_url": f"sqlite+aiosqlite:///{old}"})
    assert {answer.text for answer in await study.answers(restored)} == {f"words of {n}" for n in range(3, 10)}


async def test_by_code_however_it_is_typed(store, study, fill):
    await fill(store, 3)
    assert await erase_by_code(store, " code 000001 ") == 1
    assert {answer.text for answer in await study.answers()} == {"words of 0", "words of 2"}
    for code in ("CODE-000001", "", "'; DROP TABLE part; --", "\ud800", "x" * 100_000, "CODE-00000?"):
        with pytest.raises(UnknownCode):
            await erase_by_code(store, code)
    assert len(await study.answers()) == 2


async def test_an_open_reader_delays_the_wiping_and_is_said(store, study, fill, caplog):
    caplog.set_level(logging.INFO)
    pseudonyms = await fill(store, 2)
    log = study.settings.database_file.with_name("hearten.db-wal")
    reader = sqlite3.connect(study.settings.database_file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM part").fetchone()
    async with store.unit() as unit:
        await unit.erase_person(pseudonyms[0])
    async with store.unit():
        pass
    assert log.stat().st_size > 0
    assert caplog.text.count("A reader keeps") == 1
    reader.execute("COMMIT")
    store._wipe_at = 1.0  # the pause between two attempts is over
    async with store.unit():
        pass
    assert log.stat().st_size == 0
    assert "empty now" in caplog.text
    assert pseudonyms[0] not in study.bytes_on_host()
    reader.close()


async def test_a_unit_that_fails_after_an_erasure_still_erases(store, study, fill):
    pseudonyms = await fill(store, 2)

    async def fail() -> None:
        async with store.unit() as unit:
            await unit.erase_person(pseudonyms[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert [answer.text for answer in await study.answers()] == ["words of 1"]
    assert pseudonyms[0] not in study.bytes_on_host()


async def test_a_machine_that_stops_half_way_finishes_when_it_starts(study, fill):
    store = await Store.open(study.settings)
    pseudonyms = await fill(store, 2)
    await store._keyring.drop(pseudonyms[0])
    for name in ("hearten.db", "keyring.db"):
        for each in (study.host / "var").glob(f"{name}*"):
            shutil.copy(each, study.away)
    await store.close()
    for each in study.away.glob("*.db*"):
        shutil.copy(each, study.host / "var")
        each.unlink()
    again = await Store.open(study.settings)
    assert {row[0] for row in rows_of(study, "part")} == {pseudonyms[1]}
    async with again.unit():
        pass
    assert pseudonyms[0] not in study.bytes_on_host()
    await again.audit_head()
    await again.close()


CRASHING = """
import asyncio, os
from storage.settings import StorageSettings
from storage.write import Store

async def crash(self):
    os._exit(9)

async def main():
    store = await Store.open(StorageSettings(_env_file=None))
    Store._wipe = crash
    async with store.unit() as unit:
        await unit.erase_person((await unit.progress(0))[0])

asyncio.run(main())
"""


def test_a_crash_before_the_wiping_is_made_good_at_the_next_start(study, fill, as_environment):
    async def begin() -> list[bytes]:
        store = await Store.open(study.settings)
        pseudonyms = await fill(store, 3)
        await store.close()
        return pseudonyms

    async def go_on() -> int:
        await (await Store.open(study.settings)).close()
        return len(await study.answers())

    erased, *_ = asyncio.run(begin())
    crashed = subprocess.run([sys.executable, "-c", CRASHING], env=as_environment(study), check=False)
    assert crashed.returncode == 9
    assert erased in study.bytes_on_host()
    assert asyncio.run(go_on()) == 2
    assert erased not in study.bytes_on_host()


async def test_someone_may_come_back_after_an_erasure_that_was_cut_off(store, study, fill, speaker):
    pseudonyms = await fill(store, 1)
    await store._keyring.drop(pseudonyms[0])
    async with store.unit() as unit:
        await speaker(0).enrol(unit)
        await unit.keep(pseudonyms[0], speaker(0).says("new words", question="other"))
    assert [answer.text for answer in await study.answers()] == ["new words"]
