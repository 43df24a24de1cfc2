"""The promise itself: what the host holds opens nothing, in no byte, not even when the machine stops anywhere."""

import asyncio
import dataclasses
import signal
import sqlite3
import subprocess
import sys
import time

from storage.errors import NotForThisKey, SealError
from storage.keyfiles import write_new
from storage.keys import BotKey, Cost, ResearchKey, make_research_key, read_research_key
from storage.read import Reader
from storage.seal import Context, open_envelope
from storage.write import Store

CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)
CANARY = "the heron stood at the corner of Ellery Street"

WRITER = """
import asyncio, itertools, sys
from datetime import date
from storage.settings import StorageSettings
from storage.write import Store
from storage.records import *

async def main():
    store = await Store.open(StorageSettings(_env_file=None))
    day, items = date(2026, 7, 1), {"take_part": True}
    for number in itertools.count():
        async with store.unit(number) as unit:
            pseudonym, _ = await unit.progress(number % 20)
            await unit.enrol(pseudonym, Enrolment("s", "north", "g", 1, f"CODE{number % 20}", items, "", day))
            content = Content.of_text(f"the heron stood at the corner of Ellery Street {number}")
            await unit.keep(pseudonym, NewPart(Place("s", f"q{number}", 1), "answer", content, str(number), day))
            await unit.save(pseudonym, content.data, day)
            await unit.say(pseudonym, content.data)
            await unit.set_aside(content.data)
        print(number, flush=True)

asyncio.run(main())
"""


def test_killed_at_any_point_nothing_shows_and_nothing_is_lost(study, as_environment):
    arguments = [sys.executable, "-c", WRITER]
    for pause in (0.02, 0.11, 0.23):
        with subprocess.Popen(arguments, env=as_environment(study), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
            lines = process.stdout.read().splitlines()
        acknowledged = int(lines[-1]) if lines else 0
        assert CANARY.encode() not in study.bytes_on_host()
        words = [answer.text for answer in asyncio.run(study.answers())]
        assert len(words) == len(set(words))
        assert {f"{CANARY} {number}" for number in range(acknowledged + 1)} <= set(words)
        for path in (study.settings.database_file, study.settings.keyring_file):
            with sqlite3.connect(path) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            connection.close()
        asyncio.run(check_chain(study))
        assert CANARY.encode() not in study.bytes_on_host()
        for path in (study.host / "var").glob("*.db*"):
            path.unlink()
        study.settings.bot_key.unlink()


async def check_chain(study):
    store = await Store.open(study.settings)
    await store.audit_head()
    await store.close()


async def test_a_canary_is_in_no_byte_and_comes_back_with_the_key(study, fill):
    store = await Store.open(study.settings)
    await fill(store, 5, words=CANARY)
    for form in (CANARY.encode(), CANARY.encode("utf-16-le"), CANARY.encode().hex().encode()):
        assert form not in study.bytes_on_host()
    await store.close()
    assert CANARY.encode() not in study.bytes_on_host()
    assert [answer.text for answer in await study.answers()] == [CANARY] * 5


async def test_a_thief_with_the_whole_host_opens_nothing(study, fill):
    """Everything there is: both databases, the bot key, the public keys. A key of the thief's own stands in for the
    one that is missing, and every key on the host is tried against every layer."""
    store = await Store.open(study.settings)
    await fill(store, 100)
    await store.close()
    with sqlite3.connect(study.settings.keyring_file) as connection:
        keys = dict(connection.execute("SELECT pseudonym, key FROM participant_key"))
    with sqlite3.connect(study.settings.database_file) as connection:
        (study_id,) = connection.execute("SELECT value FROM meta WHERE name = 'study'").fetchone()
        rows = connection.execute(
            "SELECT pseudonym, session, question, part, guide, guide_version, envelope FROM part"
        ).fetchall()
    mine = ResearchKey.of_raw(bytes(96), "mine")
    claimed = dataclasses.replace(mine, id=study.research_key.id)
    bot_key = BotKey.read(study.settings.bot_key)

    def opened(key: ResearchKey) -> int:
        count = 0
        for pseudonym, *place, envelope in rows:
            try:
                open_envelope(envelope, Context(study_id, pseudonym, *place), keys[pseudonym], key)
            except SealError:
                continue
            count += 1
        return count

    assert len(rows) == 100
    assert opened(mine) == opened(claimed) == 0
    for *_, envelope in rows:
        try:
            bot_key.open(envelope, b"")
        except SealError:
            continue
        raise AssertionError
    assert opened(study.research_key) == 100
    assert len(await study.answers()) == 100


async def test_a_recipient_opens_what_came_after_it_and_nothing_before(study, fill, speaker):
    store = await Store.open(study.settings)
    await fill(store, 1)
    await store.close()
    for path, text in zip(("second.key", "second.pub"), make_research_key("p", "second", CHEAP), strict=True):
        folder = study.away if path.endswith(".key") else study.host / "recipients"
        write_new(folder / path, text, 0o600)
    second = read_research_key(study.away / "second.key", "p")
    store = await Store.open(study.settings)
    async with store.unit() as unit:
        pseudonym, _ = await unit.progress(0)
        await unit.keep(pseudonym, speaker(0).says("for both", question="second"))
    await store.close()
    reader = await Reader.open(study.settings, second)
    assert [answer.text async for answer in reader.answers()] == ["for both"]
    assert reader.unopened == {NotForThisKey: 1}
    await reader.close()
    assert [answer.text for answer in await study.answers()] == ["for both", "words of 0"]
