"""A real PostgreSQL server for tests, from Debian's binaries, in a folder of its own and on a socket there.

The server refuses to run as root, so where the tests do, it runs as an ordinary user. It is made once for a whole run;
a test gets databases of its own, copied from templates in which the schema is made already.
"""

import asyncio
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from sqlalchemy.engine import make_url

from storage.database import Database, Name

USER, PASSWORD = "hearten", "four words of a server"


def find_binaries() -> Path | None:
    """The newest PostgreSQL that Debian installed, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


class Server:
    """Made and started by `Server.make`; `remove` stops it and leaves nothing."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self.folder = folder
        self.data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _ordinary_user()

    @classmethod
    def make(cls, *, fsync: bool = False) -> "Server":
        binaries = find_binaries()
        assert binaries is not None
        server = cls(binaries, Path(tempfile.mkdtemp(prefix="hearten-pg-")))
        try:
            server._fill(fsync=fsync)
        except BaseException:
            server.remove()
            raise
        return server

    def _fill(self, *, fsync: bool) -> None:
        """The cluster, and the templates in it."""
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if self._user:
            for path in (self.folder, password):
                os.chown(path, self._user, -1)
        arguments = ["-D", self.data, "-U", USER, "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8", "-N"]
        self._run("initdb", *arguments, "--locale=C.UTF-8")
        self.start(fsync=fsync)
        for name in ("main", "keyring"):
            self.query("postgres", f"CREATE DATABASE template_{name}")
            asyncio.run(_make_tables(name, self.url(f"template_{name}")))

    def start(self, *, fsync: bool = False) -> None:
        """Start, and wait until it answers."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "unix_socket_permissions": "0777",
            "fsync": "on" if fsync else "off",
            "max_connections": "100",
            "shared_buffers": "32MB",
            "autovacuum": "off",
            "log_min_messages": "panic",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._binaries / "postgres"), "-D", str(self.data), *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, stdout=log, cwd=self.folder, **self._as_user())
        for _ in range(600):
            asked = subprocess.run([self._binaries / "pg_isready", "-q", "-h", self.folder], check=False)
            if asked.returncode == 0:
                return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: a fast shutdown. SIGQUIT: at once, as if the power were cut; the next start recovers."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, password: str = PASSWORD) -> str:
        words = password.replace(" ", "%20")
        return f"postgresql+asyncpg://{USER}:{words}@/{database}?host={self.folder}"

    def copy_templates(self) -> tuple[str, str]:
        """Two fresh databases; their URLs."""
        mark = secrets.token_hex(6)
        names = [f"main_{mark}", f"keyring_{mark}"]
        self.query("postgres", *(f"CREATE DATABASE {each} TEMPLATE template_{each.split('_')[0]}" for each in names))
        return self.url(names[0]), self.url(names[1])

    def drop(self, *urls: str) -> None:
        self.query("postgres", *(f"DROP DATABASE IF EXISTS {database_of(url)} WITH (FORCE)" for url in urls))

    def query(self, database: str, *statements: str) -> list[str]:
        """Run statements with psql, each a transaction of its own; the lines that they gave."""
        each = [part for statement in statements for part in ("-c", statement)]
        command = [
            self._binaries / "psql",
            "-X",
            "-q",
            "-A",
            "-t",
            "-h",
            self.folder,
            "-U",
            USER,
            "-d",
            database,
            *each,
        ]
        environment = os.environ | {"PGPASSWORD": PASSWORD}
        given = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert given.returncode == 0, given.stderr
        return given.stdout.splitlines()

    def files_of(self, url: str) -> bytes:
        """Every byte of one database's own folder, after everything was written there."""
        (number, *_) = self.query(
            database_of(url), "SELECT oid FROM pg_database WHERE datname = current_database()", "CHECKPOINT"
        )
        return b"".join(each.read_bytes() for each in sorted((self.data / "base" / number).iterdir()) if each.is_file())

    def write_ahead_log(self) -> bytes:
        return b"".join(each.read_bytes() for each in sorted((self.data / "pg_wal").iterdir()) if each.is_file())

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._binaries / program), *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._as_user())

    def _as_user(self) -> dict[str, object]:
        return {"user": self._user, "group": self._user, "extra_groups": []} if self._user else {}


def database_of(url: str) -> str:
    return make_url(url).database or ""


def _ordinary_user() -> int | None:
    """Whom to run as where we are root: whoever Debian made for it, or nobody."""
    if os.getuid() != 0:
        return None
    known = {each.pw_name: each.pw_uid for each in pwd.getpwall()}
    return known.get("postgres", known["nobody"])


async def _make_tables(name: Name, url: str) -> None:
    database = Database(name, url, writable=True)
    try:
        assert await database.check_or_make()
    finally:
        await database.close()
