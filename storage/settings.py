"""Settings of storage, read from `HEARTEN_*` environment variables and from `.env`.

A wrong setting stops the start with a sentence that names the variable and says what to do. The value itself is never
shown: it may be secret.
"""

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from storage.errors import SettingsError

PREFIX = "HEARTEN_"

S = TypeVar("S", bound="StorageSettings")


class StorageSettings(BaseSettings):
    """Where the databases and keys are. Relative paths count from the working folder."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    database_url: str = "sqlite+aiosqlite:///var/hearten.db"
    keyring_url: str = "sqlite+aiosqlite:///var/keyring.db"
    recipients: Path = Path("var/recipients")
    bot_key: Path = Path("var/bot.key")
    passphrase_file: Path | None = None
    retention: Path | None = None

    @field_validator("database_url", "keyring_url")
    @classmethod
    def name_a_file(cls, url: str) -> str:
        """The URL must lead to a file: answers kept in memory would be lost with the process."""
        try:
            parsed = make_url(url)
        except ArgumentError:
            parsed = None
        if parsed is None or parsed.drivername != "sqlite+aiosqlite" or parsed.database in (None, "", ":memory:"):
            raise ValueError("write it as sqlite+aiosqlite:///path/to/file.db (four slashes for an absolute path)")
        return url

    @model_validator(mode="after")
    def keep_the_keyring_apart(self) -> "StorageSettings":
        if self.database_file.resolve() == self.keyring_file.resolve():
            raise ValueError(
                "HEARTEN_KEYRING_URL and HEARTEN_DATABASE_URL name the same file: give the keyring a file of its own,"
                " so that backups of the answers do not hold it"
            )
        return self

    @property
    def database_file(self) -> Path:
        return Path(make_url(self.database_url).database or "")

    @property
    def keyring_file(self) -> Path:
        return Path(make_url(self.keyring_url).database or "")


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
