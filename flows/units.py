"""The units of the grammar of wishes: a few words, with brackets for alternatives.

"leave (this|that) (one |)out" stands for four wordings. An alternative may be nothing, and may hold brackets itself.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r"[()|]|[^\s()|]+")

#: Words one after the other. In place of a word there may be alternatives, each a sequence again.
Sequence = tuple["str | tuple[Sequence, ...]", ...]


@dataclass(frozen=True, slots=True)
class Unit:
    sequence: Sequence
    words: frozenset[str]
    first: frozenset[str]

    def ends(self, words: tuple[str, ...], start: int) -> set[int]:
        """Where the unit may end, if it begins at this word."""
        return _ends(self.sequence, words, start)


@lru_cache(maxsize=8192)
def read_unit(phrase: str) -> Unit:
    """A unit from its phrase, read once: manners stand in the frame of every wish.

    Raises ValueError where a bracket has no partner, or where nothing would be left.
    """
    tokens = _TOKEN.findall(phrase)
    sequence, rest = _read(tokens)
    if rest:
        raise ValueError(f"a bracket has no partner in “{phrase}”; close it, or take it out")
    first, empty = _first(sequence)
    if empty or not first:
        raise ValueError(f"“{phrase}” may be nothing at all; leave one word outside of the brackets")
    return Unit(sequence, frozenset(each for each in tokens if each not in "()|"), frozenset(first))


def _read(tokens: list[str]) -> tuple[Sequence, list[str]]:
    items: list[str | tuple[Sequence, ...]] = []
    while tokens and tokens[0] not in ("|", ")"):
        if tokens[0] != "(":
            items.append(tokens[0])
            tokens = tokens[1:]
            continue
        ways: list[Sequence] = []
        while not ways or tokens[0] == "|":
            way, tokens = _read(tokens[1:])
            ways.append(way)
            if not tokens:
                raise ValueError("a bracket has no partner; close it, or take it out")
        items.append(tuple(ways))
        tokens = tokens[1:]
    return tuple(items), tokens


def _ends(sequence: Sequence, words: tuple[str, ...], start: int) -> set[int]:
    places = {start}
    for item in sequence:
        if isinstance(item, str):
            places = {place + 1 for place in places if place < len(words) and words[place] == item}
        else:
            places = {end for place in places for way in item for end in _ends(way, words, place)}
    return places


def _first(sequence: Sequence) -> tuple[set[str], bool]:
    """The words with which it may begin, and whether it may be nothing at all."""
    first: set[str] = set()
    for item in sequence:
        if isinstance(item, str):
            return first | {item}, False
        ways = [_first(way) for way in item]
        first |= set[str]().union(*(words for words, _ in ways))
        if not any(empty for _, empty in ways):
            return first, False
    return first, True
