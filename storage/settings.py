"""Settings of storage, read from `HEARTEN_*` environment variables and from `.env`.

A wrong setting stops the start with a sentence that names the variable and says what to do. The value itself is never
shown: it may be secret. A setting that is secret can lie in a file, as service managers and container engines hand
secrets on: `HEARTEN_DATABASE_URL_FILE` names the file that holds what `HEARTEN_DATABASE_URL` would.
"""

import stat
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from storage.errors import SettingsError

PREFIX = "HEARTEN_"

S = TypeVar("S", bound="StorageSettings")


class StorageSettings(BaseSettings):
    """Where the databases and keys are. Relative paths count from the working folder."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    database_url: str = Field("sqlite+aiosqlite:///var/hearten.db", repr=False)  # it may hold a password
    keyring_url: str = Field("sqlite+aiosqlite:///var/keyring.db", repr=False)
    recipients: Path = Path("var/recipients")
    bot_key: Path = Path("var/bot.key")
    passphrase_file: Path | None = None
    retention: Path | None = None
    database_url_file: Path | None = None
    keyring_url_file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def read_secret_files(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Take each setting whose file is named from that file. Its name alone is ever shown."""
        named = {name for name in cls.model_fields if f"{name}_file" in cls.model_fields and given.get(f"{name}_file")}
        if both := sorted(name for name in named if given.get(name)):
            variable = PREFIX + both[0].upper()
            raise ValueError(f"{variable} and {variable}_FILE are both set: keep one of them")
        return given | {name: _read_secret(Path(given[f"{name}_file"]), name) for name in named}

    @field_validator("database_url", "keyring_url")
    @classmethod
    def name_a_database(cls, url: str) -> str:
        """A file, or a database on a server: answers kept in memory would be lost with the process."""
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):  # ValueError: a port that is no number
            parsed = None
        if parsed is None or not (_is_file(parsed) or _is_on_server(parsed)):
            raise ValueError(
                "write it as sqlite+aiosqlite:///path/to/file.db (four slashes for an absolute path), or as"
                " postgresql+asyncpg://user:password@host/database (of a password, write @ as %40, : as %3A, / as %2F)"
            )
        if _is_on_server(parsed) and (unknown := set(parsed.query) - _OPTIONS):
            raise ValueError(f"it has an option that is not known ({min(unknown)}): only host, port and ssl are")
        return url

    @model_validator(mode="after")
    def keep_the_keyring_apart(self) -> "StorageSettings":
        if _identity(self.database_url) == _identity(self.keyring_url):
            raise ValueError(
                "HEARTEN_KEYRING_URL and HEARTEN_DATABASE_URL name the same file or database: give the keyring one of"
                " its own, so that backups of the answers do not hold it"
            )
        return self

    @property
    def database_file(self) -> Path:
        """Raises SettingsError where it is no file."""
        return _file_of(self.database_url, "HEARTEN_DATABASE_URL")

    @property
    def keyring_file(self) -> Path:
        """Raises SettingsError where it is no file."""
        return _file_of(self.keyring_url, "HEARTEN_KEYRING_URL")


def _read_secret(path: Path, name: str) -> str:
    """The first line of a file that is not for everybody. Its group may read it: that is how service managers hand a
    secret to the one user that they start a program as."""
    variable = f"{PREFIX}{name.upper()}_FILE"
    try:
        everybody = stat.S_IMODE(path.stat().st_mode) & 0o007
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{path} ({variable}) is missing, cannot be read, or is not a text file") from None
    if everybody:
        raise ValueError(f"everybody on this machine may read {path} ({variable}): run `chmod o= {path}`")
    if not lines or not lines[0].strip():
        raise ValueError(f"{path} ({variable}) is empty: write the value there, in one line")
    return lines[0].strip()


#: What may stand behind the question mark of a PostgreSQL URL: a folder of sockets as host, and `ssl=require`.
_OPTIONS = {"host", "port", "ssl"}


def _is_file(url: URL) -> bool:
    return url.drivername == "sqlite+aiosqlite" and url.database not in (None, "", ":memory:")


def _is_on_server(url: URL) -> bool:
    return url.drivername == "postgresql+asyncpg" and bool(url.database)


def _identity(url: str) -> tuple[object, ...]:
    """The same for two URLs of the same database, as far as a URL can tell."""
    parsed = make_url(url)
    if _is_file(parsed):
        return (Path(parsed.database or "").resolve(),)
    host = parsed.host or parsed.query.get("host") or "localhost"
    return host, str(parsed.port or parsed.query.get("port") or 5432), parsed.database


def _file_of(url: str, setting: str) -> Path:
    parsed = make_url(url)
    if not _is_file(parsed):
        raise SettingsError(f"{setting} names a database on a server, and this needs a SQLite file.")
    return Path(parsed.database or "")


def read_settings(cls: type[S]) -> S:
    """Read settings of the given class. Raises SettingsError with one sentence that names every wrong variable."""
    try:
        return cls()
    except ValidationError as problem:
        sentence = "; ".join(_say(each["type"], each["loc"], each["msg"]) for each in problem.errors())
    except SourceError:
        sentence = f"A {PREFIX}* setting that should be JSON is not; see the table of settings in the README"
    except (OSError, UnicodeDecodeError):
        sentence = "The file .env cannot be read as UTF-8 text; mend it or move it away"
    raise SettingsError(sentence + ".")


def _say(kind: str, where: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    if not where:
        return message
    name = PREFIX + str(where[0]).removeprefix(PREFIX.lower()).upper()
    if kind == "missing":
        return f"{name} is missing: set it in the environment or in .env"
    return f"{name} cannot be used: {message[:1].lower()}{message[1:]}"
