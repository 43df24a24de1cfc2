"""A summary as files: the page, its numbers as JSON beside it, and where wanted the same as a PDF and in Easy Read.
What was published once protects what follows.

Promises: all files are there or none is, and the numbers come last: where they are, the rest is; a finished period is
never published twice with different numbers, and never beside an overlapping period of the same service in the same
folder, because one subtracted from the other tells what a few people said. A period that is not over may be written
again: its page says that it is not for passing on.
"""

import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from analysis.errors import AnalysisError
from analysis.period import read_period
from analysis.summary.easy import render_easy
from analysis.summary.numbers import Summary
from analysis.summary.page import render
from analysis.summary.pdf import check_pdf, make_pdf


class SummaryError(AnalysisError):
    """A summary that is refused or cannot be written. The message says what to do."""


def numbers_of(page: Path) -> Path:
    """Where the numbers of a page are: the same name, ending in .json."""
    return page.with_suffix(".json")


def check_place(page: Path, pdf: Path | None = None, easy_read: Path | None = None) -> None:
    """Refuse places that cannot work before anything is opened. Raises SummaryError, PdfError."""
    if page.suffix.lower() not in {".html", ".htm"}:
        raise SummaryError("A summary is a page: give a file name that ends in .html.")
    if pdf is not None:
        if pdf.suffix.lower() != ".pdf":
            raise SummaryError("A PDF needs a file name that ends in .pdf.")
        check_pdf()
    if easy_read is not None and (easy_read.suffix.lower() not in {".html", ".htm"} or easy_read == page):
        raise SummaryError("The Easy Read page needs a file name of its own that ends in .html.")
    if any(each.is_dir() or not each.absolute().parent.is_dir() for each in (page, pdf, easy_read) if each):
        raise SummaryError("The summary cannot be put there: make the folder that it should be in first.")


def write(summary: Summary, page: Path, pdf: Path | None = None, easy_read: Path | None = None) -> None:
    """Write the files. Raises SummaryError, PdfError."""
    check_place(page, pdf, easy_read)
    _check_earlier(summary, page)
    contents: dict[Path, str | bytes] = {page: render(summary)}
    if pdf is not None:
        contents[pdf] = make_pdf(render(summary))
    if easy_read is not None:
        contents[easy_read] = render_easy(summary)
    contents[numbers_of(page)] = summary.model_dump_json(indent=2) + "\n"
    write_all(contents)


def write_all(contents: Mapping[Path, str | bytes]) -> None:
    """Write all of these files, in this order, or none. Raises SummaryError."""
    new = [path for path in contents if not path.exists()]
    partial = {path: path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial") for path in contents}
    try:
        for path, content in contents.items():
            partial[path].write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
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


def read_earlier(page: Path, service: str) -> list[Summary]:
    """The summaries of a service that lie in the folder of a page."""
    return [summary for _, summary in _earlier(page, service)]


def _earlier(page: Path, service: str) -> Iterator[tuple[Path, Summary]]:
    for path in sorted(page.absolute().parent.glob("*.json")):
        summary = _read(path)
        if summary is not None and summary.service == service:
            yield path, summary


def _check_earlier(summary: Summary, page: Path) -> None:
    period = read_period(summary.period)
    for path, earlier in _earlier(page, summary.service):
        same = earlier.period == summary.period
        if same and earlier.finished and not _agree(earlier, summary):
            raise SummaryError(
                f"{path.name} holds other numbers for the same service and period, and whoever has both could work out"
                " what a few people said: keep the earlier summary, or remove it everywhere before you make a new one."
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
    return same and (earlier.sample is None or earlier.sample == summary.sample)


def _read(path: Path) -> Summary | None:
    """The summary in a file; None where it is something else."""
    try:
        return Summary.model_validate_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None
