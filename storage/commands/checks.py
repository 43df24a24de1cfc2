"""`verify` and `doctor`: is everything whole, and is there anything to see to."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from storage.audit import Head
from storage.check import Findings, check
from storage.commands.people import open_existing
from storage.commands.terminal import counted, progress, read_keys, run, stated
from storage.doctor import Finding, examine
from storage.errors import Damaged
from storage.keys import BotKey, ResearchKey
from storage.progress import Tell
from storage.settings import StorageSettings, read_settings


def register(app: typer.Typer) -> None:
    app.command("verify")(verify)
    app.command("doctor")(doctor)


def verify(
    head: Annotated[str | None, typer.Option(help="The head that was printed before and kept elsewhere.")] = None,
    key: Annotated[
        list[Path] | None, typer.Option("--key", help="A research key: see that each answer opens. More than once.")
    ] = None,
) -> None:
    """Check both databases, the audit log and every envelope from end to end; print the head, to be kept elsewhere."""
    with stated():
        kept = None if head is None else Head.parse(head)
        settings = read_settings(StorageSettings)
        keys = read_keys(settings, key or [])
        with progress(count=True) as tell:
            findings = run(_verify(settings, keys, kept, tell))
        if not findings.is_whole:
            raise Damaged(_what_is_wrong(findings))
    _tell(findings, with_key=bool(keys))


async def _verify(settings: StorageSettings, keys: list[ResearchKey], kept: Head | None, tell: Tell) -> Findings:
    bot_key = None
    if settings.bot_key.exists() or not keys:  # a researcher's copy has no bot key beside it
        await (await open_existing(settings)).close()
        bot_key = BotKey.read(settings.bot_key)
    return await check(settings, keys, bot_key, kept, tell)


def _tell(findings: Findings, *, with_key: bool) -> None:
    seen = (
        counted(findings.opened, "message opens", "messages open")
        if with_key
        else (
            counted(
                findings.fitting,
                "message is sealed, well formed and in its place",
                "messages are sealed, well formed and in their place",
            )
        )
    )
    typer.echo(f"Answers: {seen}.")
    if findings.foreign:
        typer.echo(
            f"{counted(findings.foreign, 'message is', 'messages are')} sealed to other research keys than those given."
        )
    if findings.erased:
        typer.echo(
            f"{counted(findings.erased, 'message opens', 'messages open')} no more: their people's keys are gone."
        )
    for recipient, count in findings.sealed_to.most_common():
        typer.echo(f"{recipient.hex()}  {counted(count, 'message')}")
    if findings.head:
        typer.echo(f"The audit log is whole: {findings.head.seq} entries. Keep this head elsewhere:")
        typer.echo(str(findings.head))
    elif not findings.damage:
        typer.echo("The audit log can be checked only where the bot key is.")


def _what_is_wrong(findings: Findings) -> str:
    broken = sum(findings.broken.values())
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(findings.broken.items()))
    said = list(findings.damage)
    if broken:
        things = counted(broken, "sealed thing does not open", "sealed things do not open")
        said.append(f"{things} ({kinds}): compare with a backup.")
    return " ".join(said)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list, for other programs.")] = False,
) -> None:
    """Look at what must be seen to, one line each; exit 1 where something must be done."""
    with stated():
        settings = read_settings(StorageSettings)
        findings = run(_examine(settings))
    if as_json:
        typer.echo(json.dumps([{"ok": each.is_well, **asdict(each)} for each in findings], indent=1))
    else:
        for each in findings:
            typer.echo(f"{'ok     ' if each.is_well else 'PROBLEM'}  {each.name}: {each.line}. {each.remedy}".rstrip())
    if not all(each.is_well for each in findings):
        raise typer.Exit(1)


async def _examine(settings: StorageSettings) -> list[Finding]:
    return [each async for each in examine(settings, datetime.now(UTC))]
