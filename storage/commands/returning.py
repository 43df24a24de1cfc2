"""`take` and `requests`: what comes back to people from the researcher's machine, and who asked for it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from storage.bundles import MOST_BYTES
from storage.commands.people import open_existing
from storage.commands.terminal import counted, run, stated
from storage.database import Database
from storage.errors import NotTaken
from storage.parcels import list_requests
from storage.records import CopyRequest
from storage.settings import StorageSettings, read_settings
from storage.taking import Taken, take


def register(app: typer.Typer) -> None:
    app.command("take")(take_in)
    app.command("requests")(requests)


def take_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `analysis publish` or `access-request` wrote.")],
    keep: Annotated[bool, typer.Option("--keep", help="Leave the file where it is.")] = False,
) -> None:
    """Take in a bundle from a researcher: the bot then tells people, or asks one whether it is a good time."""
    with stated():
        data = _read(file)
        taken = run(_take(read_settings(StorageSettings), data))
        if not keep:
            _delete(file)
    if taken.again:
        typer.echo("This bundle came before: nothing was done again.")
    elif taken.kind == "copy":
        typer.echo("The copy is here. The bot asks that person first whether now is a good time.")
    else:
        typer.echo(f"{counted(taken.people, 'person', 'people')} will be told, each once, and not in quiet hours.")
    if not keep:
        typer.echo(f"{file} is deleted here.")


def requests() -> None:
    """List who asked for a copy of their answers and since when, for `python -m analysis access-request`."""
    with stated():
        found = run(_requests(read_settings(StorageSettings)))
    for each in found:
        typer.echo(f"{each.person}  {'waits here since' if each.here else 'asked on'} {each.day}")
    if not found:
        typer.echo("Nobody is waiting for a copy.", err=True)


async def _take(settings: StorageSettings, data: bytes) -> Taken:
    store = await open_existing(settings)
    try:
        return await take(store, data, datetime.now(UTC))
    finally:
        await store.close()


async def _requests(settings: StorageSettings) -> list[CopyRequest]:
    main = Database("main", settings.database_url, writable=False)
    try:
        await main.check()
        return list(await list_requests(main))
    finally:
        await main.close()


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise NotTaken(f"{file} is larger than a bundle can be.")
        return file.read_bytes()
    except OSError:
        raise NotTaken(f"{file} is missing or cannot be read.") from None


def _delete(file: Path) -> None:
    try:
        file.unlink()
    except OSError:
        raise NotTaken(f"What {file} holds was taken, and the file cannot be deleted: delete it by hand.") from None
