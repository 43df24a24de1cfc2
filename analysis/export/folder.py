"""The folder that an export leaves behind: data, people, codebook, data dictionary, manifest, reports for a methods
section, and a README for who receives it.

Promises: nothing in free text leaves unreviewed unless whoever holds the data says so in as many words; a folder that
exists is never touched; a folder is complete or absent (it is made beside its place and moved there at the end); only
its owner may read it; memory does not grow with the number of answers beyond a few bytes for each.
"""

import os
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.anonymity import Anonymised
from analysis.export import methods
from analysis.export.coders import Coders
from analysis.export.explain import explain, manifest_of
from analysis.export.flow import Steps
from analysis.export.forms import FORMS
from analysis.export.people import Table, Told, as_rows, coarsen_row
from analysis.export.qdpx import write_codebook, write_project
from analysis.export.request import ExportError, Request, check, refuse_unreviewed
from analysis.export.rows import NewIds, Row, machine_name, make_row
from analysis.export.spool import Spool
from analysis.model import Framework
from analysis.reading import CodedAnswer
from storage.records import Asked, Flow

__all__ = ["ExportError", "Request", "check", "export", "refuse_unreviewed"]


@dataclass
class Written:
    """What passed through while the rows were written down."""

    answers: int = 0
    without_text: int = 0
    people: set[str] = field(default_factory=set)
    guides: Counter[tuple[str, int]] = field(default_factory=Counter)
    taken_out: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    steps: Steps = field(default_factory=Steps)
    coders: Coders = field(default_factory=Coders)

    @property
    def unreviewed(self) -> int:
        return self.verdicts["open"] + self.verdicts["waiting"]

    def count(self, coded: CodedAnswer, row: Row) -> None:
        self.answers += 1
        self.without_text += not coded.masked.text
        self.people.add(coded.answer.person)
        self.guides[row["guide"], row["guide_version"]] += 1
        self.taken_out.update(coded.masked.taken_out)
        self.coders.count(row)


async def export(
    request: Request,
    coded: AsyncIterator[CodedAnswer],
    asked: AsyncIterator[Asked],
    framework: Framework,
    *,
    told: Told | None = None,
    flow: Flow | None = None,
    engine: Callable[[], str] = str,
) -> dict[str, Any]:
    """Write the folder and return its manifest. `engine` says, at the end, which engine coded. Raises ExportError;
    then there is no folder."""
    check(request)
    target = request.folder.absolute()
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        partial.mkdir(mode=0o700)
        manifest = await _fill(partial, request, coded, asked, framework, told=told or Told(), flow=flow, engine=engine)
        partial.rename(target)
    except OSError as problem:
        reason = os.strerror(problem.errno).lower() if problem.errno else "it cannot be written"
        raise ExportError(f"The export could not be finished ({reason}); what was written is removed.") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return manifest


async def _fill(
    folder: Path,
    request: Request,
    coded: AsyncIterator[CodedAnswer],
    asked: AsyncIterator[Asked],
    framework: Framework,
    *,
    told: Told,
    flow: Flow | None,
    engine: Callable[[], str],
) -> dict[str, Any]:
    seed = secrets.token_hex(16)
    written, people = Written(), Table(told, request)
    with Spool(folder / "unsorted", seed) as spool:
        await _write_down(spool, request, coded, written, people=people, engine=engine)
        table = people.settle()
        machine = {machine_name(engine())} if request.by_machine else set()
        _write_data(folder, request, framework, spool, table, coders={*machine, *written.coders.answers})
    await written.steps.gather(asked)
    write_codebook(folder / "codebook.qdc", framework)
    manifest = manifest_of(request, framework, written, table, seed=seed, flow=flow)
    manifest["engine"] = engine() if request.by_machine else None
    methods.write(folder, manifest, table)
    explain(folder, request, framework, manifest, characteristics=table.names, former=written.coders.former)
    return manifest


async def _write_down(
    spool: Spool,
    request: Request,
    coded: AsyncIterator[CodedAnswer],
    written: Written,
    *,
    people: Table,
    engine: Callable[[], str],
) -> None:
    ids = NewIds()
    async for each in coded:
        verdict = each.masked.verdict
        written.verdicts[verdict] += 1
        if verdict == "withheld":
            continue
        if verdict != "approved" and not request.unreviewed:
            raise refuse_unreviewed()
        row = make_row(each, ids, request.codings, engine())
        spool.add(row)
        written.count(each, row)
        people.note(row["person"], each.answer)


def _write_data(
    folder: Path, request: Request, framework: Framework, spool: Spool, table: Anonymised, *, coders: set[str]
) -> None:
    """The answers in shuffled order, as coarse as what is told of their people; then the people."""
    people = as_rows(table)

    def rows() -> Iterable[Row]:
        for row in spool.rows():
            yield coarsen_row(row, people[row["person"]])

    place, form = folder / request.data_file, FORMS[request.form]
    if form.open is None:
        title = "Answers for research" + (f", {request.period.title}" if request.period else "")
        write_project(
            place, rows, people, framework, made=request.made, title=title, coders=coders, narrow=request.narrow
        )
        return
    answers, persons, close = form.open(place, folder / f"people.{request.form}", ["person", *table.names])
    try:
        for row in rows():
            answers.write(row)
        for person, values in people.items():
            persons.write({"person": person} | values)
    finally:
        for each in close:
            each.close()
