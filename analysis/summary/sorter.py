"""What sorted the answers, as a short name: two summaries with the same name were sorted in the same way.

Made from the version of Hearten and from every data file that the machine learns from; an upgrade may change either.
"""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable

_PLACES = ("cues", "exemplars", "frameworks")
_LENGTH = 16


@cache
def name_sorter() -> str:
    """Hexadecimal digits."""
    name = hashlib.sha256(_own_version().encode())
    root = files("analysis")
    for file in (root / "lexical.toml", *(each for place in _PLACES for each in _sorted(root / place))):
        name.update(hashlib.sha256(file.read_bytes()).digest())
    return name.hexdigest()[:_LENGTH]


def _sorted(place: Traversable) -> list[Traversable]:
    data = (each for each in place.iterdir() if each.name.endswith((".toml", ".jsonl")))
    return sorted(data, key=lambda each: each.name)


def _own_version() -> str:
    try:
        return version("hearten")
    except PackageNotFoundError:  # run from its folder
        return ""
