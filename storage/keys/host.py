"""Keys that the bot's host makes: one for each participant, and its own.

bot.key  on the bot's host only: the bot key (progress, outbox, audit) and the pepper of the pseudonyms. It opens no
         answer. A participant's key lives in the keyring (`storage.keyring`); deleting every copy of it erases what it
         sealed, everywhere.
"""

import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import KeyFileError, Malformed, Tampered, UnknownVersion
from storage.keyfiles import BotFile, parse_key_file, read_private_text, write_new
from storage.keys.research import NONCE_BYTES, TAG_BYTES

_BOT_SEAL_VERSION = 1


def make_participant_key() -> bytes:
    """A new participant key, 32 random bytes. Deleting every copy of it erases what it sealed, everywhere."""
    return AESGCM.generate_key(256)


class BotKey:
    """The bot key and the pepper. Seals what the bot itself must read again: progress and messages to send.

    Random 96-bit nonces: good for 2^32 seals under one key (NIST SP 800-38D, 8.3), far more than a study will make.
    """

    def __init__(self, key: bytes, pepper: bytes) -> None:
        self._pepper = pepper
        self._sealing = AESGCM(_derive(key, b"hearten bot key v1: seal"))
        self._token_key = _derive(key, b"hearten bot key v1: token")
        self.audit_key = _derive(key, b"hearten bot key v1: audit")

    def __repr__(self) -> str:
        return "BotKey()"

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

    def seal(self, plaintext: bytes, context: bytes) -> bytes:
        """Version byte, 12-byte nonce, AES-256-GCM. Opens with the same context only."""
        nonce = os.urandom(NONCE_BYTES)
        return bytes([_BOT_SEAL_VERSION]) + nonce + self._sealing.encrypt(nonce, plaintext, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Raises Malformed, UnknownVersion, or Tampered (changed, moved, or another bot key)."""
        if len(sealed) < 1 + NONCE_BYTES + TAG_BYTES:
            raise Malformed("Something sealed with the bot key is cut short.")
        if sealed[0] != _BOT_SEAL_VERSION:
            raise UnknownVersion("Something was sealed by a newer version: update Hearten.")
        try:
            return self._sealing.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], context)
        except InvalidTag:
            raise Tampered(
                "Something sealed with the bot key was changed or moved, or this is another bot key."
            ) from None

    def pseudonym(self, telegram_id: int) -> bytes:
        """32 bytes that stand for a person: HMAC-SHA-256 of the id under the pepper."""
        return hmac.digest(
            self._pepper, b"hearten pseudonym v1" + telegram_id.to_bytes(16, "big", signed=True), "sha256"
        )

    def token(self, label: str, value: str) -> bytes:
        """32 bytes by which a value is found again and not read back: HMAC-SHA-256, apart for each label."""
        name = label.encode()
        return hmac.digest(
            self._token_key, len(name).to_bytes(4, "big") + name + value.encode(errors="surrogatepass"), "sha256"
        )


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=purpose).derive(key)
