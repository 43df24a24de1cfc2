"""A key that seals what its own holder must read again: the bot's progress and messages, the notes of a research desk.

`name` parts one kind of key from another in every use.
"""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import Malformed, Tampered, UnknownVersion

NONCE_BYTES = 12
TAG_BYTES = 16
_VERSION = 1


class KeptKey:
    """Random 96-bit nonces: good for 2^32 seals under one key (NIST SP 800-38D, 8.3), far more than a
    study will make.
    """

    def __init__(self, key: bytes, name: str) -> None:
        self._name = name
        self._sealing = AESGCM(derive(key, f"hearten {name} v1: seal".encode()))
        self._token_key = derive(key, f"hearten {name} v1: token".encode())
        self.audit_key = derive(key, f"hearten {name} v1: audit".encode())

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def seal(self, plaintext: bytes, context: bytes) -> bytes:
        """Version byte, 12-byte nonce, AES-256-GCM. Opens with the same context only."""
        nonce = os.urandom(NONCE_BYTES)
        return bytes([_VERSION]) + nonce + self._sealing.encrypt(nonce, plaintext, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Raises Malformed, UnknownVersion, or Tampered (changed, moved, or another key)."""
        if len(sealed) < 1 + NONCE_BYTES + TAG_BYTES:
            raise Malformed(f"Something sealed with the {self._name} is cut short.")
        if sealed[0] != _VERSION:
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


def key_about(participant_key: bytes) -> KeptKey:
    """What seals whatever the research side learns about one person: it is gone with that person's key."""
    return KeptKey(derive(participant_key, b"hearten about one person v1"), "person's key")


def derive(key: bytes, purpose: bytes) -> bytes:
    """32 bytes for one purpose: HKDF-SHA-256 (RFC 5869), without salt."""
    return HKDF(SHA256(), length=32, salt=None, info=purpose).derive(key)
