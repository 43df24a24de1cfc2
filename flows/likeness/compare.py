"""How like a message is to the examples that call for care: above the bound more like them, below it less.

The weights are whole numbers in hundredths, one a line: the trait, a tab, the number. Those near zero are left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path

from flows.likeness.traits import LETTERS_WEIGH, letter_traits, pieces, word_traits

WEIGHTS = Path(__file__).parents[1] / "guides" / "shared" / "likeness.txt"
#: The line that holds what is added to every piece.
ALWAYS = "*"


@lru_cache(maxsize=1)
def read_weights() -> Mapping[str, int]:
    """The weights that were learned from the examples, read once."""
    with WEIGHTS.open(encoding="utf-8") as lines:
        return weights_of(lines)


def weights_of(lines: Iterable[str]) -> dict[str, int]:
    """The weights in the lines of their file. A line that begins with # is a remark."""
    parted = (line.partition("\t") for line in lines if not line.startswith("#"))
    return {trait: int(weight) for trait, _, weight in parted}


@dataclass(slots=True)
class Likeness:
    """Weights, and which words are of one kind."""

    weights: Mapping[str, int]
    kinds: Mapping[str, str]

    def of(self, plain: str) -> float:
        """That of the piece which is most like them, in hundredths; far below 0 without words."""
        different = dict.fromkeys(map(tuple, pieces(plain)))
        letters = {word: self._of_letters(word) for word in set().union(*different)}
        return max((self._of_piece(list(words), letters) for words in different), default=float("-inf"))

    def _of_piece(self, words: list[str], letters_of: Mapping[str, tuple[int, int]]) -> float:
        traits = word_traits(words, self.kinds)
        weight_of = self.weights.get
        letters = [letters_of[word] for word in words]
        by_words = sum(weight_of(trait, 0) for trait in traits) / sqrt(len(traits))
        by_letters = sum(weight for weight, _ in letters) / sqrt(sum(count for _, count in letters) or 1)
        return weight_of(ALWAYS, 0) + by_words + LETTERS_WEIGH * by_letters

    def _of_letters(self, word: str) -> tuple[int, int]:
        """The weight of a word's stretches of letters together, and how many there are."""
        traits = letter_traits(word)
        return sum(self.weights.get(trait, 0) for trait in traits), len(traits)
