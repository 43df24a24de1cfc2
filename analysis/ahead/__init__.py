"""What was learned ahead from the exemplars, so that a start takes a second: words, what they are worth, and slopes.

`python -m analysis learn` writes the files (`<lesson>.npz`, arrays of numbers only); a test learns them anew and
compares. Each says by its SHA-256 which lesson it was learned from. Where that is another one (a framework of your own,
exemplars that were changed) nothing is taken from it, and everything is learned at the start: the same, only slower.

Slopes are kept as whole numbers, and what is learned at the start is rounded in the same way.
"""

import hashlib
import io
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from analysis.content import read_bytes
from analysis.errors import ContentError
from analysis.ridge import Linear
from analysis.vectors import Space, Traits

_FORMAT = 2  # raise it where the same lesson is learned in another way
_STEPS = 32_767


class Ahead(NamedTuple):
    """Spaces of features, linear scores over their columns and what follows these, and further numbers by column."""

    spaces: tuple[Space, ...]
    linear: Linear
    more: NDArray[np.float64]


def name_lesson(*parts: object) -> bytes:
    """The SHA-256 of everything that is learned from."""
    return hashlib.sha256(json.dumps([_FORMAT, *parts], ensure_ascii=False).encode("utf-8", "surrogatepass")).digest()


def recall(name: str, lesson: bytes, traits: Sequence[Traits]) -> Ahead | None:
    """What was learned ahead under a name; None where it was not, or from another lesson."""
    file = files(__package__) / f"{name}.npz"
    if not file.is_file():
        return None
    try:
        with np.load(io.BytesIO(read_bytes(file)), allow_pickle=False) as held:
            if held["lesson"].tobytes() != lesson:
                return None
            spaces = tuple(
                Space(held[f"names{at}"].tobytes().decode().split("\n"), held[f"idf{at}"].astype(np.float64), each)
                for at, each in enumerate(traits)
            )
            linear = Linear(held["slopes"] * held["steps"], held["levels"])
            return Ahead(spaces, linear, held["more"])
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ContentError(f"{name}.npz cannot be read: make it anew with `python -m analysis learn`.") from error


def round_off(linear: Linear) -> Linear:
    """Slopes as they are kept: whole steps, 32,767 of them to the largest of each score."""
    whole, steps = _whole(linear.slopes)
    return Linear(whole * steps, linear.levels)


def write_ahead(name: str, lesson: bytes, ahead: Ahead, folder: Path | None = None) -> None:
    """Keeps what was learned; in the package, unless another folder is given."""
    whole, steps = _whole(ahead.linear.slopes)
    arrays: dict[str, NDArray[np.generic]] = {
        "lesson": np.frombuffer(lesson, dtype=np.uint8),
        "slopes": whole,
        "steps": steps,
        "levels": ahead.linear.levels,
        "more": ahead.more,
    }
    for at, space in enumerate(ahead.spaces):
        arrays[f"names{at}"] = np.frombuffer("\n".join(space.names).encode(), dtype=np.uint8)
        arrays[f"idf{at}"] = space.idf.astype(np.float32)
    with ((folder or Path(str(files(__package__)))) / f"{name}.npz").open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)


def _whole(slopes: NDArray[np.float64]) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    largest = np.abs(slopes).max(axis=0, initial=0.0)
    steps = np.where(largest > 0, largest, 1.0) / _STEPS
    return np.rint(slopes / steps).astype(np.int16), steps
