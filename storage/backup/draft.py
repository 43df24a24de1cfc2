"""Files in the making: hidden, for their owner only, and known under their name only once they are whole."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from storage.errors import BackupError, NotEmpty
from storage.keyfiles import keep_folder

Purpose = Literal["backup", "restore"]

#: What a file system answers that knows no second name for a file, as those of memory sticks do.
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


@contextmanager
def working_file(beside: Path, purpose: Purpose) -> Iterator[Path]:
    """An empty file beside another, for one process at a time; gone at the end. What a process that was stopped left
    behind is begun anew, so that it never stays. Raises BackupError where another process is at it."""
    path = _working_file(beside, purpose)
    with open(path, "ab", opener=_for_owner) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BackupError(f"Another backup or restore of {beside} is under way: wait until it is done.") from None
        file.truncate(0)
        try:
            yield path
        finally:
            for more in ("", "-wal", "-shm"):
                path.with_name(path.name + more).unlink(missing_ok=True)


def working_files(beside: Path) -> list[Path]:
    """Where the working files of backups and restores are, while there are any."""
    return [_working_file(beside, purpose) for purpose in ("backup", "restore")]


def _working_file(beside: Path, purpose: Purpose) -> Path:
    return beside.with_name(f".{beside.name}.{purpose}")


@contextmanager
def new_file(out: Path) -> Iterator[Path]:
    """A draft that becomes `out` at a clean end. Raises NotEmpty where that exists already."""
    draft = out.with_name(f".{out.name}.{secrets.token_hex(8)}")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield draft
        name_it(draft, out)
    finally:
        draft.unlink(missing_ok=True)


def name_it(draft: Path, out: Path) -> None:
    """Give a finished file its name, never in place of another. Raises NotEmpty or OSError."""
    try:
        os.link(draft, out)
    except FileExistsError:
        raise NotEmpty(f"{out} exists already: nothing is ever replaced, choose another name.") from None
    except OSError as problem:
        if problem.errno not in _NO_LINKS:
            raise
        if out.exists():
            raise NotEmpty(f"{out} exists already: nothing is ever replaced, choose another name.") from None
        draft.rename(out)
    keep_folder(out.parent)


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
