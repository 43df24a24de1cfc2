"""What is asked of an export, and what is refused before anything is opened."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from analysis.errors import AnalysisError
from analysis.export.rows import Codings, Format
from analysis.period import Period

#: Below this, a group hides nobody.
LEAST_K, LEAST_L = 3, 1
DEFAULT_K, DEFAULT_L = 5, 2


class ExportError(AnalysisError):
    """An export that is refused or could not be finished. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `made` is the day of the export; `reviewers` is how many people have to approve a text. `k`
    and `l` are those of the disclosure control; `k` of 1 leaves what was told as it is. `narrow` replaces characters
    outside the basic plane, for tools that count UTF-16 (REFI-QDA only). `codings` says whose; `named` and `memos` are
    what the custodian asked for about coders."""

    folder: Path
    form: Format
    unreviewed: bool
    made: date
    service: str | None = None
    period: Period | None = None
    reviewers: int = 1
    k: int = 1
    l: int = 1  # noqa: E741 - its name in the field
    narrow: bool = False
    codings: Codings = "all"
    named: bool = False
    memos: bool = True

    @property
    def by_machine(self) -> bool:
        """Whether the machine's suggestions are wanted."""
        return self.codings in {"all", "machine"}

    @property
    def by_people(self) -> bool:
        return self.codings != "machine"

    @property
    def data_file(self) -> str:
        return f"answers.{self.form}"


def check(request: Request) -> None:
    """Refuse what must not or cannot be done, before anything is opened. Raises ExportError."""
    if request.folder.exists() or request.folder.is_symlink():
        raise ExportError("There is something at the place of the export already: name a folder that does not exist.")
    if not request.folder.absolute().parent.is_dir():
        raise ExportError("The export cannot be put there: make the folder that it should be in first.")


def refuse_unreviewed(texts: int | None = None) -> ExportError:
    """`texts`: how many were not reviewed, where that is known."""
    which = "Some texts were not reviewed"
    if texts is not None:
        which = "1 text was not reviewed" if texts == 1 else f"{texts} texts were not reviewed"
    return ExportError(
        f"{which} by a person, and a machine misses names: nothing was exported. Review them with `python -m analysis"
        " serve` or `review`, or, if you are the custodian of the data and answer for what happens to it, add"
        " --unreviewed-i-am-the-custodian."
    )
