"""`coding` on the command line: what people code, out to a file for `agreement`, and in from elsewhere.

In `show`, `add`, `accept` and `reject`, parts count in the clean text, as it is shown. In the files, positions count in
the answer as it was said, so that codings from two desks fit each other whatever each of them took out.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.commands.desk import Name, Part, read_answer, read_part
from analysis.commands.lines import read_records, write_whole
from analysis.commands.study import Key, Who, open_study, run
from analysis.desk import Book, Cleaner, DeskError, OnDesk, name_of, read_name
from analysis.desk.codebook import take_up
from analysis.desk.coding import Coding, Marked, coded_by, coders_of
from analysis.frameworks import DEFAULT, read_framework
from analysis.model import Framework
from analysis.questions import invites_of
from analysis.serve.view import visible
from storage.records import Answer

if TYPE_CHECKING:
    from analysis.agreement.units import CodedText

FrameworkName = Annotated[
    str, typer.Option("--framework", metavar="ID", help="Id of a framework, or path of your own.")
]
Number = Annotated[
    int, typer.Argument(metavar="NUMBER", help="The number of a suggestion, as `show` prints it.", min=1)
]

coding = typer.Typer(help="Coding by people: see, add, decide on suggestions, bring in and out.", no_args_is_help=True)


@coding.command("list")
def list_answers(key: Key, who: Who = "", framework: FrameworkName = DEFAULT) -> None:
    """Print each answer, and who finished coding it, as a line of JSON."""

    async def work() -> None:
        chosen = read_framework(framework)
        async with open_study(key) as (reader, _, book):
            book.write(read_name(who), "opened", what="coding list")
            async for each in reader.answers():
                if each.kind == "answer":
                    done = coders_of(book.of(name_of(each)), book.text_code(each.text), chosen.id)
                    typer.echo(json.dumps({"answer": name_of(each), "finished_by": list(done)}, ensure_ascii=False))

    run(work)


@coding.command("show")
def show(answer: Name, key: Key, who: Who = "", framework: FrameworkName = DEFAULT) -> None:
    """Show the clean text, the machine's suggestions with their numbers, and your own codings."""

    def look(found: OnDesk, mine: Coding) -> None:
        typer.echo(visible(found.clean.text) + "\n\nSuggestions:")
        for number, each in enumerate(_suggestions(found, framework), 1):
            start, end = found.clean.to_clean(each.start, each.end)
            typer.echo(f"  {number}. {start}-{end} {each.subtheme}, {each.stance}")
        typer.echo("Yours:")
        for coded in mine.view.standing:
            start, end = found.clean.to_clean(coded.start, coded.end)
            typer.echo(f"  {start}-{end} {coded.subtheme}, {coded.stance} ({coded.status})")

    _act(key, who, answer, framework, look)


@coding.command("add")
def add(
    answer: Name,
    part: Part,
    subtheme: Annotated[str, typer.Argument(metavar="SUBTHEME")],
    stance: Annotated[str, typer.Argument(metavar="STANCE", help="help, harm, wish, mixed or neither.")],
    key: Key,
    *,
    who: Who = "",
    framework: FrameworkName = DEFAULT,
) -> None:
    """Code a part of an answer."""

    def do(found: OnDesk, mine: Coding) -> None:
        mine.add(Marked(subtheme, stance, *found.clean.to_original(*read_part(part))))

    _act(key, who, answer, framework, do)


@coding.command("accept")
def accept(answer: Name, number: Number, key: Key, who: Who = "", framework: FrameworkName = DEFAULT) -> None:
    """Accept a suggestion of the machine."""
    _act(key, who, answer, framework, lambda found, mine: mine.accept(_pick(found, framework, number)))


@coding.command("reject")
def reject(answer: Name, number: Number, key: Key, who: Who = "", framework: FrameworkName = DEFAULT) -> None:
    """Reject a suggestion of the machine."""
    _act(key, who, answer, framework, lambda found, mine: mine.reject(_pick(found, framework, number)))


@coding.command("finish")
def finish(answer: Name, key: Key, who: Who = "", framework: FrameworkName = DEFAULT) -> None:
    """Say that you are done with an answer, with codings or without."""
    _act(key, who, answer, framework, lambda _, mine: mine.finish())


@coding.command("undo")
def undo(answer: Name, key: Key, who: Who = "", framework: FrameworkName = DEFAULT) -> None:
    """Take back your own last step with an answer."""

    def do(_found: OnDesk, mine: Coding) -> None:
        if not mine.undo():
            raise DeskError("There is nothing of yours to take back here.")

    _act(key, who, answer, framework, do)


@coding.command("codebook")
def codebook(key: Key, who: Who = "", framework: FrameworkName = DEFAULT) -> None:
    """Take up a changed framework; asks for the reason, or reads it from standard input."""

    async def work() -> None:
        chosen = read_framework(framework)
        async with open_study(key) as (_, _, book):
            reason = typer.prompt("What changed, and why", err=True, default="", show_default=False)
            new = take_up(book, read_name(who), chosen, reason)
            typer.echo(f"Version {chosen.version} is {'taken up' if new else 'in use already'}.")

    run(work)


@coding.command("export")
def export_codings(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT.jsonl", help="File to write.")],
    key: Key,
    coder: Annotated[str, typer.Option(help="Whose codings; default: yours.")] = "",
    who: Who = "",
    framework: FrameworkName = DEFAULT,
    *,
    machine: Annotated[bool, typer.Option("--machine", help="The machine's suggestions instead.")] = False,
) -> None:
    """Write what one coder finished, or the machine suggests, as lines for `agreement`. No words, no memos."""

    async def work() -> None:
        chosen = read_framework(framework)
        async with open_study(key) as (reader, _, book):
            name = read_name(who)
            book.write(name, "opened", what="coding export")
            clean, count = Cleaner(book), 0
            with write_whole(out) as file:
                async for each in reader.answers():
                    if each.kind != "answer":
                        continue
                    line = (
                        _machine_line(clean(each), chosen, framework)
                        if machine
                        else _line(book, each, coder or name, chosen)
                    )
                    if line:
                        file.write(json.dumps(line, ensure_ascii=False) + "\n")
                        count += 1
            book.write(name, "exported", what="codings", coder="" if machine else coder or name, answers=count)
        typer.echo(f"{count} coded answers are in {out.name}.")

    run(work)


@coding.command("import")
def import_codings(
    source: Annotated[Path, typer.Argument(metavar="IN.jsonl", help="Lines as `export` writes them.")],
    key: Key,
    coder: Annotated[str, typer.Option(help="Who coded them.")],
    framework: FrameworkName = DEFAULT,
) -> None:
    """Bring in what somebody coded elsewhere, as theirs. All of it, or nothing where a line does not fit."""
    from analysis.agreement.units import CodedText  # noqa: PLC0415 - slow to import

    async def work() -> None:
        chosen, name = read_framework(framework), read_name(coder)
        lines = {str(each.id): each for each in read_records(source, CodedText)}
        if not lines:
            raise DeskError(f"{source.name} holds no coded texts: give a file as `coding export` writes it.")
        async with open_study(key) as (reader, _, book):
            texts = {name_of(each): each.text async for each in reader.answers() if name_of(each) in lines}
            if texts.keys() != lines.keys():
                raise DeskError(f"{source.name} was made for other texts: some of its answers are not here.")
            for each, line in lines.items():
                if line.length not in {None, len(texts[each])}:
                    raise DeskError(f"{source.name} was made for other texts: an answer was edited since.")
            count = _bring_in(book, name, chosen, texts, lines)
        typer.echo(f"{count} codings of {len(lines)} answers are brought in.")

    run(work)


def _bring_in(book: Book, name: str, framework: Framework, texts: dict[str, str], lines: "dict[str, CodedText]") -> int:
    marks = [
        (answer, Marked(each.subtheme, each.stance or "neither", each.start or 0, each.end or len(texts[answer])))
        for answer, line in lines.items()
        for each in line.codings
    ]
    work = {answer: Coding(book, name, answer, texts[answer], framework) for answer in lines}
    if any(each.view.codings for each in work.values()):
        raise DeskError("Some of these answers have codings of this coder already: nothing was brought in.")
    for answer, marked in marks:  # all are looked at before the first is written
        work[answer].check(marked)
    for answer, marked in marks:
        work[answer].add(marked, origin="import")
    for each in work.values():
        each.finish()
    return len(marks)


def _line(book: Book, answer: Answer, coder: str, framework: Framework) -> dict[str, Any] | None:
    view = coded_by(book.of(name_of(answer)), coder, book.text_code(answer.text), framework.id)
    if not view.finished:
        return None
    return _as_line(answer, framework, [(it.subtheme, it.stance, it.start, it.end) for it in view.standing])


def _machine_line(found: OnDesk, framework: Framework, name: str) -> dict[str, Any]:
    marks = [(it.subtheme, it.stance, it.start, it.end) for it in _suggestions(found, name)]
    return _as_line(found.answer, framework, marks)


def _as_line(answer: Answer, framework: Framework, marks: list[tuple[str, str, int, int]]) -> dict[str, Any]:
    codings = [
        {"subtheme": subtheme, "theme": framework.theme_of(subtheme).id, "stance": stance, "start": start, "end": end}
        for subtheme, stance, start, end in marks
    ]
    return {
        "id": name_of(answer),
        "codings": codings,
        "length": len(answer.text),
        "framework": {"id": framework.id, "version": framework.version, "sha256": framework.sha256},
    }


def _suggestions(found: OnDesk, framework: str) -> list[Marked]:
    """What the machine suggests, in positions of the original. `framework` is an id or a path."""
    from analysis.lexical import lexical_coder  # noqa: PLC0415 - slow to import

    coder = lexical_coder(framework)
    coded = coder.code(found.clean.text, invites_of(coder.framework.id, found.answer.question))
    return [
        Marked(each.subtheme, each.stance, *found.clean.to_original(each.start, each.end)) for each in coded.codings
    ]


def _pick(found: OnDesk, framework: str, number: int) -> Marked:
    suggestions = _suggestions(found, framework)
    if number > len(suggestions):
        raise DeskError("There is no suggestion of this number: `show` prints those that there are.")
    return suggestions[number - 1]


def _act(key: Path, who: str, answer: str, framework: str, do: Callable[[OnDesk, Coding], object]) -> None:
    async def work() -> None:
        chosen = read_framework(framework)
        async with open_study(key) as (reader, _, book):
            name = read_name(who)
            found = await read_answer(reader, book, answer, name, "coding")
            do(found, Coding(book, name, answer, found.answer.text, chosen))

    run(work)


def register(app: typer.Typer) -> None:
    """Add the group to an application."""
    app.add_typer(coding, name="coding")
