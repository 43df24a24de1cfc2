"""What people coded leaves with every format, under ids, in the places where it was meant, and comes back whole."""

import asyncio
import csv
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
import xmlschema
from lxml import etree
from pyrefiqda import RefiProject
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.desk import Book, Coding, Marked, name_of, settle_codings
from analysis.desk.adjudication import put_beside
from analysis.frameworks import DEFAULT, read_framework
from tests.test_export.test_refi import SCHEMA, Q
from tests.test_people.conftest import SAID, Study

CUSTODIAN = "--unreviewed-i-am-the-custodian"
FRAMEWORK = read_framework(DEFAULT)
MEMO = "Janet Blackwood again,\n    and =1+1 <b>Siân</b> from Carlisle \x07\nsecond (help): line 🙂"
KEY_WORKER, BELIEVED, MAKING_UP, GROUP = SAID[0][0], SAID[0][1], SAID[1][1], SAID[2][1]


def work(book: Book, who: str, text: str, *codings: tuple[str, str, str, str], finish: bool = True) -> None:
    """Codings as (quoted words, sub-theme, stance, memo)."""
    mine = Coding(book, who, names[text], text, FRAMEWORK)
    for quoted, subtheme, stance, memo in codings:
        start = text.index(quoted)
        mine.add(Marked(subtheme, stance, start, start + len(quoted)), memo)
    if finish:
        mine.finish()


names: dict[str, str] = {}


@pytest.fixture
def coded(study: Study) -> Iterator[Study]:
    async def look() -> None:
        async with study.source() as source:
            names.update({answer.text: name_of(answer) async for answer in source.answers()})

    asyncio.run(look())
    book = study.book
    work(book, "Zoë", KEY_WORKER, ("listened to me properly", "validation_listening", "help", MEMO))
    work(book, "ben", KEY_WORKER, ("listened to me", "compassion", "help", ""))
    ids = [each.id for each in put_beside(book.of(names[KEY_WORKER]), book.text_code(KEY_WORKER), DEFAULT).codings]
    settle_codings(book, "cat", answer=names[KEY_WORKER], text=KEY_WORKER, framework=DEFAULT, kept=ids[:1])
    both = "She believed me"
    work(book, "Zoë", BELIEVED, (both, "compassion", "help", "a\nb"), (both, "validation_listening", "mixed", ""))
    work(book, "ben", MAKING_UP)
    work(book, "ben", GROUP, ("been through it too 🌱", "compassion", "help", ""), finish=False)
    book.close()
    yield study
    names.clear()


def export(study: Study, folder: Path, form: str, *more: str) -> dict[str, Any]:
    done = study.run("export", "--format", form, "-o", str(folder), CUSTODIAN, *more)
    assert done.exit_code == 0, (done.stderr, done.exception)
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return manifest


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "answers.jsonl").read_text("utf-8").splitlines()]


def by_people(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in row["codings"] if each["how"] != "suggested"]


def test_each_coding_says_whose_it_is_and_quotes_the_clean_text(coded: Study, tmp_path: Path) -> None:
    manifest = export(coded, tmp_path / "out", "jsonl")
    rows = {row["text"]: row for row in rows_of(tmp_path / "out")}
    (row,) = (row for text, row in rows.items() if "listened" in text)
    assert "Janet" not in row["text"]
    quotes = {each["coder"]: row["text"][each["start"] : each["end"]] for each in by_people(row)}
    assert quotes == {"CODER_1": "listened to me properly", "CODER_2": "listened to me"}
    assert sorted((each["settled"], each["how"]) for each in by_people(row)) == [(False, "added"), (True, "added")]
    assert row["themes_from"] == "settled"
    assert row["subthemes"] == [each["subtheme"] for each in by_people(row) if each["settled"]]
    assert row["coders"] == ["CODER_1", "CODER_2", "machine (lexical)"]
    assert {each["coder"] for row in rows.values() for each in row["codings"]} == set(row["coders"])
    (made_up,) = (row for text, row in rows.items() if "making it up" in text)
    assert (made_up["themes_from"], made_up["subthemes"], by_people(made_up)) == ("people", [], [])
    assert made_up["coders"] == ["CODER_2", "machine (lexical)"]
    (group,) = (row for text, row in rows.items() if "been through" in text)
    assert (group["themes_from"], by_people(group)) == ("machine", []), "ben has not finished it"
    assert manifest["codings"]["answers_settled"] == 1
    assert manifest["codings"]["memos"] == 2
    found = {each["coder"]: (each["answers"], each["codings"]) for each in manifest["codings"]["coders"]}
    assert (found["CODER_1"], found["CODER_2"], found["machine (lexical)"][0]) == ((2, 3), (2, 1), 6)
    everything = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir()).decode()
    assert not any(name in everything for name in ("Zoë", "Janet", "Blackwood", "Carlisle", "\x07"))
    assert "2 people coded what is in this export, a machine made suggestions." in everything


def test_a_memo_has_the_placeholders_of_its_person_and_moves_none(coded: Study, tmp_path: Path) -> None:
    export(coded, tmp_path / "all", "jsonl")
    export(coded, tmp_path / "machine", "jsonl", "--codings", "machine")
    export(coded, tmp_path / "none", "jsonl", "--no-memos")
    texts = [sorted(row["text"] for row in rows_of(tmp_path / name)) for name in ("all", "machine", "none")]
    assert texts[0] == texts[1] == texts[2]
    (row,) = (row for row in rows_of(tmp_path / "all") if "listened" in row["text"])
    (memo,) = (each["reason"] for each in by_people(row) if each["reason"])
    staff = row["text"][row["text"].index("[STAFF_") :].split("]")[0] + "]"
    assert memo.startswith(f"{staff} again,\n    and =1+1 <b>")
    assert "[PLACE]" in memo, "a place that this person never named has no number"
    assert not any(each["reason"] for row in rows_of(tmp_path / "none") for each in by_people(row))


@pytest.mark.parametrize(
    ("whose", "coders", "froms"),
    [
        ("machine", {"machine (lexical)"}, {"machine"}),
        ("people", {"CODER_1", "CODER_2"}, {"settled", "people", "nobody"}),
        ("settled", {"CODER_1", "CODER_2"}, {"settled", "nobody"}),
        ("all", {"CODER_1", "CODER_2", "machine (lexical)"}, {"settled", "people", "machine"}),
    ],
)
def test_whose_codings_leave_can_be_chosen(
    coded: Study, tmp_path: Path, whose: str, coders: set[str], froms: set[str]
) -> None:
    manifest = export(coded, tmp_path / "out", "jsonl", "--codings", whose)
    rows = rows_of(tmp_path / "out")
    assert {name for row in rows for name in row["coders"]} == coders
    assert {row["themes_from"] for row in rows} == froms
    assert manifest["engine"] == ("lexical" if whose in {"machine", "all"} else None)
    if whose == "settled":
        assert [each["settled"] for row in rows for each in row["codings"]] == [True]


def test_names_leave_only_where_they_are_asked_for(coded: Study, tmp_path: Path) -> None:
    manifest = export(coded, tmp_path / "out", "jsonl", "--name-coders")
    assert {name for row in rows_of(tmp_path / "out") for name in row["coders"]} == {"Zoë", "ben", "machine (lexical)"}
    assert manifest["codings"]["coders_by_name"] is True


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_tables_hold_the_same(coded: Study, tmp_path: Path, form: str) -> None:
    export(coded, tmp_path / "out", form)
    path = tmp_path / "out" / f"answers.{form}"
    if form == "parquet":
        found = [each for row in pq.read_table(path).to_pylist() for each in row["codings"]]
    elif form == "xlsx":
        head, *rows = openpyxl.load_workbook(path)["answers"].iter_rows(values_only=True)
        found = [each for row in rows for each in json.loads(str(row[head.index("codings")]))]
    else:
        with path.open(encoding="utf-8", newline="") as file:
            found = [each for row in csv.DictReader(file) for each in json.loads(row["codings"])]
    export(coded, tmp_path / "lines", "jsonl")
    wanted = [each for row in rows_of(tmp_path / "lines") for each in row["codings"]]
    assert sorted(map(str, found)) == sorted(map(str, wanted))


def tree_of(folder: Path) -> etree._Element:
    with zipfile.ZipFile(folder / "answers.qdpx") as archive:
        return etree.fromstring(archive.read("project.qde"))


def test_a_project_has_a_user_for_each_coder_and_a_selection_for_each_coder_and_span(
    coded: Study, tmp_path: Path
) -> None:
    export(coded, tmp_path / "out", "qdpx")
    tree = tree_of(tmp_path / "out")
    xmlschema.XMLSchema(SCHEMA).validate(etree.tostring(tree).decode())
    users = {each.get("guid"): each.get("name") for each in tree.iter(f"{Q}User")}
    assert sorted(map(str, users.values())) == ["CODER_1", "CODER_2", "machine (lexical)"]
    selections = [each for each in tree.iter(f"{Q}PlainTextSelection") if users[each.get("creatingUser")] == "CODER_1"]
    assert len(selections) == 2, "two codings are on one span"
    assert all(each.get("creationDateTime") == tree.get("creationDateTime") for each in selections)
    codes = {each.get("guid"): each.get("name") for each in tree.iter(f"{Q}Code")}
    named = [{codes[ref.get("targetGUID")] for ref in each.iter(f"{Q}CodeRef")} for each in selections]
    assert any("Compassion" in each and "helped and harmed" in each for each in named)
    assert sum(any("settled: " in str(name) for name in each) for each in named) == 1
    memos = [each.findtext(f"{Q}Description") for each in selections]
    like_ours = [memo for memo in memos if memo and memo.startswith("validation_listening (help, ")]
    assert len(like_ours) == 1, "a memo that reads like our own lines is written as one"
    assert "stand" in like_ours[0]
    assert "again,\n        and =1+1 <b>" in like_ours[0]
    assert "compassion (help): a\n    b\nvalidation_listening (mixed): " in memos
    assert not any(name in etree.tostring(tree).decode() for name in ("Zo\u00eb", "Zo&#235;", "Janet", "Carlisle"))


def test_an_independent_reader_finds_each_coders_quotations(
    coded: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(coded, tmp_path / "out", "qdpx")
    monkeypatch.chdir(tmp_path)  # that reader unpacks projects into the folder in which it is started
    read = RefiProject.load(str(tmp_path / "out" / "answers.qdpx"))
    names_of = {user.guid: user.name for user in read.users.user}
    quoted = set()
    with zipfile.ZipFile(tmp_path / "out" / "answers.qdpx") as archive:
        for source in read.sources.text_source:
            text = archive.read(source.plain_text_path.replace("internal://", "sources/")).decode()
            for each in source.plain_text_selection:
                quoted.add((names_of[each.creating_user], text[each.start_position : each.end_position]))
    assert {each for each in quoted if each[0].startswith("CODER")} == {
        ("CODER_1", "listened to me properly"), ("CODER_1", "She believed me"), ("CODER_2", "listened to me"),
    }  # fmt: skip


@pytest.mark.parametrize("options", [(), ("--narrow",), ("--name-coders",)])
def test_several_coders_stay_several_on_the_way_out_and_back(
    coded: Study, tmp_path: Path, options: tuple[str, ...]
) -> None:
    export(coded, tmp_path / "out", "qdpx", *options)
    export(coded, tmp_path / "lines", "jsonl", *options[:1] * ("--narrow" not in options))
    texts, back = tmp_path / "lines" / "answers.jsonl", tmp_path / "back"
    project = tmp_path / "out" / "answers.qdpx"
    refused = CliRunner().invoke(app, ["import", str(project), "--texts", str(texts)])
    assert (refused.exit_code, "--every-coder" in refused.stderr) == (1, True)
    arguments = ["import", str(project), "--texts", str(texts), "--every-coder", "-o", str(back)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    first, second = ("Zo\u00eb", "ben") if "--name-coders" in options else ("CODER_1", "CODER_2")
    assert {path.name for path in back.iterdir()} == {f"{first}.jsonl", f"{second}.jsonl"}
    for coder in (first, second):
        lines = [json.loads(line) for line in (back / f"{coder}.jsonl").read_text("utf-8").splitlines()]
        came = {line["id"]: sorted(map(as_it_was, line["codings"])) for line in lines}
        rows = [row for row in rows_of(tmp_path / "lines") if coder in row["coders"]]
        went = {
            row["answer"]: sorted(as_it_was(each) for each in by_people(row) if each["coder"] == coder) for row in rows
        }
        assert came == went
    assert CliRunner().invoke(app, arguments).exit_code == 1, "a folder that exists is left alone"


def as_it_was(coding: dict[str, Any]) -> str:
    keys = ("subtheme", "theme", "stance", "start", "end", "reason")
    return json.dumps([*(coding[key] for key in keys), coding.get("settled")])


def test_a_project_comes_back_onto_the_desk_coder_by_coder_and_only_once(coded: Study, tmp_path: Path) -> None:
    export(coded, tmp_path / "out", "qdpx")
    project = str(tmp_path / "out" / "answers.qdpx")
    done = coded.run("import", project, "--every-coder")
    assert "3 codings of 2 answers are on the desk, as CODER_1." in done.stdout, (done.stdout, done.stderr)
    assert "1 codings of 2 answers are on the desk, as CODER_2." in done.stdout
    for real, came in (("Zo\u00eb", "CODER_1"), ("ben", "CODER_2")):
        for who in (real, came):
            coded.run("coding", "export", "--coder", who, "-o", str(tmp_path / f"{who}.jsonl"))
        assert (tmp_path / f"{real}.jsonl").read_text() == (tmp_path / f"{came}.jsonl").read_text()
    again = coded.run("import", project, "--every-coder")
    assert "0 codings of 2 answers are on the desk, as CODER_1." in again.stdout
    mixed = coded.run("import", project, "--every-coder", "--as", "ana")
    assert (mixed.exit_code, "--every-coder" in mixed.stderr) == (2, True)


def test_the_machine_alone_is_not_run_where_nobody_asked_for_it(
    coded: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.engines.open_coder", None)
    export(coded, tmp_path / "out", "csv", "--codings", "people")
    assert "CODER_1" in (tmp_path / "out" / "answers.csv").read_text("utf-8")


def test_a_sub_theme_that_the_codebook_no_longer_has_is_still_told(coded: Study, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(Path("analysis/frameworks/relational_practice.toml").read_text("utf-8"), "utf-8")
    older = read_framework(str(own))
    gone = older.themes[0].subthemes[0].model_copy(update={"id": "kindness"})
    older = older.model_copy(update={"themes": (older.themes[0].model_copy(update={"subthemes": (gone,)}),)})
    book = coded.book
    book.write("cat", "codebook", framework=DEFAULT, version=0, sha256=older.sha256, codes={}, note="x")
    mine = Coding(book, "cat", names[GROUP], GROUP, older)
    mine.add(Marked("kindness", "help", 0, 9))
    mine.finish()
    book.close()
    export(coded, tmp_path / "out", "qdpx")
    tree = tree_of(tmp_path / "out")
    xmlschema.XMLSchema(SCHEMA).validate(etree.tostring(tree).decode())
    codes = {each.get("guid"): each.get("name") for each in tree.iter(f"{Q}Code")}
    assert "kindness" in {codes[ref.get("targetGUID")] for ref in tree.iter(f"{Q}CodeRef")}
    assert '"kindness"' in (tmp_path / "out" / "codebook.csv").read_text()
