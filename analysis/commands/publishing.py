"""`answers new|check` and `publish`: what a service did with what people said, on its page and back to them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.study import Key, ReportSettings, Who, open_key, run
from analysis.desk import Book, read_name
from analysis.publishing.answers import hold_to_summary, read_answers, shown_points
from analysis.publishing.draft import draft_of
from analysis.publishing.sending import check_publishable, make_tidings, publish, read_summary
from analysis.summary.folder import Files, SummaryError
from storage.keys import read_bot_recipient
from storage.settings import read_settings

Page = Annotated[Path, typer.Argument(metavar="SUMMARY", help="The summary's page, or its numbers beside it.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The file that the service wrote (TOML).")]


def register(app: typer.Typer) -> None:
    answers = typer.Typer(help="What a service answers to its summary.", no_args_is_help=True)
    answers.command("new")(new)
    answers.command("check")(check)
    app.add_typer(answers, name="answers")
    app.command("publish")(publish_answers)


def new(
    summary: Page, out: Annotated[Path, typer.Option("--out", "-o", help="The file to write; it must not exist.")]
) -> None:
    """Write a draft with the points that the published page shows, for the service to fill in."""

    async def work() -> None:
        text = draft_of(read_summary(summary))
        try:
            with out.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError:
            raise SummaryError(f"{out} cannot be written: name a file that is not there yet.") from None
        typer.echo(f"{out}: let the service fill it in, then look at it with `python -m analysis answers check`.")

    run(work)


def check(file: File, summary: Page) -> None:
    """Say everything that is to be mended in a service's answers; exit 1 where there is something."""

    async def work() -> None:
        held = hold_to_summary(read_answers(file), numbers := read_summary(summary), file.name)
        typer.echo(f"Nothing has to be mended. Answered: {len(held.points)} of {len(shown_points(numbers))} points.")

    run(work)


def publish_answers(
    summary: Annotated[Path, typer.Argument(metavar="SUMMARY.html", help="The summary's page, its numbers beside it.")],
    answers: Annotated[Path, typer.Option(help="The file that the service wrote (TOML).")],
    bot: Annotated[Path, typer.Option(help="bot.pub, which `python -m storage keys bot` wrote on the bot's host.")],
    key: Key,
    out: Annotated[Path, typer.Option("--out", "-o", help="The bundle to write, for `storage take` on the host.")],
    *,
    pdf: Annotated[Path | None, typer.Option(help="The page as a PDF, made anew too.")] = None,
    who: Who = "",
) -> None:
    """Write the page anew with what the service answered, and a sealed bundle with which the bot tells people."""

    async def work() -> None:
        settings, numbers, given = read_settings(ReportSettings), read_summary(summary), read_answers(answers)
        files = Files(summary, pdf)
        check_publishable(files, numbers, out)
        held = hold_to_summary(given, numbers, answers.name)
        recipient, research_key = read_bot_recipient(bot), open_key(settings, key)
        bundle = make_tidings(given, numbers, recipient, research_key, datetime.now(UTC).date())
        count = publish(files, numbers, held, bundle, out)
        book = Book.open(settings.desk, research_key.desk_key)
        book.write(read_name(who), "opened", what="publish", service=numbers.service, period=numbers.period)
        book.close()
        typer.echo(f"{summary} has {count} answers in it now.")
        typer.echo(f"{out}: bring it to the bot's host, and run `python -m storage take` there within 30 days.")

    run(work)
