"""`erase` and `find`: what concerns one person."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from storage.backup.places import state_of
from storage.commands.terminal import counted, run, stated
from storage.database import Database, Name
from storage.erase import erase_by_code
from storage.errors import UnknownCode
from storage.settings import StorageSettings, read_settings
from storage.write import Store


def register(app: typer.Typer) -> None:
    app.command("erase")(erase)
    app.command("find")(find)


def erase(code: Annotated[str, typer.Argument(help="The withdrawal code that the person was given.")]) -> None:
    """Erase everything that the holder of a withdrawal code gave, from every backup too."""
    with stated():
        answers, has_remains, kept = run(_erase(read_settings(StorageSettings), code))
    typer.echo(f"Done: {counted(answers, 'answer is', 'answers are')} erased, and all else about that person.")
    typer.echo(kept)
    if has_remains:
        typer.echo(
            "Another process is in the way of wiping unused space in the files: run verify in a minute.", err=True
        )


def find(code: Annotated[str, typer.Argument(help="The withdrawal code that the person was given.")]) -> None:
    """Print under which name the store keeps the holder of a code, for `python -m analysis access-request`."""
    with stated():
        typer.echo(run(_find(read_settings(StorageSettings), code)))


async def _find(settings: StorageSettings, code: str) -> str:
    store = await open_existing(settings)
    try:
        async with store.unit() as unit:
            pseudonym = await unit.person_of(code)
            unit.note("looked up by code", found=int(pseudonym is not None))
    finally:
        await store.close()
    if pseudonym is None:
        raise UnknownCode("No one is found under this code: check each letter, or it was used already.")
    return pseudonym.hex()


async def _erase(settings: StorageSettings, code: str) -> tuple[int, bool, str]:
    store = await open_existing(settings)
    try:
        answers = await erase_by_code(store, code)
    finally:
        await store.close()
    return answers, store.has_remains, await receipt(settings)


async def receipt(settings: StorageSettings) -> str:
    """A line that whoever asked can keep: the last entry of the audit log, which says what was done and to nobody."""
    state = await state_of("main", settings.database_url)
    return f"Receipt: {datetime.now(UTC).date()}, entry {state.head if state else ''} of the audit log."


async def open_existing(settings: StorageSettings) -> Store:
    """As `Store.open`, but where there is no database none is made."""
    urls: dict[Name, str] = {"main": settings.database_url, "keyring": settings.keyring_url}
    for name, url in urls.items():
        database = Database(name, url, writable=False)
        try:
            await database.check()
        finally:
            await database.close()
    return await Store.open(settings)
