"""The envelope of one part of an answer.

The promise: whoever holds everything on the bot's machine cannot open it; whoever holds the research key cannot open it
once the participant's key is deleted; whoever moves, swaps, replays or changes it has something that does not open.
Its length tells no more than how many blocks of 256 bytes it took.

The format, version 1. Integers are unsigned and big-endian; lp(x) is the length of x in 4 bytes, then x; text is UTF-8.

    context  = lp("hearten context") 0x01 lp(study) lp(pseudonym) lp(session) lp(question) part:4 lp(guide)
               guide_version:4
    envelope = 0x01 nonce:12 AES-256-GCM(participant key, nonce, inner, AAD = lp("hearten outer") 0x01 context)
    inner    = stanzas nonce:12 AES-256-GCM(content key, nonce, padded,
                                            AAD = lp("hearten inner") 0x01 context SHA-256(stanzas))
    stanzas  = count:1 (recipient id:16 length:2 sealed) * count      1 to 255 recipients, each once; length is 1168
    sealed   = HPKE(recipient, content key:32, info = lp("hearten content key") 0x01 context recipient id)
    padded   = lp(media type) lp(data) zeros, up to the next multiple of 256 bytes

The AES-GCM tag (16 bytes) follows its ciphertext. The content key is fresh for each envelope. HPKE is RFC 9180, base
mode, single shot, ML-KEM-768 + X25519, HKDF-SHA-256, AES-256-GCM; `sealed` is the encapsulated key, then ciphertext.
`tests/test_storage/vectors/` pins all of it. The format outlives this code: a change of it is a new version byte.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import Erased, Malformed, NotForThisKey, Tampered, UnknownVersion
from storage.keys.kept import NONCE_BYTES, TAG_BYTES
from storage.keys.research import HPKE_OVERHEAD, ID_BYTES, Recipient, ResearchKey
from storage.records import Content

VERSION = b"\x01"
BLOCK = 256
_KEY_BYTES = 32
_SEALED_BYTES = _KEY_BYTES + HPKE_OVERHEAD
_STANZA_BYTES = ID_BYTES + 2 + _SEALED_BYTES


@dataclass(frozen=True, slots=True)
class Context:
    """Where an envelope belongs. It opens here and nowhere else."""

    study: bytes
    pseudonym: bytes
    session: str
    question: str
    part: int
    guide: str
    guide_version: int

    def encode(self) -> bytes:
        """No two contexts have the same bytes: every field says how long it is."""
        return b"".join(
            (
                _prefix(b"hearten context"),
                VERSION,
                _prefix(self.study),
                _prefix(self.pseudonym),
                _prefix(self.session.encode()),
                _prefix(self.question.encode()),
                self.part.to_bytes(4, "big"),
                _prefix(self.guide.encode()),
                self.guide_version.to_bytes(4, "big"),
            )
        )


def seal(content: Content, context: Context, participant_key: bytes, recipients: Sequence[Recipient]) -> bytes:
    """Seal to every recipient and under the participant's key (32 bytes). Returns the envelope."""
    where = context.encode()
    content_key = AESGCM.generate_key(256)
    stanzas = bytes([len(recipients)]) + b"".join(
        each.id + _SEALED_BYTES.to_bytes(2, "big") + each.seal(content_key, _info(where, each.id))
        for each in recipients
    )
    nonce = os.urandom(NONCE_BYTES)
    inner = stanzas + nonce + AESGCM(content_key).encrypt(nonce, _pad(content), _inner_bound(where, stanzas))
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + AESGCM(participant_key).encrypt(nonce, inner, _outer_bound(where))


def open_envelope(
    envelope: bytes, context: Context, participant_key: bytes | None, research_key: ResearchKey
) -> Content:
    """Open an envelope where it belongs. `participant_key` is None where the keyring holds none for this person.

    Raises Erased, Malformed, UnknownVersion, Tampered or NotForThisKey; nothing else, whatever the bytes are.
    """
    if participant_key is None:
        raise Erased("This person withdrew: the key that opened their answers is deleted.")
    where = context.encode()
    inner = _open_outer(envelope, where, participant_key)
    stanzas, sealed, nonce, body = _read_inner(inner)
    if research_key.id not in sealed:
        raise NotForThisKey("The envelope is sealed to other research keys: use the key of its epoch.")
    try:
        content_key = research_key.open(sealed[research_key.id], _info(where, research_key.id))
        padded = AESGCM(content_key).decrypt(nonce, body, _inner_bound(where, stanzas))
    except (InvalidTag, ValueError):  # ValueError: what HPKE opened is no AES key
        raise Tampered("The envelope does not open with its research key: it was changed or moved.") from None
    return _unpad(padded)


def recipients_of(envelope: bytes, context: Context, participant_key: bytes | None) -> frozenset[bytes]:
    """The ids of those to whom an envelope is sealed. Sees, without a research key, that it is well formed and where
    it belongs. Raises as `open_envelope` does, but never NotForThisKey."""
    if participant_key is None:
        raise Erased("This person withdrew: the key that opened their answers is deleted.")
    _, sealed, _, _ = _read_inner(_open_outer(envelope, context.encode(), participant_key))
    return frozenset(sealed)


def _open_outer(envelope: bytes, where: bytes, participant_key: bytes) -> bytes:
    if not envelope:
        raise Malformed("The envelope is empty.")
    if envelope[:1] != VERSION:
        raise UnknownVersion("The envelope has a version that is not known here: update Hearten.")
    nonce, sealed = envelope[1 : 1 + NONCE_BYTES], envelope[1 + NONCE_BYTES :]
    if len(nonce) < NONCE_BYTES or len(sealed) < TAG_BYTES:
        raise Malformed("The envelope is cut short.")
    try:
        return AESGCM(participant_key).decrypt(nonce, sealed, _outer_bound(where))
    except (InvalidTag, ValueError):
        raise Tampered("The envelope does not open here: it was changed, cut, moved, or is another person's.") from None


def _read_inner(inner: bytes) -> tuple[bytes, dict[bytes, bytes], bytes, bytes]:
    """The stanzas as they stand, what is sealed to each recipient by id, the nonce and the body."""
    count = inner[0] if inner else 0
    end = 1 + count * _STANZA_BYTES
    if not count:
        raise Malformed("The envelope names no recipient.")
    if len(inner) < end:
        raise Malformed("The envelope ends within its list of recipients.")
    sealed: dict[bytes, bytes] = {}
    for start in range(1, end, _STANZA_BYTES):
        recipient, body = inner[start : start + ID_BYTES], inner[start + ID_BYTES + 2 : start + _STANZA_BYTES]
        if inner[start + ID_BYTES : start + ID_BYTES + 2] != _SEALED_BYTES.to_bytes(2, "big"):
            raise Malformed("The envelope gives a sealed key a wrong length.")
        if recipient in sealed:
            raise Malformed("The envelope names a recipient twice.")
        sealed[recipient] = body
    nonce, body = inner[end : end + NONCE_BYTES], inner[end + NONCE_BYTES :]
    if len(nonce) < NONCE_BYTES or len(body) < TAG_BYTES + BLOCK or (len(body) - TAG_BYTES) % BLOCK:
        raise Malformed("The envelope's content is not a whole number of blocks.")
    return inner[:end], sealed, nonce, body


def _pad(content: Content) -> bytes:
    plain = _prefix(content.media_type.encode()) + _prefix(content.data)
    return plain + bytes(-len(plain) % BLOCK)


def _unpad(padded: bytes) -> Content:
    media_type, rest = _take(padded)
    data, zeros = _take(rest)
    if len(zeros) >= BLOCK:
        raise Malformed("The envelope's content has more padding than it needs.")
    if any(zeros):
        raise Malformed("The envelope's padding is not zero.")
    try:
        return Content(media_type.decode(), data)
    except UnicodeDecodeError:
        raise Malformed("The envelope's media type is not text.") from None


def _take(rest: bytes) -> tuple[bytes, bytes]:
    length = int.from_bytes(rest[:4], "big")
    if len(rest) < 4 + length:
        raise Malformed("The envelope's content is shorter than it says.")
    return rest[4 : 4 + length], rest[4 + length :]


def _prefix(field: bytes) -> bytes:
    return len(field).to_bytes(4, "big") + field


def _info(where: bytes, recipient: bytes) -> bytes:
    return _prefix(b"hearten content key") + VERSION + where + recipient


def _inner_bound(where: bytes, stanzas: bytes) -> bytes:
    return _prefix(b"hearten inner") + VERSION + where + hashlib.sha256(stanzas).digest()


def _outer_bound(where: bytes) -> bytes:
    return _prefix(b"hearten outer") + VERSION + where
