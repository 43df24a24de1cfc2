"""`purge`: the rules of retention."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from storage.commands.people import open_existing, receipt
from storage.commands.terminal import counted, run, stated
from storage.keys import BotKey
from storage.purge import Due, Purge
from storage.retention import read_rules
from storage.settings import StorageSettings, read_settings


def register(app: typer.Typer) -> None:
    app.command("purge")(purge)


def purge(
    really: Annotated[bool, typer.Option("--really", help="Delete; without this it is only counted.")] = False,
    unpaired: Annotated[
        bool, typer.Option("--unpaired", help="Delete rows without a key and keys without rows, too.")
    ] = False,
) -> None:
    """Show what is due to go by the rules of retention, and with --really delete it, from every backup too."""
    with stated():
        settings = read_settings(StorageSettings)
        due, is_clean = run(_purge(settings, really=really, unpaired=unpaired))
    for line in _lines(due, done=really, unpaired=unpaired):
        typer.echo(line)
    if not really:
        typer.echo("Nothing was changed. To delete: python -m storage purge --really")
        return
    with stated():
        typer.echo(run(receipt(settings)))
    if not is_clean:
        typer.echo(
            "Another process is in the way of wiping unused space in the files: run verify in a minute.", err=True
        )


async def _purge(settings: StorageSettings, *, really: bool, unpaired: bool) -> tuple[Due, bool]:
    cutoffs = read_rules(settings.retention).cutoffs(datetime.now(UTC).date())
    if really:
        await (await open_existing(settings)).close()  # finishes what an erasure left, and sees that the keys are right
    work = Purge(settings, cutoffs, writable=really)
    try:
        due = await work.count()
        if not really:
            return due, True
        gone, is_clean = await work.carry_out(BotKey.read(settings.bot_key), unpaired=unpaired)
        return replace(gone, keyless=due.keyless, rowless=due.rowless), is_clean
    finally:
        await work.close()


def _lines(due: Due, *, done: bool, unpaired: bool) -> list[str]:
    verb = "deleted" if done else "due"
    lines = [
        f"{verb}: {counted(due.unfinished, 'conversation')} of people who never agreed to take part",
        f"{verb}: {counted(due.reminders, 'reminder')} that could not be delivered",
        f"{verb}: {counted(due.traces, 'note')} of a chat message that can no longer be deleted there",
    ]
    if due.everybody or due.set_aside:
        lines += [
            f"{verb}, because the study is over: {counted(due.everybody, 'person', 'people')} with their keys, and"
            f" {counted(due.answers, 'answer')}",
            f"{verb}, because the study is over: {counted(due.set_aside, 'message')} that could not be understood",
        ]
    if due.keyless:
        how = (
            "deleted" if done and unpaired else "kept, because a newer copy of the keyring could open them (--unpaired)"
        )
        lines.append(f"{counted(due.keyless, 'person', 'people')} whose key is gone: {how}")
    if due.rowless:
        how = "deleted" if done and unpaired else "kept, because a newer copy of the answers could need it (--unpaired)"
        lines.append(f"{counted(due.rowless, 'key')} of nobody who takes part here: {how}")
    return lines
