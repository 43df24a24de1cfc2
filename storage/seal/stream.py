"""The sealed file: a stream of any length, sealed to research keys. Backups are kept in it.

The promises: as an envelope, it opens with the private half of a research key and with nothing else, quantum computers
included; what is handed out while reading was checked before, chunk by chunk; a file that was changed, cut, lengthened
or put together from two is refused. Memory stays the same however long it is.

The format, version 1. Integers are unsigned and big-endian; lp(x) is the length of x in 4 bytes, then x; text is UTF-8.

    file     = header chunk*
    header   = "hearten sealed file" 0x01 lp(label) stanzas
    stanzas  = count:1 (recipient id:16 length:2 sealed) * count      1 to 255 recipients, each once; length is 1168
    sealed   = HPKE(recipient, file key:32, info = lp("hearten file key") 0x01 lp(label) recipient id)
    chunk i  = AES-256-GCM(file key, nonce = i:11 last:1, plaintext, AAD = SHA-256(header))

Chunks are numbered from 0. Each holds 65,536 bytes of plaintext but the last, which holds 0 to 65,536 and whose `last`
is 1; that of the others is 0. Only a file without content has an empty last chunk. The file key is fresh for each file,
so no nonce comes twice. The label says what is inside, to anybody; HPKE is as in `storage.seal.envelope`.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import Malformed, NotForThisKey, Tampered, UnknownVersion
from storage.keys.kept import TAG_BYTES
from storage.keys.research import HPKE_OVERHEAD, ID_BYTES, Recipient, ResearchKey

CHUNK = 65536
_MAGIC = b"hearten sealed file"
_VERSION = b"\x01"
_SEALED_BYTES = 32 + HPKE_OVERHEAD
_LONGEST_LABEL = 200
_LENGTH_BYTES = 4


class SealedWriter:
    """Seals what is written to it. `finish` ends the file; without that it does not open."""

    def __init__(self, out: BinaryIO, label: str, recipients: Sequence[Recipient]) -> None:
        self._out = out
        self._key = AESGCM.generate_key(256)
        self._cipher = AESGCM(self._key)
        self._waiting = bytearray()
        self._number = 0
        self._digest = hashlib.sha256()
        header = _MAGIC + _VERSION + _prefix(label.encode()) + bytes([len(recipients)])
        for each in recipients:
            sealed = each.seal(self._key, _info(label.encode(), each.id))
            header += each.id + len(sealed).to_bytes(2, "big") + sealed
        self._bound = hashlib.sha256(header).digest()
        out.write(header)

    def write(self, data: bytes) -> None:
        self._digest.update(data)
        self._waiting += data
        while len(self._waiting) > CHUNK:  # a full chunk waits until it is known not to be the last
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def finish(self) -> None:
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def check(self, stored: BinaryIO) -> Iterator[bytes]:
        """Read back what was written, and see that it is all there. Raises Tampered or Malformed where it is not."""
        header = _read_header(stored)[0]
        digest = hashlib.sha256()
        for data in _chunks(stored, self._cipher, hashlib.sha256(header).digest()):
            digest.update(data)
            yield data
        if digest.digest() != self._digest.digest():
            raise Tampered("What was written is not what can be read back.")

    def _put(self, data: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last=last), data, self._bound))
        self._number += 1


def read_label(stored: BinaryIO) -> str:
    """What a sealed file says about itself, unproven until it is opened. Raises Malformed or UnknownVersion."""
    return _read_header(stored)[1]


def open_sealed(stored: BinaryIO, keys: Sequence[ResearchKey]) -> Iterator[bytes]:
    """The content, chunk by chunk, each checked. Raises Malformed, UnknownVersion, NotForThisKey, or Tampered."""
    header, label, sealed = _read_header(stored)
    key = next((each for each in keys if each.id in sealed), None)
    if key is None:
        raise NotForThisKey("The file is sealed to other research keys: use the key of its epoch.")
    try:
        cipher = AESGCM(key.open(sealed[key.id], _info(label.encode(), key.id)))
    except (InvalidTag, ValueError):
        raise Tampered("The file does not open with its research key: it was changed.") from None
    yield from _chunks(stored, cipher, hashlib.sha256(header).digest())


def _chunks(stored: BinaryIO, cipher: AESGCM, bound: bytes) -> Iterator[bytes]:
    size = CHUNK + TAG_BYTES
    number, waiting = 0, _read(stored, size)
    while True:
        following = _read(stored, size)
        last = not following
        try:
            data = cipher.decrypt(_nonce(number, last=last), waiting, bound)
        except (InvalidTag, ValueError):
            raise Tampered("The file was changed or cut short: take another copy.") from None
        if last and number and not data:
            raise Malformed("The file ends with a chunk that it does not need.")
        yield data
        if last:
            return
        number, waiting = number + 1, following


def _read_header(stored: BinaryIO) -> tuple[bytes, str, dict[bytes, bytes]]:
    """The header as it stands, its label, and the sealed file key of each recipient by id."""
    if _read(stored, len(_MAGIC)) != _MAGIC:
        raise Malformed("This is not a sealed file of Hearten.")
    version = _read(stored, 1)
    if version != _VERSION:
        raise UnknownVersion("The sealed file has a version that is not known here: update Hearten.")
    length = _read(stored, _LENGTH_BYTES)
    if len(length) < _LENGTH_BYTES or int.from_bytes(length, "big") > _LONGEST_LABEL:
        raise Malformed("The sealed file's label is not one.")
    label, count = _read(stored, int.from_bytes(length, "big")), _read(stored, 1)
    header, sealed = _MAGIC + version + length + label + count, {}
    for _ in range(count[0] if count else 0):
        stanza = _read(stored, ID_BYTES + 2 + _SEALED_BYTES)
        if (
            len(stanza) < ID_BYTES + 2 + _SEALED_BYTES
            or int.from_bytes(stanza[ID_BYTES : ID_BYTES + 2], "big") != _SEALED_BYTES
        ):
            raise Malformed("The sealed file ends within its list of recipients, or the list is not one.")
        if stanza[:ID_BYTES] in sealed:
            raise Malformed("The sealed file names a recipient twice.")
        sealed[stanza[:ID_BYTES]] = stanza[ID_BYTES + 2 :]
        header += stanza
    if not sealed:
        raise Malformed("The sealed file names no recipient.")
    try:
        return header, label.decode(), sealed
    except UnicodeDecodeError:
        raise Malformed("The sealed file's label is not text.") from None


def _read(stored: BinaryIO, size: int) -> bytes:
    """So many bytes, or fewer at the end of the file."""
    found = b""
    while len(found) < size and (more := stored.read(size - len(found))):
        found += more
    return found


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _prefix(field: bytes) -> bytes:
    return len(field).to_bytes(_LENGTH_BYTES, "big") + field


def _info(label: bytes, recipient: bytes) -> bytes:
    return _prefix(b"hearten file key") + _VERSION + _prefix(label) + recipient
