"""Vectors of exemplars and definitions, remembered beside a model, so that a start takes a second and not a minute.

A vector is kept by the SHA-256 of its text, as whole numbers from -127 to 127: a file made on one machine teaches
every other machine the same. Whatever is not remembered is read anew and rounded in the same way.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.errors import ContentError
from analysis.semantic.encoder import Vectors

_STEPS = 127


class Encodes(Protocol):
    def encode(self, texts: Sequence[str]) -> Vectors: ...


class Remembered:
    """Vectors of known texts. Others are read by the encoder; `new` counts them."""

    def __init__(self, encoder: Encodes, file: Path) -> None:
        self._encoder = encoder
        self._known: dict[bytes, NDArray[np.int8]] = {}
        if file.is_file():
            try:
                with np.load(file, allow_pickle=False) as held:
                    names, rows = held["names"], held["rows"]
            except (OSError, ValueError, KeyError) as error:
                raise ContentError(f"{file.name} cannot be read: delete it, or prepare the model again.") from error
            self._known = {name.tobytes(): row for name, row in zip(names, rows, strict=True)}

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, rounded as they are kept; shape (texts, width)."""
        names = [_name(text) for text in texts]
        missing = list(dict.fromkeys(text for text, name in zip(texts, names, strict=True) if name not in self._known))
        for text, row in zip(missing, _round(self._encoder.encode(missing)) if missing else (), strict=True):
            self._known[_name(text)] = row
        rows = np.array([self._known[name] for name in names], dtype=np.float64)
        scaled: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1.0)
        return scaled

    def write(self, file: Path, texts: Iterable[str]) -> int:
        """Keeps the vectors of these texts and no others; says how many."""
        wanted = sorted(set(texts))
        self.vectors(wanted)
        names = np.array([np.frombuffer(_name(text), dtype=np.uint8) for text in wanted])
        rows = np.array([self._known[_name(text)] for text in wanted])
        order = np.lexsort(names.T[::-1])
        with file.open("wb") as stream:
            np.savez_compressed(stream, names=names[order], rows=rows[order])
        return len(wanted)


def _name(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _round(rows: Vectors) -> NDArray[np.int8]:
    """Whole numbers, the largest of each row at 127: a vector's length carries no meaning."""
    largest = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-12)
    whole: NDArray[np.int8] = np.rint(rows / largest * _STEPS).astype(np.int8)
    return whole
