"""The bundle: what a researcher sends back to people through the bot. Signed by the one, sealed to the other.

The promises: only the bot for which it was made opens it, and only where a researcher whose public key lies among the
open recipients signed it; the signature is checked before anything is opened; a bundle of another study, one that was
changed, cut, lengthened or put together from two, is refused. Its length tells no more than how many blocks of 16 KiB.

The format, version 1, in the notation of `storage.seal.envelope`:

    bundle    = head signature:64 body
    head      = "hearten bundle" 0x01 bot id:16 signer id:16
    signature = Ed25519(signing key, lp("hearten bundle signature") 0x01 lp(study) head body)
    body      = sealed:1168 nonce:12 AES-256-GCM(content key, nonce, padded,
                                                 AAD = lp("hearten bundle content") 0x01 bound SHA-256(sealed))
    sealed    = HPKE(bot, content key:32, info = lp("hearten bundle key") 0x01 bound)
    bound     = lp(study) head lp(signer's public key:32)
    padded    = lp(content) zeros, up to the next multiple of 16,384 bytes
    content   = id:16 lp(day) lp(kind) lp(about) files
    files     = count:4 (lp(name) lp(media type) lp(data)) * count

The signer's key is bound within the seal too, so that nobody can take a signature off and put their own in its place.
What belongs to one person (a copy of their answers) is sealed once more, under that person's key, so that it closes
with everything else when they withdraw:

    closed    = 0x01 nonce:12 AES-256-GCM(participant key, nonce, files,
                                          AAD = lp("hearten copy") 0x01 lp(study) lp(pseudonym) id:16)
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import Erased, Malformed, NotForThisKey, Tampered, UnknownVersion, Unsigned
from storage.keys.bundle import BotRecipient, BundleKey
from storage.keys.kept import NONCE_BYTES, TAG_BYTES
from storage.keys.research import HPKE_OVERHEAD, ID_BYTES, Recipient, ResearchKey
from storage.keys.signing import SIGNATURE_BYTES, is_signed

BLOCK = 16384
_MAGIC = b"hearten bundle"
_VERSION = b"\x01"
_SEALED_BYTES = 32 + HPKE_OVERHEAD
_HEAD_BYTES = len(_MAGIC) + 1 + 2 * ID_BYTES
_LEAST = _HEAD_BYTES + SIGNATURE_BYTES + _SEALED_BYTES + NONCE_BYTES + BLOCK + TAG_BYTES
_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file in a bundle."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bundle:
    """`id` (16 random bytes) tells one that came before. `kind` says what it is for, `about` whom or what it concerns:
    opaque here."""

    id: bytes
    day: date
    kind: str
    about: str
    files: tuple[Enclosed, ...]


def make_bundle(bundle: Bundle, bot: BotRecipient, key: ResearchKey) -> bytes:
    """Seal to the bot and sign as the holder of this research key."""
    signer = key.recipient.signer or b""
    head = _MAGIC + _VERSION + bot.id + key.id
    bound = _prefix(bot.study) + head + _prefix(signer)
    content_key, nonce = AESGCM.generate_key(256), os.urandom(NONCE_BYTES)
    sealed = bot.seal(content_key, _label(b"hearten bundle key") + bound)
    content = AESGCM(content_key).encrypt(nonce, _pad(_encode(bundle)), _content_bound(bound, sealed))
    body = sealed + nonce + content
    return head + key.sign(_signed(bot.study, head, body)) + body


def open_bundle(data: bytes, key: BundleKey, signers: Sequence[Recipient]) -> Bundle:
    """`signers` are the public research keys that count here.

    Raises Malformed, UnknownVersion, NotForThisKey (another bot or study), Unsigned, or Tampered; nothing else,
    whatever the bytes are.
    """
    head, signature, body, signer_id = _read(data, key)
    signer = next((each.signer for each in signers if each.id == signer_id and each.signer), None)
    if signer is None:
        raise Unsigned(
            "The bundle is signed with a key that does not stand among the open recipients with its signature:"
            " write research.pub anew with `python -m storage keys public`, and add it here."
        )
    if not is_signed(signer, signature, _signed(key.study, head, body)):
        raise Tampered(
            "The bundle is not what was signed: it was changed or cut on its way, so make and bring another."
        )
    bound = _prefix(key.study) + head + _prefix(signer)
    sealed, nonce = body[:_SEALED_BYTES], body[_SEALED_BYTES : _SEALED_BYTES + NONCE_BYTES]
    try:
        content_key = key.open(sealed, _label(b"hearten bundle key") + bound)
        padded = AESGCM(content_key).decrypt(nonce, body[_SEALED_BYTES + NONCE_BYTES :], _content_bound(bound, sealed))
    except (InvalidTag, ValueError):
        raise Tampered("The bundle does not open with this bot's key: make and bring another.") from None
    return _decode(padded)


def close_files(
    files: Sequence[Enclosed], participant_key: bytes, study: bytes, pseudonym: bytes, bundle_id: bytes
) -> bytes:
    """Files of one person, under their own key."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(participant_key).encrypt(nonce, _encode_files(files), _copy_bound(study, pseudonym, bundle_id))
    return _VERSION + nonce + sealed


def open_files(
    closed: bytes, participant_key: bytes | None, study: bytes, pseudonym: bytes, bundle_id: bytes
) -> tuple[Enclosed, ...]:
    """Raises Erased, Malformed, UnknownVersion or Tampered."""
    if participant_key is None:
        raise Erased("This person withdrew: the key that opened the copy is deleted.")
    if closed[:1] != _VERSION:
        raise UnknownVersion("The copy has a version that is not known here: update Hearten.")
    nonce, sealed = closed[1 : 1 + NONCE_BYTES], closed[1 + NONCE_BYTES :]
    try:
        files = AESGCM(participant_key).decrypt(nonce, sealed, _copy_bound(study, pseudonym, bundle_id))
    except (InvalidTag, ValueError):
        raise Tampered("The copy does not open here: it was changed, or is another person's.") from None
    found, rest = _decode_files(files)
    if rest:
        raise Malformed("There is more in the copy than it says.")
    return found


def _read(data: bytes, key: BundleKey) -> tuple[bytes, bytes, bytes, bytes]:
    if not data.startswith(_MAGIC):
        raise Malformed("This is not a bundle of Hearten.")
    if data[len(_MAGIC) : len(_MAGIC) + 1] != _VERSION:
        raise UnknownVersion("The bundle has a version that is not known here: update Hearten.")
    if len(data) < _LEAST or (len(data) - _LEAST) % BLOCK:
        raise Malformed("The bundle is cut short, or something was added to it: bring it once more.")
    head, rest = data[:_HEAD_BYTES], data[_HEAD_BYTES:]
    bot, signer = head[-2 * ID_BYTES : -ID_BYTES], head[-ID_BYTES:]
    if bot != key.id:
        raise NotForThisKey("The bundle is for another bot or another study: make it with this host's bot.pub.")
    return head, rest[:SIGNATURE_BYTES], rest[SIGNATURE_BYTES:], signer


def _encode(bundle: Bundle) -> bytes:
    words = (bundle.day.isoformat(), bundle.kind, bundle.about)
    return bundle.id + b"".join(_prefix(each.encode()) for each in words) + _encode_files(bundle.files)


def _encode_files(files: Sequence[Enclosed]) -> bytes:
    return len(files).to_bytes(_LENGTH, "big") + b"".join(
        _prefix(each.name.encode()) + _prefix(each.media_type.encode()) + _prefix(each.data) for each in files
    )


def _decode(padded: bytes) -> Bundle:
    content, zeros = _take(padded)
    if len(zeros) >= BLOCK or any(zeros):
        raise Malformed("The bundle's padding is not what it should be.")
    id_, rest = content[:ID_BYTES], content[ID_BYTES:]
    words = []
    for _ in range(3):
        field_, rest = _take(rest)
        words.append(field_)
    files, rest = _decode_files(rest)
    if rest:
        raise Malformed("There is more in the bundle than it says.")
    try:
        day, kind, about = (each.decode() for each in words)
        return Bundle(id_, date.fromisoformat(day), kind, about, files)
    except ValueError:
        raise Malformed("The bundle's day, kind or subject is none.") from None


def _decode_files(rest: bytes) -> tuple[tuple[Enclosed, ...], bytes]:
    if len(rest) < _LENGTH:
        raise Malformed("The bundle ends within its list of files.")
    count, rest = int.from_bytes(rest[:_LENGTH], "big"), rest[_LENGTH:]
    files = []
    for _ in range(count):
        name, rest = _take(rest)
        media_type, rest = _take(rest)
        data, rest = _take(rest)
        try:
            files.append(Enclosed(name.decode(), media_type.decode(), data))
        except UnicodeDecodeError:
            raise Malformed("The name of a file in the bundle is not text.") from None
    return tuple(files), rest


def _take(rest: bytes) -> tuple[bytes, bytes]:
    length = int.from_bytes(rest[:_LENGTH], "big")
    if len(rest) < _LENGTH + length:
        raise Malformed("The bundle's content is shorter than it says.")
    return rest[_LENGTH : _LENGTH + length], rest[_LENGTH + length :]


def _pad(content: bytes) -> bytes:
    plain = _prefix(content)
    return plain + bytes(-len(plain) % BLOCK)


def _signed(study: bytes, head: bytes, body: bytes) -> bytes:
    return _label(b"hearten bundle signature") + _prefix(study) + head + body


def _content_bound(bound: bytes, sealed: bytes) -> bytes:
    return _label(b"hearten bundle content") + bound + hashlib.sha256(sealed).digest()


def _copy_bound(study: bytes, pseudonym: bytes, id_: bytes) -> bytes:
    return _label(b"hearten copy") + _prefix(study) + _prefix(pseudonym) + id_


def _label(name: bytes) -> bytes:
    return _prefix(name) + _VERSION


def _prefix(field_: bytes) -> bytes:
    return len(field_).to_bytes(_LENGTH, "big") + field_
