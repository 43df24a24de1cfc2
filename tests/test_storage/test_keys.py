"""Keys and their files: made once, kept for the owner, refused in one sentence where something is wrong."""

import json
import os
import stat

import pytest
from cryptography.exceptions import InvalidTag

from storage.errors import ExposedKey, KeyFileError, Malformed, Tampered, UnknownVersion, WrongPassphrase
from storage.keyfiles import write_new
from storage.keys import (
    HPKE_OVERHEAD,
    BotKey,
    Cost,
    ResearchKey,
    make_research_key,
    read_passphrase,
    read_recipient,
    read_recipients,
    read_research_key,
)
from storage.settings import StorageSettings

CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)


@pytest.fixture
def pair(tmp_path):
    private, public = make_research_key("a passphrase", "2026-wave-1", CHEAP)
    (tmp_path / "research.pub").write_text(public)
    path = tmp_path / "research.key"
    path.write_text(private)
    path.chmod(0o600)
    return path


def test_the_two_halves_belong_together(pair):
    key, recipient = read_research_key(pair, "a passphrase"), read_recipient(pair.with_suffix(".pub"))
    assert (key.id, key.epoch) == (recipient.id, recipient.epoch)
    assert len(key.id) == 16
    assert key.epoch == "2026-wave-1"
    sealed = recipient.seal(b"words", b"info")
    assert len(sealed) == 5 + HPKE_OVERHEAD
    assert key.open(sealed, b"info") == b"words"
    with pytest.raises(InvalidTag):
        key.open(sealed, b"other info")


def test_strong_parameters_unless_told_otherwise():
    private, _ = make_research_key("a passphrase", "e")
    assert json.loads(private)["argon2"] | {"salt": ""} == {
        "name": "argon2id",
        "salt": "",
        "iterations": 3,
        "lanes": 4,
        "memory_kib": 65536,
    }


def test_a_passphrase_is_the_same_however_it_is_composed(tmp_path):
    private, _ = make_research_key("Zo\u00eb caf\u00e9", "e", CHEAP)
    write_new(tmp_path / "research.key", private, 0o600)
    assert read_research_key(tmp_path / "research.key", "Zoe\u0308 cafe\u0301").epoch == "e"


def test_wrong_passphrase(pair):
    with pytest.raises(WrongPassphrase, match="does not open"):
        read_research_key(pair, "another")


@pytest.mark.parametrize("name", ["epoch", "id", "salt", "iterations", "nonce", "sealed"])
def test_no_part_of_the_private_file_can_be_changed_unnoticed(pair, name):
    file = json.loads(pair.read_text())
    place = file["argon2"] if name in file["argon2"] else file
    old = place[name]
    place[name] = old + 1 if isinstance(old, int) else ("e" if old[0] != "e" else "f") + old[1:]
    pair.write_text(json.dumps(file))
    with pytest.raises(WrongPassphrase):
        read_research_key(pair, "a passphrase")


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"version": 2}', "\x00"])
def test_a_file_that_is_no_key(pair, text):
    for path in (pair, pair.with_suffix(".pub")):
        path.write_text(text)
    with pytest.raises(KeyFileError, match="is not the private half"):
        read_research_key(pair, "a passphrase")
    with pytest.raises(KeyFileError, match="is not the public half"):
        read_recipients(pair.parent)


def test_a_forged_file_cannot_take_all_memory(pair):
    file = json.loads(pair.read_text())
    file["argon2"]["memory_kib"] = 2**31
    pair.write_text(json.dumps(file))
    with pytest.raises(KeyFileError, match="is not the private half"):
        read_research_key(pair, "a passphrase")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_secret_files_that_others_may_read_are_refused(pair, tmp_path, mode):
    bot_key = tmp_path / "bot.key"
    BotKey.read_or_make(bot_key)
    passphrase = tmp_path / "passphrase"
    write_new(passphrase, "a passphrase\n", 0o600)
    settings = StorageSettings(_env_file=None, passphrase_file=passphrase)
    assert read_passphrase(settings) == "a passphrase"
    for path in (pair, bot_key, passphrase):
        path.chmod(mode)
    for read in (
        lambda: read_research_key(pair, "a passphrase"),
        lambda: BotKey.read_or_make(bot_key),
        lambda: read_passphrase(settings),
    ):
        with pytest.raises(KeyFileError, match="Others on this machine may read"):
            read()


def test_no_recipients(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(KeyFileError, match="python -m storage keys new"):
            read_recipients(folder)


def test_a_public_key_whose_id_is_not_its_own(pair):
    path = pair.with_suffix(".pub")
    file = json.loads(path.read_text())
    path.write_text(json.dumps(file | {"id": "0" * 32}))
    with pytest.raises(KeyFileError, match="damaged"):
        read_recipients(pair.parent)


def test_the_same_recipient_in_two_files_counts_once(pair):
    text = pair.with_suffix(".pub").read_text()
    (pair.parent / "copy.pub").write_text(text)
    _, other = make_research_key("p", "e", CHEAP)
    (pair.parent / "other.pub").write_text(other)
    assert len(read_recipients(pair.parent)) == 2


@pytest.mark.parametrize(("passphrase", "epoch"), [("", "e"), ("p", ""), ("p", "two words"), ("p", "x" * 65)])
def test_keys_that_are_not_made(passphrase, epoch):
    with pytest.raises(KeyFileError):
        make_research_key(passphrase, epoch, CHEAP)


def test_an_empty_passphrase_file_is_refused(tmp_path):
    write_new(tmp_path / "passphrase", "\n", 0o600)
    with pytest.raises(KeyFileError, match="is empty"):
        read_passphrase(StorageSettings(_env_file=None, passphrase_file=tmp_path / "passphrase"))
    assert read_passphrase(StorageSettings(_env_file=None)) is None


def test_the_bot_key_is_made_once_for_the_owner_only(tmp_path):
    path = tmp_path / "new" / "bot.key"
    first, second = BotKey.read_or_make(path), BotKey.read_or_make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["bot.key"]
    assert second.open(first.seal(b"progress", b"here"), b"here") == b"progress"
    assert first.pseudonym(7) == second.pseudonym(7)
    assert len({first.pseudonym(number) for number in (-1, 0, 1, 2**62)}) == 4
    assert first.token("a", "bc") != first.token("ab", "c")
    assert first.audit_key == second.audit_key


def test_what_the_bot_key_sealed_opens_in_its_place_only(tmp_path):
    key = BotKey.read_or_make(tmp_path / "bot.key")
    sealed = key.seal(b"progress", b"here")
    for broken, error in ((sealed[:28], Malformed), (b"\x02" + sealed[1:], UnknownVersion), (sealed + b"x", Tampered)):
        with pytest.raises(error):
            key.open(broken, b"here")
    with pytest.raises(Tampered):
        key.open(sealed, b"there")
    with pytest.raises(Tampered):
        BotKey.read_or_make(tmp_path / "other.key").open(sealed, b"here")


def test_nothing_secret_shows(pair, tmp_path):
    key = read_research_key(pair, "a passphrase")
    assert "PrivateKey" not in repr(key)
    assert repr(BotKey.read_or_make(tmp_path / "bot.key")) == "BotKey()"


def test_the_desk_key_comes_from_the_research_key_and_is_no_other_key():
    raw = os.urandom(96)
    desk, again = (ResearchKey.of_raw(raw, "test").desk_key for _ in range(2))
    sealed = desk.seal(b"a note", b"here")
    assert again.open(sealed, b"here") == b"a note"
    with pytest.raises(Tampered):
        again.open(sealed, b"there")
    for other in (ResearchKey.of_raw(os.urandom(96), "test").desk_key, BotKey(raw[:32], raw[:32])):
        with pytest.raises(Tampered):
            other.open(sealed, b"here")
        assert other.audit_key != desk.audit_key
        assert other.token("label", "value") != desk.token("label", "value")
    assert repr(desk) == "KeptKey()"
    assert "desk" not in repr(ResearchKey.of_raw(raw, "test"))


def test_a_credential_that_systemd_hands_on_is_read(tmp_path, monkeypatch):
    """Its group may read it there, and nowhere else; everybody may nowhere."""
    path = tmp_path / "bot.key"
    BotKey.read_or_make(path)
    path.chmod(0o440)
    with pytest.raises(ExposedKey):
        BotKey.read(path)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert BotKey.read(path)
    for mode in (0o444, 0o460):
        path.chmod(mode)
        with pytest.raises(ExposedKey):
            BotKey.read(path)
