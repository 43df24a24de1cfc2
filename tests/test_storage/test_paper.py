"""Paper copies and passphrases: a slip is found by its line, and a key comes back as it was."""

import stat

import pytest

from storage.errors import DamagedKey, ExposedKey, LostKey, WeakPassphrase, WrongPassphrase
from storage.keyfiles import PrivateFile, parse_key_file
from storage.keys import Cost, make_research_key, read_research_key
from storage.keys.paper import print_paper, read_paper
from storage.keys.passphrase import insist, strength_of
from tests.test_storage.refusals import refused

CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)


@pytest.fixture
def paper(study):
    path = study.away / "research.key"
    return print_paper(parse_key_file(PrivateFile, path.read_text(), path, "a key"))


def numbered(paper):
    return [line for line in paper.splitlines() if line[:2].strip().isdigit()]


def test_a_typed_copy_brings_the_key_back(run, study, unattended, tmp_path):
    option, key = unattended
    outcome = run("keys", "paper", key, "-o", tmp_path / "page.txt")
    assert outcome.exit_code == 0, outcome.stderr
    assert stat.S_IMODE((tmp_path / "page.txt").stat().st_mode) == 0o600
    page = (tmp_path / "page.txt").read_text()
    assert "four words" not in page
    typed = "\n".join(line[:2] + line[2:].lower().replace("0", "o").replace("1", "l") for line in numbered(page))
    (tmp_path / "typed.txt").write_text(f"I typed this by hand:\n\n{typed}\n")
    outcome = run("keys", "recover", tmp_path / "typed.txt", "--out", tmp_path / "back")
    assert outcome.exit_code == 0, outcome.stderr
    assert (tmp_path / "back" / "research.key").read_bytes() == key.read_bytes()
    assert (tmp_path / "back" / "research.pub").read_text() == (study.settings.recipients / "research.pub").read_text()
    assert stat.S_IMODE((tmp_path / "back" / "research.key").stat().st_mode) == 0o600
    assert refused(run("keys", "recover", tmp_path / "typed.txt", "--out", tmp_path / "back"), "exists already")
    assert option == "--key"


@pytest.mark.usefixtures("unattended")
def test_the_wrong_passphrase_leaves_nothing(run, study, tmp_path, paper):
    (study.away / "passphrase").write_text("another passphrase altogether\n")
    (tmp_path / "typed.txt").write_text(paper)
    assert refused(run("keys", "recover", tmp_path / "typed.txt", "--out", tmp_path / "back"), "does not open them")
    assert list((tmp_path / "back").iterdir()) == []


def test_every_slip_is_found_in_its_line(paper, tmp_path):
    lines = numbered(paper)
    assert len(lines) == 10
    for place, line in enumerate(lines):
        number = int(line[:2])
        for at, letter in enumerate(line):
            if at < 4 or letter == " ":
                continue
            slip = line[:at] + ("A" if letter != "A" else "B") + line[at + 1 :]
            with pytest.raises(DamagedKey, match=f"Line {number} in .*letter by letter"):
                read_paper("\n".join([*lines[:place], slip, *lines[place + 1 :]]), tmp_path / "typed")


def test_lines_that_are_missing_swapped_or_of_two_copies(paper, tmp_path, study):
    lines, typed = numbered(paper), tmp_path / "typed"
    for place, line in enumerate(lines):
        with pytest.raises(DamagedKey):
            read_paper("\n".join(lines[:place] + lines[place + 1 :]), typed)
        with pytest.raises(DamagedKey):
            read_paper("\n".join([*lines[:place], "77" + line[2:], *lines[place + 1 :]]), typed)
    other = numbered(print_paper(PrivateFile.model_validate_json(make_research_key("p", "test", CHEAP)[0])))
    with pytest.raises(DamagedKey, match="same paper copy"):
        read_paper("\n".join([*lines[:4], other[4], *lines[5:]]), typed)
    with pytest.raises(DamagedKey, match="lacks line 1"):
        read_paper("", typed)
    path = study.away / "research.key"
    assert read_paper("\n".join(reversed(lines)), typed).as_text() == path.read_text()


@pytest.mark.parametrize(
    "passphrase", ["", "short", "aaaaaaaaaaaaaaaa", "password12345", "qwertyuiop123", "letmein123456"]
)
def test_passphrases_that_could_be_guessed_are_refused(passphrase):
    assert not strength_of(passphrase).is_enough
    with pytest.raises(WeakPassphrase, match="four or more words"):
        insist(passphrase)


def test_strong_ones_are_taken_however_long():
    for passphrase in (
        "ribbon kettle oblique marsh",
        "w" * 3 + "ribbon kettle oblique marsh" * 40,
        "Zoë rûft mañana früh",
    ):
        assert insist(passphrase) == passphrase


def test_a_weak_passphrase_is_refused_unattended_too(run, study, tmp_path, monkeypatch):
    (study.away / "weak").write_text("password12345\n")
    (study.away / "weak").chmod(0o600)
    monkeypatch.setenv("HEARTEN_PASSPHRASE_FILE", str(study.away / "weak"))
    assert refused(run("keys", "new", "--out", tmp_path / "keys"), "too easy to guess")
    assert not (tmp_path / "keys").exists()


def test_each_way_in_which_a_key_fails_is_its_own(study, tmp_path):
    path = study.away / "research.key"
    with pytest.raises(LostKey):
        read_research_key(tmp_path / "missing", "p")
    with pytest.raises(WrongPassphrase):
        read_research_key(path, "p")
    text = path.read_text()
    path.write_text(text[:-20])
    with pytest.raises(DamagedKey):
        read_research_key(path, "p")
    path.write_text(text)
    path.chmod(0o644)
    with pytest.raises(ExposedKey):
        read_research_key(path, "p")
