"""`python -m storage`: keys, migrations, backups, checks and erasure from the command line.

Exit 0: done. 1: a stated failure, one sentence on stderr. 2: wrong use. No traceback, no secret on the screen.
"""

import asyncio
import math
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from storage.audit import Head
from storage.backup import back_up
from storage.database import Database
from storage.erase import erase_by_code
from storage.errors import KeyFileError, StorageError
from storage.keyfiles import PrivateFile, parse_key_file, read_passphrase, read_private_text, write_new
from storage.keys import make_research_key, read_recipient
from storage.migrate import migrate as bring_up_to_date
from storage.settings import StorageSettings, read_settings
from storage.write import Store

T = TypeVar("T")

app = typer.Typer(
    help="Keys, database and erasure of Hearten.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="Research keys: make them, show them.", no_args_is_help=True)
app.add_typer(keys, name="keys")

#: Fewer characters than this are refused; below this many bits (a rough count) a warning is shown.
_SHORTEST = 12
_STRONG_BITS = 70


@contextmanager
def _stated() -> Iterator[None]:
    """Turn a stated failure into one sentence and exit 1."""
    try:
        yield
    except StorageError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None


@keys.command("new")
def new_key(
    out: Annotated[Path, typer.Option(help="Folder for research.key (private) and research.pub (public).")],
    epoch: Annotated[str | None, typer.Option(help="Name of the period the key is for; default: this month.")] = None,
) -> None:
    """Make a research key pair. The private half stays on the researcher's machine, under a passphrase."""
    private, public = out / "research.key", out / "research.pub"
    with _stated():
        _refuse_existing(private, public)
        passphrase = read_passphrase(read_settings(StorageSettings)) or _ask_passphrase()
        texts = make_research_key(passphrase, epoch or datetime.now(UTC).strftime("%Y-%m"))
        try:
            write_new(private, texts[0], 0o600)
            write_new(public, texts[1], 0o644)
        except FileExistsError:
            _refuse_existing(private, public)
        except OSError:
            raise KeyFileError(f"The keys cannot be written to {out}: choose a folder that you may write to.") from None
    typer.echo(f"{private}  private: stays on this machine. Keep a copy of it, and the passphrase on paper, apart.")
    typer.echo(f"{public}  public: copy it to the folder of recipients on the bot's host (HEARTEN_RECIPIENTS).")
    typer.echo("Without the private file and its passphrase nobody can ever read the answers, and nobody can help.")


@keys.command("show")
def show_key(
    path: Annotated[Path, typer.Argument(help="research.key, research.pub, or a folder of *.pub files.")],
) -> None:
    """Show the fingerprint and epoch of keys; no passphrase is needed."""
    with _stated():
        paths = sorted(path.glob("*.pub")) if path.is_dir() else [path]
        if not paths:
            raise KeyFileError(f"There is no public key (*.pub) in {path}.")
        for each in paths:
            if each.suffix == ".pub":
                recipient = read_recipient(each)
                fingerprint, epoch, half = recipient.id.hex(), recipient.epoch, "public"
            else:
                file = parse_key_file(PrivateFile, read_private_text(each), each, "a research key")
                fingerprint, epoch, half = file.id, file.epoch, "private"
            typer.echo(f"{fingerprint}  {epoch}  {half}  {each}")


@app.command()
def migrate() -> None:
    """Bring the databases to the schema of this version, or make them."""
    with _stated():
        settings = read_settings(StorageSettings)
        changed, copy = _run(bring_up_to_date(settings))
    if copy:
        typer.echo(f"{copy}  the answers as they were before; delete it once all is well.")
    typer.echo("The databases are up to date now." if changed else "The databases were up to date already.")


@app.command()
def backup(out: Annotated[Path, typer.Option(help="File to write; an existing one is never replaced.")]) -> None:
    """Copy the answers' database, also while the bot runs. The keyring is left out on purpose."""
    with _stated():
        size = back_up(read_settings(StorageSettings).database_file, out)
    typer.echo(f"{out}  {size} bytes, checked.")
    typer.echo("The keyring is not in it, so that nobody who withdrew can be brought back. Copy the keyring elsewhere,")
    typer.echo("replace that copy often, and keep no old ones: whoever withdraws must vanish from it too.")


@app.command()
def verify(
    head: Annotated[str | None, typer.Option(help="The head that was printed before and kept elsewhere.")] = None,
) -> None:
    """Check the audit log from end to end and print its head, to be kept elsewhere."""
    with _stated():
        kept = None if head is None else Head.parse(head)
        now = _run(_verify(read_settings(StorageSettings), kept))
    typer.echo(f"The audit log is whole: {now.seq} entries. Keep this head elsewhere:")
    typer.echo(str(now))


@app.command()
def erase(code: Annotated[str, typer.Argument(help="The withdrawal code that the person was given.")]) -> None:
    """Erase everything that the holder of a withdrawal code gave, from every backup too."""
    with _stated():
        answers, has_remains = _run(_erase(read_settings(StorageSettings), code))
    typer.echo(
        f"Done: {answers} {'answer is' if answers == 1 else 'answers are'} erased, and all else about that person."
    )
    if has_remains:
        typer.echo(
            "Another process is in the way of wiping unused space in the files: run verify in a minute.", err=True
        )


async def _verify(settings: StorageSettings, kept: Head | None) -> Head:
    store = await _open_existing(settings)
    try:
        return await store.audit_head(kept)
    finally:
        await store.close()


async def _erase(settings: StorageSettings, code: str) -> tuple[int, bool]:
    store = await _open_existing(settings)
    try:
        answers = await erase_by_code(store, code)
    finally:
        await store.close()
    return answers, store.has_remains


async def _open_existing(settings: StorageSettings) -> Store:
    """As `Store.open`, but where there is no database none is made."""
    for name, url in (("main", settings.database_url), ("keyring", settings.keyring_url)):
        database = Database("main" if name == "main" else "keyring", url, writable=False)
        try:
            await database.check()
        finally:
            await database.close()
    return await Store.open(settings)


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def _refuse_existing(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise KeyFileError(f"{path} exists already: a key is never replaced, choose another folder.")


def _ask_passphrase() -> str:
    typer.echo("The passphrase protects the private key. Four or more words drawn at random are strong and can be")
    typer.echo(f"remembered; at least {_SHORTEST} characters. What you type is not shown.")
    while True:
        passphrase: str = typer.prompt("Passphrase", hide_input=True)
        if len(passphrase) < _SHORTEST:
            typer.echo(f"That is shorter than {_SHORTEST} characters. Please choose a longer one.")
            continue
        typer.echo(
            "Strength: " + ("good." if _bits(passphrase) >= _STRONG_BITS else "could be better; longer is best.")
        )
        if typer.prompt("The same again", hide_input=True) == passphrase:
            return passphrase
        typer.echo("The two are not the same. Please begin again.")


def _bits(passphrase: str) -> float:
    """A rough upper bound, from length and how many different characters there are; it knows no dictionary."""
    return len(passphrase) * math.log2(max(len(set(passphrase)), 2))


if __name__ == "__main__":
    app()
