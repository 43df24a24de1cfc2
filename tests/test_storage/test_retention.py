"""Retention: what is due goes, and nothing of anybody who may still be active."""

import asyncio
import sqlite3
from datetime import UTC, date, datetime, timedelta

import pytest

from storage.errors import SettingsError
from storage.keys import BotKey
from storage.purge import Purge
from storage.retention import Rules, read_rules
from storage.write import Store
from tests.test_storage.refusals import refused

NOW = datetime.now(UTC)
TODAY = NOW.date()
LONG_AGO = TODAY - timedelta(days=200)


@pytest.fixture
def peopled(study, fill):
    """Three who take part; four who never agreed: one long silent, one heard of today, one silent who waits for a
    reminder, and one whose reminder could not be delivered long ago."""

    async def work():
        store = await Store.open(study.settings)
        await fill(store, 3)
        for number, day in ((10, LONG_AGO), (11, TODAY), (12, LONG_AGO), (13, TODAY)):
            async with store.unit() as unit:
                pseudonym, _ = await unit.progress(number)
                await unit.save(pseudonym, b"progress", day)
                if number == 10:
                    await unit.say(pseudonym, b"a message")
                    await unit.trace(pseudonym, "5", b"chat", NOW - timedelta(days=3))
                if number == 11:
                    await unit.trace(pseudonym, "6", b"chat", NOW + timedelta(hours=40))
                if number == 12:
                    await unit.remind(pseudonym, "later", NOW + timedelta(days=1), b"reminder")
                if number == 13:
                    await unit.remind(pseudonym, "missed", NOW - timedelta(days=60), b"reminder")
                    await unit.trace(pseudonym, "7", b"chat", NOW - timedelta(days=3))
        async with store.unit() as unit:
            await unit.save((await unit.progress(1))[0], b"progress", LONG_AGO)
            await unit.set_aside(b"an update")
        await store.close()

    asyncio.run(work())
    return study


def counts(study):
    with sqlite3.connect(study.settings.database_file) as connection:
        tables = ("conversation", "participant", "part", "outbox", "reminder", "trace", "set_aside")
        found = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608
    connection.close()
    return found


def rules(study, monkeypatch, text):
    path = study.host / "retention.toml"
    path.write_text(text)
    monkeypatch.setenv("HEARTEN_RETENTION", str(path))


def test_counting_changes_nothing(run, peopled):
    before = counts(peopled), peopled.settings.database_file.read_bytes()
    outcome = run("purge")
    assert outcome.exit_code == 0, outcome.stderr
    for line in ("due: 1 conversation of", "due: 1 reminder that", "due: 2 notes of", "Nothing was changed"):
        assert line in outcome.stdout
    assert (counts(peopled), peopled.settings.database_file.read_bytes()) == before


def test_what_is_due_goes_and_nobody_who_may_be_active_is_touched(run, peopled):
    before = counts(peopled)
    outcome = run("purge", "--really")
    assert outcome.exit_code == 0, outcome.stderr
    assert "Receipt: " in outcome.stdout
    gone = {name: before[name] - count for name, count in counts(peopled).items() if before[name] != count}
    assert gone == {"conversation": 1, "outbox": 1, "reminder": 1, "trace": 2}
    assert len(asyncio.run(peopled.answers())) == 3
    assert run("verify").exit_code == 0
    assert "due: 0 conversations" in run("purge").stdout
    with sqlite3.connect(peopled.settings.database_file) as connection:
        noted = connection.execute("SELECT detail FROM audit WHERE event = 'retention'").fetchall()
    connection.close()
    assert noted == [
        ('{"people": 1, "rule": "unfinished"}',),
        ('{"reminders": 1, "rule": "contact"}',),
        ('{"rule": "contact", "traces": 1}',),
    ]


@pytest.mark.usefixtures("unattended")
def test_after_the_study_everything_goes_and_old_backups_open_nothing(run, peopled, monkeypatch, tmp_path):
    assert run("backup", "--out", tmp_path / "answers").exit_code == 0
    with sqlite3.connect(peopled.settings.keyring_file) as connection:
        keys = dict(connection.execute("SELECT pseudonym, key FROM participant_key"))
    connection.close()
    ended = f"study_ends = {TODAY - timedelta(days=31)}\n"
    rules(peopled, monkeypatch, ended + "after_end_days = 31")
    assert "study is over" not in run("purge").stdout
    rules(peopled, monkeypatch, ended)
    outcome = run("purge")
    assert "7 people with their keys, and 3 answers" in outcome.stdout
    assert run("doctor").exit_code == 1
    outcome = run("purge", "--really")
    assert outcome.exit_code == 0, outcome.stderr
    assert set(counts(peopled).values()) == {0}
    left = peopled.bytes_on_host()
    assert len(keys) == 3
    assert not any(pseudonym in left or key in left for pseudonym, key in keys.items())
    assert run("verify").exit_code == 0
    peopled.settings.database_file.unlink()
    key = ("--key", peopled.away / "research.key")
    outcome = run("restore", tmp_path / "answers", *key)
    assert "3 people were erased since then" in outcome.stdout
    assert asyncio.run(peopled.answers()) == []


def test_rows_without_a_key_go_only_by_somebodys_decision(run, peopled):
    with sqlite3.connect(peopled.settings.keyring_file) as connection:
        connection.execute("DELETE FROM participant_key")
    connection.close()
    assert "3 people whose key is gone: kept" in run("purge", "--really").stdout
    assert counts(peopled)["part"] == 3
    assert "deleted" in run("purge", "--really", "--unpaired").stdout
    assert counts(peopled)["part"] == counts(peopled)["participant"] == 0


@pytest.mark.databases("sqlite", "postgresql")
async def test_whoever_comes_back_between_counting_and_deleting_is_not_touched(study, speaker, fill):
    store = await Store.open(study.settings)
    (enrolled,) = await fill(store, 1)
    async with store.unit() as unit:
        silent, _ = await unit.progress(10)
        await unit.save(silent, b"progress", LONG_AGO)
    bot_key = BotKey.read(study.settings.bot_key)
    work = Purge(study.settings, Rules().cutoffs(TODAY), writable=True)
    await study.change("DELETE FROM participant_key", "keyring")
    due = await work.count()
    assert (due.unfinished, due.keyless) == (1, 1)
    keyless = await work._keyless()
    async with store.unit() as unit:
        await unit.save(silent, b"progress", TODAY)
        await speaker(0).enrol(unit)
        await unit.keep(enrolled, speaker(0).says("said after coming back"))
    assert await work._erase(bot_key, "no key", keyless, work._still_keyless) == (0, 0)
    gone, _ = await work.carry_out(bot_key, unpaired=True)
    assert (gone.unfinished, gone.keyless, gone.rowless) == (0, 0, 0)
    await work.close()
    await store.close()
    assert [answer.text for answer in await study.answers()] == ["said after coming back"]
    assert silent in {row.pseudonym for row in await study.rows("conversation")}


def test_an_open_reader_delays_the_wiping_and_is_said(run, peopled):
    reader = sqlite3.connect(peopled.settings.database_file, isolation_level=None)
    reader.execute("BEGIN")
    (silent,) = reader.execute("SELECT pseudonym FROM outbox").fetchone()
    outcome = run("purge", "--really")
    assert outcome.exit_code == 0
    assert "run verify in a minute" in outcome.stderr
    assert silent in peopled.bytes_on_host()
    reader.close()
    assert run("verify").exit_code == 0
    assert silent not in peopled.bytes_on_host()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("unfinished_days = 5", "unfinished_days: input should be greater than or equal to 30"),
        ("unfinishd_days = 50", "unfinishd_days is no rule; those that there are: unfinished_days"),
        ('study_ends = "2027-06-30"', "written as a day without quotation marks"),
        ("study_ends = ", "is not TOML"),
        ("contact_days = 3.5", "contact_days: input should be a valid integer"),
    ],
)
def test_rules_that_are_wrong_stop_everything_in_one_sentence(run, peopled, monkeypatch, text, words):
    rules(peopled, monkeypatch, text)
    assert refused(run("purge", "--really"), words)
    assert counts(peopled)["part"] == 3


def test_the_rules_of_a_file(tmp_path):
    assert read_rules(None) == Rules()
    (tmp_path / "rules").write_text("study_ends = 2027-06-30\nafter_end_days = 0")
    found = read_rules(tmp_path / "rules")
    assert not found.cutoffs(date(2027, 6, 30)).is_over
    assert found.cutoffs(date(2027, 7, 1)).is_over
    with pytest.raises(SettingsError, match="missing"):
        read_rules(tmp_path / "missing")
