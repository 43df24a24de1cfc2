"""A summary as files: the page, its numbers as JSON and CSV beside it, and where wanted a PDF and an Easy Read page.
What was published once protects what follows.

Promises: all files are there or none is, and the numbers come last: where they are, the rest is; a finished period is
never published twice with different numbers, unless somebody says that it is a correction, and why, which then stands
on it; and never beside an overlapping period of the same service in the same folder, because one subtracted from the
other tells what a few people said. A period that is not over may be written again: its page says that it is not for
passing on.
"""

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from analysis.errors import AnalysisError
from analysis.period import read_period
from analysis.summary.easy import render_easy
from analysis.summary.numbers import Correction, Summary
from analysis.summary.page import render
from analysis.summary.pdf import check_pdf, make_pdf
from analysis.summary.spreadsheet import write_csv

_PAGES = {".html", ".htm"}
_LONGEST_REASON = 300


class SummaryError(AnalysisError):
    """A summary that is refused or cannot be written. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where the files of one summary belong; None where one is not wanted."""

    page: Path
    pdf: Path | None = None
    easy_read: Path | None = None

    @property
    def numbers(self) -> Path:
        """The same name as the page, ending in .json."""
        return self.page.with_suffix(".json")

    @property
    def table(self) -> Path:
        """The numbers once more, as CSV."""
        return self.page.with_suffix(".csv")

    @property
    def all(self) -> tuple[Path, ...]:
        """In the order in which they are written."""
        return tuple(
            path for path in (self.page, self.pdf, self.easy_read, self.table, self.numbers) if path is not None
        )

    def check(self) -> None:
        """Refuse places that cannot work before anything is opened. Raises SummaryError, PdfError."""
        if self.page.suffix.lower() not in _PAGES:
            raise SummaryError("A summary is a page: give a file name that ends in .html.")
        if self.easy_read is not None and (self.easy_read.suffix.lower() not in _PAGES or self.easy_read == self.page):
            raise SummaryError("The Easy Read page needs a file name of its own that ends in .html.")
        if self.pdf is not None:
            if self.pdf.suffix.lower() != ".pdf":
                raise SummaryError("A PDF needs a file name that ends in .pdf.")
            check_pdf()
        made = {self.table, self.numbers}  # beside the page
        if any(each.is_dir() or not each.absolute().parent.is_dir() for each in self.all if each not in made):
            raise SummaryError("The summary cannot be put there: make the folder that it should be in first.")


def write(summary: Summary, files: Files, *, correction: str = "") -> Summary:
    """Write the files, and return what is published: with a `correction` (the reason, in a sentence), the summary with
    its note. Raises SummaryError, PdfError."""
    files.check()
    if correction:
        summary = _correct(summary, files, " ".join(correction.split()))
    _check_earlier(summary, files)
    write_all(contents_of(summary, files))
    return summary


def contents_of(summary: Summary, files: Files) -> dict[Path, str | bytes]:
    """What is in each file, all of it made from the summary alone; the numbers are the last."""
    contents: dict[Path, str | bytes] = {files.page: render(summary)}
    if files.pdf is not None:
        contents[files.pdf] = make_pdf(render(summary))
    if files.easy_read is not None:
        contents[files.easy_read] = render_easy(summary)
    contents[files.table] = write_csv(summary)
    contents[files.numbers] = summary.model_dump_json(indent=2) + "\n"
    return contents


def write_all(contents: Mapping[Path, str | bytes]) -> None:
    """Write all of these files, in this order, or none. Raises SummaryError."""
    new = [path for path in contents if not path.exists()]
    partial = {path: path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial") for path in contents}
    try:
        for path, content in contents.items():
            with partial[path].open("wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())  # after a power cut too, a file that is there is whole
        for path in contents:
            partial[path].replace(path)
    except OSError as problem:
        for path in new:
            path.unlink(missing_ok=True)
        reason = os.strerror(problem.errno).lower() if problem.errno else "it cannot be written"
        raise SummaryError(f"The summary could not be written ({reason}).") from None
    finally:
        for path in partial.values():
            path.unlink(missing_ok=True)


def read_summary(path: Path) -> Summary | None:
    """The summary whose numbers are in a file; None where it is something else, or not there."""
    try:
        return Summary.model_validate_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None


def _correct(summary: Summary, files: Files, reason: str) -> Summary:
    """The summary with a note that it is corrected, behind those that the published one has."""
    earlier = read_summary(files.numbers)
    if earlier is None or (earlier.service, earlier.period) != (summary.service, summary.period):
        raise SummaryError(
            f"There is nothing to correct: {files.numbers.name} is not a summary of this service and period."
        )
    if _agree(earlier, summary):
        raise SummaryError(f"There is nothing to correct: {files.numbers.name} holds the same already.")
    if len(reason) > _LONGEST_REASON:
        raise SummaryError(f"Say in fewer words why it is corrected: {_LONGEST_REASON} characters are enough.")
    note = Correction(day=summary.made, reason=reason)
    return summary.model_copy(update={"corrections": (*earlier.corrections, note)})


def read_earlier(page: Path, service: str) -> list[Summary]:
    """The summaries of a service that lie in the folder of a page."""
    return [summary for _, summary in _earlier(page, service)]


def _earlier(page: Path, service: str) -> Iterator[tuple[Path, Summary]]:
    for path in sorted(page.absolute().parent.glob("*.json")):
        summary = read_summary(path)
        if summary is not None and summary.service == service:
            yield path, summary


def _check_earlier(summary: Summary, files: Files) -> None:
    period = read_period(summary.period)
    for path, earlier in _earlier(files.page, summary.service):
        same = earlier.period == summary.period
        corrected = path == files.numbers.absolute() and len(summary.corrections) > len(earlier.corrections)
        if same and earlier.finished and not corrected and not _agree(earlier, summary):
            raise SummaryError(
                f"{path.name} holds other numbers for the same service and period, and whoever has both could work out"
                " what a few people said: keep the earlier summary, or if it is wrong, correct it in its place with"
                ' --correction "why".'
            )
        if not same and period.overlaps(read_period(earlier.period)):
            raise SummaryError(
                f"{path.name} is a summary of the same service for {earlier.period}, which overlaps: choose months,"
                " quarters or years and stay with them, so that one cannot be subtracted from the other."
            )


def _agree(earlier: Summary, summary: Summary) -> bool:
    """Whether all that the earlier one counted is counted the same. Quotations may change: they are no numbers, and
    somebody may have taken back that they may be quoted."""
    same = (earlier.counts, earlier.framework.sha256) == (summary.counts, summary.framework.sha256)
    tables = ((earlier.sample, summary.sample), (earlier.mirrors, summary.mirrors))
    return same and all(before is None or before == now for before, now in tables)
