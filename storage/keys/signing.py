"""Signatures: who made what is brought to the bot. Ed25519 (RFC 8032).

The signing key comes from the private research key, in no file of its own: HKDF-SHA-256 of its 96 raw bytes. Its public
half stands in `research.pub`, so whoever has the folder of recipients can check what a researcher signed.
"""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.keys.kept import derive

SIGNATURE_BYTES = 64


class SigningKey:
    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw()

    @classmethod
    def of_raw(cls, raw: bytes) -> "SigningKey":
        """From the raw bytes of a private research key."""
        return cls(Ed25519PrivateKey.from_private_bytes(derive(raw, b"hearten signing key v1")))

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def is_signed(signer: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the holder of this key (32 bytes) signed exactly this message."""
    try:
        Ed25519PublicKey.from_public_bytes(signer).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(signer: bytes) -> str:
    """By which two people compare a signing key's public half: the first 16 bytes of its SHA-256, hexadecimal."""
    return hashlib.sha256(signer).hexdigest()[:32]
