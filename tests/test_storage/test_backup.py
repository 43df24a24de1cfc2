"""Backups and the way back: whole or not at all, and never a way around a withdrawal."""

import asyncio
import fcntl
import os
import shutil
import sqlite3
import stat
import subprocess
import sys

import pytest

from storage.backup.sealed import make_backup
from storage.errors import NotEmpty
from storage.keyfiles import write_new
from storage.keys import BotKey, Cost, make_research_key
from storage.write import Store
from tests.test_storage.refusals import refused

CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)
PASSPHRASE = "four words of a test"


def silent(_what, _done, _total):
    pass


def texts(study):
    return {answer.text for answer in asyncio.run(study.answers())}


def move_away(*files):
    for file in files:
        file.rename(file.with_name(f"lost-{file.name}"))


def rows(file, statement):
    with sqlite3.connect(file) as connection:
        found = connection.execute(statement).fetchall()
    connection.close()
    return found


def back_up_both(run, tmp_path, name=""):
    assert run("backup", "--out", tmp_path / f"answers{name}").exit_code == 0
    assert run("backup", "--keyring", "--out", tmp_path / f"keyring{name}").exit_code == 0


@pytest.mark.usefixtures("spoken")
def test_a_backup_is_sealed_and_comes_back_whole(run, study, unattended, tmp_path):
    out = tmp_path / "answers"
    outcome = run("backup", "--out", out)
    assert outcome.exit_code == 0, outcome.stderr
    assert "keyring is not in it" in outcome.stdout
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    original = study.settings.database_file.read_bytes()
    marks = [original[at : at + 24] for at in range(0, len(original) - 24, 499) if any(original[at : at + 24])]
    assert len(marks) > 20
    assert not any(mark in out.read_bytes() for mark in marks)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["answers", "away", "host"]
    assert [each for each in (study.host / "var").iterdir() if "backup" in each.name] == []
    move_away(study.settings.database_file)
    restored = run("restore", out, *unattended)
    assert restored.exit_code == 0, restored.stderr
    assert stat.S_IMODE(study.settings.database_file.stat().st_mode) == 0o600
    assert texts(study) == {"words of 0", "words of 1", "words of 2"}
    assert run("verify", *unattended).exit_code == 0


@pytest.mark.usefixtures("spoken")
def test_the_keyring_is_a_backup_of_its_own(run, study, unattended, tmp_path):
    outcome = run("backup", "--keyring", "--out", tmp_path / "keyring")
    assert "Delete every older copy of it" in outcome.stdout
    keys = [key for (key,) in rows(study.settings.keyring_file, "SELECT key FROM participant_key")]
    assert run("backup", "--out", tmp_path / "answers").exit_code == 0
    stored = (tmp_path / "answers").read_bytes() + (tmp_path / "keyring").read_bytes()
    assert len(keys) == 3
    assert not any(key in stored for key in keys)
    move_away(study.settings.keyring_file)
    assert run("restore", tmp_path / "keyring", *unattended).exit_code == 0
    assert len(texts(study)) == 3


@pytest.mark.usefixtures("spoken")
def test_whoever_was_erased_since_stays_erased(run, study, unattended, tmp_path):
    assert run("backup", "--out", tmp_path / "answers").exit_code == 0
    erased = BotKey.read(study.settings.bot_key).pseudonym(1)
    assert run("erase", "CODE-000001").exit_code == 0
    move_away(study.settings.database_file)
    outcome = run("restore", tmp_path / "answers", *unattended)
    assert "1 person was erased since then, and that stays so" in outcome.stdout
    assert texts(study) == {"words of 0", "words of 2"}
    (study.host / "var" / "lost-hearten.db").unlink()
    assert erased not in study.bytes_on_host()


@pytest.mark.usefixtures("spoken")
def test_on_a_machine_without_the_bot_key_the_rows_wait_and_open_nothing(run, study, unattended, tmp_path):
    assert run("backup", "--out", tmp_path / "answers").exit_code == 0
    assert run("erase", "CODE-000001").exit_code == 0
    move_away(study.settings.database_file, study.settings.bot_key)
    assert run("restore", tmp_path / "answers", *unattended).exit_code == 0
    assert texts(study) == {"words of 0", "words of 2"}
    (study.host / "var" / "lost-bot.key").rename(study.settings.bot_key)
    assert run("verify", *unattended).exit_code == 0  # the next start finishes the erasure
    assert len(rows(study.settings.database_file, "SELECT * FROM part")) == 2
    assert ("person erased",) in rows(study.settings.database_file, "SELECT event FROM audit")


@pytest.mark.usefixtures("spoken")
def test_an_old_keyring_brings_nobody_back(run, study, unattended, tmp_path):
    back_up_both(run, tmp_path)
    erased = BotKey.read(study.settings.bot_key).pseudonym(1)
    keys = dict(rows(study.settings.keyring_file, "SELECT pseudonym, key FROM participant_key"))
    assert run("erase", "CODE-000001").exit_code == 0
    move_away(study.settings.keyring_file)
    outcome = run("restore", tmp_path / "keyring", *unattended)
    assert outcome.exit_code == 0, outcome.stderr
    assert "1 person was erased since then" in outcome.stdout
    left = study.settings.keyring_file.read_bytes()
    assert keys[erased] not in left
    assert erased not in left
    assert texts(study) == {"words of 0", "words of 2"}
    study.settings.database_file.unlink()
    assert run("restore", tmp_path / "answers", *unattended).exit_code == 0
    assert texts(study) == {"words of 0", "words of 2"}


def test_a_keyring_that_lacks_people_who_joined_later_deletes_nothing(
    run, study, unattended, tmp_path, *, fill, speaker
):
    async def speak(people) -> None:
        store = await Store.open(study.settings)
        if people:
            await fill(store, people)
        else:
            async with store.unit() as unit:
                pseudonym = await speaker(9).enrol(unit)
                await unit.keep(pseudonym, speaker(9).says("said later"))
        await store.close()

    asyncio.run(speak(2))
    back_up_both(run, tmp_path)
    asyncio.run(speak(0))
    assert run("backup", "--keyring", "--out", tmp_path / "newer").exit_code == 0
    move_away(study.settings.keyring_file)
    outcome = run("restore", tmp_path / "keyring", *unattended)
    assert "1 person is in one of the two databases only" in outcome.stdout
    assert run("verify", *unattended).exit_code == 0
    assert "1 person whose key is gone: kept" in run("purge").stdout
    assert run("backup", "--out", tmp_path / "again").exit_code == 0
    study.settings.database_file.unlink()
    outcome = run("restore", tmp_path / "again", *unattended)
    assert "1 person is in one of the two databases only" in outcome.stdout
    study.settings.keyring_file.unlink()
    assert run("restore", tmp_path / "newer", *unattended).exit_code == 0
    assert texts(study) == {"words of 0", "words of 1", "said later"}


@pytest.mark.usefixtures("spoken")
def test_a_restore_replaces_nothing(run, study, unattended, tmp_path):
    back_up_both(run, tmp_path)
    before = study.settings.database_file.read_bytes()
    assert refused(run("restore", tmp_path / "answers", *unattended), "a restore replaces nothing")
    assert refused(run("backup", "--out", tmp_path / "answers"), "exists already")
    assert study.settings.database_file.read_bytes() == before
    move_away(study.settings.database_file)
    study.settings.database_file.with_name("hearten.db-wal").write_bytes(b"of a database that is in use")
    assert refused(run("restore", tmp_path / "answers", *unattended), "a restore replaces nothing")


@pytest.mark.usefixtures("spoken")
def test_what_is_not_restored(run, study, unattended, tmp_path, monkeypatch):
    assert run("backup", "--out", tmp_path / "answers").exit_code == 0
    move_away(study.settings.database_file)
    whole = (tmp_path / "answers").read_bytes()
    option, key = unattended
    cases = [
        (whole[:-1], "changed or cut short"),
        (whole[:70000], "changed or cut short"),
        (whole + b"\0", "changed or cut short"),
        (whole[:80000] + bytes([whole[80000] ^ 1]) + whole[80001:], "changed or cut short"),
        (b"", "not a sealed file"),
    ]
    for number, (broken, words) in enumerate(cases):
        (tmp_path / str(number)).write_bytes(broken)
        assert refused(run("restore", tmp_path / str(number), option, key), words)
    assert refused(run("restore", tmp_path / "missing", option, key), "could not be read")
    write_new(tmp_path / "other.key", make_research_key(PASSPHRASE, "other", CHEAP)[0], 0o600)
    assert refused(run("restore", tmp_path / "answers", option, tmp_path / "other.key"), "use the key of its epoch")
    key.chmod(0o644)
    assert refused(run("restore", tmp_path / "answers", option, key), "chmod 600")
    key.chmod(0o600)
    write_new(tmp_path / "wrong", "not the passphrase\n", 0o600)
    monkeypatch.setenv("HEARTEN_PASSPHRASE_FILE", str(tmp_path / "wrong"))
    assert refused(run("restore", tmp_path / "answers", option, key), "passphrase does not open")
    assert not [each for each in (study.host / "var").iterdir() if each.name.startswith((".", "hearten.db"))]


@pytest.mark.usefixtures("spoken")
def test_a_backup_of_another_study_or_a_newer_version_is_refused(run, study, unattended, tmp_path):
    back_up_both(run, tmp_path)
    move_away(study.settings.database_file)
    with sqlite3.connect(study.settings.keyring_file) as connection:
        connection.execute("UPDATE meta SET value = x'00' WHERE name = 'study'")
    connection.close()
    assert refused(run("restore", tmp_path / "answers", *unattended), "of another study")
    move_away(study.settings.keyring_file)
    (study.host / "var" / "lost-hearten.db").rename(study.settings.database_file)
    with sqlite3.connect(study.settings.database_file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'x9999'")
    connection.close()
    assert run("backup", "--out", tmp_path / "newer").exit_code == 0
    study.settings.database_file.unlink()
    assert refused(run("restore", tmp_path / "newer", *unattended), "newer version")
    assert not study.settings.database_file.exists()


STOPPED = """
import os
from storage.backup import restore, sealed
from storage.__main__ import app

def stop(*_):
    os._exit(9)

restore.name_it = stop
sealed.name_it = stop
import storage.backup.draft as draft
draft.name_it = stop
app()
"""


@pytest.mark.usefixtures("spoken")
def test_a_machine_that_stops_in_between_leaves_nothing_half_done(run, study, unattended, as_environment, tmp_path):
    """Stopped at the last moment, when all is written and nothing has its name yet."""
    environment = os.environ | as_environment(study)

    def stopped(*arguments):
        command = [sys.executable, "-c", STOPPED, *map(str, arguments)]
        return subprocess.run(command, env=environment, cwd=tmp_path, check=False, capture_output=True).returncode

    assert stopped("backup", "--out", tmp_path / "answers") == 9
    assert not (tmp_path / "answers").exists()
    assert (study.host / "var" / ".hearten.db.backup").stat().st_size > 0
    back_up_both(run, tmp_path)
    assert not (study.host / "var" / ".hearten.db.backup").exists()
    assert run("erase", "CODE-000001").exit_code == 0
    move_away(study.settings.database_file)
    assert stopped("restore", tmp_path / "answers", *unattended) == 9
    assert not study.settings.database_file.exists()
    assert run("restore", tmp_path / "answers", *unattended).exit_code == 0
    assert texts(study) == {"words of 0", "words of 2"}
    assert [each.name for each in (study.host / "var").iterdir() if each.name.startswith(".")] == []
    move_away(study.settings.keyring_file)
    assert stopped("restore", tmp_path / "keyring", *unattended) == 9
    assert not study.settings.keyring_file.exists()
    assert run("restore", tmp_path / "keyring", *unattended).exit_code == 0
    assert texts(study) == {"words of 0", "words of 2"}


async def test_a_backup_while_people_write(study, fill, tmp_path):
    """Each backup is of one moment: whoever has a message in it has all the rest of it there too."""
    store = await Store.open(study.settings)
    await fill(store, 5)

    async def write() -> None:
        for number in range(60):
            async with store.unit(1000 + number) as unit:
                pseudonym, _ = await unit.progress(number % 5)
                await unit.say(pseudonym, b"a message")

    writing = asyncio.create_task(write())
    for number in range(3):
        assert await make_backup(study.settings, "main", tmp_path / str(number), silent) > 100_000
    await writing
    await store.audit_head()
    await store.close()
    with pytest.raises(NotEmpty):
        await make_backup(study.settings, "main", tmp_path / "0", silent)


@pytest.mark.usefixtures("spoken")
def test_two_at_once_do_not_share_a_copy(run, study, tmp_path):
    with (study.host / "var" / ".hearten.db.backup").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert refused(run("backup", "--out", tmp_path / "answers"), "is under way")
    assert run("backup", "--out", tmp_path / "answers").exit_code == 0


@pytest.mark.usefixtures("spoken")
def test_where_there_is_no_place_to_write(run, study, tmp_path):
    assert refused(run("backup", "--out", tmp_path / "nowhere" / "answers"), "could not be written")
    for each in study.settings.recipients.iterdir():
        each.unlink()
    assert refused(run("backup", "--out", tmp_path / "answers"), "no public research key")
    shutil.rmtree(study.host / "var")
    assert refused(run("backup", "--keyring", "--out", tmp_path / "answers"), "no public research key")
