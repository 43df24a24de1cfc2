"""The audit log: what was done, on which day, never what was said nor by whom.

Each entry holds the code (HMAC-SHA-256 under a key derived from the bot key) of itself and of the entry before, so that
an entry that was changed, moved or taken out is found by its number. A cut tail leaves a chain that is whole but short:
it is seen against the head, which `python -m storage verify` prints for keeping elsewhere.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, insert, select

from storage.database import Transaction
from storage.errors import BrokenChain
from storage.schema import audit

_BEGINNING = bytes(32)
_BEFORE_ALL = -(2**63)
_LAST = select(audit.c.seq, audit.c.mac).order_by(audit.c.seq.desc()).limit(1)
_PAGE = select(audit).where(audit.c.seq > bindparam("behind")).order_by(audit.c.seq).limit(1000)
_ADD = insert(audit)


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry: its number and its code. Kept elsewhere, it shows later whether the log was cut."""

    seq: int
    mac: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.mac.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Raises BrokenChain where the text is not a head."""
        seq, _, mac = text.strip().partition(":")
        try:
            return cls(int(seq), bytes.fromhex(mac))
        except ValueError:
            raise BrokenChain("A head is written as number:code, as `python -m storage verify` prints it.") from None


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be said of something that was done. `detail` must hold nothing that tells a person from another."""

    event: str
    detail: Mapping[str, int | str]


async def append(connection: Transaction, key: bytes, *notes: Note) -> None:
    """Add entries within the caller's transaction, which holds the end of the log from here on: so call it last."""
    await connection.hold(b"audit")
    last = (await connection.execute(_LAST)).one_or_none()
    seq, previous = (last.seq, last.mac) if last else (0, _BEGINNING)
    day = datetime.now(UTC).date().isoformat()
    for note in notes:
        seq += 1
        text = json.dumps(dict(note.detail), sort_keys=True)
        mac = _code(key, previous, seq, day, note.event, text)
        connection.later(
            _ADD, {"seq": seq, "day": day, "event": note.event, "detail": text, "previous": previous, "mac": mac}
        )
        previous = mac


async def verify(connection: Transaction, key: bytes, kept: Head | None = None) -> Head:
    """Check every entry, page by page, and that the kept head is still in the log. Returns the head.

    Raises BrokenChain with the number of the first entry that does not fit.
    """
    head = Head(0, _BEGINNING)
    kept_is_there = kept is None or kept == head
    while page := (await connection.execute(_PAGE, {"behind": head.seq or _BEFORE_ALL})).all():
        for row in page:
            expected = _code(key, head.mac, head.seq + 1, row.day, row.event, row.detail)
            if row.seq != head.seq + 1 or row.previous != head.mac or not hmac.compare_digest(row.mac, expected):
                raise BrokenChain(f"The audit log does not fit from entry {head.seq + 1} on: it was changed.")
            head = Head(row.seq, row.mac)
            kept_is_there = kept_is_there or head == kept
    if not kept_is_there:
        raise BrokenChain(
            "The audit log does not hold the head that was kept: its end was cut off, or it was replaced."
        )
    return head


def _code(key: bytes, previous: bytes, *entry: int | str) -> bytes:
    fields = json.dumps(["hearten audit v1", previous.hex(), *entry])
    return hmac.digest(key, fields.encode(), "sha256")
