"""`keys add|close|rewrap|apply|bot`: to whom answers are sealed, from now on and those of before, and to whom what
comes back is."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from storage.commands.people import open_existing
from storage.commands.terminal import counted, progress, read_keys, run, stated
from storage.errors import KeyFileError
from storage.keyfiles import write_new
from storage.keys import BundleKey, Recipient, ResearchKey, read_recipients
from storage.keys.recipients import add_recipient, close_recipient
from storage.keys.signing import fingerprint
from storage.progress import Tell
from storage.replace import Replacing, read_carried, write_carried
from storage.rewrap import Rewrapping, Survey
from storage.settings import StorageSettings, read_settings

Key = Annotated[
    list[Path], typer.Option("--key", help="A private key, of the old epoch and of the new one; more than once.")
]


def register(keys: typer.Typer) -> None:
    for name, command in (("add", add), ("close", close), ("rewrap", rewrap), ("apply", apply), ("bot", bot)):
        keys.command(name)(command)


def add(public: Annotated[Path, typer.Argument(metavar="PUB", help="A public half, research.pub.")]) -> None:
    """Add a public key to the recipients: from the next start of the bot on, answers are sealed to it as well."""
    with stated():
        listed = add_recipient(read_settings(StorageSettings).recipients, public)
    typer.echo(f"{listed.recipient.id.hex()}  {listed.recipient.epoch}  public  {listed.path}")
    if listed.recipient.signer:
        typer.echo(f"  signs as {fingerprint(listed.recipient.signer)}")
    typer.echo("Compare this with what `keys show` prints of it on the researcher's machine, then restart the bot.")


def close(
    fingerprint: Annotated[str, typer.Argument(help="The key's fingerprint, or its first 8 characters or more.")],
) -> None:
    """Close a public key among the recipients: nothing is sealed to it from the next start of the bot on."""
    with stated():
        folder = read_settings(StorageSettings).recipients
        listed = close_recipient(folder, fingerprint, datetime.now(UTC).date())
    typer.echo(f"{listed.recipient.id.hex()}  {listed.recipient.epoch}  closed since {listed.closed}  {listed.path}")
    typer.echo("Restart the bot. What was sealed to this key before still opens with its private half.")


def rewrap(
    key: Key,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Change nothing here; write a file for `keys apply` on the host.")
    ] = None,
) -> None:
    """Seal every answer again to the recipients that are open now; what was stopped goes on where it was."""
    with stated():
        settings = read_settings(StorageSettings)
        recipients = read_recipients(settings.recipients)
        keys = read_keys(settings, key)
        with progress(count=True) as tell:
            survey, changed, is_clean = run(_rewrap(settings, keys, recipients, out, tell))
    _tell(survey, len(recipients))
    if out:
        typer.echo(f"{out}  {counted(changed, 'message')}: bring it to the bot's host, and run `keys apply` there.")
    else:
        _tell_changed(changed, survey.to_do - changed, is_clean=is_clean)


def apply(carried: Annotated[Path, typer.Argument(metavar="FILE", help="What `keys rewrap --out` wrote.")]) -> None:
    """Put answers that were sealed again in place of the old ones; what changed in the meantime is left as it is."""
    with stated():
        settings = read_settings(StorageSettings)
        recipients = read_recipients(settings.recipients)
        with progress(count=True) as tell:
            changed, passed, is_clean = run(_apply(settings, recipients, carried, tell))
    _tell_changed(changed, passed, is_clean=is_clean)


def bot(
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write, bot.pub; it must not exist.")],
) -> None:
    """Write the public half of this bot's key: researchers seal to it what the bot is to pass on."""
    with stated():
        key = run(_bundle_key(read_settings(StorageSettings)))
        try:
            write_new(out, key.public_text(), 0o644)
        except OSError:
            raise KeyFileError(f"{out} cannot be written: name a file that is not there yet.") from None
    typer.echo(f"{key.id.hex()}  {out}")
    typer.echo("Bring it to the researcher's machine, and compare its id there. It is not secret.")


async def _bundle_key(settings: StorageSettings) -> BundleKey:
    store = await open_existing(settings)
    try:
        return store.bundle_key
    finally:
        await store.close()


async def _rewrap(
    settings: StorageSettings, keys: list[ResearchKey], recipients: tuple[Recipient, ...], out: Path | None, tell: Tell
) -> tuple[Survey, int, bool]:
    work = Rewrapping(settings, keys, recipients)
    try:
        survey = await work.survey(tell)
        batches = work.reseal(survey.to_do, tell)
        if out:
            return survey, await write_carried(out, batches), True
        replacing = Replacing(settings, recipients)
        try:
            await replacing.begin()
            async for batch in batches:
                await replacing.put(batch)
            return survey, replacing.put_in, await replacing.finish()
        finally:
            await replacing.close()
    finally:
        await work.close()


async def _apply(
    settings: StorageSettings, recipients: tuple[Recipient, ...], carried: Path, tell: Tell
) -> tuple[int, int, bool]:
    replacing = Replacing(settings, recipients)
    try:
        await replacing.begin()
        for batch in read_carried(carried):
            await replacing.put(batch)
            tell("Putting in place", replacing.put_in, 0)
        return replacing.put_in, replacing.passed_over, await replacing.finish()
    finally:
        await replacing.close()


def _tell(survey: Survey, recipients: int) -> None:
    typer.echo(f"{counted(survey.done, 'message was', 'messages were')} sealed to these {recipients} already.")
    if survey.erased:
        typer.echo(
            f"{counted(survey.erased, 'message')} of people whose key is gone: left as they are, closed for good."
        )
    if survey.broken:
        typer.echo(f"{counted(survey.broken, 'message does', 'messages do')} not open: left as they are, see `verify`.")


def _tell_changed(changed: int, passed: int, *, is_clean: bool) -> None:
    typer.echo(
        f"{counted(changed, 'message is', 'messages are')} sealed again, each one opened before it was replaced."
    )
    if passed > 0:
        typer.echo(
            f"{counted(passed, 'message was', 'messages were')} changed or erased meanwhile, and left as they are."
        )
    typer.echo("Backups of before are still sealed to the old key: delete them, or keep that key as safe as before.")
    if not is_clean:
        typer.echo("Another process is in the way of wiping the old envelopes: run this again in a minute.", err=True)
