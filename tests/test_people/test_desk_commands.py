"""Review, coding and the book on the command line, and exports that ask whether a person reviewed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from analysis.__main__ import app
from storage import read
from storage.__main__ import app as store_app
from storage.seal import open_envelope
from tests.test_people.conftest import SAID, Study

CUSTODIAN = "--unreviewed-i-am-the-custodian"


def lines(study: Study, *arguments: str) -> list[dict[str, Any]]:
    done = study.run(*arguments)
    assert done.exit_code == 0, (done.stderr, done.exception)
    return [json.loads(line) for line in done.stdout.splitlines()]


def names(study: Study) -> list[str]:
    return [each["answer"] for each in lines(study, "review", "list")]


def find(study: Study, words: str, group: str = "review") -> str:
    return next(each for each in names(study) if words in study.run(group, "show", each).stdout)


def act(study: Study, *arguments: str) -> str:
    done = study.run(*arguments)
    assert done.exit_code == 0, (done.stderr, done.exception)
    return done.stdout.strip()


def export(study: Study, folder: Path, *more: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    act(study, "export", "--format", "jsonl", "-o", str(folder), *more)
    rows = [json.loads(line) for line in (folder / "answers.jsonl").read_text("utf-8").splitlines()]
    return json.loads((folder / "manifest.json").read_text("utf-8")), rows


def test_an_export_waits_for_the_review_of_every_text(study: Study, tmp_path: Path) -> None:
    refused = study.run("export", "--format", "jsonl", "-o", str(tmp_path / "out"))
    assert (refused.exit_code, "6 texts were not reviewed" in refused.stderr) == (1, True)
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
    first, *rest = names(study)
    for each in rest:
        assert act(study, "review", "approve", each, "--as", "ana") == "approved"
    assert "1 text was not reviewed" in study.run("export", "--format", "jsonl", "-o", str(tmp_path / "out")).stderr
    assert act(study, "review", "withhold", first, "--as", "ana") == "withheld"
    manifest, rows = export(study, tmp_path / "out")
    assert len(rows) == 5
    assert (manifest["reviewed"], manifest["unreviewed_and_the_custodian_answers_for_it"]) == (True, False)
    assert manifest["review"] == {
        "approved": 5, "withheld_and_left_out": 1, "unreviewed": 0, "people_who_had_to_approve": 1,
    }  # fmt: skip
    readme = (tmp_path / "out" / "README.txt").read_text()
    assert "A person read every text" in readme
    assert "BEFORE YOU DO ANYTHING ELSE" not in readme


def test_a_reviewed_export_opens_each_answer_once(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in names(study):
        act(study, "review", "approve", each)
    opened = []
    monkeypatch.setattr(read, "open_envelope", lambda *given: opened.append(given[1]) or open_envelope(*given))
    manifest, _ = export(study, tmp_path / "out")
    assert manifest["reviewed"] is True
    assert len(opened) == len(set(opened)) == 9


def test_what_a_reviewer_took_out_stays_out_and_what_they_withheld_never_leaves(study: Study, tmp_path: Path) -> None:
    outed, withheld = find(study, "Ambleford"), find(study, "Dr Patel")
    start = SAID[0][0].index("Ambleford")
    act(study, "review", "mask", outed, f"{start}-{start + 9}", "place")
    act(study, "review", "withhold", withheld)
    manifest, rows = export(study, tmp_path / "out", CUSTODIAN)
    everything = json.dumps(rows)
    assert "Ambleford" not in everything
    assert "through it too" not in everything
    assert (manifest["reviewed"], manifest["unreviewed_and_the_custodian_answers_for_it"]) == (False, True)
    assert manifest["review"]["unreviewed"] == 5
    assert "BEFORE YOU DO ANYTHING ELSE" in (tmp_path / "out" / "README.txt").read_text()


def test_the_studys_own_list_has_one_placeholder_in_the_whole_export(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a person reviewed the text, and whichever of the ways to write it was used."""
    own = tmp_path / "list.txt"
    own.write_text("staff, Janet Blackwood, JB\nstaff, Dr Patel\nplace, Ambleford\n")
    monkeypatch.setenv("HEARTEN_STUDY_LIST", str(own))
    act(study, "review", "approve", find(study, "same day"))
    _, rows = export(study, tmp_path / "out", CUSTODIAN)
    texts = " ".join(row["text"] for row in rows)
    assert re.findall(r"\[PLACE\w*\]", texts) == ["[PLACE_S1]"]
    staff = {row["text"][row["text"].index("[STAFF_") :].split("]")[0] for row in rows if "[STAFF_" in row["text"]}
    assert staff == {"[STAFF_S1", "[STAFF_S2"}
    (janet,) = {row["person"] for row in rows if "only trans man" in row["text"]}
    assert [row["text"].count("[STAFF_") for row in rows if row["person"] == janet] == [1, 1]
    assert len({re.findall(r"\[STAFF_S\d\]", row["text"])[0] for row in rows if row["person"] == janet}) == 1


def test_two_people_have_to_approve_where_the_study_says_so(study: Study, tmp_path: Path) -> None:
    assert act(study, "review", "rule", "2") == "Two people have to approve each text."
    for each in names(study):
        assert act(study, "review", "approve", each, "--as", "ana") == "waiting"
    assert "6 texts" in study.run("export", "--format", "csv", "-o", str(tmp_path / "out")).stderr
    for each in names(study):
        assert act(study, "review", "approve", each, "--as", "ben") == "approved"
    manifest, _ = export(study, tmp_path / "out")
    assert (manifest["reviewed"], manifest["review"]["people_who_had_to_approve"]) == (True, 2)


def test_show_undo_and_leave_in(study: Study) -> None:
    name = find(study, "Dr Patel")
    shown = study.run("review", "show", name).stdout
    start = SAID[2][1].index("Dr Patel")
    assert f"{start}-{start + 8} STAFF: Dr Patel" in shown
    assert act(study, "review", "unmask", name, f"{start}-{start + 8}") == "open"
    assert "STAFF: Dr Patel" not in study.run("review", "show", name).stdout
    act(study, "review", "undo", name)
    assert "STAFF: Dr Patel" in study.run("review", "show", name).stdout
    assert "the only: It says that there is only one" in study.run("review", "show", find(study, "Ambleford")).stdout


def test_coding_by_two_people_and_their_agreement(study: Study, tmp_path: Path) -> None:
    for who, stance in (("ana", "harm"), ("ben", "wish")):
        for each in names(study):
            act(study, "coding", "add", each, "0-10", "compassion", stance, "--as", who)
            act(study, "coding", "finish", each, "--as", who)
        act(study, "coding", "export", "--as", who, "-o", str(tmp_path / f"{who}.jsonl"))
    act(study, "coding", "export", "--machine", "-o", str(tmp_path / "machine.jsonl"))
    assert all(each["finished_by"] == ["ana", "ben"] for each in lines(study, "coding", "list"))
    for other in ("ben", "machine"):
        done = CliRunner().invoke(app, ["agreement", str(tmp_path / "ana.jsonl"), str(tmp_path / f"{other}.jsonl")])
        result = json.loads(done.stdout)
        assert result["texts"] == 6
        assert result["by_character"]["with_uncoded"]["overall"]["units"] == sum(len(t) for p in SAID for t in p)
    raw = (tmp_path / "ana.jsonl").read_text()
    assert not any(words in raw for words in ("Janet", "listened", "waited"))


def test_suggestions_on_the_command_line(study: Study) -> None:
    name = find(study, "I waited 14 months", "coding")
    assert "1. 0-" in study.run("coding", "show", name).stdout
    act(study, "coding", "accept", name, "1", "--as", "ana")
    assert "(accepted)" in study.run("coding", "show", name, "--as", "ana").stdout
    assert "(accepted)" not in study.run("coding", "show", name, "--as", "ben").stdout
    act(study, "coding", "reject", name, "1", "--as", "ana")
    assert "(accepted)" not in study.run("coding", "show", name, "--as", "ana").stdout
    act(study, "coding", "undo", name, "--as", "ana")
    assert "(accepted)" in study.run("coding", "show", name, "--as", "ana").stdout
    assert study.run("coding", "accept", name, "99").exit_code == 1


def test_codings_from_elsewhere_come_back_as_that_coders(study: Study, tmp_path: Path) -> None:
    first = names(study)[0]
    act(study, "coding", "add", first, "0-10", "compassion", "harm", "--as", "ana")
    act(study, "coding", "finish", first, "--as", "ana")
    out, back = tmp_path / "ana.jsonl", tmp_path / "back.jsonl"
    act(study, "coding", "export", "--as", "ana", "-o", str(out))
    act(study, "coding", "import", str(out), "--coder", "cat")
    act(study, "coding", "export", "--coder", "cat", "-o", str(back))
    assert back.read_text() == out.read_text()
    (made,) = (each for each in study.book.of(first) if each.kind == "coding.made" and each.who == "cat")
    assert made.detail["origin"] == "import"
    before = [each.seq for each in study.book.everything() if each.kind == "coding.made"]
    for text, sentence in (
        (out.read_text(), "already"),
        (out.read_text().replace(first, "0" * 20), "made for other texts"),
        (out.read_text().replace('"length": ', '"length": 1'), "edited since"),
        (out.read_text().replace("compassion", "zebra"), "no such sub-theme"),
        ("", "holds no coded texts"),
    ):
        out.write_text("\ufeff" + text)
        refused = study.run("coding", "import", str(out), "--coder", "dan" if "already" not in sentence else "cat")
        assert (refused.exit_code, sentence in refused.stderr) == (1, True), (sentence, refused.stderr)
    assert [each.seq for each in study.book.everything() if each.kind == "coding.made"] == before


def test_a_changed_codebook_is_taken_up_with_a_reason(study: Study, tmp_path: Path) -> None:
    source = Path("analysis/frameworks/relational_practice.toml").resolve().read_text("utf-8")
    own = tmp_path / "own.toml"
    own.write_text(source, "utf-8")
    first = names(study)[0]
    more = ("--framework", str(own))
    act(study, "coding", "add", first, "0-10", "compassion", "harm", *more)
    own.write_text(source + "# one word\n", "utf-8")
    refused = study.run("coding", "add", first, "0-10", "compassion", "harm", *more)
    assert (refused.exit_code, "say why" in refused.stderr) == (1, True)
    done = study.run("coding", "codebook", *more, stdin="A word was unclear.\n")
    assert done.exit_code == 0
    act(study, "coding", "add", first, "0-10", "compassion", "harm", *more)


def test_the_log_says_who_did_what_and_forgetting_empties_it(study: Study, tmp_path: Path) -> None:
    first = names(study)[0]
    act(study, "review", "approve", first, "--as", "ana")
    export(study, tmp_path / "out", CUSTODIAN, "--as", "ben")
    head = act(study, "desk", "verify")
    logged = [(each["what"], each["who"]) for each in lines(study, "desk", "log")]
    assert ("review.approved", "ana") in logged
    assert logged[-2:] == [("opened", "ben"), ("exported", "ben")]
    assert "nothing was emptied" in act(study, "desk", "forget", "--yes")
    for number in range(3):
        study.withdraw(number)
    refused = study.run("desk", "forget", stdin="n\n")
    assert (refused.exit_code, "Nothing was emptied" in refused.stderr) == (1, True)
    assert "Emptied: the entries about 1 answer." in act(study, "desk", "forget", "--yes")
    assert first.encode() not in study.desk.read_bytes()
    act(study, "desk", "verify", "--head", head)
    assert study.run("desk", "verify", "--head", "3:00").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["review", "approve", "0" * 20], 1, "no answer of this name"),
        (["review", "mask", "NAME", "3to4", "STAFF"], 1, "START-END"),
        (["review", "mask", "NAME", "0-9999", "STAFF"], 1, "outside the text"),
        (["review", "mask", "NAME", "0-4", "ZEBRA"], 2, "choose one of"),
        (["review", "undo", "NAME"], 1, "nothing of yours"),
        (["review", "rule", "7"], 1, "1 or 2"),
        (["coding", "add", "NAME", "0-4", "zebra", "help"], 1, "no such sub-theme"),
        (["coding", "undo", "NAME"], 1, "nothing of yours"),
        (["coding", "list", "--framework", "zebra"], 1, "no such framework"),
        (["coding", "list", "--as", "x" * 99], 1, "who is at work"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    study: Study, arguments: list[str], status: int, sentence: str
) -> None:
    name = names(study)[0]
    done = study.run(*(name if each == "NAME" else each for each in arguments))
    assert (done.exit_code, sentence in done.stderr) == (status, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_person_gets_a_copy_of_what_they_said(study: Study, tmp_path: Path) -> None:
    on_the_host = study.environment | {
        "HEARTEN_BOT_KEY": str(study.settings.bot_key),
        "HEARTEN_RECIPIENTS": str(study.settings.recipients),
    }
    store = CliRunner().invoke(store_app, ["find", "code 1"], env=on_the_host)
    assert store.exit_code == 0, store.stderr
    person, out = store.stdout.strip(), tmp_path / "copy"
    assert "3 answers" in act(study, "access-request", person, "-o", str(out), "--as", "ana")
    copy = (out / "copy.txt").read_text()
    assert all(words in copy for words in SAID[1])
    assert not any(words in copy for words in (*SAID[0], *SAID[2]))
    assert "take part: yes" in copy
    assert (out.stat().st_mode & 0o777, (out / "copy.txt").stat().st_mode & 0o777) == (0o700, 0o600)
    assert any("access-request" in json.dumps(each) for each in lines(study, "desk", "log"))
    for arguments, says in (
        ((person, str(out)), "not there yet"),
        (("0" * 64, "x"), "nobody"),
        (("CODE", "x"), "names"),
    ):
        again = study.run("access-request", arguments[0], "-o", arguments[1])
        assert (again.exit_code, says in again.stderr) == (1, True)
