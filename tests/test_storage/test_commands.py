"""The commands: done is 0, a stated failure is 1 with one sentence, wrong use is 2; never a traceback."""

import asyncio
import sqlite3
import stat
import subprocess
import sys

import pytest

from storage.keyfiles import write_new
from storage.keys import BotKey, read_recipients, read_research_key
from tests.test_storage.refusals import refused

PASSPHRASE = "four words of a test"


def test_a_key_is_made_with_a_typed_passphrase(run, tmp_path):
    typed = "\n".join(["short", "aaaaaaaaaaaaaaaa", PASSPHRASE, "not the same", PASSPHRASE, PASSPHRASE, "y", ""])
    outcome = run("keys", "new", "--out", tmp_path / "keys", "--epoch", "2026-wave-1", typed=typed)
    assert outcome.exit_code == 0, outcome.stderr
    for words in (
        "shorter than 12",
        "easy to guess (0 of 4)",
        "not the same",
        "Strength: good",
        "stays on this machine",
    ):
        assert words in outcome.stdout
    assert PASSPHRASE not in outcome.stdout
    page = tmp_path / "keys" / "research-paper.txt"
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert PASSPHRASE not in page.read_text()
    private = tmp_path / "keys" / "research.key"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    key = read_research_key(private, PASSPHRASE)
    assert read_recipients(tmp_path / "keys")[0].id == key.id
    for path in (private, tmp_path / "keys"):
        shown = run("keys", "show", path)
        assert shown.exit_code == 0
        assert f"{key.id.hex()}  2026-wave-1" in shown.stdout
    before = private.read_bytes()
    assert refused(run("keys", "new", "--out", tmp_path / "keys", typed=typed), "exists already")
    assert private.read_bytes() == before


def test_a_key_is_made_unattended(run, tmp_path, monkeypatch):
    write_new(tmp_path / "passphrase", PASSPHRASE + "\n", 0o600)
    monkeypatch.setenv("HEARTEN_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    assert run("keys", "new", "--out", tmp_path / "keys").exit_code == 0
    assert read_research_key(tmp_path / "keys" / "research.key", PASSPHRASE)
    (tmp_path / "passphrase").chmod(0o644)
    assert refused(run("keys", "new", "--out", tmp_path / "other"), "chmod 600")


def test_showing_what_is_no_key(run, tmp_path):
    (tmp_path / "empty").mkdir()
    assert refused(run("keys", "show", tmp_path / "empty"), "no public key")
    assert refused(run("keys", "show", tmp_path / "missing"), "missing")


def test_migrate(run, study):
    assert "up to date now" in run("migrate").stdout
    assert "already" in run("migrate").stdout
    with sqlite3.connect(study.settings.database_file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'x9999'")
    connection.close()
    assert refused(run("migrate"), "newer version")


@pytest.mark.usefixtures("spoken")
def test_verify_prints_the_head_and_knows_a_kept_one(run, study):
    outcome = run("verify")
    assert outcome.exit_code == 0, outcome.stderr
    head = outcome.stdout.splitlines()[-1]
    assert run("verify", "--head", head).exit_code == 0
    with sqlite3.connect(study.settings.database_file) as connection:
        connection.execute("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    connection.close()
    assert refused(run("verify", "--head", head), "cut off")


@pytest.mark.usefixtures("spoken")
def test_erase_by_code(run, study):
    assert "1 answer is erased" in run("erase", "code 000001").stdout
    assert refused(run("erase", "CODE-000001"), "No one is found")
    assert {answer.text for answer in asyncio.run(study.answers())} == {"words of 0", "words of 2"}


@pytest.mark.usefixtures("spoken")
@pytest.mark.parametrize(
    "code",
    [
        "",
        " ",
        "x" * 1_000_000,
        "\u202e\u200b\ufeff",
        "\x07\x1b[31m\r\n",
        "CODE\u2010000001\u0660",
        "' OR 1=1",
        "\U0001f331" * 99,
    ],
)
def test_hostile_codes_are_one_sentence_and_erase_nobody(run, study, code):
    outcome = run("erase", code)
    assert refused(outcome, "No one is found under this code")
    assert not code.strip() or code not in outcome.stderr
    assert len(asyncio.run(study.answers())) == 3


@pytest.mark.usefixtures("spoken")
def test_an_erasure_with_a_reader_in_the_way_says_so_and_is_made_good(run, study):
    reader = sqlite3.connect(study.settings.database_file, isolation_level=None)
    reader.execute("BEGIN")
    (erased,) = reader.execute("SELECT pseudonym FROM part LIMIT 1").fetchone()
    numbers = [number for number in range(3) if BotKey.read(study.settings.bot_key).pseudonym(number) == erased]
    outcome = run("erase", f"CODE-{numbers[0]:06d}")
    assert outcome.exit_code == 0
    assert "run verify in a minute" in outcome.stderr
    assert erased in study.bytes_on_host()
    reader.close()
    assert run("verify").exit_code == 0
    assert erased not in study.bytes_on_host()


def test_where_there_is_no_database_none_is_made(run, study, tmp_path):
    for command in (("verify",), ("erase", "CODE"), ("backup", "--out", tmp_path / "copy.db")):
        assert refused(run(*command), "There is no database")
    assert not (study.host / "var").exists()


def test_a_wrong_setting_is_one_sentence(run, monkeypatch):
    monkeypatch.setenv("HEARTEN_DATABASE_URL", "nonsense")
    for command in ("migrate", "verify"):
        assert refused(run(command), "HEARTEN_DATABASE_URL cannot be used")


def test_as_a_process_of_its_own(study, as_environment, tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "storage", *arguments],
            env=as_environment(study),
            capture_output=True,
            cwd=tmp_path,
            text=True,
            check=False,
        )

    assert run("migrate").returncode == 0
    assert run("nonsense").returncode == 2
    assert run("erase").returncode == 2
    study.settings.recipients.joinpath("research.pub").unlink()
    lost = run("verify")
    assert (lost.returncode, lost.stdout) == (1, "")
    assert "python -m storage keys new" in lost.stderr
    assert "Traceback" not in lost.stderr
