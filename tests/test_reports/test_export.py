"""An export is complete or absent, harms no program that opens it, and tells nobody who wrote what, or when."""

import csv
import hashlib
import io
import json
import stat
import tomllib
from collections.abc import AsyncIterator
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.export import ExportError, Request, export
from analysis.export.rows import COLUMNS, NewIds, as_line, clean, make_row, safe
from analysis.reading import CodedAnswer
from storage.records import Content
from tests.test_reports.invented import DAY, FRAMEWORK, answer, asked, coded, coding, stream

TODAY = date(2026, 11, 20)
HOSTILE = [
    "=1+1",
    "+44",
    "-2",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "\r=1",
    "＝1",
    "'=1",
    "a\x00b\x1b[31m",
    "<b>\u202eabc",
    "line\r\nline",
]


def request_for(folder: Path, form: str = "csv", *, unreviewed: bool = True) -> Request:
    return Request(folder=folder, form=form, unreviewed=unreviewed, made=TODAY)  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def run(request: Request, heard: list[CodedAnswer]) -> dict[str, object]:
    return await export(request, stream(heard), stream([asked(), asked(outcome="skipped", question="q2")]), FRAMEWORK)


async def test_without_the_custodians_word_nothing_leaves(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="--unreviewed-i-am-the-custodian"):
        await run(request_for(tmp_path / "out", unreviewed=False), [coded(answer())])
    assert names(tmp_path) == []


async def test_a_folder_that_exists_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ExportError, match="does not exist"):
        await run(request_for(tmp_path), [coded(answer())])
    assert names(tmp_path) == ["mine.txt"]


async def broken() -> AsyncIterator[CodedAnswer]:
    yield coded(answer())
    raise OSError(28, "disk full")


async def test_what_was_begun_is_removed_when_the_disk_is_full(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no space left"):
        await export(request_for(tmp_path / "out"), broken(), stream([]), FRAMEWORK)
    assert names(tmp_path) == []


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_one_row_for_each_answer_with_its_words_and_codings(tmp_path: Path, form: str) -> None:
    first = coded(answer("p1", 'They listened, "really".\nTwice.'), coding("t1s0"), coding("t1s1", "harm"))
    second = coded(answer("p2", "no", quotable=False, session="s-9"), taken_out={"name": 2})
    third = coded(answer("p2", "", parts=(Content("audio/ogg", b"voice"),)))
    manifest = await run(request_for(tmp_path / "out", form), [first, second, third])
    data = (tmp_path / "out" / f"answers.{form}").read_bytes().decode()
    rows = (
        list(csv.DictReader(io.StringIO(data, newline="")))
        if form == "csv"
        else list(map(json.loads, data.splitlines()))
    )
    assert [tuple(row) for row in rows] == [COLUMNS] * 3
    by_text = {row["text"]: row for row in rows}
    found = by_text[first.masked.text]
    assert found["subthemes"] == ("t1s0; t1s1" if form == "csv" else ["t1s0", "t1s1"])
    codings = json.loads(found["codings"]) if form == "csv" else found["codings"]
    assert [(each["subtheme"], each["stance"], each["start"], each["end"]) for each in codings] == [
        ("t1s0", "help", 0, 4),
        ("t1s1", "harm", 0, 4),
    ]
    assert (found["period"], found["may_be_quoted"], by_text["no"]["may_be_quoted"]) == ("2026-Q3", "yes", "no")
    assert by_text["no"]["person"] == by_text[""]["person"] != found["person"]
    assert by_text["no"]["session"] != by_text[""]["session"]
    assert str(by_text[""]["voice_notes"]) == "1"
    assert (manifest["people"], manifest["answers"], manifest["answers_without_text"]) == (2, 3, 1)
    assert manifest["taken_out"] == {"name": 2}
    assert manifest["questions"] == {"asked": 2, "answered": 1, "skipped": 1}


async def test_the_folder_explains_itself_and_is_for_its_owner_only(tmp_path: Path) -> None:
    await run(request_for(tmp_path / "out"), [coded(answer())])
    folder = tmp_path / "out"
    assert names(folder) == [
        "README.txt", "answers.csv", "codebook-taguette.csv", "codebook.csv", "codebook.qdc", "data-dictionary.csv",
        "flow.svg", "manifest.json", "methods.html", "people.csv",
    ]  # fmt: skip
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["reviewed"] is False
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert {*manifest["files"], "manifest.json"} == set(names(folder))
    readme = (folder / "README.txt").read_text()
    assert "not anonymous" in readme
    assert all(name in readme for name in names(folder))
    assert not any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in [folder, *folder.iterdir()])
    assert "Compassion" in (folder / "codebook.csv").read_text()


async def test_nothing_tells_who_when_or_in_which_order(tmp_path: Path) -> None:
    heard = [
        coded(answer(f"{n:032x}", f"text {n:03}", session=f"session-{n}", day=DAY + timedelta(days=n % 7)))
        for n in range(200)
    ]
    manifest = await run(request_for(tmp_path / "a", "jsonl"), heard)
    await run(request_for(tmp_path / "b", "jsonl"), heard)
    everything = b"".join(path.read_bytes() for path in (tmp_path / "a").iterdir()).decode()
    for each in heard:
        assert each.answer.person not in everything
        assert each.answer.session not in everything
        assert each.answer.day.isoformat() not in everything
    rows = [json.loads(line) for line in (tmp_path / "a" / "answers.jsonl").read_text().splitlines()]
    texts = [row["text"] for row in rows]
    assert texts != sorted(texts)
    seed = manifest["order"]["seed"]  # type: ignore[index]
    assert [row["answer"] for row in rows] == sorted(
        (row["answer"] for row in rows), key=lambda each: hashlib.sha256(f"{seed}{each}".encode()).digest()
    )
    others = {json.loads(line)["person"] for line in (tmp_path / "b" / "answers.jsonl").read_text().splitlines()}
    assert not others & {row["person"] for row in rows}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_by_name(text: str) -> None:
    check_line(text)


@given(st.text())
def test_no_text_makes_a_formula_or_breaks_out_of_its_field(text: str) -> None:
    check_line(text)


def check_line(text: str) -> None:
    row = make_row(coded(answer(text=text), coding("t1s1", reason=text)), NewIds())
    line = as_line(row, "csv").decode()
    (fields,) = csv.reader(io.StringIO(line, newline=""))
    assert len(fields) == len(COLUMNS)
    for field in fields:
        assert field[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n", "＝"}
        assert field.lstrip()[:1] not in {"=", "+", "-", "@"}
        assert not any(ord(each) < 32 and each not in "\n\t" for each in field)
    written = fields[COLUMNS.index("text")]
    assert written in {clean(text), "'" + clean(text)}
    assert len(clean(text)) == len(text), "spans must stay right"
    assert json.loads(as_line(row, "jsonl"))["text"] == clean(text)


def test_ordinary_words_are_written_as_they_are() -> None:
    for text in ["They listened.", "don't", "50% of the time", "a = b", "Diolch yn fawr 🙂", "سلمى"]:
        assert safe(clean(text)) == text


def test_the_dictionary_names_every_column_in_order() -> None:

    text = files("analysis.export").joinpath("data/dictionary.toml").read_text("utf-8")
    assert tuple(each["name"] for each in tomllib.loads(text)["column"]) == COLUMNS
