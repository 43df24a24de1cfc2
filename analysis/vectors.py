"""Texts as sparse vectors: word stems, pairs of stems, and runs of four letters inside words.

TF-IDF with sublinear term frequency and unit length, as scikit-learn has it, but with the columns of each distinct word
remembered, which is what makes thousands of short texts a second possible. Rows can be added up before weighting, so
that segments are read once and serve their text as well.

Promise: columns are numbered in alphabetical order, so the same exemplars give the same space on any machine.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analysis.words import Word, stem

_RUN = 4
_REMEMBERED = 100_000
_FLAT = 1e-9  # a spread below this is no spread

Rows = sparse.csr_array


def name_features(word: str, runs: bool) -> list[str]:
    """The features of one word: its stem and, where wanted, each run of four letters with the ends marked."""
    features = [stem(word)]
    if runs:
        marked = f"<{word[:40]}>"
        features += [f"#{marked[at : at + _RUN]}" for at in range(len(marked) - _RUN + 1)]
    return features


class Space:
    """A vector space learned from texts (as lists of words). `taught`: the counts of these texts."""

    def __init__(self, texts: Sequence[Sequence[Word]], *, runs: bool = True) -> None:
        self._runs = runs
        features = [self._features(words) for words in texts]
        self._column = {name: at for at, name in enumerate(sorted(set().union(*features)))}
        self._columns_of: dict[str, tuple[tuple[int, ...], str]] = {}
        self.taught = self.count(texts)
        texts_with = np.bincount(self.taught.indices, minlength=len(self._column))
        self._idf = np.log((1 + len(texts)) / (1 + texts_with)) + 1

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return len(self._column)

    def knows(self, word: str) -> bool:
        """Whether the stem of a word was seen while learning."""
        return stem(word) in self._column

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
        values = (1 + np.log(counts.data)) * self._idf[counts.indices]
        lengths = np.sqrt(np.add.reduceat(np.append(values**2, 0.0), counts.indptr[:-1])) if len(values) else values
        sizes = np.diff(counts.indptr)
        if len(values):
            values = values / np.repeat(lengths, sizes)
        return sparse.csr_array((values, counts.indices, counts.indptr), shape=counts.shape)

    def _features(self, words: Sequence[Word]) -> set[str]:
        stems = [stem(word.text) for word in words]
        named = {feature for word in words for feature in name_features(word.text, self._runs)}
        return named | {f"{first} {second}" for first, second in pairwise(stems)}

    def _columns(self, word: str) -> tuple[tuple[int, ...], str]:
        """The columns of a word, and its stem."""
        names = name_features(word, self._runs)
        found = tuple(self._column[name] for name in names if name in self._column), names[0]
        if len(self._columns_of) < _REMEMBERED:
            self._columns_of[word] = found
        return found


def standardise(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row with mean 0 and spread 1, so that scores of different kinds can be added."""
    spread = scores.std(axis=1, keepdims=True)
    centred: NDArray[np.float64] = scores - scores.mean(axis=1, keepdims=True)
    return centred / np.where(spread > _FLAT, spread, 1.0)
