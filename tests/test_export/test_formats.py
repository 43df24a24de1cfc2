"""Parquet and Excel hold what JSON Lines holds; no format lets a formula, a tag or a control character through."""

import csv
import json
import os
import resource
import secrets
import signal
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
import xmlschema
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from lxml import etree

from analysis.desk import Handed, Work
from analysis.export import ExportError
from analysis.export.rows import COLUMNS, Format, clean
from analysis.export.spool import Spool
from analysis.export.tables import _CELL, Excel
from tests.test_export.making import DIFFICULT, hearing, make, request_for
from tests.test_export.test_refi import SCHEMA
from tests.test_reports.invented import answer, coded, coding


async def test_parquet_keeps_types_and_words(tmp_path: Path) -> None:
    await make(request_for(tmp_path / "out", "parquet"), hearing(), {"p0": {"age": "from_25_to_34"}})
    rows = pq.read_table(tmp_path / "out" / "answers.parquet").to_pylist()
    assert {row["text"] for row in rows} == {clean(each).encode("utf-8", "replace").decode() for each in DIFFICULT}
    assert list(rows[0]) == list(COLUMNS)
    assert rows[0]["codings"][0]["start"] == 0
    people = pq.read_table(tmp_path / "out" / "people.parquet").to_pylist()
    assert sorted(each["age"] for each in people) == ["from_25_to_34", "not told", "not told"]


async def test_excel_keeps_words_as_text(tmp_path: Path) -> None:
    await make(request_for(tmp_path / "out", "xlsx"), hearing())
    book = openpyxl.load_workbook(tmp_path / "out" / "answers.xlsx")
    assert book.sheetnames == ["answers", "people", "continued"]
    rows = list(book["answers"].iter_rows())
    assert tuple(cell.value for cell in rows[0]) == COLUMNS
    place = COLUMNS.index("text")
    assert {row[place].value for row in rows[1:]} == {clean(each) for each in DIFFICULT}
    assert all(cell.data_type in {"s", "n"} for row in rows for cell in row), "a formula would be f"


def test_what_is_longer_than_a_cell_goes_on(tmp_path: Path) -> None:
    book = Excel(tmp_path / "long.xlsx", {"answers": ("answer", "text")})
    long = "a" * _CELL + "b" * _CELL + "c"
    book.write_to("answers", {"answer": "A1", "text": long})
    book.close()
    read = openpyxl.load_workbook(tmp_path / "long.xlsx")
    begun = read["answers"]["B2"].value
    rest = [row[4] for row in read["continued"].iter_rows(min_row=2, values_only=True)]
    assert begun + "".join(rest) == long


@settings(max_examples=25, deadline=None)
@given(text=st.text(max_size=40))
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "xlsx", "qdpx"])
async def test_no_format_lets_anything_through(tmp_path_factory: pytest.TempPathFactory, form: Any, text: str) -> None:
    folder = tmp_path_factory.mktemp("any") / "out"
    hostile = f"=cmd|'/c calc'!A0{text}\x00\x1b]0;x\x07<img src=x onerror=alert(1)>"
    await make(request_for(folder, form), hearing([hostile]), {"p0": {"gender": hostile}})
    for path in folder.iterdir():
        data = path.read_bytes()
        if path.suffix in {".csv", ".jsonl", ".json", ".txt", ".html", ".svg", ".qdc"}:
            assert not any(byte < 32 and byte not in b"\n\r\t" for byte in data), path.name
        if path.suffix in {".html", ".svg", ".qdc"}:
            assert b"<img" not in data
        if path.suffix == ".csv":
            assert b'"=' not in data
    if form == "xlsx":
        for sheet in openpyxl.load_workbook(folder / "answers.xlsx"):
            assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    json.loads((folder / "manifest.json").read_text())


def every_text(path: Path) -> Iterator[str]:
    """All that a program would show of one file: cells, values, contents and attributes of elements."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            yield from (field for row in csv.reader(file) for field in row)
    elif path.suffix == ".parquet":
        yield from _strings(pq.read_table(path).to_pylist())
    elif path.suffix == ".xlsx":
        cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
        assert all(cell.data_type != "f" for cell in cells)
        yield from (str(cell.value) for cell in cells if cell.value is not None)
    elif path.suffix == ".qdpx":
        with zipfile.ZipFile(path) as archive:
            tree = etree.fromstring(archive.read("project.qde"))
            xmlschema.XMLSchema(SCHEMA).validate(etree.tostring(tree).decode())
            yield from (archive.read(name).decode() for name in archive.namelist() if name.startswith("sources/"))
        assert not any("}" not in str(each.tag) for each in tree.iter()), "a tag that somebody wrote would have no name"
        yield from (text for each in tree.iter() for text in [each.text, *each.attrib.values()] if text)
    else:
        yield path.read_text("utf-8")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _strings(list(value.items()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(words=st.text(max_size=30), sign=st.sampled_from("=+-@|%\t\r\n＝ "))
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "xlsx", "qdpx"])
async def test_nor_what_coders_and_guides_are_called_nor_what_coders_wrote(
    tmp_path_factory: pytest.TempPathFactory, form: Any, words: str, sign: str
) -> None:
    folder = tmp_path_factory.mktemp("any") / "out"
    hostile = f"{sign}cmd|'/c calc'!A0\x00\x1b]0;x\x07<img src=x onerror=alert(1)>]]>{words}"
    memo = Handed(hostile, "", "help", 0, 1, hostile, "added", True)
    work = (Work(hostile, (memo,), True), Work("CODER_2", (memo, memo), True))
    given_answer = answer("p0", hostile, service=hostile, guide=hostile, question=hostile)
    heard = coded(given_answer, coding("t1s0", reason=hostile))
    heard = replace(heard, masked=replace(heard.masked, people=work))
    await make(request_for(folder, form), [heard], {"p0": {hostile: hostile}})
    for path in folder.iterdir():
        for text in every_text(path):
            controls = {each for each in text if ord(each) < 32 or 0x7F <= ord(each) < 0xA0}
            assert controls <= {"\n", "\t"}, path.name
            if path.suffix == ".csv":
                bare = text.lstrip(" \t\n\u00a0\u200b\ufeff")
                assert bare[:1] not in set("=+-@|%＝＋－＠"), "a spreadsheet would take it for a formula"
            if path.suffix in {".html", ".svg", ".qdc"}:
                assert "<img" not in text


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "xlsx", "qdpx"])
@pytest.mark.parametrize(("stage", "most"), [("add", 0), ("add", 30_000), ("rows", 0), ("rows", 12_000)])
async def test_a_disk_that_is_really_full_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Format, stage: str, most: int
) -> None:
    """From the first answer on, or once all are written down, the system lets no file grow further."""
    heard = hearing([secrets.token_hex(400) for _ in range(60)])
    whole = getattr(Spool, stage)

    def full(*given: object) -> object:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
        return whole(*given)

    with monkeypatch.context() as patched:
        patched.setattr(Spool, stage, full)
        refused = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            with pytest.raises(ExportError, match="what was written is removed"):
                await make(request_for(tmp_path / "out", form), heard)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            signal.signal(signal.SIGXFSZ, refused)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a test has nobody to wait for
    await make(request_for(tmp_path / "out", form), heard)
