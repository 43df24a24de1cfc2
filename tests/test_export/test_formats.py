"""Parquet and Excel hold what JSON Lines holds; no format lets a formula, a tag or a control character through."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.export.rows import COLUMNS, clean
from analysis.export.tables import _CELL, Excel
from tests.test_export.making import DIFFICULT, hearing, make, request_for


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
