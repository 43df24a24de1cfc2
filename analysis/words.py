"""Words and phrases of a text, with where they stand.

Promises: spans are code points of the text as given; the same text gives the same words on any machine; time grows
linearly with the text. Curly apostrophes count as straight ones, capitals as small letters.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Generic, NamedTuple, TypeVar

Meaning = TypeVar("Meaning")

# Letters or digits of any script, with apostrophes, hyphens and ampersands inside: "didn't", "well-spoken", "a&e".
_WORD = re.compile(r"[^\W_]+(?:['’&-][^\W_]+)*")

_REMEMBERED = 50_000  # words
_SHORT = 4  # letters of a word that is hardly cut


class Word(NamedTuple):
    """One word in small letters, and its span."""

    text: str
    start: int
    end: int


_make_word = partial(tuple.__new__, Word)  # half the time of Word(...)


def find_words(text: str) -> list[Word]:
    """All words of a text, in order. Numbers are words; punctuation and emoji are not."""
    if text.isascii():  # then small letters stand where the capitals stood, and all at once is quicker
        return [_make_word((match.group(), *match.span())) for match in _WORD.finditer(text.lower())]
    return [Word(match.group().lower().replace("’", "'"), *match.span()) for match in _WORD.finditer(text)]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its commonest English endings, so that "listens" and "listened" meet. Rough on purpose."""
    word = word.removesuffix("'s")
    if len(word) <= _SHORT:  # short words lose more than they gain
        return word.removesuffix("s") if len(word) == _SHORT and not word.endswith("ss") else word
    for ending, rest in (("ies", "y"), ("ied", "y"), ("ing", ""), ("edly", ""), ("ed", ""), ("es", ""), ("ly", "")):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORT - 1:
            word = word.removesuffix(ending) + rest
            break
    else:
        word = word.removesuffix("s") if not word.endswith("ss") else word
    return word.removesuffix("e") if len(word) > _SHORT else word


class Hit(NamedTuple, Generic[Meaning]):
    """A phrase that was found: what it means, and the first and last (exclusive) of the words that it spans."""

    meaning: Meaning
    first: int
    last: int


class PhraseBook(Generic[Meaning]):
    """Finds many phrases at once. A phrase is words between spaces; a word that ends in "*" stands for any ending."""

    def __init__(self, phrases: Iterable[tuple[str, Meaning]]) -> None:
        self._whole: dict[str, list[tuple[tuple[str, ...], Meaning]]] = {}
        self._begun: dict[str, list[tuple[tuple[str, ...], Meaning]]] = {}
        for phrase, meaning in phrases:
            first, *rest = (word.text + star for word, star in _words_of_phrase(phrase))
            table: dict[str, list[tuple[tuple[str, ...], Meaning]]] = (
                self._begun if first.endswith("*") else self._whole
            )
            table.setdefault(first.removesuffix("*"), []).append((tuple(rest), meaning))
        self._lengths = sorted({len(key) for key in self._begun})
        self._known: dict[str, tuple[tuple[tuple[str, ...], Meaning], ...]] = {}

    def find(self, words: list[str]) -> Iterator[Hit[Meaning]]:
        """Every phrase that occurs, from left to right; phrases may overlap."""
        known = self._known
        for index, word in enumerate(words):
            begun = known.get(word)
            if begun is None:
                begun = self._starting_with(word)
            if not begun:
                continue
            after = words[index + 1] if index + 1 < len(words) else ""
            for rest, meaning in begun:
                if not rest:
                    yield Hit(meaning, index, index + 1)
                # What comes next is looked at here: most phrases end there, and a call takes longer than the look.
                elif (rest[0] == after or rest[0][-1] == "*") and _go_on(rest, words, index + 1):
                    yield Hit(meaning, index, index + 1 + len(rest))

    def _starting_with(self, word: str) -> tuple[tuple[tuple[str, ...], Meaning], ...]:
        """The phrases that may begin with a word. Most words come again, so what was found is remembered."""
        found = list(self._whole.get(word, ()))
        for length in self._lengths:
            if length <= len(word):
                found += self._begun.get(word[:length], ())
        known = tuple(found)
        if len(self._known) < _REMEMBERED:
            self._known[word] = known
        return known


def weigh_words(words: Iterable[str], weights: Mapping[str, float]) -> float:
    """The sum of the weights of the words that have one."""
    return sum(weights.get(word, 0.0) for word in words)


def _words_of_phrase(phrase: str) -> Iterator[tuple[Word, str]]:
    found = find_words(phrase)
    if not found:
        raise ValueError("a phrase needs at least one word")
    for word in found:
        yield word, "*" if phrase[word.end : word.end + 1] == "*" else ""


def _go_on(rest: tuple[str, ...], words: list[str], index: int) -> bool:
    """Whether the rest of a phrase stands at that place."""
    if index + len(rest) > len(words):
        return False
    for wanted in rest:
        word = words[index]
        if word != wanted and not (wanted[-1] == "*" and word.startswith(wanted[:-1])):
            return False
        index += 1
    return True
