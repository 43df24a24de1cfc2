"""Stance: did what somebody tells of help, harm, is it wished for, both helped and harmed, or is neither said?

A linear classifier over the words of the exemplars (stems, words as they stand, pairs, and words after a "not"), the
signs and forms of `cues/stance.toml`, and TextBlob's polarity, which is the stated baseline and one feature among the
others. In the semantic engine a classifier over meanings is added to it.

Promise: same words, same stance, on any machine; nothing is kept between calls.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analysis.ahead import Ahead, name_lesson, recall, round_off
from analysis.cues import Sign, read_signs
from analysis.exemplars import Told, read_exemplars, read_told
from analysis.frameworks import framework_ids, read_framework
from analysis.model import Stance
from analysis.polarity import polarity_of
from analysis.ridge import Linear, learn_ridge
from analysis.vectors import Rows, Space, Traits
from analysis.words import PhraseBook, Word, find_words

STANCES: tuple[Stance, ...] = get_args(Stance)
_PLAIN = 3  # help, harm and wish; mixed and neither follow them
LESSON = "stance"  # under which name it is learned ahead
# What follows was chosen by trial on the exemplars, voices against voices.
_REACH = 3  # how many words before a sign a "not" still turns it round
_CARRIES = 4  # words after a "not", up to the next comma or full stop, that are counted a second time as negated
_NEGATED_SHARE = 0.7  # of negated words beside stems
_WHOLE_SHARE = 0.7  # of words as they stand
_FORMS_SHARE = 0.06  # of the forms
_SIGNS_SHARE = 0.1  # of the signs and the polarity
_RARE = 0.4  # mixed and neither are rare in what is learned from, and in what people say
_SURE = 0.1  # by how much mixed or neither must lead the three others, where all five are judged
_FLAT = 1e-9
_STEMS, _NEGATED, _WHOLE = Traits(runs=False), Traits(runs=False), Traits(stems=False, runs=False)


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

    def __init__(self, taught: Sequence[Told], meaning: Meaning | None = None, *, anew: bool = False) -> None:
        """`anew`: learned here and now, whatever was learned ahead."""
        signs = read_signs()
        self._negators = frozenset(signs.negators)
        self._book: PhraseBook[Sign] = PhraseBook((phrase, sign) for sign in signs.sign for phrase in sign.phrases)
        self._forms = signs.form
        self._form_book: PhraseBook[int] = PhraseBook(
            (phrase, at) for at, form in enumerate(signs.form) for phrase in form.phrases
        )
        answers = [STANCES.index(each.stance) for each in taught]
        texts = [each.text for each in taught]
        self.lesson = name_lesson(answers, texts, signs.model_dump())
        kept = None if anew else recall(LESSON, self.lesson, (_STEMS, _NEGATED, _WHOLE))
        self.ahead = kept or self._learn(texts, answers)
        self._use(self.ahead)
        self._meaning = meaning
        self._meant = _learn_both(meaning.remember(texts), answers) if meaning is not None else None

    def _learn(self, texts: Sequence[str], answers: Sequence[int]) -> Ahead:
        words = [find_words(each) for each in texts]
        negated = [self._carry_negation(each) for each in words]
        lessons = ((words, _STEMS), (negated, _NEGATED), (words, _WHOLE))
        spaces, taught = zip(*(Space.learn(each, traits) for each, traits in lessons), strict=True)
        signs = [self.weigh_signs(each) for each in words]
        forms = np.array([each.forms for each in signs])
        spread = np.stack([forms.mean(axis=0), np.maximum(forms.std(axis=0), _FLAT)])
        self._use(Ahead(spaces, Linear(np.empty((0, 0)), np.empty(0)), spread))
        linear = _learn_both(self._features(sparse.hstack(taught, format="csr"), signs), answers)
        return Ahead(spaces, round_off(linear), spread)

    def _use(self, ahead: Ahead) -> None:
        self._spaces = ahead.spaces
        self._model = ahead.linear
        self._centre, self._spread = ahead.more

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
        scores = self._model.score(self._features(counts, signs))
        if meant is not None and self._meaning is not None and self._meant is not None:
            scores = self._meaning.words * scores + self._meant.score(meant)
        return [STANCES[best] for best in settle(scores)]

    def count(self, texts: Sequence[Sequence[Word]]) -> Rows:
        """The words of texts, plain and negated, as rows; rows of several texts may be added up."""
        negated = [self._carry_negation(words) for words in texts]
        stems, after_not, whole = self._spaces
        joined: Rows = sparse.hstack([stems.count(texts), after_not.count(negated), whole.count(texts)], format="csr")
        return joined

    def tell(self, text: str) -> Stance:
        """The stance of one text."""
        words = find_words(text)
        meant = self._meaning.encode([text]) if self._meaning is not None else None
        return self.read(self.count([words]), [self.weigh_signs(words)], meant)[0]

    def _features(self, counts: Rows, signs: Sequence[Signs]) -> Rows:
        dense = np.log1p(np.array([(*each.weights[:4], 0.0) for each in signs]))
        dense[:, 4] = [each.polarity for each in signs]
        forms = (np.array([each.forms for each in signs]) - self._centre) / self._spread
        parts, first = [], 0
        for space, share in zip(self._spaces, (1.0, _NEGATED_SHARE, _WHOLE_SHARE), strict=True):
            own = sparse.csr_array(counts[:, first : first + space.width])
            parts.append(space.weigh(own) * share)
            first += space.width
        parts.append(sparse.csr_array(np.hstack([dense * _SIGNS_SHARE, forms * _FORMS_SHARE])))
        joined: Rows = sparse.hstack(parts, format="csr")
        return joined


def settle(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """The stance of each row, by number, from the scores of both classifiers side by side."""
    three, five = np.split(scores.round(4), [_PLAIN], axis=1)
    other = five[:, _PLAIN:]
    leads = other.max(axis=1) - five[:, :_PLAIN].max(axis=1) > _SURE
    best: NDArray[np.int64] = np.where(leads, _PLAIN + other.argmax(axis=1), three.argmax(axis=1))
    return best


def _learn_both(rows: Rows | NDArray[np.float64], answers: Sequence[int]) -> Linear:
    """Two classifiers: among help, harm and wish, which weigh the same; and among all five, which tells where it is
    none of the three. One alone would take the rare ones for the common ones, or the other way round."""
    plain = [at for at, answer in enumerate(answers) if answer < _PLAIN]
    three = learn_ridge(rows[plain], [answers[at] for at in plain], rare=1.0)
    five = learn_ridge(rows, answers, rare=_RARE)
    return Linear(np.hstack([three.slopes, five.slopes]), np.concatenate([three.levels, five.levels]))


def sign_of_polarity(text: str) -> Stance:
    """The stated baseline: help where TextBlob finds the words pleasant, harm where unpleasant, else neither."""
    polarity = polarity_of([word.text for word in find_words(text)])
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


def teach_stances(meaning: Meaning | None = None, *, anew: bool = False) -> StanceReader:
    """A reader that has learned from the exemplars of all frameworks, and from those of stance alone."""
    voices = [voice for name in framework_ids() for voice in read_exemplars(read_framework(name)).values()]
    return StanceReader([each for voice in (*voices, *read_told().values()) for each in voice], meaning, anew=anew)


@cache
def stance_reader() -> StanceReader:
    """The reader of the lexical engine, which everything shares, made at first use."""
    return teach_stances()
