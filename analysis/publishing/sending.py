"""Publishing what a service answered: the page anew with the answers in it, and the bundle with which people are told.

Promises: all files are there or none is; the numbers of the page are those that were published, to the last one;
whatever is made of one service and period carries the same id, so that nobody is told twice.
"""

from datetime import date
from pathlib import Path

from analysis.publishing.answers import Answers
from analysis.summary.answered import ServiceAnswers
from analysis.summary.folder import Files, SummaryError, write_all
from analysis.summary.numbers import Summary
from analysis.summary.page import render
from analysis.summary.pdf import make_pdf
from storage.bundles import TIDINGS, TIDINGS_FILE, tidings_id
from storage.keys import BotRecipient, ResearchKey
from storage.seal.bundle import Bundle, Enclosed, make_bundle


def make_tidings(answers: Answers, summary: Summary, bot: BotRecipient, key: ResearchKey, today: date) -> bytes:
    """The bundle, signed and sealed to the bot."""
    text = answers.tidings(summary.period_title)
    enclosed = Enclosed(TIDINGS_FILE, "application/json", text.model_dump_json().encode())
    bundle_id = tidings_id(bot.study, summary.service, summary.period)
    return make_bundle(Bundle(bundle_id, today, TIDINGS, summary.service, (enclosed,)), bot, key)


def publish(files: Files, summary: Summary, held: ServiceAnswers, bundle: bytes, out: Path) -> int:
    """Write the page anew, its PDF where one is wanted, and the bundle. Returns how many points are answered.

    Raises SummaryError where the period is not over or a file cannot be written, PdfError.
    """
    check_publishable(files, summary, out)
    page = render(summary, answers=held)
    contents: dict[Path, str | bytes] = {files.page: page}
    if files.pdf is not None:
        contents[files.pdf] = make_pdf(page)
    write_all(contents | {out: bundle})
    return len(held.points)


def check_publishable(files: Files, summary: Summary, out: Path) -> None:
    """Before any key is asked for. Raises SummaryError, PdfError."""
    files.check()
    if not files.page.exists():
        raise SummaryError(f"{files.page} is not there: make the summary first, with `python -m analysis summary`.")
    if not summary.finished:
        raise SummaryError("This period is not over, and its numbers still change: publish when it is, made anew.")
    if out.exists() or not out.absolute().parent.is_dir():
        raise SummaryError(f"{out} cannot be written: name a file that is not there yet, in a folder that is.")


def read_summary(path: Path) -> Summary:
    """The numbers of a page, given by the page or by the file beside it. Raises SummaryError."""
    numbers = path if path.suffix.lower() == ".json" else Files(path).numbers
    try:
        return Summary.model_validate_json(numbers.read_text("utf-8"))
    except (OSError, ValueError):
        raise SummaryError(
            f"{numbers} is not there, or holds no numbers of a summary: give the page or that file."
        ) from None
