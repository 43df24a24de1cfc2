"""What a piece of a message has, by which it is like another: its words, words beside words, and letters in words.

A piece is a sentence, or a stretch of a long one, so that one sentence in a long answer is heard as if it stood alone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from flows.guide import Bounds, Term

#: A sentence is cut where it has more words than this and a few, into stretches that overlap by half.
MOST_WORDS, A_FEW, STEP = 12, 3, 6
#: Stretches of letters within a word, its edges included.
LETTERS = (3, 4, 5)
#: How much letters count beside words.
LETTERS_WEIGH = 0.7

_SENTENCE = re.compile(r"[^.!?\n]+")


def kinds_of(terms: Iterable[Term], bounds: Bounds) -> dict[str, str]:
    """The kind of each single word that the named terms hold; of two, that of the term which stands first."""
    kinds = dict[str, str]()
    for term in terms:
        if term.name in bounds.kinds:
            for word in term.words:
                if " " not in word:
                    kinds.setdefault(word.rstrip("*"), f"<{term.name}>")
    return kinds


def sentences(plain: str) -> list[list[str]]:
    """The words of each sentence of a plain message (`flows.spelling`)."""
    return [words for found in _SENTENCE.findall(plain) if (words := found.split())]


def pieces(plain: str) -> Iterator[list[str]]:
    """Each sentence, a long one in overlapping stretches."""
    for words in sentences(plain):
        if len(words) <= MOST_WORDS + A_FEW:
            yield words
        else:
            for start in range(0, len(words) - MOST_WORDS + STEP, STEP):
                yield words[start : start + MOST_WORDS]


def word_traits(words: list[str], kinds: Mapping[str, str]) -> set[str]:
    """Words, neighbours, and pairs with a gap; once as they are, once with the kind in place of words that have one.

    `kinds` maps a word to its kind: 'codeine' to '<medicine>'. So 'necked my codeine' is like 'necked my tramadol'.
    """
    traits = set(_neighbours(words))
    as_kinds = [kinds.get(word, word) for word in words]
    if as_kinds != words:
        traits.update(_neighbours(as_kinds))
    return traits


def letter_traits(word: str) -> list[str]:
    """Stretches of letters, marked so that they differ from words."""
    edged = f" {word} "
    return [f"~{edged[start : start + size]}" for size in LETTERS for start in range(len(edged) - size + 1)]


def _neighbours(words: list[str]) -> Iterator[str]:
    edged = ["^", *words, "$"]
    yield from words
    yield from (f"{one} {two}" for one, two in pairwise(edged))
    yield from (f"{one} {two} {three}" for one, two, three in zip(edged, edged[1:], edged[2:], strict=False))
    yield from (f"{one}_{two}" for gap in (2, 3) for one, two in zip(edged, edged[gap:], strict=False))
