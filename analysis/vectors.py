"""Texts as sparse vectors: words or their stems, pairs of them, and runs of four letters inside words.

TF-IDF with sublinear term frequency and unit length, as scikit-learn has it, but with the columns of each distinct word
remembered, which is what makes thousands of short texts a second possible. Rows can be added up before weighting, so
that segments are read once and serve their text as well.

Promise: columns are numbered in alphabetical order, so the same exemplars give the same space on any machine.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analysis.words import Word, stem

_RUN = 4
_REMEMBERED = 100_000
_FLAT = 1e-9  # a spread below this is no spread

Rows = sparse.csr_array


class Traits(NamedTuple):
    """What counts as a feature. `stems`: words without their endings, or as they stand. `runs`: runs of four letters
    too. `least`: in how many texts of the lesson a feature must occur."""

    stems: bool = True
    runs: bool = True
    least: int = 1


class Space:
    """A vector space: named columns (in alphabetical order) and what each is worth."""

    def __init__(self, names: Sequence[str], idf: NDArray[np.float64], traits: Traits) -> None:
        self.names, self.idf = tuple(names), idf
        self._traits = traits
        self._column = {name: at for at, name in enumerate(self.names)}
        self._columns_of: dict[str, tuple[tuple[int, ...], str]] = {}

    @classmethod
    def learn(cls, texts: Sequence[Sequence[Word]], traits: Traits) -> tuple["Space", Rows]:
        """The space of texts (as lists of words), and the counts of these texts."""
        found: Counter[str] = Counter()
        for words in texts:
            features = {feature for word in words for feature in _name_features(word.text, traits)}
            found.update(features | {f"{first} {second}" for first, second in pairwise(_base(words, traits))})
        space = cls(sorted(name for name, count in found.items() if count >= traits.least), np.empty(0), traits)
        taught = space.count(texts)
        texts_with = np.bincount(taught.indices, minlength=space.width)
        # As they are kept, so that what is learned now is what was learned ahead.
        space.idf = (np.log((1 + len(texts)) / (1 + texts_with)) + 1).astype(np.float32).astype(np.float64)
        return space, taught

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return len(self._column)

    def knows(self, word: str) -> bool:
        """Whether a word was seen while learning."""
        return (stem(word) if self._traits.stems else word) in self._column

    def count(self, texts: Iterable[Sequence[Word]]) -> Rows:
        """How often each feature occurs: one row a text. Unknown features are left out."""
        columns: list[int] = []
        ends = [0]
        known, column = self._columns_of, self._column.get
        for words in texts:
            before = ""
            for word, _, _ in words:
                found = known.get(word)
                own, now = self._columns(word) if found is None else found
                columns.extend(own)
                if before and (pair := column(f"{before} {now}")) is not None:
                    columns.append(pair)
                before = now
            ends.append(len(columns))
        rows = sparse.csr_array(
            (np.ones(len(columns)), np.array(columns, dtype=np.int32), np.array(ends, dtype=np.int32)),
            shape=(len(ends) - 1, len(self._column)),
        )
        rows.sum_duplicates()
        return rows

    def weigh(self, counts: Rows) -> Rows:
        """Counts as weighted rows of unit length (a row without features stays empty)."""
        values = (1 + np.log(counts.data)) * self.idf[counts.indices]
        lengths = np.sqrt(np.add.reduceat(np.append(values**2, 0.0), counts.indptr[:-1])) if len(values) else values
        sizes = np.diff(counts.indptr)
        if len(values):
            values = values / np.repeat(lengths, sizes)
        return sparse.csr_array((values, counts.indices, counts.indptr), shape=counts.shape)

    def _columns(self, word: str) -> tuple[tuple[int, ...], str]:
        """The columns of a word, and what it counts as in a pair."""
        names = _name_features(word, self._traits)
        found = tuple(self._column[name] for name in names if name in self._column), names[0]
        if len(self._columns_of) < _REMEMBERED:
            self._columns_of[word] = found
        return found


def _base(words: Sequence[Word], traits: Traits) -> list[str]:
    return [stem(word.text) if traits.stems else word.text for word in words]


def _name_features(word: str, traits: Traits) -> list[str]:
    """The features of one word: itself and, where wanted, each run of four letters with the ends marked."""
    features = [stem(word) if traits.stems else word]
    if traits.runs:
        marked = f"<{word[:40]}>"
        features += [f"#{marked[at : at + _RUN]}" for at in range(len(marked) - _RUN + 1)]
    return features


def standardise(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row with mean 0 and spread 1, so that scores of different kinds can be added."""
    spread = scores.std(axis=1, keepdims=True)
    centred: NDArray[np.float64] = scores - scores.mean(axis=1, keepdims=True)
    return centred / np.where(spread > _FLAT, spread, 1.0)
