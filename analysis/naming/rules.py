"""The rules in the order of how sure they are, run over one text."""

from collections.abc import Callable, Iterator

from analysis.identifiers import Found
from analysis.naming import people, places
from analysis.naming.line import Line, read_line
from analysis.naming.people import Spans

#: Each with the reason that a reviewer reads. Surer ones come first.
_RULES: tuple[tuple[Callable[[Line], Spans], str], ...] = (
    (places.addressed, "an address"),
    (people.titled, "after a title"),
    (people.pointed_to, "beside a role or a relation"),
    (people.called, "said to be called so"),
    (places.wards, "the name of a ward"),
    (places.organisations, "the name of an organisation"),
    (places.known, "in the lists of places and organisations"),
    (places.somewhere, "after a word that goes with places"),
    (people.alone, "a first name, or a word that no list of ordinary words has"),
    (people.capitals, "a capital inside a sentence"),
)
_FIRST_RANK = 20
#: What people say with "the", which then is part of the name: "the Lighthouse", "the Speke estate".
_WITH_ARTICLE = frozenset({"ORG", "WARD", "ADDR"})


def find_names(text: str) -> Iterator[Found]:
    """Every name that a rule points to. They may overlap; surer rules have lower ranks."""
    line = read_line(text)
    for rank, (rule, reason) in enumerate(_RULES, start=_FIRST_RANK):
        for first, last, kind in rule(line):
            begin = (
                first - 1 if kind in _WITH_ARTICLE and line.word(first - 1) == "the" and line.joined(first) else first
            )
            yield Found(line.tokens[begin].start, line.tokens[last].end, kind, rank, reason)
