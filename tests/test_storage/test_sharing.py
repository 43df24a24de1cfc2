"""Units of work that wait at the same moment share a commit, and nothing else: not a failure, not a word too early."""

import asyncio
import sqlite3
import struct
import subprocess
import sys
from datetime import datetime

import pytest

from storage.errors import Unavailable
from storage.write import Store
from tests.test_storage.test_faults import DAY, is_whole, one_update

pytestmark = pytest.mark.databases("sqlite", "postgresql")

MANY = range(1, 21)


def commits_in(log):
    """How often a write-ahead log of SQLite says that a transaction ends: in the fifth to eighth byte of a frame."""
    content = log.read_bytes()
    (page,), salt = struct.unpack(">I", content[8:12]), content[16:24]
    frames = [content[at : at + 24] for at in range(32, len(content), 24 + page)]
    return sum(frame[4:8] != bytes(4) for frame in frames if frame[8:16] == salt)


async def later_update(store, speaker, number):
    """One of somebody who takes part already, so that only this file is written."""
    someone = speaker(number)
    async with store.unit(number + 1000, number) as unit:
        pseudonym, _ = await unit.progress(number)
        await unit.keep(pseudonym, someone.says("more words", part=2))
        await unit.say(pseudonym, b"thanks again")


@pytest.mark.databases("sqlite")
async def test_many_at_once_are_one_commit_and_one_alone_is_its_own(store, study, speaker):
    for number in MANY:
        await one_update(store, speaker, number)
    log = study.host / "var" / "hearten.db-wal"
    before = commits_in(log)
    await asyncio.gather(*(later_update(store, speaker, number) for number in MANY))
    assert commits_in(log) - before <= 2
    between = commits_in(log)
    await one_update(store, speaker, 50)
    assert commits_in(log) == between + 1


@pytest.mark.databases("sqlite")
async def test_whoever_is_done_is_on_the_disk(store, study, speaker):
    """As another process sees it, at the moment when each of them returns."""
    there = sqlite3.connect(study.settings.database_file)

    async def then_look(number):
        await one_update(store, speaker, number)
        assert there.execute("SELECT 1 FROM seen_update WHERE update_id = ?", (number,)).fetchone()

    await asyncio.gather(*map(then_look, MANY))
    there.close()


async def test_one_that_fails_takes_back_its_own_and_nobody_elses(store, study, speaker):
    async def fail(number):
        async with store.unit(number, number) as unit:
            pseudonym = await speaker(number).enrol(unit)
            await unit.keep(pseudonym, speaker(number).says("words that were not finished"))
            await unit.say(pseudonym, b"thanks")
            raise ZeroDivisionError

    fails = [number for number in MANY if number % 3 == 0]
    each = (fail(number) if number in fails else one_update(store, speaker, number) for number in MANY)
    outcomes = await asyncio.gather(*each, return_exceptions=True)
    assert [number for number, outcome in zip(MANY, outcomes, strict=True) if outcome is not None] == fails
    assert await is_whole(store, study, set(MANY) - set(fails))
    await asyncio.gather(*(one_update(store, speaker, number) for number in fails))
    assert await is_whole(store, study, MANY)


async def test_one_that_is_given_up_harms_nobody(store, study, speaker):
    """Cancelled at every stage; whoever was not is there, and so may be one whose commit was on its way."""
    for delay in range(12):
        numbers = range(100 * delay + 1, 100 * delay + 6)
        tasks = [asyncio.create_task(one_update(store, speaker, number)) for number in numbers]
        for _ in range(delay):
            await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        kept = {row.update_id for row in await study.rows("seen_update")}
        assert {number for number, task in zip(numbers, tasks, strict=True) if not task.cancelled()} <= kept
        async with store.unit(numbers[2], numbers[2]) as unit:
            assert unit.seen == (numbers[2] in kept)
    await store.audit_head()


async def test_delivered_twice_at_the_same_moment_it_is_handled_once_and_known_only_when_kept(store, study):
    async def deliver():
        async with store.unit(7, 7) as unit:
            seen = unit.seen
            if not seen:
                pseudonym, _ = await unit.progress(7)
                await unit.say(pseudonym, b"thanks")
        assert len(await study.rows("outbox")) == 1
        return seen

    assert sorted(await asyncio.gather(deliver(), deliver(), deliver())) == [False, True, True]


FULL = """
import asyncio, resource, sys
from storage.errors import Unavailable
from storage.settings import StorageSettings
from storage.write import Store
from tests.test_storage.test_faults import one_update
from tests.test_storage.conftest import Speaker

async def try_one(store, number):
    try:
        await one_update(store, Speaker, number, "w" * 9_000)
    except Unavailable as problem:
        return False
    return True

async def main():
    store = await Store.open(StorageSettings(_env_file=None))
    resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, resource.RLIM_INFINITY))
    done = await asyncio.gather(*(try_one(store, number) for number in range(1, 61)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(*(number for number, kept in enumerate(done, 1) if kept))
    await store.close()

asyncio.run(main())
"""


@pytest.mark.databases("sqlite")
def test_a_commit_that_finds_no_room_fails_for_all_that_share_it(study, as_environment, speaker):
    """The file may not grow beyond a size that is reached on the way: what was said to be kept is, the rest is not."""
    run = subprocess.run(
        [sys.executable, "-c", FULL], env=as_environment(study), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    kept = {int(number) for number in run.stdout.split()}
    assert 0 < len(kept) < 60

    async def check():
        store = await Store.open(study.settings)
        assert await is_whole(store, study, kept)
        await asyncio.gather(*(one_update(store, speaker, number) for number in range(1, 61) if number not in kept))
        assert await is_whole(store, study, range(1, 61))
        await store.close()

    asyncio.run(check())


@pytest.mark.databases("sqlite")
async def test_one_that_is_too_large_for_the_database_harms_no_other(store, study, speaker):
    await one_update(store, speaker, 1)
    async with store._main.begin(write=True) as transaction:
        pages = (await transaction.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await transaction.exec_driver_sql(f"PRAGMA max_page_count={pages + 60}")
    many = range(2, 12)
    words = {number: "w" * 600_000 if number == 6 else "words" for number in many}
    each = (one_update(store, speaker, number, words[number]) for number in many)
    outcomes = dict(zip(many, await asyncio.gather(*each, return_exceptions=True), strict=True))
    assert isinstance(outcomes[6], Unavailable)
    assert {type(outcome) for outcome in outcomes.values()} <= {Unavailable, type(None)}
    assert await is_whole(store, study, {1} | {number for number in many if outcomes[number] is None})


async def test_somebody_leaves_while_others_write(store, study, speaker):
    """Their key goes before their rows, whoever else is in the same commit, and nothing remains of them."""
    for number in MANY:
        await one_update(store, speaker, number)

    async def leave(number):
        async with store.unit(number + 1000, number) as unit:
            pseudonym, _ = await unit.progress(number)
            await unit.erase_person(pseudonym)

    leaving = {4, 5, 11}
    acts = (leave if number in leaving else lambda n: later_update(store, speaker, n) for number in MANY)
    await asyncio.gather(*(act(number) for act, number in zip(acts, MANY, strict=True)))
    stayed = {store._bot_key.pseudonym(number) for number in MANY if number not in leaving}
    assert {row.pseudonym for row in await study.rows("part", columns="pseudonym")} == stayed
    assert {row.pseudonym for row in await study.rows("participant_key", "keyring", "pseudonym")} == stayed
    assert not await study.rows("erasing", "keyring")
    assert len(await store.waiting(datetime.now().astimezone(), limit=1000)) == 2 * len(stayed)
    assert not store.has_remains
    assert await store.audit_head()
    async with store.unit() as unit:
        await unit.save(next(iter(stayed)), b"and on", DAY)
