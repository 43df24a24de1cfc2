"""`migrate`, `backup`, `restore`: the databases as a whole."""

from pathlib import Path
from typing import Annotated

import typer

from storage.backup.places import is_empty
from storage.backup.restore import Restored, restore
from storage.backup.sealed import make_backup
from storage.commands.terminal import counted, progress, read_keys, run, stated
from storage.errors import StorageError
from storage.migrate import migrate as bring_up_to_date
from storage.settings import StorageSettings, read_settings
from storage.write import Store

Key = Annotated[list[Path], typer.Option("--key", help="A research key (research.key); may be given more than once.")]


def register(app: typer.Typer) -> None:
    app.command("migrate")(migrate)
    app.command("backup")(backup)
    app.command("restore")(restore_from)


def migrate() -> None:
    """Bring the databases to the schema of this version, with a copy of the answers first; or make them."""
    with stated():
        changed, copy = run(bring_up_to_date(read_settings(StorageSettings)))
    if copy:
        typer.echo(f"{copy}  the answers as they were before; delete it once all is well.")
    typer.echo("The databases are up to date now." if changed else "The databases were up to date already.")


def backup(
    out: Annotated[Path, typer.Option(help="File to write; an existing one is never replaced.")],
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Back up the keyring instead; keep that copy apart from the answers.")
    ] = False,
) -> None:
    """Write a sealed backup of the answers' database, also while the bot runs. It opens with a research key only."""
    with stated(), progress() as tell:
        size = run(make_backup(read_settings(StorageSettings), "keyring" if keyring else "main", out, tell))
    typer.echo(f"{out}  {size} bytes, sealed, read back and found whole.")
    if keyring:
        typer.echo(
            "This is the keyring: whoever withdraws later must vanish from it too. Delete every older copy of it"
        )
        typer.echo("now, keep this one apart from the backups of the answers, and replace it often.")
    else:
        typer.echo("The keyring is not in it, so that nobody who withdrew can be brought back. Back it up by itself,")
        typer.echo("with --keyring, to another place, and keep no older copies of it.")


def restore_from(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` wrote.")],
    key: Key,
) -> None:
    """Restore a backup to where the settings say, if nothing is there. Whoever was erased since stays erased."""
    with stated():
        settings = read_settings(StorageSettings)
        keys = read_keys(settings, key)
        with progress() as tell:
            restored = run(restore(settings, source, keys, tell))
    _tell(restored)
    if settings.bot_key.exists() and not restored.is_older:
        _finish(settings)


def _tell(restored: Restored) -> None:
    what = "answers' database" if restored.manifest.name == "main" else "keyring"
    typer.echo(f"Restored: the {what} of {restored.manifest.day}.")
    if restored.erased:
        people = counted(restored.erased, "person was", "people were")
        typer.echo(f"{people} erased since then, and that stays so.")
    if restored.unsure:
        people = counted(restored.unsure, "person is", "people are")
        typer.echo(f"{people} in one of the two databases only: they joined or were erased between the two copies.")
        typer.echo("Nothing of theirs was deleted: restore a newer copy of the other one, if you find one. Otherwise")
        typer.echo("`python -m storage purge --really --unpaired` deletes what is left of them.")
    typer.echo("Withdrawals after that day that are in neither database have to be done again, by their codes.")
    if restored.is_older:
        typer.echo("It was made by an older version: run `python -m storage migrate` next.")


def _finish(settings: StorageSettings) -> None:
    """On the bot's host, delete the rows of those who were erased at once; elsewhere the next start does it.

    Not while one of the two databases is still to be restored: opening the store would make an empty one in its place.
    """

    async def work() -> None:
        if await is_empty("main", settings.database_url) or await is_empty("keyring", settings.keyring_url):
            return
        await (await Store.open(settings)).close()

    try:
        run(work())
    except StorageError as problem:
        typer.echo(f"Not everything is in its place yet: {problem}", err=True)
