"""A private key on paper: short enough to type, with a check on each line that says where a mistake is.

What is on paper is what is in the file, still under its passphrase, and nothing else is needed to make the file again.

    paper   = 0x01 length:1 epoch id:16 salt:16 iterations:4 lanes:4 memory_kib:4 nonce:12 sealed:112
    lines   = 20 bytes each, the last one filled up with zeros to a multiple of 5 bytes, written in Crockford's base 32
              (0-9 and A-Z without I, L, O, U; 8 characters for 5 bytes, most significant bits first)
    check   = the first 20 bits of SHA-256("hearten paper" number:1 bytes of the line), in the same letters

Each line is its number, the groups of its bytes, and the group of its check. Integers are unsigned and big-endian. The
last line of all, numbered 0, holds the first 10 bytes of the SHA-256 of `paper`, and a check like the others.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from storage.errors import DamagedKey
from storage.keyfiles import Argon2, PrivateFile

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SLIPS = str.maketrans("OIL", "011")
_VERSION = 1
_LINE, _GROUP, _SUM = 20, 4, 10
_FIXED = 16 + 16 + 4 + 4 + 4 + 12 + 112
_TYPED = re.compile(r"\s*(\d{1,2})\s*[:.)]?((?:\s+[0-9A-Za-z]{4})+)\s*")


def print_paper(file: PrivateFile) -> str:
    """The page to print, as plain text."""
    packed = _pack(file)
    lines = [packed[start : start + _LINE] for start in range(0, len(packed), _LINE)]
    lines[-1] += bytes(-len(lines[-1]) % 5)
    numbered = [_line(number, data) for number, data in enumerate(lines, 1)]
    return "\n".join(
        [
            "HEARTEN: PRIVATE HALF OF A RESEARCH KEY, ON PAPER",
            "",
            f"Epoch:        {file.epoch}",
            f"Fingerprint:  {file.id}",
            "",
            "This page and the passphrase together open what people said. Keep the page under",
            "lock, and the passphrase somewhere else: it is not on this page.",
            "",
            "If the key file is lost, type the numbered lines below into a text file, as they",
            "stand here (small letters and O for 0 are fine), and run",
            "",
            "    python -m storage keys recover TYPED.txt --out DIR",
            "",
            "The last group of each line is a check: a line with a slip in it is named.",
            "",
            *numbered,
            _line(0, hashlib.sha256(packed).digest()[:_SUM]),
            "",
        ]
    )


def read_paper(text: str, path: Path) -> PrivateFile:
    """The private key file that was typed or scanned. Raises DamagedKey, which names the line."""
    found = dict(_typed(text, path))
    count = max(found, default=0)
    missing = [number for number in range(count + 1) if number not in found]
    if not count or missing:
        raise DamagedKey(f"{path} lacks line {missing[0] if count else 1} of the paper copy: type that one too.")
    packed = b"".join(found[number] for number in range(1, count + 1))
    packed = packed[: 2 + packed[1] + _FIXED]
    if hashlib.sha256(packed).digest()[:_SUM] != found[0]:
        raise DamagedKey(f"The lines in {path} are not all from the same paper copy, or one is missing at the end.")
    return _unpack(packed, path)


def _typed(text: str, path: Path) -> Iterator[tuple[int, bytes]]:
    for line in text.splitlines():
        if not (match := _TYPED.fullmatch(line)):
            continue
        number, letters = int(match[1]), "".join(match[2].split()).upper().translate(_SLIPS)
        try:
            data = _decode(letters[:-_GROUP])
        except ValueError:
            data = None
        if data is None or _check(number, data) != letters[-_GROUP:]:
            raise DamagedKey(
                f"Line {number} in {path} does not fit its check: compare it with the paper, letter by letter."
            )
        yield number, data


def _line(number: int, data: bytes) -> str:
    letters = _encode(data) + _check(number, data)
    groups = " ".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))
    return f"{number:2}  {groups}"


def _check(number: int, data: bytes) -> str:
    return _encode(hashlib.sha256(b"hearten paper" + bytes([number]) + data).digest()[:5])[:_GROUP]


def _encode(data: bytes) -> str:
    value, count = int.from_bytes(data, "big"), len(data) * 8 // 5
    return "".join(_LETTERS[(value >> 5 * place) & 31] for place in reversed(range(count)))


def _decode(letters: str) -> bytes:
    """Raises ValueError for letters that are none, or too few."""
    value = 0
    for letter in letters:
        value = value * 32 + _LETTERS.index(letter)
    if not letters or len(letters) % 8:
        raise ValueError
    return value.to_bytes(len(letters) * 5 // 8, "big")


def _pack(file: PrivateFile) -> bytes:
    epoch, argon2 = file.epoch.encode(), file.argon2
    costs = b"".join(each.to_bytes(4, "big") for each in (argon2.iterations, argon2.lanes, argon2.memory_kib))
    head = bytes([_VERSION, len(epoch)]) + epoch + bytes.fromhex(file.id)
    return head + argon2.salt + costs + file.nonce + file.sealed


def _unpack(packed: bytes, path: Path) -> PrivateFile:
    if packed[0] != _VERSION or len(packed) != 2 + packed[1] + _FIXED:
        raise DamagedKey(f"{path} is a paper copy of another version, or not whole: update Hearten, or type it again.")
    epoch, rest = packed[2 : 2 + packed[1]], packed[2 + packed[1] :]
    cost = [int.from_bytes(rest[start : start + 4], "big") for start in (32, 36, 40)]
    try:
        return PrivateFile(
            epoch=epoch.decode(),
            id=rest[:16].hex(),
            argon2=Argon2(salt=rest[16:32], iterations=cost[0], lanes=cost[1], memory_kib=cost[2]),
            nonce=rest[44:56],
            sealed=rest[56:],
        )
    except (ValidationError, UnicodeDecodeError):
        raise DamagedKey(f"{path} is a paper copy, and not of a key that can be used.") from None
