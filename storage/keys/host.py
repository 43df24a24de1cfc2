"""Keys that the bot's host makes: one for each participant, and its own.

bot.key  on the bot's host only: the bot key (progress, outbox, audit) and the pepper of the pseudonyms. It opens no
         answer. From it comes, for each study, the pair to which researchers seal what the bot is to pass on
         (`bundle_key`). A participant's key lives in the keyring (`storage.keyring`); deleting every copy of it erases
         what it sealed, everywhere.
"""

import hmac
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import KeyFileError
from storage.keyfiles import BotFile, parse_key_file, read_private_text, write_new
from storage.keys.bundle import BundleKey
from storage.keys.kept import KeptKey, derive


def make_participant_key() -> bytes:
    """A new participant key, 32 random bytes. Deleting every copy of it erases what it sealed, everywhere."""
    return AESGCM.generate_key(256)


class BotKey(KeptKey):
    """The bot key and the pepper. Seals what the bot itself must read again: progress and messages to send."""

    def __init__(self, key: bytes, pepper: bytes) -> None:
        super().__init__(key, "bot key")
        self._pepper = pepper
        self._bundles = derive(key, b"hearten bot key v1: bundles")

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

    def bundle_key(self, study: bytes) -> BundleKey:
        """The pair to which bundles for this bot are sealed. Made of the bot key, so it needs no file."""
        return BundleKey.of_secret(self._bundles, study)

    def pseudonym(self, telegram_id: int) -> bytes:
        """32 bytes that stand for a person: HMAC-SHA-256 of the id under the pepper."""
        return hmac.digest(
            self._pepper, b"hearten pseudonym v1" + telegram_id.to_bytes(16, "big", signed=True), "sha256"
        )
