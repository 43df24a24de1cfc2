"""Names of people, places, wards, organisations and addresses, by rules and gazetteers.

A name is looked for where something points to one: a title ("Dr", "nurse"), a role ("my cpn"), a relation ("my
sister"), a word like "called", a place after a preposition, a name before "Ward" or "House", or a word of the
gazetteers. Chat is often in small letters, so capitals help but are not needed where the pointer is strong.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from analysis.gazetteers import read_gazetteer
from analysis.identifiers import Found, Kind
from analysis.words import PhraseBook, find_words

_LONGEST = 3  # words that a name goes on for after the first
_FARTHEST = 5  # words of an address before its street word
_ALWAYS_NAMED = frozenset({"dr", "mr", "mrs", "ms", "prof"})  # what follows these is a name, capital or not
_PREPOSITIONS = frozenset({"in", "from", "to", "near", "at", "around", "outside", "on", "via", "of", "by"})
_POINTERS = frozenset({"called", "named"})
_SOMEBODY = frozenset({"lad", "girl", "guy", "man", "woman", "bloke", "someone", "somebody", "lady", "boy", "person"})
_AFTER_STAFF = frozenset({"from", "at", "on"})


class Token(NamedTuple):
    """A word without a possessive ending, its span, and whether it begins with a capital."""

    text: str
    start: int
    end: int
    capital: bool


class _Lists(NamedTuple):
    places: PhraseBook[Kind]
    doubtful_places: frozenset[str]
    names: frozenset[str]
    doubtful_names: frozenset[str]
    titles: frozenset[str]
    roles: PhraseBook[None]
    relations: PhraseBook[None]
    wards: frozenset[str]
    organisations: frozenset[str]
    streets: frozenset[str]
    plain: frozenset[str]
    never: frozenset[str]


@cache
def _lists() -> _Lists:
    read = read_gazetteer()
    known: list[tuple[str, Kind]] = [(place, "PLACE") for place in read.places if place not in read.ambiguous_places]
    known += [(name, "ORG") for name in read.organisations]
    return _Lists(
        places=PhraseBook(known),
        doubtful_places=frozenset(read.ambiguous_places),
        names=frozenset(read.first_names) - frozenset(read.ambiguous_names),
        doubtful_names=frozenset(read.ambiguous_names),
        titles=frozenset(read.titles),
        roles=PhraseBook((role, None) for role in read.roles),
        relations=PhraseBook((relation, None) for relation in read.relations),
        wards=frozenset(read.ward_words),
        organisations=frozenset(read.organisation_words),
        streets=frozenset(read.street_words),
        plain=frozenset(read.plain),
        never=frozenset(read.never),
    )


def find_names(text: str) -> Iterator[Found]:
    """Every name that a rule points to. They may overlap; surer rules have lower ranks."""
    tokens = [_bare(text, word.text, word.start, word.end) for word in find_words(text)]
    for rank, rule in enumerate(_RULES, start=10):
        for first, last, kind in rule(tokens, text):
            yield Found(tokens[first].start, tokens[last].end, kind, rank)


Spans = Iterator[tuple[int, int, Kind]]


def _bare(text: str, word: str, start: int, end: int) -> Token:
    saintly = text[max(0, start - 3) : start].lower() == "st "  # in "St Cuthbert's" the ending belongs to the name
    if word.endswith("'s") and len(word) > len("'s") + 1 and not saintly:
        word, end = word[:-2], end - 2
    original = text[start:end]
    shout = len(original) > 1 and original.isupper()
    return Token(word, start, end, original[:1].isupper() and not shout)


def _adjoin(tokens: list[Token], at: int, text: str) -> bool:
    """Whether a token stands right after the one before: nothing but a space, a point or a comma between."""
    return 0 < at < len(tokens) and text[tokens[at - 1].end : tokens[at].start] in {" ", ". ", "  "}


def _name_at(tokens: list[Token], at: int, *, sure: bool = False) -> bool:
    """Whether a name can begin here. `sure`: something strong points to it, so small letters will do."""
    if at >= len(tokens):
        return False
    token, lists = tokens[at], _lists()
    if token.text in lists.never or not token.text[0].isalpha() or len(token.text) == 1:
        return False
    return token.capital or token.text in lists.names or (sure and token.text in lists.doubtful_names)


def _name_end(tokens: list[Token], at: int, text: str) -> int:
    """The last token of a name that begins here: further capitals, or surnames after "mc"."""
    last = at
    while last - at < _LONGEST and _adjoin(tokens, last + 1, text):
        after = tokens[last + 1]
        proper = after.capital and after.text not in _lists().never
        if not proper and "mc" not in {tokens[last].text, after.text}:
            break
        last += 1
    return last


def _titled(tokens: list[Token], text: str) -> Spans:
    for at, token in enumerate(tokens):
        if token.text not in _lists().titles or not _adjoin(tokens, at + 1, text):
            continue
        owned = at > 0 and tokens[at - 1].text in {"my", "me", "his", "her", "their", "our", "your"}
        if token.text in {"sister", "father"} and owned:  # kin, not a title
            continue
        strong = token.text in _ALWAYS_NAMED and tokens[at + 1].text not in _lists().never
        if strong or _name_at(tokens, at + 1, sure=True):
            yield at, _name_end(tokens, at + 1, text), "STAFF"


def _related(tokens: list[Token], text: str) -> Spans:
    words = [token.text for token in tokens]
    for _, _, last in _lists().relations.find(words):
        yield from _named_after(tokens, last, text, "FAMILY")
    for at, word in enumerate(words):
        if word in _SOMEBODY and at + 1 < len(words) and words[at + 1] in _POINTERS:
            yield from _named_after(tokens, at + 1, text, "FAMILY")


def _in_role(tokens: list[Token], text: str) -> Spans:
    words = [token.text for token in tokens]
    for _, first, last in _lists().roles.find(words):
        yield from _named_after(tokens, last, text, "STAFF")
        before = first - 1  # "Gaz the support worker", "sue my cpn"
        if before >= 1 and words[before] in {"the", "my", "our"} and _name_at(tokens, before - 1, sure=True):
            yield before - 1, before - 1, "STAFF"


def _named_after(tokens: list[Token], at: int, text: str, kind: Kind) -> Spans:
    pointed = at < len(tokens) and tokens[at].text in _POINTERS
    begin = at + 1 if pointed else at
    if not pointed and not _adjoin(tokens, begin, text) and text[tokens[at - 1].end : tokens[at - 1].end + 2] != ", ":
        return
    if begin < len(tokens) and (
        _name_at(tokens, begin, sure=pointed) or (pointed and tokens[begin].text not in _lists().never)
    ):
        yield begin, _name_end(tokens, begin, text), kind


def _addressed(tokens: list[Token], text: str) -> Spans:
    for at, token in enumerate(tokens):
        if token.text not in _lists().streets or at == 0 or not _adjoin(tokens, at, text):
            continue
        first = at - 1
        if tokens[first].text in _lists().plain | _lists().never:
            continue
        placed = first > 0 and (tokens[first - 1].text in _PREPOSITIONS or tokens[first - 1].text[0].isdigit())
        if not (tokens[first].capital and token.capital) and not (
            placed and token.text in {"street", "road", "avenue", "lane", "court", "close"}
        ):
            continue
        while (
            first > 0
            and at - first < _FARTHEST
            and (
                tokens[first - 1].text[0].isdigit()
                or tokens[first - 1].text in {"flat", "apartment"}
                or (tokens[first - 1].capital and tokens[first - 1].text not in _lists().never)
            )
        ):
            first -= 1
        yield first, at, "ADDR"


def _called_after(tokens: list[Token], text: str) -> Spans:
    """ "Juniper Ward", "on juniper ward", "Tulip House"."""
    lists = _lists()
    for at, token in enumerate(tokens):
        kind: Kind = "WARD" if token.text in lists.wards else "ORG"
        if (kind == "ORG" and token.text not in lists.organisations) or not _adjoin(tokens, at, text):
            continue
        first = at - 1
        if tokens[first].text in _lists().plain or tokens[first].text in lists.never:
            continue
        placed = any(word.text in _PREPOSITIONS for word in tokens[max(0, first - 2) : first])
        if not tokens[first].capital and not placed:
            continue
        while (
            first > 0
            and tokens[first].capital
            and tokens[first - 1].capital
            and _adjoin(tokens, first, text)
            and tokens[first - 1].text not in lists.never
        ):
            first -= 1
        yield first, at, kind


def _saintly(tokens: list[Token], text: str) -> Spans:
    for at, token in enumerate(tokens[:-1]):
        if (
            token.text in {"st", "saint"}
            and tokens[at + 1].text not in _lists().never
            and _adjoin(tokens, at + 1, text)
        ):
            yield at, at + 1, "ORG"


def _listed(tokens: list[Token], text: str) -> Spans:  # noqa: ARG001 - rules are called alike
    words = [token.text for token in tokens]
    for kind, first, last in _lists().places.find(words):
        yield first, last - 1, kind
    for at, token in enumerate(tokens):
        if token.capital and token.text in _lists().doubtful_places and at and words[at - 1] in _PREPOSITIONS:
            yield at, at, "PLACE"


def _some_place(tokens: list[Token], text: str) -> Spans:
    """ "at the Lighthouse", "to the Royal Oldham": capitals after a preposition inside a sentence."""
    for at in range(2, len(tokens)):
        the = tokens[at - 1].text == "the" and tokens[at - 2].text in _PREPOSITIONS
        if the and tokens[at].capital and tokens[at].text not in _lists().never and _adjoin(tokens, at, text):
            last = _name_end(tokens, at, text)
            yield (at - 1 if text[tokens[at - 1].start].isupper() else at), last, "ORG"


def _first_names(tokens: list[Token], text: str) -> Spans:
    for at, token in enumerate(tokens):
        begins = at == 0 or text[: token.start].rstrip()[-1:] in {".", "!", "?", "\n"}
        doubtful = token.text in _lists().doubtful_names and token.capital and not begins
        if token.text in _lists().names or doubtful:
            yield at, _name_end(tokens, at, text) if token.capital else at, "STAFF"


_RULES: tuple[Callable[[list[Token], str], Spans], ...] = (
    _addressed, _related, _titled, _in_role, _called_after, _saintly, _listed, _first_names, _some_place,
)  # fmt: skip
