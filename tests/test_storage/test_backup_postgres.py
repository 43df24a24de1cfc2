"""Backups, checks, epochs and retention where the databases are on a PostgreSQL server."""

import asyncio
import json

import pytest
from sqlalchemy.engine import make_url

from storage.backup import postgres
from storage.keyfiles import write_new
from storage.keys import Cost, make_research_key
from storage.keys.recipients import add_recipient
from tests.test_storage.refusals import refused
from tests.test_storage.server import PASSWORD, database_of

CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)
pytestmark = pytest.mark.databases("postgresql")


def empty(study, name):
    """Drop a database, as after a lost server, and make an empty one of its name."""
    database = database_of(study.urls[name])
    study.server.query("postgres", f"DROP DATABASE {database} WITH (FORCE)", f"CREATE DATABASE {database}")


def tables(study, name):
    counted = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    return int(study.server.query(database_of(study.urls[name]), counted)[0])


def texts(study):
    return {answer.text for answer in asyncio.run(study.answers())}


@pytest.mark.usefixtures("spoken")
def test_a_backup_comes_back_and_whoever_was_erased_stays_erased(run, study, unattended, tmp_path):
    for options in (("--out", "answers"), ("--keyring", "--out", "keyring")):
        made = run("backup", *options)
        assert made.exit_code == 0, made.stderr
    assert b"PGDMP" not in (tmp_path / "answers").read_bytes()
    assert run("erase", "CODE-000001").exit_code == 0
    assert refused(run("restore", "answers", *unattended), "a restore replaces nothing")
    empty(study, "main")
    restored = run("restore", "answers", *unattended)
    assert restored.exit_code == 0, restored.stderr
    assert "1 person was erased since then" in restored.stdout
    assert texts(study) == {"words of 0", "words of 2"}
    assert len(asyncio.run(study.rows("part"))) == 2
    empty(study, "keyring")
    restored = run("restore", "keyring", *unattended)
    assert restored.exit_code == 0, restored.stderr
    assert texts(study) == {"words of 0", "words of 2"}
    # The answers came back from before the copy of the keyring was made, so nobody can tell whose the third key is.
    assert "1 person is in one of the two databases only" in restored.stdout
    assert "1 key of nobody who takes part here: kept" in run("purge").stdout
    assert "1 key of nobody who takes part here: deleted" in run("purge", "--really", "--unpaired").stdout
    assert len(asyncio.run(study.rows("participant_key", "keyring"))) == 2
    assert run("verify", *unattended).exit_code == 0


@pytest.mark.usefixtures("spoken")
def test_what_was_changed_or_is_of_another_engine_is_not_restored(run, study, unattended, tmp_path, monkeypatch):
    assert run("backup", "--out", "answers").exit_code == 0
    whole = (tmp_path / "answers").read_bytes()
    (tmp_path / "changed").write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    empty(study, "main")
    assert refused(run("restore", "changed", *unattended), "changed or cut short")
    assert tables(study, "main") == 0
    monkeypatch.setenv("HEARTEN_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/elsewhere.db")
    assert refused(run("restore", "answers", *unattended), "backup of a postgresql database")
    assert not (tmp_path / "elsewhere.db").exists()


@pytest.mark.usefixtures("spoken")
def test_the_password_is_on_no_command_line_and_in_no_sentence(run, study, monkeypatch):
    start, lines = postgres._start, []

    def noted(program, *options, **how):  # a small dump ends before anybody could look at the list of processes
        lines.append(" ".join(map(str, (program, *options))))
        return start(program, *options, **how)

    monkeypatch.setattr(postgres, "_start", noted)
    assert b"".join(postgres.dump(study.settings.database_url))[:5] == b"PGDMP"
    assert lines
    assert not any(PASSWORD in line for line in lines)
    wrong = make_url(study.settings.database_url).set(password="not the password")
    monkeypatch.setenv("HEARTEN_DATABASE_URL", wrong.render_as_string(hide_password=False))
    outcome = run("backup", "--out", "answers")
    assert refused(outcome, "refuses this user or password")
    assert "not the password" not in outcome.stderr


def test_a_dump_that_fails_leaves_no_backup(run, study, spoken, monkeypatch, tmp_path):  # noqa: ARG001 - in this order
    """pg_dump starts and cannot finish: the tables are not its to read."""
    start = postgres._start

    def without_the_right(program, *options, **how):
        return start(program, *options, "--table=no_such_table", **how)

    monkeypatch.setattr(postgres, "_start", without_the_right)
    assert refused(run("backup", "--out", "answers"), "pg_dump did not finish")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["away", "host"]


@pytest.mark.usefixtures("spoken")
def test_doctor_verify_epochs_and_retention(run, study, unattended, tmp_path, monkeypatch):
    assert run("backup", "--out", "answers").exit_code == 0
    assert run("backup", "--keyring", "--out", "keyring").exit_code == 0
    looked = run("doctor", "--json")
    assert [each["name"] for each in json.loads(looked.stdout) if not each["ok"]] == []
    private, public = make_research_key("four words of a test", "second", CHEAP)
    write_new(study.away / "second.key", private, 0o600)
    write_new(study.away / "second.pub", public, 0o644)
    add_recipient(study.settings.recipients, study.away / "second.pub")
    assert run("keys", "close", study.research_key.id.hex()).exit_code == 0
    sealed = run("keys", "rewrap", *unattended, "--key", study.away / "second.key")
    assert "3 messages are sealed again" in sealed.stdout, sealed.stderr
    assert "Answers: 3 messages open" in run("verify", "--key", study.away / "second.key").stdout
    assert texts(study) == set()
    asyncio.run(study.change("UPDATE part SET question = 'other' WHERE session = 'session-1'"))
    assert refused(run("verify"), "Tampered 1")
    (tmp_path / "rules").write_text("study_ends = 2026-01-01")
    monkeypatch.setenv("HEARTEN_RETENTION", str(tmp_path / "rules"))
    gone = run("purge", "--really")
    assert "3 people with their keys, and 3 answers" in gone.stdout, gone.stderr
    assert asyncio.run(study.rows("part")) == []
    assert asyncio.run(study.rows("participant_key", "keyring")) == []
