"""Key files: their layout, and who may read them. Nothing here computes with keys; see `storage.keys`.

Every file is JSON that says what it is (`format`, `version`). Bytes are base64 with the URL-safe alphabet, ids are
hexadecimal. A secret file that others on the machine may read is refused, every time it is read.
"""

import json
import os
import secrets
import stat
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from storage.errors import DamagedKey, ExposedKey, KeyFileError, LostKey
from storage.settings import StorageSettings

#: The name of the suite as it stands in the files.
SuiteName = Literal["HPKE MLKEM768-X25519 HKDF-SHA256 AES-256-GCM"]

Epoch = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Bytes12 = Annotated[bytes, Field(min_length=12, max_length=12)]
Bytes16 = Annotated[bytes, Field(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, Field(min_length=32, max_length=32)]
Bytes1184 = Annotated[bytes, Field(min_length=1184, max_length=1184)]

F = TypeVar("F", bound=BaseModel)


class KeyFile(BaseModel):
    model_config = ConfigDict(
        extra="forbid", ser_json_bytes="base64", val_json_bytes="base64", hide_input_in_errors=True
    )

    def as_text(self) -> str:
        return self.model_dump_json(indent=2, exclude_none=True) + "\n"


class Argon2(KeyFile):
    """The limits keep a forged file from taking all memory."""

    name: Literal["argon2id"] = "argon2id"
    salt: Bytes16
    iterations: int = Field(ge=1, le=100)
    lanes: int = Field(ge=1, le=64)
    memory_kib: int = Field(ge=8, le=4 * 1024 * 1024)


class PrivateFile(KeyFile):
    format: Literal["hearten research key, private half"] = "hearten research key, private half"
    version: Literal[1] = 1
    suite: SuiteName = "HPKE MLKEM768-X25519 HKDF-SHA256 AES-256-GCM"
    epoch: Epoch
    id: KeyId
    argon2: Argon2
    nonce: Bytes12
    sealed: bytes = b""

    def header(self) -> bytes:
        """What the seal is bound to: everything but `sealed`, as JSON with sorted keys and no spaces."""
        fields = self.model_dump(exclude={"sealed"}, mode="json")
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


class PublicFile(KeyFile):
    format: Literal["hearten research key, public half"] = "hearten research key, public half"
    version: Literal[1] = 1
    suite: SuiteName = "HPKE MLKEM768-X25519 HKDF-SHA256 AES-256-GCM"
    epoch: Epoch
    id: KeyId
    closed: date | None = None
    mlkem768: Bytes1184
    x25519: Bytes32
    ed25519: Bytes32 | None = None


class BotPublicFile(KeyFile):
    """To whom bundles for the bot are sealed: made on its host, for the researcher's machine. Not secret."""

    format: Literal["hearten bot key, public half"] = "hearten bot key, public half"
    version: Literal[1] = 1
    suite: SuiteName = "HPKE MLKEM768-X25519 HKDF-SHA256 AES-256-GCM"
    study: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    id: KeyId
    mlkem768: Bytes1184
    x25519: Bytes32


class BotFile(KeyFile):
    format: Literal["hearten bot key"] = "hearten bot key"
    version: Literal[1] = 1
    key: Bytes32
    pepper: Bytes32


def parse_key_file(model: type[F], text: str, path: Path, what: str) -> F:
    """Raises DamagedKey where the text is not laid out as `model` says."""
    try:
        return model.model_validate_json(text)
    except ValidationError:
        raise DamagedKey(
            f"{path} is not {what} that this version can read: put the right file there, or a copy that is whole."
        ) from None


def read_text(path: Path) -> str:
    """The text of a file. Raises LostKey where it is missing or not text."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise LostKey(f"{path} is missing, cannot be read, or is not a text file.") from None


def read_private_text(path: Path) -> str:
    """The text of a secret file. Raises LostKey where it is missing, ExposedKey where others may read or change it.

    systemd hands credentials on in a folder that only the unit's user may enter, and lets that user read them by an
    access list, which shows as a right of the file's group (systemd.exec, LoadCredential=).
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        raise LostKey(f"{path} is missing or cannot be reached.") from None
    handed = os.environ.get("CREDENTIALS_DIRECTORY")
    if stat.S_IMODE(mode) & (0o037 if handed and path.parent == Path(handed) else 0o077):
        raise ExposedKey(f"Others on this machine may read {path}: run `chmod 600 {path}` and try again.")
    return read_text(path)


def write_new(path: Path, text: str, mode: int) -> None:
    """Write a file that must not exist yet, whole or not at all, and see it safely on the disk.

    A folder that is missing is made, for the owner only. Raises FileExistsError, or OSError where it cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _write_draft(path, text, mode)
    try:
        os.link(draft, path)  # unlike a rename, this never replaces what is already there
    finally:
        draft.unlink()
    keep_folder(path.parent)


def write_over(path: Path, text: str, mode: int) -> None:
    """As `write_new`, in place of what is there. Raises OSError where it cannot be written."""
    _write_draft(path, text, mode).replace(path)
    keep_folder(path.parent)


def keep_folder(folder: Path) -> None:
    """See a new name in a folder safely on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_draft(path: Path, text: str, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink()
        raise
    return draft


def read_passphrase(settings: StorageSettings) -> str | None:
    """The passphrase for unattended use from HEARTEN_PASSPHRASE_FILE (its first line), or None where that is not set.

    Raises KeyFileError where the file is missing, empty, or may be read by others.
    """
    passphrases = read_passphrases(settings)
    return passphrases[0] if passphrases else None


def read_passphrases(settings: StorageSettings) -> list[str]:
    """Every line of HEARTEN_PASSPHRASE_FILE, for the commands that take several keys; none where that is not set.

    Raises KeyFileError as `read_passphrase` does.
    """
    if settings.passphrase_file is None:
        return []
    lines = [line.rstrip("\r") for line in read_private_text(settings.passphrase_file).split("\n")]
    if not lines[0]:
        raise KeyFileError(
            f"{settings.passphrase_file} (HEARTEN_PASSPHRASE_FILE) is empty: write the passphrase there."
        )
    return [line for line in lines if line]
