"""Phrases as people can write them in a list, and where they occur in plain words.

A phrase is words with single spaces. Besides words it may have:

    ...          up to three words that do not matter, within one sentence
    (a|b c)      one of these
    [a|b]        one of these, or nothing
    !(a|b)       none of these may stand next
    <name>       one of a group of words
    kill*        any word that begins so
    #            a number, in digits
    ^ and $      only where a sentence begins, or ends

Brackets may stand within brackets. Groups of words have words only, and `*`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

Span = tuple[int, int]

_WORD = re.compile(r"\w+")
_GROUP = re.compile(r"<([a-z_]+)>")
_PLAIN = re.compile(r"[\w ]+")

_GAP = r"(?: \w+){0,3}?"
_BEGIN, _END = r"(?<!\w )", r"(?= ?(?:[.!?]|$))"

#: A word that may go on (`kill*`) is looked up by at least and at most so many of its letters.
FEWEST_LETTERS, MOST_LETTERS = 3, 8


#: A phrase: its pattern, and sets of words of each of which it needs at least one.
Needs = tuple[frozenset[str], ...]


class Phrases:
    """Many phrases, of which only those are tried that can begin at a word and whose other words are in the text."""

    def __init__(self, phrases: Iterable[str], groups: Mapping[str, tuple[str, ...]]) -> None:
        self._by_beginning: dict[str, list[tuple[str, Needs]]] = defaultdict(list)
        for phrase in phrases:
            pattern, first, needs = read(phrase, groups)
            for word in sorted(first):
                self._by_beginning[_shortened(word)].append((pattern, needs))

    def spans(self, plain: str) -> Iterator[Span]:
        """Where anything matches, from the left."""
        words = {word: _forms(word) for word in {*_WORD.findall(plain)}}
        present = frozenset[str]().union(*words.values())
        begin = self._by_beginning.keys() & present
        possible = {form: found for form in begin if (found := self._possible(form, present))}
        if not possible:
            return
        tried = {word: [one for form in forms for one in possible.get(form, ())] for word, forms in words.items()}
        for word in _WORD.finditer(plain):
            for pattern in tried[word.group()]:
                if match := pattern.match(plain, word.start()):
                    yield match.span()

    def _possible(self, form: str, present: frozenset[str]) -> list[re.Pattern[str]]:
        """The phrases that begin so, and of which every other word is there."""
        return [
            _compiled(pattern) for pattern, needs in self._by_beginning[form] if not any(map(present.isdisjoint, needs))
        ]


def _forms(word: str) -> tuple[str, ...]:
    """What a word is looked up by: itself, # for a number, and its beginnings as `kill*`. Nothing is remembered: what
    people write stays in no cache, not even word by word."""
    beginnings = [f"{word[:length]}*" for length in range(FEWEST_LETTERS, min(MOST_LETTERS, len(word)) + 1)]
    return (word, "#", *beginnings) if word.isdigit() else (word, *beginnings)


def _shortened(word: str) -> str:
    return f"{word[:-1][:MOST_LETTERS]}*" if word.endswith("*") else word


def read(phrase: str, groups: Mapping[str, tuple[str, ...]]) -> tuple[str, set[str], Needs]:
    """A phrase as a regular expression, the words that it can begin with, and sets of words of which it needs one each.

    Raises ValueError, with what is wrong, where it cannot be read.
    """
    body = phrase.strip().removeprefix("^").removesuffix("$").strip()
    items = _items(body)
    if not items or items[0][0] in ".!" or items[-1] == "...":
        raise ValueError("it may not be empty, begin with ... or !( ), nor end with ...")
    begin = _BEGIN if phrase.strip()[0] == "^" else ""
    end = _END if phrase.strip()[-1] == "$" else ""
    return begin + _sequence(items, groups) + r"\b" + end, _first_words(items, groups), _needs(items, groups)


@lru_cache(maxsize=8192)
def _items(text: str) -> tuple[str, ...]:
    """The words and outermost brackets of a phrase."""
    items, depth, open_item = list[str](), 0, ""
    for letter in " ".join(text.split()) + " ":
        depth += (letter in "([") - (letter in ")]")
        if letter == " " and depth == 0:
            items += [open_item] if open_item else []
            open_item = ""
        else:
            open_item += letter
    if depth or open_item.strip() or any(_ends_early(item) for item in items):
        raise ValueError("a bracket is not closed, or has no space beside it")
    return tuple(items)


def _ends_early(item: str) -> bool:
    return item.lstrip("!")[:1] in ("(", "[") and item[-1] not in ")]"


def _choices(item: str) -> list[str]:
    """What stands between the | of a bracket; a word is its own only choice."""
    inside = item.lstrip("!")
    if inside[0] not in "([":
        return [item]
    found, depth = [""], 0
    for letter in inside[1:-1]:
        depth += (letter in "([") - (letter in ")]")
        if letter == "|" and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return [each.strip() for each in found]


def _sequence(items: tuple[str, ...], groups: Mapping[str, tuple[str, ...]]) -> str:
    pattern, space = "", ""
    for item in items:
        if item == "...":
            pattern += _GAP
            continue
        one_of = "(?:" + "|".join(_choice(each, groups) for each in _choices(item)) + ")"
        if item[0] == "!":
            pattern += rf"\b(?!{space}{one_of}\b)"
        elif item[0] == "[":
            pattern += f"(?:{space}{one_of})?" if space else f"(?:{one_of} )?"
        else:
            pattern += space + one_of
            space = " "
    return pattern


def _choice(text: str, groups: Mapping[str, tuple[str, ...]]) -> str:
    items = _items(text)
    if len(items) == 1 and items[0][0] not in "([!.":
        match = _GROUP.fullmatch(items[0])
        if match is None:
            return _letters(items[0])
        return "(?:" + "|".join(_letters(each) for each in _group(match.group(1), groups)) + ")"
    return _sequence(items, groups)


def _first_words(items: tuple[str, ...], groups: Mapping[str, tuple[str, ...]]) -> set[str]:
    first = set[str]()
    for item in items:
        for choice in _choices(item):
            inside = _items(choice)
            match = _GROUP.fullmatch(inside[0])
            if match:
                first |= {each.split(" ")[0] for each in _group(match.group(1), groups)}
            else:
                first |= {inside[0]} if inside[0][0] not in "([" else _first_words(inside, groups)
        if item[0] != "[":
            break
    if short := [each for each in first if each.endswith("*") and len(each) <= FEWEST_LETTERS]:
        raise ValueError(f"{short[0]!r} fits too many words; write at least {FEWEST_LETTERS} letters before the *")
    return first


def _needs(items: tuple[str, ...], groups: Mapping[str, tuple[str, ...]]) -> Needs:
    """For each item but the first that cannot be left out, the words that it can begin with."""
    needed = [_words_of(item, groups) for item in items[1:] if item[0] not in "[!."]
    return tuple(frozenset(map(_shortened, words)) for words in needed if words)


def _words_of(item: str, groups: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The words that an item can begin with, as `_forms` has them; none where that cannot be said."""
    if "!" in item or "..." in item:
        return set()
    try:
        words = _first_words((item,), groups)
    except ValueError:
        return set()
    return set() if any("*" in word[:-1] or (len(word) > 1 and "#" in word) for word in words) else words


def _letters(text: str) -> str:
    if not _PLAIN.fullmatch(text.replace("*", "").replace("#", "") or " "):
        raise ValueError(f"{text!r} has a sign that means nothing here; write words in small letters, no apostrophes")
    return text.replace("*", r"\w*").replace("#", r"\d+")


def _group(name: str, groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if name not in groups:
        raise ValueError(f"there is no group of words <{name}>")
    return groups[name]


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)
