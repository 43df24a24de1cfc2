"""Keys: who holds what.

The promise: the bot's machine can seal answers and cannot open them. What opens an answer is the private half of a
research key, which is made and kept elsewhere, together with the participant's own key from the keyring.

research.key  private half, on the researcher's machine only. A readable header (format, version, suite, epoch, id,
              Argon2id parameters) and `sealed`: AES-256-GCM of the raw keys under Argon2id(passphrase), with the whole
              header as associated data, so that no part of the file can be changed unnoticed. The passphrase is
              normalised (Unicode NFKC) and encoded as UTF-8.
research.pub  public half, in the folder of recipients on the bot's host. `id` is the first 16 bytes of the SHA-256 of
              the raw public key (ML-KEM-768, then X25519) and is checked when read.
bot.key       on the bot's host only: the bot key (progress, outbox, audit) and the pepper of the pseudonyms.
desk key      derived from the private research key, in no file: notes and the log of the researcher's desk.

Research keys: HPKE (RFC 9180), base mode, single shot, hybrid ML-KEM-768 + X25519, HKDF-SHA-256, AES-256-GCM. What is
collected today must stay closed for a lifetime, quantum computers included. Files: `storage.keyfiles`.
"""

import hashlib
import hmac
import os
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import ValidationError

from storage.errors import KeyFileError, Malformed, Tampered, UnknownVersion, WrongPassphrase
from storage.keyfiles import (
    Argon2,
    BotFile,
    PrivateFile,
    PublicFile,
    parse_key_file,
    read_passphrase,
    read_private_text,
    read_text,
    write_new,
)

__all__ = [
    "HPKE_OVERHEAD",
    "BotKey",
    "Cost",
    "KeptKey",
    "Recipient",
    "ResearchKey",
    "make_participant_key",
    "make_research_key",
    "read_passphrase",
    "read_recipient",
    "read_recipients",
    "read_research_key",
]

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

#: Bytes that HPKE adds to what it seals: the encapsulated key (1,088 + 32) and the tag (16).
HPKE_OVERHEAD = 1136

ID_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16
_MLKEM_SEED = 64
_MLKEM_PUBLIC = 1184
_KEPT_SEAL_VERSION = 1


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess of the passphrase costs (Argon2id). Defaults: RFC 9106, section 4, second recommended option."""

    iterations: int = 3
    lanes: int = 4
    memory_kib: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Recipient:
    """The public half of a research key: it seals. `id` is 16 bytes."""

    id: bytes
    epoch: str
    _key: MLKEM768X25519PublicKey = field(repr=False)

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """Seal so that only the private half opens it, with the same `info`. Adds HPKE_OVERHEAD bytes."""
        return SUITE.encrypt(plaintext, self._key, info)


@dataclass(frozen=True, slots=True)
class ResearchKey:
    """The private half of a research key: it opens. `id` is 16 bytes."""

    id: bytes
    epoch: str
    _key: MLKEM768X25519PrivateKey = field(repr=False)
    _desk: "KeptKey" = field(repr=False)

    @classmethod
    def of_raw(cls, raw: bytes, epoch: str) -> "ResearchKey":
        """From 96 raw bytes: the 64-byte ML-KEM-768 seed, then the 32-byte X25519 key."""
        mlkem, x25519 = _private_parts(raw)
        desk = KeptKey(_derive(raw, b"hearten desk key v1"), "desk key")
        return cls(_id_of(_public_raw(raw)), epoch, MLKEM768X25519PrivateKey(mlkem, x25519), desk)

    @property
    def desk_key(self) -> "KeptKey":
        """The key of the researcher's desk: for notes, and for the codes of its log. Derived, so it needs no file."""
        return self._desk

    @property
    def recipient(self) -> Recipient:
        return Recipient(self.id, self.epoch, self._key.public_key())

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Open what `Recipient.seal` sealed. Raises cryptography's InvalidTag where it was not, or was changed."""
        return SUITE.decrypt(sealed, self._key, info)


def make_research_key(passphrase: str, epoch: str, cost: Cost = Cost()) -> tuple[str, str]:
    """A new key pair for an epoch (such as `2026-wave-1`): the text of the private file and of the public file.

    Raises KeyFileError where the passphrase is empty or the epoch is not a plain name.
    """
    if not passphrase:
        raise KeyFileError("A research key needs a passphrase; four or more random words make a good one.")
    raw = MLKEM768PrivateKey.generate().private_bytes_raw() + X25519PrivateKey.generate().private_bytes_raw()
    public = _public_raw(raw)
    argon2 = Argon2(salt=os.urandom(16), iterations=cost.iterations, lanes=cost.lanes, memory_kib=cost.memory_kib)
    try:
        private = PrivateFile(epoch=epoch, id=_id_of(public).hex(), argon2=argon2, nonce=os.urandom(NONCE_BYTES))
    except ValidationError:
        raise KeyFileError("An epoch is a short plain name: letters, digits, dots, colons, dashes.") from None
    private.sealed = AESGCM(_stretch(passphrase, argon2)).encrypt(private.nonce, raw, private.header())
    mlkem, x25519 = public[:_MLKEM_PUBLIC], public[_MLKEM_PUBLIC:]
    return private.as_text(), PublicFile(epoch=epoch, id=private.id, mlkem768=mlkem, x25519=x25519).as_text()


def read_research_key(path: Path, passphrase: str) -> ResearchKey:
    """Open a private key file. Raises KeyFileError where it is missing, malformed or readable by others,
    WrongPassphrase where the passphrase does not open it."""
    file = parse_key_file(PrivateFile, read_private_text(path), path, "the private half of a research key")
    try:
        raw = AESGCM(_stretch(passphrase, file.argon2)).decrypt(file.nonce, file.sealed, file.header())
    except InvalidTag:
        raise WrongPassphrase(f"The passphrase does not open {path}, or the file was changed.") from None
    key = ResearchKey.of_raw(raw, file.epoch)
    if key.id.hex() != file.id:
        raise KeyFileError(f"{path} is damaged: its id is not that of its key.")
    return key


def read_recipient(path: Path) -> Recipient:
    """Read one public key file. Raises KeyFileError where it is missing or malformed."""
    file = parse_key_file(PublicFile, read_text(path), path, "the public half of a research key")
    if _id_of(file.mlkem768 + file.x25519).hex() != file.id:
        raise KeyFileError(f"{path} is damaged: its id is not that of its key.")
    try:
        mlkem = MLKEM768PublicKey.from_public_bytes(file.mlkem768)
    except ValueError:
        raise KeyFileError(f"{path} is damaged: it does not hold a usable key.") from None
    x25519 = X25519PublicKey.from_public_bytes(file.x25519)
    return Recipient(bytes.fromhex(file.id), file.epoch, MLKEM768X25519PublicKey(mlkem, x25519))


def read_recipients(folder: Path) -> tuple[Recipient, ...]:
    """Every *.pub in the folder, in the order of their names, each key once.

    Raises KeyFileError where there is none: without a recipient nobody could ever read what people say.
    """
    paths = sorted(folder.glob("*.pub")) if folder.is_dir() else []
    if not paths:
        raise KeyFileError(
            f"There is no public research key (*.pub) in {folder}: make a key pair with `python -m storage keys new`"
            " on the researcher's machine and copy research.pub there."
        )
    return tuple({each.id: each for each in map(read_recipient, paths)}.values())


def make_participant_key() -> bytes:
    """A new participant key, 32 random bytes. Deleting every copy of it erases what it sealed, everywhere."""
    return AESGCM.generate_key(256)


class KeptKey:
    """A key that seals what its holder must read again. `name` parts one kind of key from another in every use.

    Random 96-bit nonces: good for 2^32 seals under one key (NIST SP 800-38D, 8.3), far more than a study will make.
    """

    def __init__(self, key: bytes, name: str) -> None:
        self._name = name
        self._sealing = AESGCM(_derive(key, f"hearten {name} v1: seal".encode()))
        self._token_key = _derive(key, f"hearten {name} v1: token".encode())
        self.audit_key = _derive(key, f"hearten {name} v1: audit".encode())

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def seal(self, plaintext: bytes, context: bytes) -> bytes:
        """Version byte, 12-byte nonce, AES-256-GCM. Opens with the same context only."""
        nonce = os.urandom(NONCE_BYTES)
        return bytes([_KEPT_SEAL_VERSION]) + nonce + self._sealing.encrypt(nonce, plaintext, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Raises Malformed, UnknownVersion, or Tampered (changed, moved, or another key)."""
        if len(sealed) < 1 + NONCE_BYTES + TAG_BYTES:
            raise Malformed(f"Something sealed with the {self._name} is cut short.")
        if sealed[0] != _KEPT_SEAL_VERSION:
            raise UnknownVersion("Something was sealed by a newer version: update Hearten.")
        try:
            return self._sealing.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], context)
        except InvalidTag:
            raise Tampered(
                f"Something sealed with the {self._name} was changed or moved, or this is another {self._name}."
            ) from None

    def token(self, label: str, value: str) -> bytes:
        """32 bytes by which a value is found again and not read back: HMAC-SHA-256, apart for each label."""
        name = label.encode()
        return hmac.digest(
            self._token_key, len(name).to_bytes(4, "big") + name + value.encode(errors="surrogatepass"), "sha256"
        )


class BotKey(KeptKey):
    """The bot key and the pepper. Seals what the bot itself must read again: progress and messages to send."""

    def __init__(self, key: bytes, pepper: bytes) -> None:
        super().__init__(key, "bot key")
        self._pepper = pepper

    @classmethod
    def read(cls, path: Path) -> "BotKey":
        """Raises KeyFileError where the file is missing, malformed, or may be read by others."""
        file = parse_key_file(BotFile, read_private_text(path), path, "a bot key")
        return cls(file.key, file.pepper)

    @classmethod
    def read_or_make(cls, path: Path) -> "BotKey":
        """Read the file; where there is none, make one first (mode 600). Two processes make one between them."""
        if not path.exists():
            try:
                write_new(path, BotFile(key=os.urandom(32), pepper=os.urandom(32)).as_text(), 0o600)
            except FileExistsError:
                pass  # another process was faster; its key is the one
            except OSError:
                raise KeyFileError(
                    f"{path} cannot be written: make its folder writable, or set HEARTEN_BOT_KEY."
                ) from None
        return cls.read(path)

    def pseudonym(self, telegram_id: int) -> bytes:
        """32 bytes that stand for a person: HMAC-SHA-256 of the id under the pepper."""
        return hmac.digest(
            self._pepper, b"hearten pseudonym v1" + telegram_id.to_bytes(16, "big", signed=True), "sha256"
        )


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=purpose).derive(key)


def _stretch(passphrase: str, argon2: Argon2) -> bytes:
    kdf = Argon2id(
        salt=argon2.salt, length=32, iterations=argon2.iterations, lanes=argon2.lanes, memory_cost=argon2.memory_kib
    )
    return kdf.derive(unicodedata.normalize("NFKC", passphrase).encode("utf-8"))


def _private_parts(raw: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    return MLKEM768PrivateKey.from_seed_bytes(raw[:_MLKEM_SEED]), X25519PrivateKey.from_private_bytes(raw[_MLKEM_SEED:])


def _public_raw(raw: bytes) -> bytes:
    mlkem, x25519 = _private_parts(raw)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def _id_of(public: bytes) -> bytes:
    return hashlib.sha256(public).digest()[:ID_BYTES]
