"""When the ground gives way: nothing half-written, nothing acknowledged, one sentence, and it goes on by itself.

Every fault is a real one: a full disk, a file that may not be written, a lock, a server that goes away.
"""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import date, datetime, timedelta

import pytest

from storage import talk, write
from storage.database import Database
from storage.errors import Unavailable
from storage.write import Store

DAY = date(2026, 7, 1)

pytestmark = pytest.mark.databases("sqlite", "postgresql")


async def one_update(store, speaker, number, words="words"):
    someone = speaker(number)
    async with store.unit(number, number) as unit:
        assert not unit.seen, "an update that failed counts as handled"
        pseudonym = await someone.enrol(unit)
        await unit.keep(pseudonym, someone.says(words))
        await unit.save(pseudonym, b"progress", DAY)
        await unit.say(pseudonym, b"thanks")


async def is_whole(store, study, numbers):
    """Exactly these updates are there, each whole, and the log too."""
    await store.audit_head()
    people = {store._bot_key.pseudonym(number) for number in numbers}
    for table in ("participant", "part", "conversation", "outbox"):
        assert {row.pseudonym for row in await study.rows(table, columns="pseudonym")} == people
    assert {row.update_id for row in await study.rows("seen_update")} == set(numbers)
    return True


FULL = """
import asyncio, resource, sys
from datetime import date
from storage.errors import Unavailable
from storage.settings import StorageSettings
from storage.write import Store
from tests.test_storage.test_faults import one_update
from tests.test_storage.conftest import Speaker

async def main():
    store = await Store.open(StorageSettings(_env_file=None))
    await one_update(store, Speaker, 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    for _ in range(3):
        try:
            await one_update(store, Speaker, 2, "w" * 600_000)
        except Unavailable as problem:
            print(problem)
    await one_update(store, Speaker, 3)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await one_update(store, Speaker, 2, "w" * 600_000)
    await store.close()

asyncio.run(main())
"""


@pytest.mark.databases("sqlite")
def test_a_file_that_cannot_grow(study, as_environment):
    """The limit of this process on the size of a file: what SQLite meets on a disk that is full."""
    run = subprocess.run(
        [sys.executable, "-c", FULL], env=as_environment(study), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("could not be read or written (disk full") == run.stdout.count("\n") == 3
    assert run.stderr == ""

    async def check() -> None:
        store = await Store.open(study.settings)
        assert await is_whole(store, study, [1, 2, 3])
        await store.close()

    asyncio.run(check())


@pytest.mark.databases("sqlite")
async def test_a_database_that_is_full(store, study, speaker):
    await one_update(store, speaker, 1)
    async with store._main.begin(write=True) as transaction:
        pages = (await transaction.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await transaction.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    for _ in range(2):
        with pytest.raises(Unavailable, match="SQLITE_FULL"):
            await one_update(store, speaker, 2, "w" * 100_000)
    assert await is_whole(store, study, [1])
    async with store._main.begin(write=True) as transaction:
        await transaction.exec_driver_sql("PRAGMA max_page_count=1000000")
    await one_update(store, speaker, 2, "w" * 100_000)
    assert await is_whole(store, study, [1, 2])


READ_ONLY = """
import asyncio
from storage.errors import Unavailable
from storage.settings import StorageSettings
from storage.write import Store

async def main():
    try:
        await Store.open(StorageSettings(_env_file=None))
    except Unavailable as problem:
        print(problem)

asyncio.run(main())
"""


@pytest.mark.databases("sqlite")
async def test_a_file_system_that_may_not_be_written(store, study, speaker, as_environment):
    await one_update(store, speaker, 1)
    await store.close()
    files = sorted((study.host / "var").glob("*.db*"))
    before = [each.read_bytes() for each in files]
    said = open_on_read_only(study, as_environment(study))
    assert said.count("\n") == 1
    assert "cannot be made or written" in said
    assert [each.read_bytes() for each in files] == before
    again = await Store.open(study.settings)
    await one_update(again, speaker, 2)
    assert await is_whole(again, study, [1, 2])
    await again.close()


def open_on_read_only(study, environment):
    """What a process says that sees the folder on a read-only file system; where we may not make one, without the
    permission to write."""
    command = [sys.executable, "-c", READ_ONLY]
    mount = ["unshare", "--mount", "sh", "-c", 'mount --bind -o ro "$0" "$0" && exec "$@"', str(study.host)]
    if os.getuid() == 0:
        command = [*mount, *command]
    folder = study.host / "var"
    paths = [*folder.glob("*"), folder]
    for path in paths:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        run = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    finally:
        for path in reversed(paths):
            path.chmod(0o700 if path.is_dir() else 0o600)
    if "mount" in run.stderr or "unshare" in run.stderr:
        pytest.skip("a read-only file system cannot be made here")
    assert run.stderr == ""
    return run.stdout


@pytest.mark.databases("sqlite")
async def test_a_keyring_that_is_locked(store, study, speaker):
    await one_update(store, speaker, 1)
    other = sqlite3.connect(study.settings.keyring_file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with store._keyring_database.begin(write=False) as transaction:
        await transaction.exec_driver_sql("PRAGMA busy_timeout=50")
    with pytest.raises(Unavailable, match="SQLITE_BUSY"):
        await one_update(store, speaker, 2)
    assert await is_whole(store, study, [1])
    other.execute("ROLLBACK")
    other.close()
    await one_update(store, speaker, 2)
    assert await is_whole(store, study, [1, 2])


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_a_server_that_goes_away_and_comes_back(store, study, speaker, how):
    await one_update(store, speaker, 1)
    cut = asyncio.Event()

    async def interrupted() -> None:
        async with store.unit(2, 2) as unit:
            pseudonym = await speaker(2).enrol(unit)
            await unit.keep(pseudonym, speaker(2).says("words"))
            await unit.save(pseudonym, b"progress", DAY)
            cut.set()
            await asyncio.to_thread(study.server.stop, how)

    with pytest.raises(Unavailable):
        await interrupted()
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"cannot be reached|could not be read") as caught:
            await one_update(store, speaker, 2)
        assert str(caught.value).count("\n") == 0
        with pytest.raises(Unavailable):
            await store.waiting(datetime.now().astimezone())
    await asyncio.to_thread(study.server.start)
    await one_update(store, speaker, 2)
    assert await is_whole(store, study, [1, 2])


@pytest.mark.databases("postgresql")
async def test_a_connection_that_was_cut_is_not_used_again(store, study, speaker):
    await one_update(store, speaker, 1)
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE '%\\_%' AND pid <> pg_backend_pid()"
    )
    study.server.query("postgres", others)
    await one_update(store, speaker, 2)
    assert await is_whole(store, study, [1, 2])


@pytest.mark.databases("postgresql")
async def test_whoever_waits_too_long_for_a_person_gives_up_with_a_sentence(store, study, speaker):
    await one_update(store, speaker, 1)
    other = Database("main", study.settings.database_url, writable=True)
    async with other.begin(write=True) as holding:
        await holding.hold(talk.person(store._bot_key.pseudonym(1)))
        async with store._main.begin(write=True) as transaction:
            await transaction.exec_driver_sql("SET lock_timeout = '50ms'")
            with pytest.raises(Unavailable, match="held by another process"):
                await waiting_for(store, transaction)
        await one_update(store, speaker, 2)  # nobody else waits
    await other.close()
    async with store.unit(3, 1) as unit:
        assert await unit.progress(1)


async def waiting_for(store, transaction):
    with store._main._place.explaining():
        await transaction.hold(talk.person(store._bot_key.pseudonym(1)))


async def test_two_workers_never_write_for_one_person_at_the_same_time(store, study):
    """Each reads how far the person is and writes the next: a lost step would show."""
    other = await Store.open(study.settings)

    async def step(which: Store, number: int) -> None:
        async with which.unit(number, 1) as unit:
            pseudonym, kept = await unit.progress(1)
            await asyncio.sleep(0.001)
            await unit.save(pseudonym, b"%d" % (int(kept or b"0") + 1), DAY)

    await asyncio.gather(*(step((store, other)[number % 2], number) for number in range(40)))
    async with store.unit() as unit:
        assert (await unit.progress(1))[1] == b"40"
    await other.close()


async def test_one_update_delivered_to_two_workers_is_handled_once(store, study):
    other = await Store.open(study.settings)

    async def deliver(which: Store, number: int) -> None:
        async with which.unit(number, number) as unit:
            if not unit.seen:
                pseudonym, _ = await unit.progress(number)
                await unit.say(pseudonym, b"thanks")

    await asyncio.gather(*(deliver(which, number) for number in range(20) for which in (store, other)))
    assert len(await study.rows("outbox")) == 20
    await other.close()


async def test_a_clock_that_is_set_back(store, study, speaker, monkeypatch):
    """Days go by the clock, order never does."""

    class Earlier(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) - timedelta(days=400)

    await one_update(store, speaker, 1)
    for module in (write, talk):
        monkeypatch.setattr(module, "datetime", Earlier)
    monkeypatch.setattr("storage.audit.datetime", Earlier)
    await one_update(store, speaker, 2)
    await store.close()
    again = await Store.open(study.settings)
    monkeypatch.undo()
    async with again.unit(1) as unit:
        assert unit.seen
    now = datetime.now().astimezone()
    assert len(await again.waiting(now)) == 2
    assert await is_whole(again, study, [1, 2])
    await again.close()
