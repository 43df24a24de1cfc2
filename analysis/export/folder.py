"""The folder that an export leaves behind: data, codebook, data dictionary, manifest, and a README for who receives it.

Promises: nothing in free text leaves unreviewed unless whoever holds the data says so in as many words, and then the
manifest and the README say so too; what a reviewer withheld never leaves; a folder that exists is never touched; a
folder is complete or absent (it is made beside its place and moved there at the end); only its owner may read it;
memory does not grow with the number of answers beyond a few bytes for each.

The order of rows is that of SHA-256(seed, answer id). The ids are random and made for this export, so the recorded seed
lets anybody repeat the order and lets nobody undo it: it says nothing about who came first.
"""

import hashlib
import json
import os
import secrets
import shutil
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO

from jinja2 import Environment, StrictUndefined

from analysis.errors import AnalysisError
from analysis.export.rows import COLUMNS, Format, NewIds, as_line, csv_line, make_row, safe
from analysis.model import Framework
from analysis.period import Period
from analysis.reading import CodedAnswer
from storage.records import Asked

_WHAT = {
    "codebook.csv": "the codes: themes, sub-themes and what they cover",
    "data-dictionary.csv": "what every column of the data means",
    "manifest.json": "versions, counts, what was taken out, and a checksum of every file",
    "README.txt": "this text",
}


class ExportError(AnalysisError):
    """An export that is refused or could not be finished. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `made` is the day of the export; `reviewers` is how many people have to approve a text."""

    folder: Path
    form: Format
    unreviewed: bool
    made: date
    service: str | None = None
    period: Period | None = None
    reviewers: int = 1

    @property
    def data_file(self) -> str:
        return f"answers.{self.form}"


@dataclass
class _Written:
    """What passed through while the data file was written."""

    answers: int = 0
    without_text: int = 0
    people: set[str] = field(default_factory=set)
    guides: Counter[tuple[str, int]] = field(default_factory=Counter)
    taken_out: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    places: list[tuple[bytes, int, int]] = field(default_factory=list)  # (order, offset, length) of each row

    @property
    def unreviewed(self) -> int:
        return self.verdicts["open"] + self.verdicts["waiting"]

    def count(self, coded: CodedAnswer) -> None:
        self.answers += 1
        self.without_text += not coded.masked.text
        self.people.add(coded.answer.person)
        self.guides[coded.answer.guide, coded.answer.guide_version] += 1
        self.taken_out.update(coded.masked.taken_out)


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


async def export(
    request: Request, coded: AsyncIterator[CodedAnswer], asked: AsyncIterator[Asked], framework: Framework
) -> dict[str, Any]:
    """Write the folder and return its manifest. Raises ExportError; then there is no folder."""
    check(request)
    target = request.folder.absolute()
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        partial.mkdir(mode=0o700)
        manifest = await _fill(partial, request, coded, asked, framework)
        partial.rename(target)
    except OSError as problem:
        reason = os.strerror(problem.errno).lower() if problem.errno else "it cannot be written"
        raise ExportError(f"The export could not be finished ({reason}); what was written is removed.") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return manifest


async def _fill(
    folder: Path, request: Request, coded: AsyncIterator[CodedAnswer], asked: AsyncIterator[Asked], framework: Framework
) -> dict[str, Any]:
    seed = secrets.token_hex(16)
    written = await _write_data(folder, request, coded, seed)
    outcomes: Counter[str] = Counter()
    async for question in asked:
        outcomes["asked"] += 1
        outcomes[question.outcome] += question.outcome != "asked"
    manifest = _manifest(request, framework, written, outcomes, seed)
    _explain(folder, request, framework, manifest, unreviewed=bool(written.unreviewed))
    return manifest


def _explain(
    folder: Path, request: Request, framework: Framework, manifest: dict[str, Any], *, unreviewed: bool
) -> None:
    """Write everything but the data, and let only the owner read it all."""
    _write_table(folder / "codebook.csv", _codebook(framework))
    _write_table(folder / "data-dictionary.csv", _dictionary())
    (folder / "README.txt").write_text(_readme(request, framework, unreviewed=unreviewed), "utf-8")
    manifest["files"] = {path.name: _sha256(path) for path in sorted(folder.iterdir())}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
    for path in folder.iterdir():
        path.chmod(0o600)


async def _write_data(folder: Path, request: Request, coded: AsyncIterator[CodedAnswer], seed: str) -> _Written:
    """Rows are written as they come, and copied in shuffled order at the end: only their places are held in memory."""
    written, ids = _Written(), NewIds()
    unsorted = folder / "unsorted"
    with unsorted.open("w+b") as rows:
        async for each in coded:
            verdict = each.masked.verdict
            written.verdicts[verdict] += 1
            if verdict == "withheld":
                continue
            if verdict != "approved" and not request.unreviewed:
                raise refuse_unreviewed()
            row = make_row(each, ids)
            line = as_line(row, request.form)
            order = hashlib.sha256(f"{seed}{row['answer']}".encode()).digest()[:12]
            written.places.append((order, rows.tell(), len(line)))
            rows.write(line)
            written.count(each)
        written.places.sort()
        with (folder / request.data_file).open("wb") as data:
            if request.form == "csv":
                data.write(csv_line(list(COLUMNS)))
            data.writelines(_in_order(rows, written.places))
    unsorted.unlink()
    return written


def _in_order(rows: BinaryIO, places: list[tuple[bytes, int, int]]) -> Iterator[bytes]:
    for _, offset, length in places:
        rows.seek(offset)
        yield rows.read(length)


def _manifest(
    request: Request, framework: Framework, written: _Written, outcomes: Counter[str], seed: str
) -> dict[str, Any]:
    return {
        "format": "hearten export",
        "format_version": 1,
        "made": request.made.isoformat(),
        "hearten": _own_version(),
        "data_format": request.form,
        "service": request.service,
        "period": request.period.name if request.period else None,
        "reviewed": not written.unreviewed,
        "unreviewed_and_the_custodian_answers_for_it": bool(written.unreviewed),
        "review": {
            "approved": written.verdicts["approved"],
            "withheld_and_left_out": written.verdicts["withheld"],
            "unreviewed": written.unreviewed,
            "people_who_had_to_approve": request.reviewers,
        },
        "framework": {"id": framework.id, "version": framework.version, "sha256": framework.sha256},
        "guides": [{"id": guide, "version": number} for guide, number in sorted(written.guides)],
        "people": len(written.people),
        "answers": written.answers,
        "answers_without_text": written.without_text,
        "questions": {"asked": outcomes["asked"], "answered": outcomes["answered"], "skipped": outcomes["skipped"]},
        "taken_out": dict(sorted(written.taken_out.items())),
        "left_out": ["answers about the person (characteristics)", "voice notes", "days", "ids of the messenger"],
        "order": {"method": "SHA-256 of the seed followed by the answer id, ascending", "seed": seed},
    }


def _own_version() -> str:
    try:
        return version("hearten")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "not installed"


def _codebook(framework: Framework) -> list[list[str]]:
    rows = [["framework", "framework_version", "theme", "theme_title", "subtheme", "subtheme_title", "covers"]]
    for theme in framework.themes:
        first = [framework.id, str(framework.version), theme.id, theme.title]
        rows += [[*first, each.id, each.title, each.covers] for each in theme.subthemes]
    return rows


def _dictionary() -> list[list[str]]:
    columns = tomllib.loads(_own_text("dictionary.toml"))["column"]
    return [["column", "meaning", "values"], *([each["name"], each["meaning"], each["values"]] for each in columns)]


def _readme(request: Request, framework: Framework, *, unreviewed: bool) -> str:
    pages = Environment(undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - plain text
    return pages.from_string(_own_text("readme.txt")).render(
        title="Answers for research" + (f", {request.period.title}" if request.period else ""),
        unreviewed=unreviewed,
        files=[(request.data_file, "the answers"), *_WHAT.items()],
        unit="row" if request.form == "csv" else "line",
        data_file=request.data_file,
        csv=request.form == "csv",
        framework=f"{framework.title}, version {framework.version} ({framework.source})",
    )


def _own_text(name: str) -> str:
    return files("analysis.export").joinpath("data", name).read_text("utf-8")


def _write_table(path: Path, rows: list[list[str]]) -> None:
    path.write_bytes(b"".join(csv_line([safe(field) for field in row]) for row in rows))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
