"""Stance: did what somebody tells of help, harm, is it wished for, both helped and harmed, or is neither said?

A linear classifier (scikit-learn) over the words of the exemplars, the signs of `cues/stance.toml` with negation
looked at, and TextBlob's polarity, which is the stated baseline and one feature among the others. TextBlob's lexicon
comes with its package: nothing is fetched.

Promise: same words, same stance, on any machine; nothing is kept between calls.
"""

from collections.abc import Sequence
from copy import copy
from functools import cache
from typing import NamedTuple, Protocol, Self, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import RidgeClassifier
from textblob.en import sentiment

from analysis.cues import Sign, read_signs
from analysis.exemplars import Exemplar, read_exemplars
from analysis.frameworks import framework_ids, read_framework
from analysis.model import Stance
from analysis.vectors import Rows, Space
from analysis.words import PhraseBook, Word, find_words

STANCES: tuple[Stance, ...] = get_args(Stance)
_LEARNED: tuple[Stance, ...] = ("help", "harm", "wish")  # the two others follow from these and from the signs
_REACH = 3  # how many words before a sign a "not" still turns it round
_SIGNS_SHARE = 0.1  # of the dense features beside the words; chosen by trial on the exemplars, voice against voice
_CLOSE = 0.25  # help and harm this near each other in the classifier leave it open
_BOTH = 2.0  # signs on either side, and a word like "but" between, before we say "mixed"


class Signs(NamedTuple):
    """How much speaks for each stance, in the order of STANCES, and TextBlob's polarity from -1 to 1."""

    weights: tuple[float, ...]
    polarity: float


class Encodes(Protocol):
    """Gives vectors of meaning: a row a text."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float64]: ...


class Remembers(Protocol):
    """Gives vectors of exemplars."""

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float64]: ...


class StanceReader:
    """Tells the stance of texts. Learned once from the exemplars of all frameworks."""

    _encoder: Encodes | None = None

    def __init__(self, exemplars: Sequence[Exemplar]) -> None:
        signs = read_signs()
        self._negators = frozenset(signs.negators)
        self._book: PhraseBook[Sign] = PhraseBook((phrase, sign) for sign in signs.sign for phrase in sign.phrases)
        taught = [each for each in exemplars if each.stance in _LEARNED]
        self._taught = tuple(each.text for each in taught)
        self._answers = [_LEARNED.index(each.stance) for each in taught]
        texts = [find_words(each.text) for each in taught]
        self._space = Space(texts, runs=False)
        self._model = RidgeClassifier(alpha=1.0, class_weight="balanced").fit(
            self._features(self._space.count(texts), [self.weigh_signs(words) for words in texts]),
            self._answers,
        )

    def with_meaning(self, encoder: Encodes, remembered: Remembers, words: float) -> Self:
        """The same reader with a classifier of meanings beside that of words, which then counts `words` times."""
        reader = copy(self)
        reader._encoder, reader._words = encoder, words
        reader._meaning = RidgeClassifier(alpha=1.0, class_weight="balanced").fit(
            remembered.vectors(self._taught), self._answers
        )
        return reader

    def weigh_signs(self, words: Sequence[Word]) -> Signs:
        """What the signs say. A sign after a "not" counts for the other side with half its weight."""
        plain = [word.text for word in words]
        weights = dict.fromkeys(STANCES, 0.0)
        for sign, first, last in self._book.find(plain):
            stance, weight = sign.stance, sign.weight
            negated = any(word in self._negators for word in plain[max(0, first - _REACH) : first])
            if sign.turns and negated and plain[first] not in self._negators:
                stance, weight = ("harm" if stance == "help" else "help"), weight / 2
            weights[stance] += weight * (1 if last - first > 1 else 0.7)
        polarity, _ = sentiment(plain) if plain else (0.0, 0.0)
        return Signs(tuple(weights.values()), float(polarity))

    def read(
        self, counts: Rows, signs: Sequence[Signs], meant: NDArray[np.float64] | None = None
    ) -> list[Stance]:
        """The stance of each row. `counts` are rows of `count`; `signs` and `meant` (vectors) those of the same texts."""
        if not signs:
            return []
        scores = self._model.decision_function(self._features(counts, signs))
        if meant is not None and self._encoder is not None:
            scores = self._words * scores + self._meaning.decision_function(meant)
        return [self._settle(row, each) for row, each in zip(scores.round(4), signs, strict=True)]

    def count(self, texts: Sequence[Sequence[Word]]) -> Rows:
        """The words of texts as rows; rows of several texts may be added up."""
        return self._space.count(texts)

    def tell(self, text: str) -> Stance:
        """The stance of one text."""
        words = find_words(text)
        meant = self._encoder.encode([text]) if self._encoder is not None else None
        return self.read(self.count([words]), [self.weigh_signs(words)], meant)[0]

    def _settle(self, scores: NDArray[np.float64], signs: Signs) -> Stance:
        weight = dict(zip(STANCES, signs.weights, strict=True))
        best = _LEARNED[int(np.argmax(scores))]
        if weight["neither"] and not weight["help"] and not weight["wish"] and weight["neither"] >= weight["harm"]:
            return "neither"
        balanced = min(weight["help"], weight["harm"]) >= _BOTH and abs(scores[0] - scores[1]) < _CLOSE
        if weight["mixed"] and balanced and best != "wish":
            return "mixed"
        return best

    def _features(self, counts: Rows, signs: Sequence[Signs]) -> sparse.csr_array:
        dense = np.log1p(np.array([(*each.weights[:4], 0.0) for each in signs]))
        dense[:, 4] = [each.polarity for each in signs]
        joined: sparse.csr_array = sparse.hstack(
            [self._space.weigh(counts), sparse.csr_array(dense * _SIGNS_SHARE)], format="csr"
        )
        return joined


def sign_of_polarity(text: str) -> Stance:
    """The stated baseline: help where TextBlob finds the words pleasant, harm where unpleasant, else neither."""
    polarity, _ = sentiment([word.text for word in find_words(text)])
    return "help" if polarity > 0 else "harm" if polarity < 0 else "neither"


def add_signs(parts: Sequence[Signs], shares: Sequence[float]) -> Signs:
    """The signs of several parts as those of the whole, each with its share; the polarity is their mean."""
    weights = tuple(
        float(sum(weight * share for weight, share in zip(column, shares, strict=True)))
        for column in zip(*(part.weights for part in parts), strict=True)
    )
    polarity = sum(part.polarity * share for part, share in zip(parts, shares, strict=True)) / sum(shares)
    return Signs(weights, polarity)


@cache
def stance_reader() -> StanceReader:
    """The reader that everything shares, learned at first use."""
    voices = [voice for name in framework_ids() for voice in read_exemplars(read_framework(name)).values()]
    return StanceReader([each for voice in voices for each in voice])
