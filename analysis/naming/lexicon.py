"""What is known of a word before its neighbours are looked at: first name, place, ordinary word, unknown.

Promise: a word is looked up once; after that the answer is remembered, so that time goes into the rules.
"""

from functools import cache, lru_cache
from typing import Final, NamedTuple

from analysis.gazetteers import Gazetteer, read_gazetteer, read_list
from analysis.words import PhraseBook

_SHORTEST = 3  # letters of an unknown word that may be a name
_LONG = 5  # letters from which a slip of the finger is looked for
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "ness", "less", "able", "ish", "y", "like", "n't", "in")
_PREFIXES = ("un", "re", "non", "pre", "over", "under", "mis", "dis", "anti", "self")
#: "St Cuthbert's" keeps its ending.
SAINTS = frozenset({"st", "saint"})
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Sort:
    """What a word can be, as bits of a whole number (an enum would take most of the time there is). `NAME` and `PLACE`
    count alone; `MAYBE_*` are ordinary words as well. `UNKNOWN` is in no list of ordinary words and no misspelling of a
    common one."""

    NONE: Final = 0
    NAME: Final = 1 << 0
    MAYBE_NAME: Final = 1 << 1
    SURNAME: Final = 1 << 2
    PLACE: Final = 1 << 3
    MAYBE_PLACE: Final = 1 << 4
    TITLE: Final = 1 << 5
    ORGANISATION: Final = 1 << 6
    WARD: Final = 1 << 7
    STREET: Final = 1 << 8
    PLAIN: Final = 1 << 9
    NEVER: Final = 1 << 10
    PROPER: Final = 1 << 11
    COMMON: Final = 1 << 12
    ENGLISH: Final = 1 << 13
    UNKNOWN: Final = 1 << 14
    BEFORE: Final = 1 << 15
    AFTER: Final = 1 << 16


class Phrase(NamedTuple):
    """What a phrase stands for, and whether it counts only with a capital, because its words are common ones."""

    kind: str
    capital: bool


class _Lists(NamedTuple):
    common: frozenset[str]
    english: frozenset[str]
    names: frozenset[str]
    maybe_names: frozenset[str]
    surnames: frozenset[str]
    places: frozenset[str]
    maybe_places: frozenset[str]
    flags: dict[str, int]


@cache
def _lists() -> _Lists:
    uk, english, names, places = read_gazetteer(), read_list("english"), read_list("first_names"), read_list("places")
    (surnames,) = read_list("surnames").values()
    common = english["common"]
    ordinary = common | english["rest"]
    doubtful = (frozenset(uk.ambiguous_names) & ordinary) | names["also ordinary words"]
    curated = frozenset(uk.first_names) - doubtful | frozenset(uk.ambiguous_names) - ordinary
    (sure,) = (words for heading, words in names.items() if heading != "also ordinary words")
    known = places["in the United Kingdom and Ireland"] | places["elsewhere"]
    single = frozenset(uk.places) - frozenset(uk.ambiguous_places)
    return _Lists(
        common=common,
        english=ordinary | frozenset(uk.harmless),
        names=(curated | sure) - frozenset(uk.harmless) - frozenset(uk.never),
        maybe_names=doubtful,
        surnames=surnames,
        places=known | single,
        maybe_places=frozenset(uk.ambiguous_places) | places["also ordinary words or first names"],
        flags=_flags(uk),
    )


def _flags(uk: Gazetteer) -> dict[str, int]:
    flags: dict[str, int] = {}
    for words, sort in (
        (uk.titles, Sort.TITLE),
        (uk.organisation_words, Sort.ORGANISATION),
        (uk.ward_words, Sort.WARD),
        (uk.street_words, Sort.STREET),
        (uk.plain, Sort.PLAIN),
        (uk.never, Sort.NEVER),
        (uk.proper, Sort.PROPER),
        (uk.before_name, Sort.BEFORE),
        (uk.after_name, Sort.AFTER),
    ):
        for word in words:
            flags[word] = flags.get(word, Sort.NONE) | sort
    return flags


@cache
def phrases() -> PhraseBook[Phrase]:
    """Roles, relations, and places and organisations that are known by name, longer ones included."""
    uk, lists = read_gazetteer(), _lists()
    book = [(each, Phrase("role", False)) for each in uk.roles]
    book += [(each, Phrase("relation", False)) for each in uk.relations]
    for each in sorted(lists.places):
        if " " in each or "-" in each or "'" in each:
            book.append((each, Phrase("PLACE", _is_plain(each, lists.common))))
    for each in uk.organisations:
        book.append((each, Phrase("ORG", _is_plain(each, lists.common if " " in each else lists.english))))
    for each in uk.organisation_words:
        if " " in each:
            book.append((each, Phrase("organisation", False)))
    return PhraseBook((bare(each), phrase) for each, phrase in book)


def word_set(words: str) -> frozenset[str]:
    """A set of words that is written with spaces between them."""
    return frozenset(words.split())


def bare(phrase: str) -> str:
    """A phrase as the words of a line are: without possessive endings, apart from those of saints."""
    words = phrase.split(" ")
    return " ".join(
        word.removesuffix("'s") if at == 0 or words[at - 1] not in SAINTS else word for at, word in enumerate(words)
    )


def _is_plain(phrase: str, common: frozenset[str]) -> bool:
    return all(word in common for word in phrase.replace("-", " ").split())


@lru_cache(maxsize=200_000)
def sort_of(word: str) -> int:
    """What a word in small letters can be."""
    lists = _lists()
    sort = lists.flags.get(word, Sort.NONE)
    if word in lists.common:
        sort |= Sort.COMMON
    ordinary = is_ordinary(word)
    if ordinary:
        sort |= Sort.ENGLISH
    if word in lists.names or (word[:-1] in lists.names and word[-1] == "s" and not ordinary):  # "kevs phone"
        sort |= Sort.MAYBE_NAME if word in lists.maybe_names else Sort.NAME
    elif word in lists.maybe_names:
        sort |= Sort.MAYBE_NAME
    if word in lists.surnames:
        sort |= Sort.SURNAME
    if word in lists.maybe_places:
        sort |= Sort.MAYBE_PLACE
    elif word in lists.places:
        sort |= Sort.PLACE
    named = sort & (Sort.NAME | Sort.MAYBE_NAME | Sort.PLACE | Sort.MAYBE_PLACE | Sort.NEVER | Sort.PROPER)
    if not ordinary and not named and _may_name(word) and not _is_slip(word):
        sort |= Sort.UNKNOWN
    return sort


def is_ordinary(word: str) -> bool:
    """Whether a word, its stem or all of its hyphenated parts are in the lists of ordinary words."""
    english = _lists().english
    if word in english:
        return True
    if "-" in word:
        return all(is_ordinary(part) for part in word.split("-") if part)
    return _has_stem(word, english)


def _has_stem(word: str, english: frozenset[str]) -> bool:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            stem = word.removesuffix(ending)
            if stem in english or f"{stem}e" in english or (stem[-1] == stem[-2] and stem[:-1] in english):
                return True
            if stem[-1] == "i" and f"{stem[:-1]}y" in english:
                return True
    return any(word.startswith(each) and word.removeprefix(each) in english for each in _PREFIXES)


def _may_name(word: str) -> bool:
    letters = word.replace("'", "").replace("-", "")
    return (
        len(letters) >= _SHORTEST
        and letters.isalpha()
        and any(each in "aeiouyáéíóúâêîôûàèìòùäëïöüåæøœ" for each in letters)
        and not any(letters[at] == letters[at + 1] == letters[at + 2] for at in range(len(letters) - 2))
    )


def _is_slip(word: str) -> bool:
    """Whether one letter left out, put in, changed or swapped makes a common word of it ("wihtout"). The first
    letter is seldom the wrong one."""
    if len(word) < _LONG:
        return False
    common = _lists().common
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return (
        any(left + right[1] + right[0] + right[2:] in common for left, right in parts if len(right) > 1)
        or any(left + right[1:] in common for left, right in parts if left and right)
        or any(left + each + right[1:] in common for left, right in parts if left and right for each in _LETTERS)
        or any(left + each + right in common for left, right in parts if left for each in _LETTERS)
    )
