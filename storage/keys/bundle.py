"""The bot's own pair, to which researchers seal what the bot is to pass on. HPKE, as in `storage.keys.research`.

The private half comes from the bot key and the study's id, and is in no file. The public half is a file that is carried
to the researcher's machine. It names the study, so that a bundle is bound to that one.
"""

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from storage.errors import DamagedKey
from storage.keyfiles import BotPublicFile, parse_key_file, read_text
from storage.keys.kept import derive
from storage.keys.research import MLKEM_PUBLIC, SUITE, id_of, private_parts, public_raw, read_public


@dataclass(frozen=True, slots=True)
class BotRecipient:
    """The public half: it seals. `id` and `study` are 16 bytes each."""

    id: bytes
    study: bytes
    _key: MLKEM768X25519PublicKey = field(repr=False)

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """Seal so that only this bot opens it, with the same `info`."""
        return SUITE.encrypt(plaintext, self._key, info)


@dataclass(frozen=True, slots=True)
class BundleKey:
    """The private half: it opens."""

    id: bytes
    study: bytes
    _public: bytes = field(repr=False)
    _key: MLKEM768X25519PrivateKey = field(repr=False)

    @classmethod
    def of_secret(cls, secret: bytes, study: bytes) -> "BundleKey":
        """Three keys of 32 bytes, each derived for itself: both halves of the ML-KEM-768 seed, and the X25519 key."""
        names = ("d", "z", "x25519")
        parts = [derive(secret, b"hearten bundle key v1: " + each.encode() + study) for each in names]
        return cls.of_raw(b"".join(parts), study)

    @classmethod
    def of_raw(cls, raw: bytes, study: bytes) -> "BundleKey":
        """From 96 raw bytes, as a research key's."""
        mlkem, x25519 = private_parts(raw)
        public = public_raw(raw)
        return cls(id_of(public), study, public, MLKEM768X25519PrivateKey(mlkem, x25519))

    @property
    def recipient(self) -> BotRecipient:
        return BotRecipient(self.id, self.study, self._key.public_key())

    def public_text(self) -> str:
        """The text of the public file."""
        mlkem, x25519 = self._public[:MLKEM_PUBLIC], self._public[MLKEM_PUBLIC:]
        return BotPublicFile(study=self.study.hex(), id=self.id.hex(), mlkem768=mlkem, x25519=x25519).as_text()

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Raises cryptography's InvalidTag where it was sealed to another, or was changed."""
        return SUITE.decrypt(sealed, self._key, info)


def read_bot_recipient(path: Path) -> BotRecipient:
    """Read the public half of a bot's key. Raises KeyFileError where it is missing or malformed."""
    file = parse_key_file(BotPublicFile, read_text(path), path, "the public half of a bot's key")
    if id_of(file.mlkem768 + file.x25519).hex() != file.id:
        raise DamagedKey(f"{path} is damaged: its id is not that of its key.")
    key = read_public(file.mlkem768, file.x25519, path)
    return BotRecipient(bytes.fromhex(file.id), bytes.fromhex(file.study), key)
