"""Tables as files: CSV, JSON Lines, Parquet, Excel. One row at a time, so that memory does not grow with the table.

Promises: what a spreadsheet could take for a formula is harmless (CSV has an apostrophe before it, cells of Excel are
text); no cell is cut short; a table that a format cannot hold is refused with a sentence, not truncated.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from analysis.export.request import ExportError
from analysis.export.rows import Row, as_field, as_line, csv_line, safe

_BATCH = 2000
_NO_EXTRA = "This format needs the extra `formats` of Hearten: install it, or export as csv, jsonl or qdpx."
_CELL = 32_767  # characters of a cell in Excel
_ROWS = 1_048_575  # rows of a sheet in Excel below its head


class Table(Protocol):
    """Somewhere rows go. `close` must be called once, also where writing failed."""

    def write(self, row: Row) -> None: ...

    def close(self) -> None: ...


class Csv:
    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._columns = columns
        self._file = path.open("wb")
        self._file.write(csv_line([safe(name) for name in columns]))

    def write(self, row: Row) -> None:
        self._file.write(csv_line([safe(as_field(row[name])) for name in self._columns]))

    def close(self) -> None:
        self._file.close()


class JsonLines:
    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write(self, row: Row) -> None:
        self._file.write(as_line(row, "jsonl"))

    def close(self) -> None:
        self._file.close()


class Parquet:
    """Lists and numbers keep their types. Compressed with Zstandard."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        try:
            import pyarrow as pa  # noqa: PLC0415 - of an extra
            import pyarrow.parquet as pq  # noqa: PLC0415
        except ImportError:
            raise ExportError(_NO_EXTRA) from None

        self._pa = pa
        coding = pa.struct(
            [("coder", pa.string()), ("subtheme", pa.string()), ("theme", pa.string()), ("stance", pa.string()),
             ("confidence", pa.float64()), ("start", pa.int64()), ("end", pa.int64()), ("reason", pa.string()),
             ("how", pa.string()), ("settled", pa.bool_())]
        )  # fmt: skip
        types = {
            "guide_version": pa.int32(), "voice_notes": pa.int32(), "subthemes": pa.list_(pa.string()),
            "stances": pa.list_(pa.string()), "coders": pa.list_(pa.string()), "codings": pa.list_(coding),
            "taken_out": pa.map_(pa.string(), pa.int32()),
        }  # fmt: skip
        self._schema = pa.schema([(name, types.get(name, pa.string())) for name in columns])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[Row] = []

    def write(self, row: Row) -> None:
        self._rows.append(
            {name: list(each.items()) if isinstance(each, Mapping) else each for name, each in row.items()}
        )
        if len(self._rows) == _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(self._pa.Table.from_pylist(self._rows, self._schema))
        self._rows.clear()

    def close(self) -> None:
        if self._rows:
            self._flush()
        self._writer.close()


class Excel:
    """One workbook. What does not fit into a cell goes on in the sheet `continued`."""

    def __init__(self, path: Path, sheets: Mapping[str, Sequence[str]]) -> None:
        try:
            from xlsxwriter import Workbook  # noqa: PLC0415 - of an extra
        except ImportError:
            raise ExportError(_NO_EXTRA) from None

        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                   "strings_to_numbers": False, "tmpdir": str(path.parent)}  # fmt: skip
        self._book: Any = Workbook(str(path), options)
        self._columns = {**sheets, "continued": ("sheet", "row", "column", "part", "text")}
        self._sheets: dict[str, Any] = {name: self._book.add_worksheet(name) for name in self._columns}
        self._next = dict.fromkeys(self._columns, 0)
        for name, columns in self._columns.items():
            self._put(name, columns)

    def write_to(self, sheet: str, row: Row) -> None:
        place = self._next[sheet]
        if place > _ROWS:
            raise ExportError("Excel holds a million rows and this is more: export as CSV or Parquet.")
        cells = []
        for column in self._columns[sheet]:
            value = row[column] if isinstance(row[column], int) else as_field(row[column])
            if isinstance(value, str) and len(value) > _CELL:
                for part, start in enumerate(range(_CELL, len(value), _CELL), start=2):
                    self._put("continued", (sheet, place + 1, column, part, value[start : start + _CELL]))
                value = value[:_CELL]
            cells.append(value)
        self._put(sheet, cells)

    def _put(self, sheet: str, cells: Sequence[str | int]) -> None:
        for column, value in enumerate(cells):
            if isinstance(value, int):
                self._sheets[sheet].write_number(self._next[sheet], column, value)
            else:
                self._sheets[sheet].write_string(self._next[sheet], column, value)
        self._next[sheet] += 1

    def close(self) -> None:
        self._book.close()


class Sheet:
    """One sheet of a workbook as a table."""

    def __init__(self, book: Excel, name: str) -> None:
        self._book = book
        self._name = name

    def write(self, row: Row) -> None:
        self._book.write_to(self._name, row)

    def close(self) -> None:
        """The workbook is closed once, by whoever made it."""
