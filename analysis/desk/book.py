"""The desk's book: one file in which everything that people do with answers is written down, in order, for good.

Promises
- Nothing is changed or taken out: what is taken back is taken back by a later entry. What holds is worked out from the
  entries.
- Entries are chained: each has the code (HMAC-SHA-256 under a key derived from the research key) of itself and of the
  one before, so that a changed, moved or missing one is found by its number. A cut tail is seen against a head that was
  kept elsewhere.
- No word of an answer is in it. Answers are named by a hash of where they belong, their texts by a keyed hash, so that
  not even "yes" can be found by trying; notes that people write are sealed.
- When somebody withdraws, `forget` empties their entries and keeps the chain whole: the codes are over a digest of what
  was emptied.
- The file is for its owner only, and what is deleted is overwritten.
"""

import hmac
import json
import os
import sqlite3
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

from analysis.desk.errors import DeskError
from storage.audit import Head
from storage.errors import BrokenChain, SealError
from storage.keys import KeptKey

FORGOT = "forgot"

_FORMAT = 1
_BEGINNING = bytes(32)
_KNOWN = b"hearten desk"  # sealed at the start, so that another research key is noticed at once
_PAGE = 1000
_PATIENCE = 5.0  # seconds to wait for another process that writes

_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, kind TEXT NOT NULL,
    subject TEXT, detail TEXT NOT NULL, sealed BLOB, digest BLOB NOT NULL, code BLOB NOT NULL
);
CREATE INDEX entry_subject ON entry (subject, seq);
CREATE INDEX entry_kind ON entry (kind, seq);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done. `subject` is the answer it was done with, empty for none; `at` is UTC, in seconds."""

    seq: int
    at: str
    who: str
    kind: str
    subject: str
    detail: dict[str, Any]
    note: str = field(repr=False)


class Book:
    """Open with `Book.open`. Any thread may use it; other processes may write to the same file."""

    def __init__(self, file: Path, connection: sqlite3.Connection, key: KeptKey) -> None:
        self.file = file
        self._connection = connection
        self._key = key
        self._lock = RLock()

    @classmethod
    def open(cls, file: Path, key: KeptKey) -> "Book":
        """Open the file, and make it where there is none. Raises DeskError where it is not a desk, made by a newer
        version, readable by others, or begun with another research key."""
        _make_private(file)
        try:
            connection = sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            for pragma in ("secure_delete=ON", "synchronous=FULL", "temp_store=MEMORY"):
                connection.execute(f"PRAGMA {pragma}")
            book = cls(file, connection, key)
            book._begin_or_check()
        except sqlite3.DatabaseError as problem:
            raise _unusable(file, problem) from None
        return book

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def text_code(self, text: str) -> str:
        """What stands for a text in the book: the same text has the same, and nobody without the key can try texts."""
        return self._key.token("desk text", text).hex()

    def write(self, who: str, kind: str, subject: str = "", *, note: str = "", **detail: Any) -> int:
        """Add an entry and return its number. `detail` must be plain data and hold nobody's words; `note` is sealed.
        An entry of the kind `undone` takes back the entry of the number in its `undoes`."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        text = json.dumps(detail, sort_keys=True, ensure_ascii=False)
        sealed = self._key.seal(note.encode(errors="surrogatepass"), _where(at, who, kind, subject)) if note else None
        digest = self._digest(subject, text, sealed)
        with self._transaction() as run:
            last = run("SELECT seq, code FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
            seq, before = (last[0] + 1, last[1]) if last else (1, _BEGINNING)
            code = self._chain(before, seq, at, who, kind, digest)
            run(
                "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (seq, at, who, kind, subject, text, sealed, digest, code),
            )
        return seq

    def of(self, subject: str) -> list[Entry]:
        """What holds of the entries about one answer, in order: those that were taken back are left out."""
        return _standing(self._select("WHERE subject = ? ORDER BY seq", subject))

    def of_kind(self, *kinds: str) -> list[Entry]:
        """What holds of the entries of some kinds."""
        marks = ", ".join("?" * len(kinds))
        return _standing(self._select(f"WHERE kind IN ({marks}, 'undone') ORDER BY seq", *kinds))

    def everyone(self, *kinds: str) -> list[str]:
        """Who ever wrote entries of some kinds, in the order of their first."""
        marks = ", ".join("?" * len(kinds))
        query = f"SELECT who FROM entry WHERE kind IN ({marks}) GROUP BY who ORDER BY min(seq)"  # noqa: S608 - marks only
        with self._transaction(write=False) as run:
            return [row[0] for row in run(query, kinds)]

    def everything(self) -> Iterator[Entry]:
        """Every entry, those that were taken back too, some at a time."""
        last = 0
        while page := list(self._select("WHERE seq > ? ORDER BY seq LIMIT ?", last, _PAGE)):
            yield from page
            last = page[-1].seq

    def subjects(self) -> set[str]:
        """The answers that anything was written down about."""
        with self._transaction(write=False) as run:
            return {row[0] for row in run("SELECT DISTINCT subject FROM entry WHERE subject > ''")}

    def forget(self, who: str, gone: Collection[str]) -> int:
        """Empty every entry about answers that are no longer there; returns how many answers there were."""
        with self._transaction() as run:
            emptied: list[int] = []
            for subject in gone:
                emptied += [row[0] for row in run("SELECT seq FROM entry WHERE subject = ?", (subject,))]
                run("UPDATE entry SET subject = NULL, detail = '{}', sealed = NULL WHERE subject = ?", (subject,))
            self.write(who, FORGOT, emptied=sorted(emptied))
        with self._lock:
            self._connection.execute("VACUUM")
        return len(gone)

    def verify(self, kept: Head | None = None) -> Head:
        """Check every entry, and that the kept head is there. Raises BrokenChain with the first number that is wrong.

        An entry may only be empty where a later one says that it was emptied because somebody withdrew."""
        head = Head(0, _BEGINNING)
        kept_is_there = kept is None or kept == head
        empty: set[int] = set()
        with self._transaction(write=False) as run:
            for row in run("SELECT seq, at, who, kind, subject, detail, sealed, digest, code FROM entry ORDER BY seq"):
                seq, at, who, kind, subject, detail, sealed, digest, code = row
                if subject is None and detail == "{}" and sealed is None:
                    empty.add(seq)
                if kind == FORGOT:
                    empty.difference_update(json.loads(detail)["emptied"])
                right = seq in empty or hmac.compare_digest(digest, self._digest(subject or "", detail, sealed))
                expected = self._chain(head.mac, head.seq + 1, at, who, kind, digest)
                if seq != head.seq + 1 or not right or not hmac.compare_digest(code, expected):
                    raise BrokenChain(f"The desk's book does not fit from entry {head.seq + 1} on: it was changed.")
                head = Head(seq, code)
                kept_is_there = kept_is_there or head == kept
        if empty:
            raise BrokenChain(f"Entry {min(empty)} of the desk's book was emptied, and nothing says why.")
        if not kept_is_there:
            raise BrokenChain("The desk's book does not hold the head that was kept: its end was cut off.")
        return head

    def _select(self, clause: str, *values: object) -> Iterator[Entry]:
        with self._transaction(write=False) as run:
            query = f"SELECT seq, at, who, kind, subject, detail, sealed FROM entry {clause}"  # noqa: S608 - our clauses
            rows = run(query, values).fetchall()
        for seq, at, who, kind, subject, detail, sealed in rows:
            note = self._open_note(sealed, _where(at, who, kind, subject or "")) if sealed else ""
            yield Entry(seq, at, who, kind, subject or "", json.loads(detail), note)

    def _open_note(self, sealed: bytes, where: bytes) -> str:
        try:
            return self._key.open(sealed, where).decode(errors="surrogatepass")
        except SealError:
            raise BrokenChain("A note in the desk's book was changed: run `python -m analysis desk verify`.") from None

    @contextmanager
    def _transaction(self, *, write: bool = True) -> Iterator[Any]:
        """Within another one, part of it."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection.execute
                return
            try:
                self._connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                yield self._connection.execute
                self._connection.commit()
            except sqlite3.DatabaseError as problem:
                self._connection.rollback()
                raise _unusable(self.file, problem) from None
            except BaseException:
                self._connection.rollback()
                raise

    def _begin_or_check(self) -> None:
        with self._transaction() as run:
            if not run("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                for statement in _TABLES.strip().split(";\n"):
                    run(statement)
                run("INSERT INTO about VALUES ('format', ?), ('key', ?)", (_FORMAT, self._key.seal(_KNOWN, b"desk")))
            about = dict(run("SELECT name, value FROM about").fetchall())
        if about.get("format") != _FORMAT:
            raise DeskError(f"{self.file.name} was made by a newer version of Hearten: update Hearten.")
        try:
            self._key.open(about["key"], b"desk")
        except SealError:
            raise DeskError(
                f"{self.file.name} was begun with another research key: use that one, or name another file in"
                " HEARTEN_DESK."
            ) from None

    def _digest(self, subject: str, detail: str, sealed: bytes | None) -> bytes:
        fields = json.dumps(["hearten desk entry v1", subject, detail, (sealed or b"").hex()])
        return hmac.digest(self._key.audit_key, fields.encode(), "sha256")

    def _chain(self, before: bytes, *entry: int | str | bytes) -> bytes:
        plain = [each.hex() if isinstance(each, bytes) else each for each in entry]
        fields = json.dumps(["hearten desk chain v1", before.hex(), *plain])
        return hmac.digest(self._key.audit_key, fields.encode(), "sha256")


def _standing(entries: Iterator[Entry]) -> list[Entry]:
    held = {each.seq: each for each in entries}
    for each in list(held.values()):
        if each.kind == "undone":
            del held[each.seq]
            held.pop(each.detail.get("undoes", 0), None)
    return list(held.values())


def _where(at: str, who: str, kind: str, subject: str) -> bytes:
    return json.dumps(["hearten desk note v1", at, who, kind, subject]).encode()


def _make_private(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        shared = stat.S_IMODE(file.stat().st_mode) & 0o077
    except OSError:
        raise DeskError(f"{file} cannot be made or opened: name a place that is yours in HEARTEN_DESK.") from None
    if shared:
        raise DeskError(f"{file} may be read by others: run `chmod 600 {file}` first.")


def _unusable(file: Path, problem: sqlite3.DatabaseError) -> DeskError:
    if isinstance(problem, sqlite3.OperationalError):
        return DeskError(f"{file} could not be read or written (disk full, locked or read-only): try again.")
    return DeskError(f"{file} is not a desk of Hearten, or it is damaged: name another file in HEARTEN_DESK.")
