"""The folder of recipients: the public halves of research keys, each in a file of its own (`*.pub`).

The promises: answers are sealed to every recipient that is open, and to none that is closed; a change never leaves the
folder without an open one, for then nobody could ever read what people say; a closed one is never opened again. Each
file is replaced whole or not at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from storage.errors import KeyFileError, NoRecipient, WrongKey
from storage.keyfiles import PublicFile, parse_key_file, read_text, write_new, write_over
from storage.keys.research import Recipient, read_recipient

#: So many characters of a fingerprint are enough to name a key.
FEWEST_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class Listed:
    """A public key as it stands in the folder. `closed` is the day from which nothing is sealed to it."""

    path: Path
    recipient: Recipient
    closed: date | None


def list_recipients(folder: Path) -> list[Listed]:
    """Every *.pub in the folder, open or closed, in the order of names. Raises KeyFileError for one that is bad."""
    paths = sorted(folder.glob("*.pub")) if folder.is_dir() else []
    return [read_listed(path) for path in paths]


def read_listed(path: Path) -> Listed:
    return Listed(path, read_recipient(path), _read_public(path).closed)


def read_recipients(folder: Path) -> tuple[Recipient, ...]:
    """Those that are open, in the order of the names of their files, each once. A key that stands there both open and
    closed is closed.

    Raises NoRecipient where there is none: without a recipient nobody could ever read what people say.
    """
    listed = list_recipients(folder)
    if not listed:
        raise NoRecipient(
            f"There is no public research key (*.pub) in {folder}: make a key pair with `python -m storage keys new`"
            " on the researcher's machine and copy research.pub there."
        )
    closed = {each.recipient.id for each in listed if each.closed}
    wanted = {each.recipient.id: each.recipient for each in listed if each.recipient.id not in closed}
    if not wanted:
        raise NoRecipient(
            f"Every public research key in {folder} is closed: make the key of the next epoch with"
            " `python -m storage keys new` on the researcher's machine and copy research.pub there."
        )
    return tuple(wanted.values())


def add_recipient(folder: Path, source: Path) -> Listed:
    """Copy a public key into the folder; returns how it stands there. Where the same key stands there without the half
    that checks signatures, it gets it. Raises KeyFileError where it is closed, is there already, or cannot be written.
    """
    new = read_listed(source)
    for each in list_recipients(folder):
        if each.recipient.id == new.recipient.id:
            if new.recipient.signer and not each.recipient.signer and not each.closed and not new.closed:
                with _in(folder):
                    write_over(each.path, read_text(source), 0o644)
                return Listed(each.path, new.recipient, None)
            state = "closed, and is not opened again" if each.closed else "there"
            raise KeyFileError(f"This key is in {folder} already ({each.path.name}): it is {state}.")
    if new.closed:
        raise KeyFileError(f"{source} is closed: add the key of an epoch that goes on.")
    target = folder / f"research-{new.recipient.epoch}-{new.recipient.id.hex()[:FEWEST_CHARACTERS]}.pub"
    with _in(folder):
        write_new(target, read_text(source), 0o644)
    return Listed(target, new.recipient, None)


def close_recipient(folder: Path, fingerprint: str, day: date) -> Listed:
    """Close the open key whose fingerprint begins so. Raises WrongKey where there is not exactly one, NoRecipient where
    it is the last."""
    listed = list_recipients(folder)
    chosen = choose_open(listed, fingerprint, folder)
    if all(each.closed or each.recipient.id == chosen.recipient.id for each in listed):
        raise NoRecipient(
            f"This is the only open key in {folder}, and without one nobody could read what people say:"
            " add the next one first (`python -m storage keys add`)."
        )
    for each in listed:
        if each.recipient.id == chosen.recipient.id and not each.closed:
            file = _read_public(each.path).model_copy(update={"closed": day})
            with _in(folder):
                write_over(each.path, file.as_text(), 0o644)
    return Listed(chosen.path, chosen.recipient, day)


def choose_open(listed: list[Listed], fingerprint: str, folder: Path) -> Listed:
    """The open key whose fingerprint begins so; where it is empty, the only one that is open. Raises WrongKey."""
    wanted = fingerprint.strip().lower()
    if wanted and len(wanted) < FEWEST_CHARACTERS:
        raise WrongKey(f"Give at least {FEWEST_CHARACTERS} characters of the key's fingerprint.")
    found = {
        each.recipient.id: each for each in listed if not each.closed and each.recipient.id.hex().startswith(wanted)
    }
    if len(found) != 1:
        what = "No open key" if not found else "More than one open key"
        which = "has this fingerprint" if wanted else "is there"
        raise WrongKey(
            f"{what} in {folder} {which}: name one by its fingerprint, as `python -m storage keys show` prints it."
        )
    return next(iter(found.values()))


def _read_public(path: Path) -> PublicFile:
    return parse_key_file(PublicFile, read_text(path), path, "the public half of a research key")


@contextmanager
def _in(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError:
        raise KeyFileError(f"The folder {folder} cannot be changed: check that it is yours and has space.") from None
