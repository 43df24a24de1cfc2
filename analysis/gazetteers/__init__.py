"""Word lists for de-identification, as data: places, first names, roles, and words that begin or end a name of an
organisation. Written from common knowledge, free to pass on."""

from importlib.resources import files

from analysis.content import read_toml
from analysis.model import Frozen


class Gazetteer(Frozen):
    """All in small letters. `ambiguous_*` are also ordinary words: they count only where something else points to a
    name (a capital inside a sentence, a title or a relation before them)."""

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


def read_gazetteer() -> Gazetteer:
    return read_toml(files(__package__) / "uk.toml", Gazetteer)
