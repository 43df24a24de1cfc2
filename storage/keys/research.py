"""Research keys: HPKE (RFC 9180), base mode, single shot, hybrid ML-KEM-768 + X25519, HKDF-SHA-256, AES-256-GCM.

The public half seals, the private half opens. Making a pair, and reading its two files (`storage.keyfiles`), is here;
the folder of public halves is in `storage.keys.recipients`. A private half can also sign what goes to the bot
(`storage.keys.signing`); the public file says with which key that is checked.
"""

import hashlib
import os
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from pydantic import ValidationError

from storage.errors import DamagedKey, KeyFileError, WrongPassphrase
from storage.keyfiles import Argon2, PrivateFile, PublicFile, parse_key_file, read_private_text, read_text
from storage.keys.kept import NONCE_BYTES, KeptKey, derive
from storage.keys.signing import SigningKey

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

#: Bytes that HPKE adds to what it seals: the encapsulated key (1,088 + 32) and the tag (16).
HPKE_OVERHEAD = 1136

ID_BYTES = 16
_MLKEM_SEED = 64
MLKEM_PUBLIC = 1184


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess of the passphrase costs (Argon2id). Defaults: RFC 9106, section 4, second recommended option."""

    iterations: int = 3
    lanes: int = 4
    memory_kib: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Recipient:
    """The public half of a research key: it seals. `id` is 16 bytes, `signer` the 32 bytes that check what the private
    half signed (None in a file from before there were signatures)."""

    id: bytes
    epoch: str
    _key: MLKEM768X25519PublicKey = field(repr=False)
    signer: bytes | None = None

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """Seal so that only the private half opens it, with the same `info`. Adds HPKE_OVERHEAD bytes."""
        return SUITE.encrypt(plaintext, self._key, info)


@dataclass(frozen=True, slots=True)
class ResearchKey:
    """The private half of a research key: it opens, and it signs. `id` is 16 bytes."""

    id: bytes
    epoch: str
    _key: MLKEM768X25519PrivateKey = field(repr=False)
    _desk: KeptKey = field(repr=False)
    _signing: SigningKey = field(repr=False)

    @classmethod
    def of_raw(cls, raw: bytes, epoch: str) -> "ResearchKey":
        """From 96 raw bytes: the 64-byte ML-KEM-768 seed, then the 32-byte X25519 key."""
        mlkem, x25519 = private_parts(raw)
        desk = KeptKey(derive(raw, b"hearten desk key v1"), "desk key")
        return cls(id_of(public_raw(raw)), epoch, MLKEM768X25519PrivateKey(mlkem, x25519), desk, SigningKey.of_raw(raw))

    @property
    def desk_key(self) -> KeptKey:
        """The key of the researcher's desk: for notes, and for the codes of its log. Derived, so it needs no file."""
        return self._desk

    @property
    def recipient(self) -> Recipient:
        return Recipient(self.id, self.epoch, self._key.public_key(), self._signing.public)

    def sign(self, message: bytes) -> bytes:
        """64 bytes, which `storage.keys.signing.is_signed` checks with `recipient.signer`."""
        return self._signing.sign(message)

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
    public = public_raw(raw)
    argon2 = Argon2(salt=os.urandom(16), iterations=cost.iterations, lanes=cost.lanes, memory_kib=cost.memory_kib)
    try:
        private = PrivateFile(epoch=epoch, id=id_of(public).hex(), argon2=argon2, nonce=os.urandom(NONCE_BYTES))
    except ValidationError:
        raise KeyFileError("An epoch is a short plain name: letters, digits, dots, colons, dashes.") from None
    private.sealed = AESGCM(_stretch(passphrase, argon2)).encrypt(private.nonce, raw, private.header())
    return private.as_text(), _public_text(epoch, public, SigningKey.of_raw(raw).public)


def read_research_key(path: Path, passphrase: str) -> ResearchKey:
    """Open a private key file. Raises LostKey, ExposedKey or DamagedKey where the file is not right, WrongPassphrase
    where the passphrase does not open it."""
    file, raw = _open_private(path, passphrase)
    return ResearchKey.of_raw(raw, file.epoch)


def read_public_half(path: Path, passphrase: str) -> str:
    """The text of the public file that belongs to a private key file. Raises as `read_research_key` does."""
    file, raw = _open_private(path, passphrase)
    return _public_text(file.epoch, public_raw(raw), SigningKey.of_raw(raw).public)


def _open_private(path: Path, passphrase: str) -> tuple[PrivateFile, bytes]:
    file = parse_key_file(PrivateFile, read_private_text(path), path, "the private half of a research key")
    try:
        raw = AESGCM(_stretch(passphrase, file.argon2)).decrypt(file.nonce, file.sealed, file.header())
    except InvalidTag:
        raise WrongPassphrase(f"The passphrase does not open {path}, or the file was changed.") from None
    if id_of(public_raw(raw)).hex() != file.id:
        raise DamagedKey(f"{path} is damaged: its id is not that of its key.")
    return file, raw


def _public_text(epoch: str, public: bytes, signer: bytes) -> str:
    mlkem, x25519 = public[:MLKEM_PUBLIC], public[MLKEM_PUBLIC:]
    return PublicFile(epoch=epoch, id=id_of(public).hex(), mlkem768=mlkem, x25519=x25519, ed25519=signer).as_text()


def read_recipient(path: Path) -> Recipient:
    """Read one public key file. Raises KeyFileError where it is missing or malformed."""
    file = parse_key_file(PublicFile, read_text(path), path, "the public half of a research key")
    if id_of(file.mlkem768 + file.x25519).hex() != file.id:
        raise DamagedKey(f"{path} is damaged: its id is not that of its key.")
    key = read_public(file.mlkem768, file.x25519, path)
    return Recipient(bytes.fromhex(file.id), file.epoch, key, file.ed25519)


def read_public(mlkem768: bytes, x25519: bytes, path: Path) -> MLKEM768X25519PublicKey:
    """The two public keys of a file as one. Raises DamagedKey where the first is none."""
    try:
        mlkem = MLKEM768PublicKey.from_public_bytes(mlkem768)
    except ValueError:
        raise DamagedKey(f"{path} is damaged: it does not hold a usable key.") from None
    return MLKEM768X25519PublicKey(mlkem, X25519PublicKey.from_public_bytes(x25519))


def _stretch(passphrase: str, argon2: Argon2) -> bytes:
    kdf = Argon2id(
        salt=argon2.salt, length=32, iterations=argon2.iterations, lanes=argon2.lanes, memory_cost=argon2.memory_kib
    )
    return kdf.derive(unicodedata.normalize("NFKC", passphrase).encode("utf-8"))


def private_parts(raw: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    return MLKEM768PrivateKey.from_seed_bytes(raw[:_MLKEM_SEED]), X25519PrivateKey.from_private_bytes(raw[_MLKEM_SEED:])


def public_raw(raw: bytes) -> bytes:
    mlkem, x25519 = private_parts(raw)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def id_of(public: bytes) -> bytes:
    return hashlib.sha256(public).digest()[:ID_BYTES]
