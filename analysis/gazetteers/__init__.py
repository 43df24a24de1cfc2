"""Word lists for de-identification, as data. `uk.toml` was written from common knowledge; the long lists (`*.txt`) say
in their heads where they come from and that they may be passed on."""

from functools import cache
from importlib.resources import files

from analysis.content import read_bytes, read_toml
from analysis.model import Frozen

_HERE = files(__package__)


class Gazetteer(Frozen):
    """All in small letters. `ambiguous_*` are also ordinary words: they count only where something else points to a
    name (a capital inside a sentence, a title or a relation before them). `harmless` and `proper` name nobody, in small
    letters and with a capital. `before_name` and `after_name` make a name of an unknown word that they stand beside."""

    places: tuple[str, ...]
    ambiguous_places: tuple[str, ...]
    first_names: tuple[str, ...]
    ambiguous_names: tuple[str, ...]
    titles: tuple[str, ...]
    roles: tuple[str, ...]
    relations: tuple[str, ...]
    ward_words: tuple[str, ...]
    organisation_words: tuple[str, ...]
    organisations: tuple[str, ...]
    street_words: tuple[str, ...]
    plain: tuple[str, ...]
    never: tuple[str, ...]
    harmless: tuple[str, ...]
    proper: tuple[str, ...]
    before_name: tuple[str, ...]
    after_name: tuple[str, ...]


@cache
def read_gazetteer() -> Gazetteer:
    return read_toml(_HERE / "uk.toml", Gazetteer)


def read_list(name: str) -> dict[str, frozenset[str]]:
    """The parts of a long list, each by its heading (a line that begins with "# "); the licence above is no part."""
    parts: dict[str, set[str]] = {}
    words: set[str] = parts.setdefault("", set())
    for line in read_bytes(_HERE / f"{name}.txt").decode().splitlines():
        if line.startswith("#"):
            words = parts.setdefault(line.removeprefix("#").strip(), set())
        elif line:
            words.add(line)
    return {heading: frozenset(found) for heading, found in parts.items() if found}
