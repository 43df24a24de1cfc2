"""Stance: did what somebody tells of help, harm, is it wished for, both helped and harmed, or is neither said?

A linear classifier (scikit-learn) over the words of the exemplars, the signs of `cues/stance.toml` with negation
looked at, and TextBlob's polarity, which is the stated baseline and one feature among the others. TextBlob's lexicon
comes with its package: nothing is fetched.

Promise: same words, same stance, on any machine; nothing is kept between calls.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import RidgeClassifier
from textblob.en import sentiment

from analysis.cues import Sign, read_signs
from analysis.exemplars import Exemplar, read_exemplars
from analysis.frameworks import framework_ids, read_framework
from analysis.model import Stance
from analysis.polarity import polarity_of
from analysis.ridge import Ridge
from analysis.vectors import Rows, Space
from analysis.words import PhraseBook, Word, find_words

STANCES: tuple[Stance, ...] = get_args(Stance)
_LEARNED: tuple[Stance, ...] = ("help", "harm", "wish")  # the two others follow from these and from the signs
_REACH = 3  # how many words before a sign a "not" still turns it round
_CARRIES = 4  # words after a "not", up to the next comma or full stop, that are counted a second time as negated
_NEGATED_SHARE = 0.7  # of negated words beside plain ones
_FORMS_SHARE = 0.06  # of the forms beside the words
_SIGNS_SHARE = 0.1  # of the dense features beside the words; chosen by trial on the exemplars, voice against voice
_CLOSE = 0.25  # help and harm this near each other in the classifier leave it open
_FLAT = 1e-9
_BOTH = 2.0  # signs on either side, and a word like "but" between, before we say "mixed"


class Signs(NamedTuple):
    """How much speaks for each stance, in the order of STANCES; TextBlob's polarity from -1 to 1; and the forms: 1.0
    for each that occurs, then the share of negating words, then the logarithm of the number of words."""

    weights: tuple[float, ...]
    polarity: float
    forms: tuple[float, ...]


class Meaning(Protocol):
    """What the semantic engine adds: vectors of meaning, and how much words count beside them."""

    words: float

    def encode(self, texts: Sequence[str]) -> NDArray[np.float64]: ...
    def remember(self, texts: Sequence[str]) -> NDArray[np.float64]: ...


class StanceReader:
    """Tells the stance of texts. Learned once from the exemplars of all frameworks."""

    def __init__(self, exemplars: Sequence[Exemplar], meaning: Meaning | None = None) -> None:
        signs = read_signs()
        self._negators = frozenset(signs.negators)
        self._book: PhraseBook[Sign] = PhraseBook((phrase, sign) for sign in signs.sign for phrase in sign.phrases)
        self._forms = signs.form
        self._form_book: PhraseBook[int] = PhraseBook(
            (phrase, at) for at, form in enumerate(signs.form) for phrase in form.phrases
        )
        taught = [each for each in exemplars if each.stance in _LEARNED]
        answers = [_LEARNED.index(each.stance) for each in taught]
        texts = [find_words(each.text) for each in taught]
        self._space = Space(texts, runs=False)
        self._negated = Space([self._carry_negation(words) for words in texts], runs=False)
        known = [self.weigh_signs(words) for words in texts]
        forms = np.array([each.forms for each in known])
        self._centre, self._spread = forms.mean(axis=0), np.maximum(forms.std(axis=0), _FLAT)
        self._model = Ridge(
            self._features(self._join(self._space.taught, self._negated.taught), known), answers, balanced=True
        )
        self._meaning = meaning
        if meaning is not None:
            self._meant = RidgeClassifier(alpha=1.0, class_weight="balanced").fit(
                meaning.remember([each.text for each in taught]), answers
            )

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
        return Signs(tuple(weights.values()), polarity_of(plain), self._find_forms(plain))

    def _find_forms(self, plain: Sequence[str]) -> tuple[float, ...]:
        found = [0.0] * len(self._forms)
        for at, first, _ in self._form_book.find(list(plain)):
            if first == 0 or not self._forms[at].begins:
                found[at] = 1.0
        negating = sum(word in self._negators for word in plain) / max(1, len(plain))
        return (*found, negating, math.log(max(1, len(plain))))

    def _carry_negation(self, words: Sequence[Word]) -> list[Word]:
        """The words that follow a "not" closely, marked as negated."""
        carried, left, end = [], 0, 0
        for word in words:
            if word.start - end > 1:  # punctuation between: another clause
                left = 0
            if left:
                carried.append(word._replace(text=f"not_{word.text}"))
                left -= 1
            if word.text in self._negators:
                left = _CARRIES
            end = word.end
        return carried

    def read(self, counts: Rows, signs: Sequence[Signs], meant: NDArray[np.float64] | None = None) -> list[Stance]:
        """The stance of each row. `counts` are rows of `count`; `signs` and `meant` (vectors) are of the same texts."""
        if not signs:
            return []
        scores = self._model.decision_function(self._features(counts, signs))
        if meant is not None and self._meaning is not None:
            scores = self._meaning.words * scores + self._meant.decision_function(meant)
        return [self._settle(row, each) for row, each in zip(scores.round(4), signs, strict=True)]

    def count(self, texts: Sequence[Sequence[Word]]) -> Rows:
        """The words of texts, plain and negated, as rows; rows of several texts may be added up."""
        negated = self._negated.count([self._carry_negation(words) for words in texts])
        return self._join(self._space.count(texts), negated)

    def _join(self, plain: Rows, negated: Rows) -> Rows:
        joined: Rows = sparse.hstack([plain, negated], format="csr")
        return joined

    def tell(self, text: str) -> Stance:
        """The stance of one text."""
        words = find_words(text)
        meant = self._meaning.encode([text]) if self._meaning is not None else None
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

    def _features(self, counts: Rows, signs: Sequence[Signs]) -> Rows:
        dense = np.log1p(np.array([(*each.weights[:4], 0.0) for each in signs]))
        dense[:, 4] = [each.polarity for each in signs]
        forms = (np.array([each.forms for each in signs]) - self._centre) / self._spread
        width = self._space.width
        joined: Rows = sparse.hstack(
            [
                self._space.weigh(sparse.csr_array(counts[:, :width])),
                self._negated.weigh(sparse.csr_array(counts[:, width:])) * _NEGATED_SHARE,
                sparse.csr_array(np.hstack([dense * _SIGNS_SHARE, forms * _FORMS_SHARE])),
            ],
            format="csr",
        )
        return joined


def sign_of_polarity(text: str) -> Stance:
    """The stated baseline: help where TextBlob finds the words pleasant, harm where unpleasant, else neither."""
    polarity, _ = sentiment([word.text for word in find_words(text)])
    return "help" if polarity > 0 else "harm" if polarity < 0 else "neither"


def add_signs(parts: Sequence[Signs], shares: Sequence[float]) -> Signs:
    """The signs of several parts as those of the whole, each with its share; the polarity is their mean."""
    if len(parts) == 1:
        return parts[0]
    weights = tuple(
        float(sum(weight * share for weight, share in zip(column, shares, strict=True)))
        for column in zip(*(part.weights for part in parts), strict=True)
    )
    polarity = sum(part.polarity * share for part, share in zip(parts, shares, strict=True)) / sum(shares)
    forms = tuple(
        sum(form * share for form, share in zip(column, shares, strict=True)) / sum(shares)
        for column in zip(*(part.forms for part in parts), strict=True)
    )
    return Signs(weights, polarity, forms)


def teach_stances(meaning: Meaning | None = None) -> StanceReader:
    """A reader that has learned from the exemplars of all frameworks."""
    voices = [voice for name in framework_ids() for voice in read_exemplars(read_framework(name)).values()]
    return StanceReader([each for voice in voices for each in voice], meaning)


@cache
def stance_reader() -> StanceReader:
    """The reader of the lexical engine, which everything shares, learned at first use."""
    return teach_stances()
