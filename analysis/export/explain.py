"""What explains an export: manifest, codebook, data dictionary, README."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined

from analysis.anonymity import Anonymised
from analysis.anonymity.hierarchy import hierarchy_of
from analysis.export.forms import FORMS
from analysis.export.people import describe
from analysis.export.request import Request
from analysis.export.rows import clean, csv_line, safe
from analysis.model import Framework
from storage.records import Flow

if TYPE_CHECKING:
    from analysis.export.folder import Written

_WHAT = {
    "codebook.csv": "the codes: themes, sub-themes and what they cover",
    "codebook.qdc": "the same for tools that read REFI-QDA",
    "codebook-taguette.csv": "the same for Taguette",
    "data-dictionary.csv": "what every column of the data means",
    "manifest.json": "versions, counts, what was taken out, and a checksum of every file",
    "methods.html": "sample table, flow of participants, COREQ items: drafts for a report",
    "flow.svg": "the flow of participants as a drawing",
    "README.txt": "this text",
}


def manifest_of(
    request: Request, framework: Framework, written: "Written", people: Anonymised, *, seed: str, flow: Flow | None
) -> dict[str, Any]:
    steps = written.steps.flow(len(written.people), flow, request.k)
    return {
        "format": "hearten export",
        "format_version": 3,
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
        "questions": written.steps.questions(steps),
        "flow": steps,
        "codings": written.coders.describe(request),
        "taken_out": dict(sorted(written.taken_out.items())),
        "made_coarser": {kind: "ten-year bands" if kind == "AGE" else "decades" for kind in ("AGE", "DATE")},
        "disclosure_control": describe(people),
        "left_out": ["voice notes", "days", "ids of the messenger"],
        "order": {"method": "SHA-256 of the seed followed by the answer id, ascending", "seed": seed},
    }


def explain(
    folder: Path,
    request: Request,
    framework: Framework,
    manifest: dict[str, Any],
    *,
    characteristics: Sequence[str],
    former: Iterable[str] = (),
) -> None:
    """Write everything but the data, add the hashes to the manifest, and let only the owner read it all. `former`:
    sub-themes that were coded with and that the codebook no longer has."""
    _write_table(folder / "codebook.csv", _codebook(framework, former))
    _write_table(folder / "codebook-taguette.csv", _taguette(framework))
    _write_table(folder / "data-dictionary.csv", _dictionary(characteristics))
    (folder / "README.txt").write_text(_readme(folder, request, framework, manifest), "utf-8")
    manifest["files"] = {path.name: _sha256(path) for path in sorted(folder.iterdir())}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
    for path in folder.iterdir():
        path.chmod(0o600)


def _own_version() -> str:
    try:
        return version("hearten")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "not installed"


def _codebook(framework: Framework, former: Iterable[str]) -> list[list[str]]:
    rows = [["framework", "framework_version", "theme", "theme_title", "subtheme", "subtheme_title", "covers"]]
    for theme in framework.themes:
        first = [framework.id, str(framework.version), theme.id, theme.title]
        rows += [[*first, each.id, each.title, each.covers] for each in theme.subthemes]
    no_longer = "Coded with under an earlier version; no longer in the codebook."
    return rows + [[framework.id, "", "", "", clean(each), clean(each), no_longer] for each in sorted(former)]


def _taguette(framework: Framework) -> list[list[str]]:
    """Taguette reads `path` and `description`; a point in a path parts a tag from its parent."""
    rows = [["path", "description"]]
    for theme in framework.themes:
        parent = theme.title.replace(".", " ")
        rows.append([parent, ""])
        rows += [[f"{parent}.{each.title.replace('.', ' ')}", each.covers] for each in theme.subthemes]
    return rows


def _dictionary(characteristics: Iterable[str]) -> list[list[str]]:
    columns = tomllib.loads(_own_text("dictionary.toml"))["column"]
    rows = [["column", "meaning", "values"], *([each["name"], each["meaning"], each["values"]] for each in columns)]
    for name in characteristics:
        meaning = (
            f"Of the person, in the table of people: {hierarchy_of(name).title.lower()}, as coarse as it had to be."
        )
        rows.append([f"people.{name}", meaning, 'text; "not told", or "withheld" so that nobody stands out'])
    return rows


def _readme(folder: Path, request: Request, framework: Framework, manifest: dict[str, Any]) -> str:
    pages = Environment(undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - plain text
    people = f"people.{request.form}"
    listed = [(request.data_file, f"the answers, as {FORMS[request.form].title}")]
    if (folder / people).exists():
        listed.append((people, "what is told of the people who gave them"))
    return pages.from_string(_own_text("readme.txt")).render(
        title="Answers for research" + (f", {request.period.title}" if request.period else ""),
        unreviewed=manifest["unreviewed_and_the_custodian_answers_for_it"],
        files=[*listed, *_WHAT.items()],
        unit=FORMS[request.form].unit,
        data_file=request.data_file,
        form=request.form,
        k=request.k,
        whose=manifest["codings"],
        framework=f"{framework.title}, version {framework.version} ({framework.source})",
    )


def _own_text(name: str) -> str:
    return files("analysis.export").joinpath("data", name).read_text("utf-8")


def _write_table(path: Path, rows: list[list[str]]) -> None:
    path.write_bytes(b"".join(csv_line([safe(field) for field in row]) for row in rows))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
