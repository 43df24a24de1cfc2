"""The zip of a project that came back from another tool: looked at before it is opened, read without unpacking to disk.

Promises: what is too large, has too many files or names a place outside itself is refused with one sentence; a text is
given with LF and without a byte-order mark, and with the way positions in it move by that.
"""

import posixpath
from typing import IO
from xml.etree.ElementTree import Element
from zipfile import ZipFile, ZipInfo

from analysis.errors import InputError

_LARGEST_XML, _LARGEST_TEXT = 1 << 29, 1 << 24  # bytes, unpacked
_MOST_FILES = 500_000


def check_parcel(archive: ZipFile) -> None:
    """Raises InputError where this is not to be opened."""
    files = archive.infolist()
    if len(files) > _MOST_FILES:
        raise InputError("This project holds more files than Hearten ever writes: it was not opened.")
    for each in files:
        place = each.filename.replace("\\", "/")
        if place.startswith("/") or ":" in place or ".." in place.split("/"):
            raise InputError("This project has a file that would climb out of its folder: it was not opened.")
        limit = _LARGEST_XML if place == "project.qde" else _LARGEST_TEXT if place.endswith(".txt") else None
        if limit is not None and each.file_size > limit:
            raise InputError("This project unpacks to more than Hearten ever writes: it was not opened.")


def text_of(archive: ZipFile, source: Element) -> tuple[str, "Shift"]:
    """The text of a source, with LF and without a byte-order mark, and how positions in it move by that."""
    for child in source:
        if local_name(child) == "PlainTextContent":
            return _plain(child.text or "")
    path = source.get("plainTextPath", "")
    if not path:
        return "", Shift("")
    inside = posixpath.normpath("sources/" + path.partition("internal://")[2]) if "internal://" in path else path
    found = _entry(archive, inside)
    with archive.open(found) as file:
        return _plain(_limited(file).decode("utf-8"))


def _entry(archive: ZipFile, inside: str) -> ZipInfo:
    for name in (inside, inside.replace("sources/", "Sources/", 1)):
        try:
            return archive.getinfo(name)
        except KeyError:
            continue
    raise InputError("This project names a text that is not in it: export it again.")


def _limited(file: IO[bytes]) -> bytes:
    data = file.read(_LARGEST_TEXT + 1)
    if len(data) > _LARGEST_TEXT:
        raise InputError("This project unpacks to more than Hearten ever writes: it was not opened.")
    return data


class Shift:
    """How a position in a text with CR LF and a byte-order mark moves when these are made LF and taken off."""

    def __init__(self, raw: str) -> None:
        self._gone = [at for at, each in enumerate(raw) if (each == "\ufeff" and at == 0) or raw[at : at + 2] == "\r\n"]

    def __call__(self, position: int) -> int:
        return position - sum(at < position for at in self._gone) if self._gone else position


def _plain(raw: str) -> tuple[str, Shift]:
    return raw.removeprefix("\ufeff").replace("\r\n", "\n"), Shift(raw)


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]
