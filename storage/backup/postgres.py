"""PostgreSQL's own tools, `pg_dump` and `pg_restore`, as streams.

The password goes to them in their environment, never on a command line that others on the machine can see. What they
say on standard error could name what they found there, so it is not passed on.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from storage.errors import BackupError

_DEBIAN = Path("/usr/lib/postgresql")
_PIECE = 65536
_DUMP = ("--format=custom", "--no-owner", "--no-privileges", "--no-password")


def dump(url: str) -> Iterator[bytes]:
    """The whole database as one archive, as it stands at one moment. Raises BackupError."""
    with _start("pg_dump", *_DUMP, url=url, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        try:
            while piece := process.stdout.read(_PIECE):
                yield piece
        except BaseException:
            process.kill()
            raise
        if process.wait():
            raise BackupError(
                "pg_dump did not finish: see that the database answers, and that pg_dump is not older than its server."
            )


def see_archive(pieces: Iterable[bytes]) -> None:
    """Read an archive to its end, as for a restore, and do nothing. Raises BackupError where it is not whole."""
    _feed(pieces, "pg_restore", "--file=/dev/null", url=None)


def load(pieces: Iterable[bytes], url: str) -> None:
    """Restore an archive: all of it, or, where anything fails, nothing. Raises BackupError."""
    name = make_url(url).database or ""
    options = ("--single-transaction", "--no-owner", "--no-privileges", "--no-password", f"--dbname={name}")
    _feed(pieces, "pg_restore", *options, url=url)


def _feed(pieces: Iterable[bytes], *command: str, url: str | None) -> None:
    with _start(*command, url=url, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin is not None  # noqa: S101 - it was asked for
        try:
            for piece in pieces:
                process.stdin.write(piece)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it ended early; its exit status says why
        except BaseException:
            process.kill()
            raise
        if process.wait():
            raise BackupError("pg_restore refused what it was given: nothing was changed in the database.")


def _start(program: str, *options: str, url: str | None, stdin: int, stdout: int) -> subprocess.Popen[bytes]:
    environment = dict(os.environ) | (_connection(make_url(url)) if url else {})
    return subprocess.Popen(  # noqa: S603 - a program of PostgreSQL with options of ours
        [_find(program), *options], stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL, env=environment
    )


def _find(program: str) -> str:
    """The newest that Debian has installed, else the one on the path."""
    versions = sorted(_DEBIAN.glob(f"*/bin/{program}"), key=lambda path: float(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which(program)
    if not found:
        raise BackupError(f"{program} is not installed: on Debian or Ubuntu, `apt install postgresql-client`.")
    return found


def _connection(url: URL) -> dict[str, str]:
    """What the tools read from their environment (libpq)."""
    query = {name: value for name, value in url.query.items() if isinstance(value, str)}
    wanted = {
        "PGHOST": query.get("host") or url.host,
        "PGPORT": query.get("port") or (str(url.port) if url.port else None),
        "PGUSER": url.username,
        "PGPASSWORD": str(url.password) if url.password is not None else None,
        "PGDATABASE": url.database,
        "PGSSLMODE": query.get("ssl") or query.get("sslmode"),
    }
    return {name: value for name, value in wanted.items() if value}
