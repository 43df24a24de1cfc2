"""Rows on their way: written down as they come, read back in shuffled order.

The order is that of SHA-256(seed, answer id). The ids are random and made for this export, so the recorded seed lets
anybody repeat the order and lets nobody undo it: it says nothing about who came first.

Promise: memory holds 24 bytes for each row, nothing of its words.
"""

import hashlib
import json
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from analysis.export.rows import Row


class Spool:
    """Use as a context; the file is removed at the end."""

    def __init__(self, file: Path, seed: str) -> None:
        self._path = file
        self._file = file.open("w+b")
        self._seed = seed
        self._order, self._offset, self._length = array("Q"), array("Q"), array("Q")

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def __len__(self) -> int:
        return len(self._order)

    def add(self, row: Row) -> None:
        line = json.dumps(row, ensure_ascii=False).encode()
        self._order.append(int.from_bytes(hashlib.sha256(f"{self._seed}{row['answer']}".encode()).digest()[:8]))
        self._offset.append(self._file.tell())
        self._length.append(len(line))
        self._file.write(line)

    def rows(self) -> Iterator[Row]:
        """Every row, in shuffled order. May be gone through more than once."""
        for at in np.argsort(np.frombuffer(self._order, dtype=np.uint64), kind="stable") if self._order else ():
            self._file.seek(self._offset[at])
            yield json.loads(self._file.read(self._length[at]))
