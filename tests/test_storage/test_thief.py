"""The promise in numbers: a thief with all files of the host, and an old backup after people withdrew.

A thousand people say one thing each. Every file of the host opens none of it; with the research key beside it, all.
"""

import asyncio
import shutil
import sqlite3
import subprocess
import sys

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import NotForThisKey, SealError
from storage.keyfiles import BotFile, write_new
from storage.keys import BotKey, ResearchKey, make_participant_key
from storage.read import Reader
from storage.seal import Context, open_envelope
from storage.seal.envelope import _inner_bound, _open_outer, _read_inner
from storage.seal.stream import open_sealed
from storage.write import Store

PEOPLE = 1000
WITHDRAWN = range(0, PEOPLE, 50)
WORDS = "the lamp on Marlow Lane was left on for me, {}"


def tell(number):
    return WORDS.format(number)


async def speak(study, speaker, people):
    """Everybody says one thing. Their keys are made beforehand and fifty share a transaction, so that the disk is not
    waited for two thousand times."""
    store = await Store.open(study.settings)
    bot_key = BotKey.read(study.settings.bot_key)
    with sqlite3.connect(study.settings.keyring_file) as connection:
        keys = [(bot_key.pseudonym(number), make_participant_key()) for number in range(people)]
        connection.executemany("INSERT INTO participant_key (pseudonym, key) VALUES (?, ?)", keys)
    connection.close()
    for start in range(0, people, 50):
        async with store.unit(start) as unit:
            for number in range(start, start + 50):
                pseudonym = await speaker(number).enrol(unit)
                await unit.keep(pseudonym, speaker(number).says(tell(number)))
    await store.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the study of a thousand people is kept for the next test, once it was made."""
    return tmp_path_factory.mktemp("thousand")


@pytest.fixture
def thousand(study, speaker, kept):
    if not (kept / "host").exists():
        asyncio.run(speak(study, speaker, PEOPLE))
        for name in ("host", "away"):
            shutil.copytree(study.host.parent / name, kept / name)
    for name in ("host", "away"):
        shutil.rmtree(study.host.parent / name)
        shutil.copytree(kept / name, study.host.parent / name)
    return study


def rows_of(file, statement):
    with sqlite3.connect(file) as connection:
        found = connection.execute(statement).fetchall()
    connection.close()
    return found


def everything(study):
    """What the host holds: each envelope with its context and its participant's key."""
    keys = dict(rows_of(study.settings.keyring_file, "SELECT pseudonym, key FROM participant_key"))
    ((study_id,),) = rows_of(study.settings.database_file, "SELECT value FROM meta WHERE name = 'study'")
    rows = rows_of(
        study.settings.database_file,
        "SELECT pseudonym, session, question, part, guide, guide_version, envelope FROM part",
    )
    return [(Context(study_id, person, *place), keys[person], envelope) for person, *place, envelope in rows]


def opened_by(key, loot):
    count = 0
    for context, participant, envelope in loot:
        try:
            open_envelope(envelope, context, participant, key)
        except SealError:
            continue
        count += 1
    return count


def opened_with_secrets(secrets, loot):
    """As far as a thief gets who peels off the outer layer and tries each secret as the content key."""
    count = 0
    for context, participant, envelope in loot:
        where = context.encode()
        stanzas, _, nonce, body = _read_inner(_open_outer(envelope, where, participant))
        for secret in (*secrets, participant):
            try:
                AESGCM(secret).decrypt(nonce, body, _inner_bound(where, stanzas))
            except InvalidTag:
                continue
            count += 1
    return count


def test_a_thousand_answers_open_to_no_thief_and_all_to_the_researcher(thousand, run):
    assert run("backup", "--out", thousand.host / "answers").exit_code == 0
    assert run("backup", "--keyring", "--out", thousand.host / "keyring").exit_code == 0
    loot = everything(thousand)
    assert len(loot) == PEOPLE
    left = thousand.bytes_on_host()
    for form in (b"Marlow", "Marlow".encode("utf-16-le"), b"Marlow".hex().encode()):
        assert form not in left
    mine = ResearchKey.of_raw(bytes(96), "mine")
    bot = BotFile.model_validate_json(thousand.settings.bot_key.read_text())
    others = [participant for _, participant, _ in loot[:20]]
    assert opened_by(mine, loot) == 0
    assert opened_with_secrets([bot.key, bot.pepper, *others], loot[:-20]) == 0
    for name in ("answers", "keyring"):
        with (thousand.host / name).open("rb") as file, pytest.raises(NotForThisKey):
            list(open_sealed(file, [mine]))
    assert opened_by(thousand.research_key, loot) == PEOPLE
    assert {answer.text for answer in asyncio.run(thousand.answers())} == {tell(each) for each in range(PEOPLE)}


def test_an_old_backup_opens_nothing_of_twenty_who_withdrew(thousand, run, tmp_path, monkeypatch):
    assert run("backup", "--out", tmp_path / "old").exit_code == 0

    async def withdraw():
        store = await Store.open(thousand.settings)
        async with store.unit() as unit:
            for number in WITHDRAWN:
                await unit.erase_person((await unit.progress(number))[0])
        await store.close()

    asyncio.run(withdraw())
    old = tmp_path / "elsewhere" / "hearten.db"
    keyring = thousand.settings.keyring_url
    settings = thousand.settings.model_copy(update={"database_url": f"sqlite+aiosqlite:///{old}"})
    with (tmp_path / "old").open("rb") as file:
        content = b"".join(open_sealed(file, [thousand.research_key]))
    old.parent.mkdir()
    old.write_bytes(content[4 + int.from_bytes(content[:4], "big") :])  # unsealed by hand: no restore that could help
    assert len(rows_of(old, "SELECT * FROM part")) == PEOPLE

    async def read():
        reader = await Reader.open(settings, thousand.research_key)
        found = {answer.text async for answer in reader.answers()}
        await reader.close()
        return found

    stayed = {tell(each) for each in range(PEOPLE) if each not in WITHDRAWN}
    assert len(WITHDRAWN) == 20
    assert asyncio.run(read()) == stayed
    assert keyring == settings.keyring_url
    thousand.settings.database_file.unlink()
    write_new(tmp_path / "passphrase", "four words of a test", 0o600)
    monkeypatch.setenv("HEARTEN_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    restored = run("restore", tmp_path / "old", "--key", thousand.away / "research.key")
    assert "20 people were erased since then" in restored.stdout
    assert {answer.text for answer in asyncio.run(thousand.answers())} == stayed
    assert len(rows_of(thousand.settings.database_file, "SELECT * FROM part")) == PEOPLE - len(WITHDRAWN)


STOPPED = """
import asyncio, os
from storage.settings import StorageSettings
from storage.write import Store

async def crash(self):
    os._exit(9)

async def main():
    store = await Store.open(StorageSettings(_env_file=None))
    Store._wipe = crash
    async with store.unit() as unit:
        for number in (3, 4):
            await unit.erase_person((await unit.progress(number))[0])

asyncio.run(main())
"""


def test_a_reader_and_a_crash_in_one_erasure_leave_nothing_in_the_end(study, speaker, as_environment):
    """The machine stops after the commit, before anything is wiped, while somebody reads; they read on at the start."""
    asyncio.run(speak(study, speaker, 100))
    keys = dict(rows_of(study.settings.keyring_file, "SELECT pseudonym, key FROM participant_key"))
    sealed = dict(rows_of(study.settings.database_file, "SELECT pseudonym, envelope FROM part"))
    reader = sqlite3.connect(study.settings.database_file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM part").fetchone()
    stopped = subprocess.run([sys.executable, "-c", STOPPED], env=as_environment(study), check=False)
    assert stopped.returncode == 9

    async def start():
        store = await Store.open(study.settings)
        gone = [(await _pseudonym(store, number)) for number in (3, 4)]
        remains = store.has_remains
        await store.close()
        return gone, remains

    gone, remains = asyncio.run(start())
    assert remains  # said, and tried again
    assert any(pseudonym in study.bytes_on_host() for pseudonym in gone)
    reader.close()
    _, remains = asyncio.run(start())
    assert not remains
    left = study.bytes_on_host()
    marks = [sealed[each][at : at + 24] for each in gone for at in range(0, len(sealed[each]) - 24, 100)]
    assert len(marks) > 20
    assert sum(mark in left for mark in [*gone, *marks, *(keys[each] for each in gone)]) == 0


async def _pseudonym(store, number):
    async with store.unit() as unit:
        return (await unit.progress(number))[0]
