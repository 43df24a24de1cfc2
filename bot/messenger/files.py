"""Files that people and the bot send each other, in memory only.

Promises: nothing is written to disk; the total is bounded, and when it is exceeded the oldest files go first, after
which `getFile` says what Telegram says of a file that it no longer has.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

DOWNLOAD_LIMIT = 20 * 1024 * 1024
"""The largest file, in bytes, that Telegram hands to a bot."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file. `path` is what `getFile` calls `file_path`; `mime` is what its sender said it is."""

    file_id: str
    unique_id: str
    path: str
    name: str
    mime: str
    data: bytes = field(repr=False)

    def wire(self) -> dict[str, Any]:
        """The fields that every kind of Telegram file has."""
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": len(self.data)}


class Files:
    """All files of the messenger, up to `limit` bytes together."""

    def __init__(self, limit: int = 256 * 1024 * 1024) -> None:
        self._limit = limit
        self._total = 0
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}

    def keep(self, data: bytes, *, folder: str, name: str, mime: str) -> StoredFile:
        """Keep `data` and return its record. The path is made here: nothing of the sender's name is in it."""
        mark = secrets.token_urlsafe(12)
        ending = name.rpartition(".")[2].lower() if "." in name else ""
        ending = f".{ending}" if ending.isascii() and ending.isalnum() else ""
        stored = StoredFile(
            file_id=f"file-{mark}", unique_id=mark, path=f"{folder}/{mark}{ending}", name=name, mime=mime, data=data
        )
        self._by_id[stored.file_id] = stored
        self._by_path[stored.path] = stored
        self._total += len(data)
        while self._total > self._limit and len(self._by_id) > 1:
            self._drop(next(iter(self._by_id.values())))
        return stored

    def by_id(self, file_id: str) -> StoredFile | None:
        """The file of that id, or None when there is none (any more)."""
        return self._by_id.get(file_id)

    def by_path(self, path: str) -> StoredFile | None:
        """The file at that path, or None."""
        return self._by_path.get(path)

    def _drop(self, stored: StoredFile) -> None:
        del self._by_id[stored.file_id]
        del self._by_path[stored.path]
        self._total -= len(stored.data)
