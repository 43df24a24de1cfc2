"""Epochs: several recipients, the last of whom is never lost, and answers sealed again for those of today."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import date

import pytest

from storage.errors import KeyFileError, NoRecipient, WrongKey
from storage.keyfiles import write_new
from storage.keys import BotKey, Cost, make_research_key, read_recipients, read_research_key
from storage.keys.recipients import add_recipient, close_recipient, list_recipients
from storage.read import Reader
from storage.write import Store
from tests.test_storage.refusals import refused

CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)
PASSPHRASE = "four words of a test"
TODAY = date(2026, 11, 22)
THREE = {"words of 0", "words of 1", "words of 2"}


@pytest.fixture
def second(study):
    """The key pair of a second epoch, away from the host."""
    private, public = make_research_key(PASSPHRASE, "second", CHEAP)
    write_new(study.away / "second" / "research.key", private, 0o600)
    write_new(study.away / "second" / "research.pub", public, 0o644)
    return study.away / "second"


def fingerprint(study, place=0):
    return list_recipients(study.settings.recipients)[place].recipient.id.hex()


def opened_with(study, key):
    async def read():
        reader = await Reader.open(study.settings, key)
        found = {answer.text async for answer in reader.answers()}
        await reader.close()
        return found

    return asyncio.run(read())


def key_in(folder):
    return read_research_key(folder / "research.key", PASSPHRASE)


def envelopes(study):
    with sqlite3.connect(study.settings.database_file) as connection:
        found = dict(connection.execute("SELECT session, envelope FROM part"))
    connection.close()
    return found


def test_one_is_added_and_one_is_closed(run, study, second):
    added = run("keys", "add", second / "research.pub")
    assert added.exit_code == 0, added.stderr
    assert len(read_recipients(study.settings.recipients)) == 2
    assert refused(run("keys", "add", second / "research.pub"), "it is there")
    new = key_in(second).id.hex()
    closed = run("keys", "close", new[:8])
    assert "closed since" in closed.stdout
    assert [each.id.hex() for each in read_recipients(study.settings.recipients)] != [new]
    assert len(read_recipients(study.settings.recipients)) == 1
    assert "public, closed since" in run("keys", "show", study.settings.recipients).stdout
    assert refused(run("keys", "add", second / "research.pub"), "closed, and is not opened again")


def test_the_last_open_key_is_never_closed(run, study, second):
    assert refused(run("keys", "close", fingerprint(study)), "the only open key")
    add_recipient(study.settings.recipients, second / "research.pub")
    assert run("keys", "close", fingerprint(study, 0)).exit_code == 0
    assert refused(run("keys", "close", fingerprint(study, 1)), "the only open key")
    folder = study.settings.recipients
    for each in list_recipients(folder):
        if not each.closed:
            each.path.unlink()
    with pytest.raises(NoRecipient, match="closed: make the key of the next epoch"):
        read_recipients(folder)


@pytest.mark.parametrize("name", ["", "abc", "0" * 32, "nonsense", "*", "\u202e" * 40])
def test_a_fingerprint_that_names_no_one_key(study, second, name):
    add_recipient(study.settings.recipients, second / "research.pub")
    with pytest.raises(WrongKey):
        close_recipient(study.settings.recipients, name, TODAY)


def test_a_key_that_stands_there_open_and_closed_is_closed(study, second):
    folder = study.settings.recipients
    shutil.copy(second / "research.pub", folder / "copy.pub")
    text = json.loads((second / "research.pub").read_text()) | {"closed": "2026-01-31"}
    (folder / "closed.pub").write_text(json.dumps(text))
    assert len(read_recipients(folder)) == 1
    with pytest.raises(KeyFileError, match="closed: add the key of an epoch"):
        add_recipient(study.host / "empty", folder / "closed.pub")


@pytest.mark.usefixtures("unattended")
def test_rotation_begins_an_epoch_and_ends_the_old_one(run, study, tmp_path, fill):
    old = fingerprint(study)
    outcome = run("keys", "rotate", "--out", tmp_path / "next", "--epoch", "wave-2")
    assert outcome.exit_code == 0, outcome.stderr
    assert old[:8] not in {each.id.hex()[:8] for each in read_recipients(study.settings.recipients)}
    (new,) = read_recipients(study.settings.recipients)
    assert (new.epoch, new.id) == ("wave-2", key_in(tmp_path / "next").id)
    assert refused(run("keys", "rotate", "--out", tmp_path / "x", "--epoch", "wave-2"), "another name")
    assert refused(run("keys", "rotate", "--out", tmp_path / "next", "--epoch", "wave-3"), "exists already")
    assert refused(run("keys", "rotate", "--out", study.settings.recipients, "--epoch", "w"), "must not lie among")
    assert len(list_recipients(study.settings.recipients)) == 2

    async def speak():
        store = await Store.open(study.settings)
        await fill(store, 1)
        await store.close()

    asyncio.run(speak())
    assert opened_with(study, key_in(tmp_path / "next")) == {"words of 0"}
    assert opened_with(study, study.research_key) == set()


@pytest.fixture
def rotated(spoken, run, study, unattended, second):  # noqa: ARG001 - in this order
    """Three answers sealed to the first key, which is closed; the options that give both private keys."""
    add_recipient(study.settings.recipients, second / "research.pub")
    old = study.research_key.id.hex()
    close_recipient(study.settings.recipients, old, TODAY)
    return "--key", study.away / "research.key", "--key", second / "research.key"


def test_answers_are_sealed_again_and_the_old_key_opens_nothing(run, study, second, rotated):
    before = envelopes(study)
    outcome = run("keys", "rewrap", *rotated)
    assert outcome.exit_code == 0, outcome.stderr
    assert "3 messages are sealed again" in outcome.stdout
    assert opened_with(study, key_in(second)) == THREE
    assert opened_with(study, study.research_key) == set()
    left = study.bytes_on_host()
    assert not any(each[100:140] in left for each in before.values())
    assert run("verify", "--key", second / "research.key").exit_code == 0
    after = envelopes(study)
    assert "3 messages were sealed to these" in run("keys", "rewrap", *rotated[2:]).stdout
    assert envelopes(study) == after


@pytest.mark.usefixtures("rotated")
def test_wrong_keys_change_nothing(run, study, second, tmp_path):
    before = envelopes(study)
    old, new = ("--key", study.away / "research.key"), ("--key", second / "research.key")
    assert refused(run("keys", "rewrap", *old), "give the new key too")
    assert refused(run("keys", "rewrap", *new), "3 messages are sealed to other keys")
    write_new(tmp_path / "other.key", make_research_key(PASSPHRASE, "other", CHEAP)[0], 0o600)
    assert refused(run("keys", "rewrap", *old, *new, "--key", tmp_path / "other.key"), "opens nothing here")
    assert refused(run("keys", "rewrap", "--key", tmp_path / "missing"), "missing")
    assert envelopes(study) == before


def test_the_private_keys_and_the_host_never_meet(run, study, second, rotated, tmp_path, *, monkeypatch, speaker):
    """On a copy, a file is made; on the host it is put in place, and what changed meanwhile is left as it is."""
    before = envelopes(study)
    carried = tmp_path / "carried"
    outcome = run("keys", "rewrap", *rotated, "--out", carried)
    assert outcome.exit_code == 0, outcome.stderr
    assert envelopes(study) == before
    assert b"words of" not in carried.read_bytes()
    assert refused(run("keys", "rewrap", *rotated, "--out", carried), "exists already")
    monkeypatch.delenv("HEARTEN_PASSPHRASE_FILE")
    assert run("erase", "CODE-000001").exit_code == 0

    async def edit():
        store = await Store.open(study.settings)
        async with store.unit() as unit:
            pseudonym, _ = await unit.progress(2)
            await unit.keep(pseudonym, speaker(2).says("said anew"))
        await store.close()

    asyncio.run(edit())
    outcome = run("keys", "apply", carried)
    assert outcome.exit_code == 0, outcome.stderr
    assert "1 message is sealed again" in outcome.stdout
    assert "2 messages were changed or erased meanwhile" in outcome.stdout
    assert opened_with(study, key_in(second)) == {"words of 0", "said anew"}
    assert "0 messages are sealed again" in run("keys", "apply", carried).stdout
    assert run("verify").exit_code == 0


def test_a_carried_file_that_is_not_right_changes_nothing(run, study, rotated, tmp_path):
    carried = tmp_path / "carried"
    assert run("keys", "rewrap", *rotated, "--out", carried).exit_code == 0
    before = envelopes(study)
    lines = carried.read_text().splitlines()
    first, other = json.loads(lines[0]), json.loads(lines[1])
    cases = [
        (lines[0][:-9], "Line 1"),
        ("{}", "Line 1"),
        (json.dumps(first | {"envelope": other["envelope"]}), "moved, or is another person's"),
        (json.dumps(first | {"envelope": first["envelope"][:-8] + "AAAAAAA="}), "does not open here"),
    ]
    for number, (line, words) in enumerate(cases):
        (tmp_path / str(number)).write_text(line + "\n")
        assert refused(run("keys", "apply", tmp_path / str(number)), words)
    assert refused(run("keys", "apply", tmp_path / "missing"), "missing")
    third = make_research_key(PASSPHRASE, "third", CHEAP)[1]
    write_new(tmp_path / "third.pub", third, 0o644)
    add_recipient(study.settings.recipients, tmp_path / "third.pub")
    assert refused(run("keys", "apply", carried), "other keys than those that are open here")
    assert envelopes(study) == before


STOPPED = """
import os
from storage.replace import Replacing
from storage.__main__ import app

put = Replacing.put

async def once(self, batch):
    await put(self, batch[:1])
    os._exit(9)

Replacing.put = once
app()
"""


def test_what_was_stopped_goes_on_where_it_was(run, study, second, rotated, as_environment, *, tmp_path):
    environment = os.environ | as_environment(study)
    command = [sys.executable, "-c", STOPPED, "keys", "rewrap", *map(str, rotated)]
    assert subprocess.run(command, env=environment, cwd=tmp_path, check=False, capture_output=True).returncode == 9
    assert len(opened_with(study, key_in(second))) == 1
    assert len(opened_with(study, study.research_key)) == 2
    outcome = run("keys", "rewrap", *rotated)
    assert "1 message was sealed to these" in outcome.stdout
    assert "2 messages are sealed again" in outcome.stdout
    assert opened_with(study, key_in(second)) == THREE


def test_whoever_withdrew_is_not_sealed_again(run, study, second, rotated):
    person = BotKey.read(study.settings.bot_key).pseudonym(0)
    asyncio.run(study.change("DELETE FROM participant_key WHERE pseudonym = :person", "keyring", person=person))
    before = envelopes(study)
    outcome = run("keys", "rewrap", *rotated)
    assert "1 message of people whose key is gone" in outcome.stdout
    assert "2 messages are sealed again" in outcome.stdout
    after = envelopes(study)
    assert sum(before[name] == after[name] for name in before) == 1
    assert len(opened_with(study, key_in(second))) == 2
