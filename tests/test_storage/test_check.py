"""`verify` finds what is wrong and nothing else; `doctor` says what must be seen to."""

import asyncio
import json
import os
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest

from storage.doctor import examine
from storage.keyfiles import write_new
from storage.keys import Cost, make_research_key
from storage.write import Store
from tests.test_storage.refusals import refused

CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)
PASSPHRASE = "four words of a test"
NOW = datetime.now(UTC)


def change(file, *statements):
    with sqlite3.connect(file) as connection:
        for each in statements:
            connection.execute(*each) if isinstance(each, tuple) else connection.execute(each)
    connection.close()


@pytest.mark.usefixtures("spoken")
def test_everything_opens_with_the_key_and_fits_without(run, study, unattended):
    without = run("verify")
    assert "3 messages are sealed, well formed and in their place" in without.stdout
    with_key = run("verify", *unattended)
    assert "Answers: 3 messages open" in with_key.stdout
    assert f"{study.research_key.id.hex()}  3 messages" in with_key.stdout
    assert run("verify", "--head", with_key.stdout.splitlines()[-1]).exit_code == 0


@pytest.mark.usefixtures("spoken")
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE part SET envelope = substr(envelope, 1, 500) WHERE session = 'session-1'", "Tampered 1"),
        ("UPDATE part SET envelope = x'' WHERE session = 'session-1'", "Malformed 1"),
        ("UPDATE part SET envelope = CAST(x'02' || substr(envelope, 2) AS BLOB)", "UnknownVersion 3"),
        ("UPDATE part SET question = 'other' WHERE session = 'session-1'", "Tampered 1"),
        ("UPDATE part SET guide_version = 2", "Tampered 3"),
        ("UPDATE conversation SET progress = CAST(x'01' || substr(progress, 3) AS BLOB)", "Tampered 3"),
        ("UPDATE audit SET detail = '{}' WHERE seq = 2", "from entry 2 on"),
        ("DELETE FROM audit WHERE seq = 2", "from entry 2 on"),
    ],
)
def test_what_was_changed_is_found(run, study, unattended, statement, words):
    change(study.settings.database_file, statement)
    assert refused(run("verify"), words)
    assert refused(run("verify", *unattended), words)


@pytest.mark.usefixtures("spoken")
def test_swapped_envelopes_are_found(run, study):
    with sqlite3.connect(study.settings.database_file) as connection:
        (one,), (other,) = connection.execute("SELECT envelope FROM part ORDER BY session LIMIT 2")
    connection.close()
    statement = "UPDATE part SET envelope = ? WHERE session = ?"
    change(study.settings.database_file, (statement, (one, "session-1")), (statement, (other, "session-0")))
    assert refused(run("verify"), "Tampered 2")


@pytest.mark.usefixtures("spoken")
def test_a_damaged_file_is_found(run, study, unattended):
    file = study.settings.database_file
    with sqlite3.connect(file) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'asked'").fetchone()
    connection.close()
    with file.open("r+b") as database:
        database.seek((page - 1) * 8192 + 8)
        database.write(b"\xff" * 64)
    outcome = run("verify", *unattended)
    assert outcome.exit_code == 1
    assert "damaged" in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.usefixtures("spoken")
def test_other_keys_and_erased_people_are_counted_apart(run, study, unattended, tmp_path):
    write_new(tmp_path / "other.key", make_research_key(PASSPHRASE, "other", CHEAP)[0], 0o600)
    outcome = run("verify", "--key", tmp_path / "other.key")
    assert outcome.exit_code == 0
    assert "3 messages are sealed to other research keys" in outcome.stdout
    change(study.settings.keyring_file, "DELETE FROM participant_key")
    outcome = run("verify", *unattended)
    assert "3 messages open no more" in outcome.stdout


@pytest.mark.usefixtures("spoken")
def test_a_copy_is_checked_without_the_bot_key(run, study, unattended):
    study.settings.bot_key.unlink()
    outcome = run("verify", *unattended)
    assert outcome.exit_code == 0, outcome.stderr
    assert "Answers: 3 messages open" in outcome.stdout
    assert "only where the bot key is" in outcome.stdout
    assert refused(run("verify"), "bot.key is missing")


def findings(study, now=NOW):
    async def look():
        return {each.name: each async for each in examine(study.settings, now)}

    return asyncio.run(look())


@pytest.fixture
def well(spoken, run, study, tmp_path, monkeypatch):  # noqa: ARG001 - in this order
    """A study in which nothing must be seen to."""
    monkeypatch.chdir(tmp_path)
    assert run("backup", "--out", tmp_path / "answers").exit_code == 0
    assert run("backup", "--keyring", "--out", tmp_path / "keyring").exit_code == 0
    return study


def test_where_all_is_well_it_says_so(well, run):
    outcome = run("doctor")
    assert outcome.exit_code == 0, outcome.stdout
    assert len(outcome.stdout.splitlines()) == 12
    assert all(line.startswith("ok ") for line in outcome.stdout.splitlines())
    listed = json.loads(run("doctor", "--json").stdout)
    assert [each["ok"] for each in listed] == [True] * 12
    assert not any("words of" in json.dumps(each) for each in listed)
    assert well.settings.database_file.exists()


def only(found, name, *words):
    assert {each.name for each in found.values() if not each.is_well} == {name}
    said = found[name].line + found[name].remedy
    assert all(word in said for word in words), said
    return True


def test_files_that_others_may_read(well, run):
    well.settings.bot_key.chmod(0o640)
    found = findings(well)
    assert "chmod 600" in found["permissions"].remedy
    assert run("doctor").exit_code == 1
    well.settings.bot_key.chmod(0o600)
    well.settings.keyring_file.chmod(0o644)
    assert only(findings(well), "permissions", "keyring.db")


def test_recipients_that_are_gone_closed_or_old(well):
    (public,) = well.settings.recipients.glob("*.pub")
    text = public.read_text()
    os.utime(public, (time.time(), time.time() - 500 * 86400))
    assert only(findings(well), "recipients", "more than a year ago", "keys rotate")
    public.write_text(json.dumps(json.loads(text) | {"closed": "2026-11-01"}))
    assert only(findings(well), "recipients", "every one is closed", "keys add")
    public.write_text("nonsense")
    assert only(findings(well), "recipients", "not the public half")
    public.unlink()
    assert only(findings(well), "recipients", "there is none")


def test_a_clock_that_was_set_back(well):
    assert only(findings(well, NOW - timedelta(days=2)), "clock", "dated", "timedatectl")


def test_backups_that_are_old_or_were_never_made(well):
    found = findings(well, NOW + timedelta(days=9))
    assert "backup --keyring" in found["backups"].remedy
    assert "backup --out" in found["backups"].remedy


def test_a_schema_that_waits_for_a_migration_and_one_that_is_gone(well):
    change(well.settings.keyring_file, "UPDATE alembic_version SET version_num = 'x9999'")
    assert "newer version" in findings(well)["schema"].remedy
    well.settings.database_file.unlink()
    found = findings(well)
    assert "python -m storage migrate" in found["schema"].remedy
    assert not found["outbox"].is_well


def test_messages_that_nobody_sends(well):
    async def speak(tries):
        store = await Store.open(well.settings)
        async with store.unit() as unit:
            pseudonym, _ = await unit.progress(0)
            await unit.say(pseudonym, b"a message")
        (waiting,) = await store.waiting(NOW)
        if tries:
            await store.postpone(waiting.seq, NOW)
        await store.close()

    asyncio.run(speak(0))
    assert only(findings(well), "outbox", "1 messages wait", "bot run")
    change(well.settings.database_file, "DELETE FROM outbox")
    asyncio.run(speak(1))
    assert only(findings(well, NOW + timedelta(hours=1)), "outbox", "tried 1 times", "reaches Telegram")


def test_a_copy_that_somebody_has_waited_for_too_long(well):
    async def ask():
        store = await Store.open(well.settings)
        async with store.unit() as unit:
            await unit.ask_copy((await unit.progress(1))[0], b"chat", NOW.date())
        await store.close()

    assert "nobody waits" in findings(well)["copies"].line
    asyncio.run(ask())
    assert findings(well)["copies"].is_well
    assert "1 asked" in findings(well)["copies"].line
    late = findings(well, NOW + timedelta(days=21))["copies"]
    assert "storage requests" in late.remedy


def test_a_copy_that_a_stopped_backup_left(well):
    left = well.host / "var" / ".hearten.db.backup"
    left.touch()
    assert only(findings(well), "leftovers", f"rm {left}")


def test_a_log_that_somebody_keeps_from_being_emptied(well):
    log = well.settings.database_file.with_name("hearten.db-wal")
    reader = sqlite3.connect(well.settings.database_file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM part").fetchone()
    with log.open("ab") as file:
        file.truncate(70 * 2**20)
    assert "end it" in findings(well)["write-ahead log"].remedy
    reader.close()
