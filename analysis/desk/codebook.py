"""Which version of which framework people code with, and why it changed.

Promises: every coding carries id, version and hash of its framework; a framework that changed cannot be coded with
until somebody says why; what the codes were called is kept with each version, so that old codings stay readable.
"""

from dataclasses import dataclass

from analysis.desk.book import Book, Entry
from analysis.desk.errors import DeskError
from analysis.model import Framework

CODEBOOK = "codebook"


@dataclass(frozen=True, slots=True)
class Edition:
    """A framework as it was coded with from some day on. `codes` are sub-themes and what they were called."""

    framework: str
    version: int
    sha256: str
    at: str
    who: str
    reason: str
    codes: dict[str, str]


def editions(book: Book, framework: str) -> list[Edition]:
    """The editions of a framework, oldest first."""
    return [_edition(each) for each in book.of_kind(CODEBOOK) if each.detail["framework"] == framework]


def is_current(book: Book, framework: Framework) -> bool:
    known = editions(book, framework.id)
    return bool(known) and known[-1].sha256 == framework.sha256


def take_up(book: Book, who: str, framework: Framework, reason: str = "") -> bool:
    """Begin to code with this framework as it is now; whether anything was new. Raises DeskError where it is another
    than before and no reason is given."""
    known = editions(book, framework.id)
    if known and known[-1].sha256 == framework.sha256:
        return False
    if known and not reason.strip():
        raise DeskError(
            f"The codebook {framework.id} changed since it was last coded with (version {known[-1].version} then,"
            f" {framework.version} now): say why with `python -m analysis coding codebook`."
        )
    codes = {each.id: each.title for each in framework.subthemes}
    book.write(
        who, CODEBOOK, note=reason.strip() or "First used.", framework=framework.id, version=framework.version,
        sha256=framework.sha256, codes=codes,
    )  # fmt: skip
    return True


def _edition(entry: Entry) -> Edition:
    each = entry.detail
    return Edition(
        each["framework"], each["version"], each["sha256"], entry.at, entry.who, entry.note, dict(each["codes"])
    )
