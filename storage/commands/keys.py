"""`keys new|show|rotate|public|paper|recover`: research keys on the researcher's machine."""

from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from storage.commands import recipients
from storage.commands.terminal import stated
from storage.errors import KeyFileError, StorageError, WrongPassphrase
from storage.keyfiles import PrivateFile, parse_key_file, read_private_text, read_text, write_new
from storage.keys import make_research_key, read_passphrase, read_recipient, read_research_key
from storage.keys.paper import print_paper, read_paper
from storage.keys.passphrase import SHORTEST, insist, strength_of
from storage.keys.recipients import Listed, add_recipient, choose_open, close_recipient, list_recipients, read_listed
from storage.keys.research import read_public_half
from storage.keys.signing import fingerprint
from storage.settings import StorageSettings, read_settings

Epoch = Annotated[str | None, typer.Option(help="Name of the period the key is for; default: this month.")]
Out = Annotated[Path, typer.Option(help="Folder for research.key (private) and research.pub (public).")]


def register(app: typer.Typer) -> None:
    keys = typer.Typer(help="Research keys: make, show, change, print and bring back.", no_args_is_help=True)
    for each in (new, show, rotate, public, paper, recover):
        keys.command(each.__name__)(each)
    recipients.register(keys)
    app.add_typer(keys, name="keys")


def new(out: Out, epoch: Epoch = None) -> None:
    """Make a research key pair. The private half stays on the researcher's machine, under a passphrase."""
    with stated():
        private, public = _make(out, epoch or _this_month())
    typer.echo(f"{public}  public: copy it to the bot's host and add it there (python -m storage keys add).")
    _tell_of(private)


def rotate(
    out: Out,
    epoch: Epoch = None,
    recipients: Annotated[Path | None, typer.Option(help="Folder of public keys; default: HEARTEN_RECIPIENTS.")] = None,
    closes: Annotated[str, typer.Option(help="Fingerprint of the key to close, where several are open.")] = "",
) -> None:
    """Begin the next epoch: make its key pair, add its public half to the recipients, and close the old one."""
    with stated():
        folder = recipients or read_settings(StorageSettings).recipients
        if out.resolve() == folder.resolve():
            raise KeyFileError("A private key must not lie among the recipients: choose another folder with --out.")
        old = choose_open(list_recipients(folder), closes, folder)
        name = epoch or _this_month()
        if name == old.recipient.epoch:
            raise KeyFileError(f"The epoch {name} is the old key's: give the next one another name with --epoch.")
        private, public = _make(out, name)
        added = add_recipient(folder, public)
        closed = close_recipient(folder, old.recipient.id.hex(), _today())
    typer.echo(f"{added.path}  the next epoch's public key, open.")
    typer.echo(f"{closed.path}  the old epoch's public key, closed from today on.")
    typer.echo(
        "Put both into the recipients of the bot's host, if that is another folder, and restart the bot there: it"
    )
    typer.echo("seals to the new key only. What was sealed before still needs the old private key: keep it, or seal it")
    typer.echo("again with `python -m storage keys rewrap`.")
    _tell_of(private)


def show(
    path: Annotated[Path, typer.Argument(help="research.key, research.pub, or a folder of *.pub files.")],
) -> None:
    """Show the fingerprint and epoch of keys, and which are closed; no passphrase is needed."""
    with stated():
        if path.is_dir() or path.suffix == ".pub":
            listed = list_recipients(path) if path.is_dir() else [read_listed(path)]
            if not listed:
                raise KeyFileError(f"There is no public key (*.pub) in {path}.")
            for each in listed:
                _show(each.recipient.id.hex(), each.recipient.epoch, _state(each), each.path)
                if each.recipient.signer:
                    typer.echo(f"  signs as {fingerprint(each.recipient.signer)}")
        else:
            file = parse_key_file(PrivateFile, read_private_text(path), path, "a research key")
            _show(file.id, file.epoch, "private", path)


def public(
    key: Annotated[Path, typer.Argument(help="The private half, research.key.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write, research.pub; it must not exist.")],
) -> None:
    """Write the public half anew, such as one from before there were signatures."""
    with stated():
        _refuse_existing(out)
        passphrase = read_passphrase(read_settings(StorageSettings)) or typer.prompt("Passphrase", hide_input=True)
        _write(out, read_public_half(key, passphrase), 0o644)
        recipient = read_recipient(out)
    _show(recipient.id.hex(), recipient.epoch, "public", out)
    if recipient.signer:
        typer.echo(f"  signs as {fingerprint(recipient.signer)}")


def paper(
    key: Annotated[Path, typer.Argument(help="The private half, research.key.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Text file to print; it must not exist.")],
) -> None:
    """Write a page to print from which the private key can be typed again. The passphrase is not on it."""
    with stated():
        file = parse_key_file(PrivateFile, read_private_text(key), key, "the private half of a research key")
        _write(out, print_paper(file), 0o600)
    typer.echo(f"{out}  print it, lock the page away, and delete the file. Try `keys recover` once before you need it.")


def recover(
    typed: Annotated[Path, typer.Argument(metavar="FILE", help="The lines of the page, typed or scanned.")],
    out: Out,
) -> None:
    """Make the key files again from a page that `keys paper` printed; the passphrase shows that they open."""
    with stated():
        file = read_paper(read_text(typed), typed)
        private, public = out / "research.key", out / "research.pub"
        _refuse_existing(private, public)
        passphrase = read_passphrase(read_settings(StorageSettings)) or typer.prompt("Passphrase", hide_input=True)
        _write(private, file.as_text(), 0o600)
        try:
            public_text = read_public_half(private, passphrase)
        except StorageError:
            private.unlink()
            raise WrongPassphrase(
                "The lines are as they were printed, and this passphrase does not open them: nothing was written."
            ) from None
        _write(public, public_text, 0o644)
    _show(file.id, file.epoch, "private", private)
    typer.echo("It opens with this passphrase. The paper copy is good.")


def _make(out: Path, epoch: str) -> tuple[Path, Path]:
    private, public = out / "research.key", out / "research.pub"
    _refuse_existing(private, public)
    unattended = read_passphrase(read_settings(StorageSettings))
    passphrase = insist(unattended) if unattended else _ask_passphrase()
    texts = make_research_key(passphrase, epoch)
    _write(private, texts[0], 0o600)
    _write(public, texts[1], 0o644)
    read_research_key(private, passphrase)  # before anything is sealed to it
    if not unattended:
        _offer_paper(private, out / "research-paper.txt")
    return private, public


def _tell_of(private: Path) -> None:
    typer.echo(f"{private}  private: stays on this machine. Keep a copy of it, and the passphrase on paper, apart.")
    typer.echo("Without the private file and its passphrase nobody can ever read the answers, and nobody can help.")


def _offer_paper(private: Path, out: Path) -> None:
    typer.echo("A disk can die. A page with a dozen lines, printed and locked away, brings the key back: with the")
    typer.echo("passphrase, which is not on the page. Each line has a check, so a slip in typing is found.")
    if typer.confirm(f"Write that page to {out} now?", default=True):
        with suppress(FileExistsError):
            paper(private, out)


def _ask_passphrase() -> str:
    typer.echo("The passphrase protects the private key. Four or more words drawn at random are strong and can be")
    typer.echo(f"remembered; at least {SHORTEST} characters. What you type is not shown.")
    while True:
        passphrase: str = typer.prompt("Passphrase", hide_input=True)
        strength = strength_of(passphrase)
        typer.echo(f"Strength: {strength.said}. {strength.advice}".rstrip())
        if not strength.is_enough:
            typer.echo("Please choose another one.")
        elif typer.prompt("The same again", hide_input=True) == passphrase:
            return passphrase
        else:
            typer.echo("The two are not the same. Please begin again.")


def _state(listed: Listed) -> str:
    return f"public, closed since {listed.closed}" if listed.closed else "public"


def _show(fingerprint: str, epoch: str, state: str, path: Path) -> None:
    typer.echo(f"{fingerprint}  {epoch}  {state}  {path}")


def _write(path: Path, text: str, mode: int) -> None:
    try:
        write_new(path, text, mode)
    except FileExistsError:
        _refuse_existing(path)
    except OSError:
        raise KeyFileError(f"Nothing can be written to {path.parent}: choose a folder that you may write to.") from None


def _refuse_existing(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise KeyFileError(f"{path} exists already: a key is never replaced, choose another folder.")


def _today() -> date:
    return datetime.now(UTC).date()


def _this_month() -> str:
    return datetime.now(UTC).strftime("%Y-%m")
