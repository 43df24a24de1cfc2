"""The forms that the data of an export can have. `--format`, the manifest and the README take them from here.

To add one: a class with `write(row)` and `close()` as those in `tables` have, and its line in `FORMS`. The folder
around it, review, disclosure control and shuffling stay as they are. docs/hour.md walks through it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.export.rows import COLUMNS
from analysis.export.tables import Csv, Excel, JsonLines, Parquet, Sheet, Table

Opened = tuple[Table, Table, Sequence[Table | Excel]]
"""Where the answers go, where the people go, and what to close at the end."""


@dataclass(frozen=True, slots=True)
class Form:
    """`title` ends the sentence "the answers, as ..."; `unit` is what one answer is in the file.

    `open` is given the file of the answers, that of the people, and the columns of the people. None: not a table, but a
    project (`qdpx`), which is written as a whole.
    """

    title: str
    unit: str
    open: Callable[[Path, Path, Sequence[str]], Opened] | None


def two_files(table: Callable[[Path, Sequence[str]], Table]) -> Callable[[Path, Path, Sequence[str]], Opened]:
    """A file for the answers and one for the people, each made with its path and its columns."""

    def open_both(answers: Path, people: Path, columns: Sequence[str]) -> Opened:
        pair = table(answers, COLUMNS), table(people, columns)
        return *pair, pair

    return open_both


def _workbook(answers: Path, _people: Path, columns: Sequence[str]) -> Opened:
    book = Excel(answers, {"answers": COLUMNS, "people": columns})
    return Sheet(book, "answers"), Sheet(book, "people"), [book]


FORMS = {
    "csv": Form("CSV", "row", two_files(Csv)),
    "jsonl": Form("JSON Lines", "line", two_files(lambda path, _: JsonLines(path))),
    "parquet": Form("Parquet", "row", two_files(Parquet)),
    "xlsx": Form("an Excel workbook", "row of the sheet", _workbook),
    "qdpx": Form("a REFI-QDA project", "source", None),
}
