"""What the lexical engine has learned of one framework: scores of sub-themes for a text, and whether it has a theme.

Two linear classifiers (ridge regression, and complement naive Bayes of scikit-learn) are added to the cues; each is put
on the same scale first. What they learn from exemplars and definitions is kept (`analysis.ahead`); a framework of your
own is learned at first use, which takes a few seconds.

Promise: learning and scoring are deterministic; scores are rounded so that the last bits of a processor decide nothing.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from analysis.ahead import Ahead, name_lesson, recall, round_off
from analysis.content import read_toml
from analysis.cues import Cue, read_care_words
from analysis.lessons import Lesson
from analysis.model import Frozen
from analysis.ridge import Linear, learn_ridge
from analysis.vectors import Rows, Space, Traits, standardise
from analysis.words import PhraseBook, Word, find_words

SEVERAL = 3  # sub-themes that a ridge classifier needs to give one column each
_TOGETHER = 64  # rows compared with all exemplars at once, so that memory stays flat
_ALIKE = 0.05  # below this an exemplar has next to nothing in common with a text
_TRAITS = Traits()
_SMOOTH = 0.3  # of naive Bayes
_CUE_SCALE = 4.0  # a plain sign and two hints: about what a short answer on one theme has


class Gate(Frozen):
    base: float
    classifier: float
    cues: float
    care: float
    meaning: float = 0.0


class Meant(Frozen):
    """How the semantic engine adds up its views; semantic.toml says what each is."""

    words: float = Field(ge=0)
    alike: float = Field(ge=0)
    keenness: float = Field(gt=0)
    stance_words: float = Field(ge=0)


class Weights(Frozen):
    """The settings of an engine; lexical.toml and semantic.toml say what each is."""

    cues: float = Field(ge=0)
    definitions: int = Field(ge=0, le=10)
    own_share: float = Field(ge=0, le=1)
    invited: float = Field(ge=0)
    sharpness: float = Field(gt=0)
    least: float = Field(ge=0, le=1)
    about_care: float = Field(ge=0, le=1)
    gate: Gate
    meant: Meant | None = None


def read_weights(engine: str = "lexical") -> Weights:
    """The settings of `lexical` or `semantic`."""
    return read_toml(files(__package__) / f"{engine}.toml", Weights)


class Fired(NamedTuple):
    """A cue that fired: which sub-theme (by number), how strongly, why, and the words that it was found in."""

    subtheme: int
    weight: float
    reason: str
    phrase: tuple[str, ...]


class Evidence(NamedTuple):
    """What one stretch of text gives: feature counts come apart, as one row; the rest is here."""

    fired: tuple[Fired, ...]
    cues: NDArray[np.float64]
    care: int


class Learned:
    """Scores for one framework."""

    def __init__(self, lesson: Lesson, cues: Sequence[Cue], weights: Weights, *, anew: bool = False) -> None:
        """`anew`: learned here and now, whatever was learned ahead."""
        self.weights = weights
        self.labels = lesson.labels
        number = {label: at for at, label in enumerate(self.labels)}
        self._book: PhraseBook[tuple[int, float, str]] = PhraseBook(
            (phrase, (number[cue.subtheme], cue.weight, cue.reason)) for cue in cues for phrase in cue.phrases
        )
        self._care = read_care_words()
        self.lesson = name_lesson(lesson.labels, lesson.texts, lesson.answers, lesson.themeless, lesson.also)
        self.ahead = (None if anew else recall(lesson.name, self.lesson, (_TRAITS,))) or _learn(lesson)
        (self.space,) = self.ahead.spaces
        self._linear = self.ahead.linear
        self.examples, self.example_labels = lesson.examples, np.array(lesson.answers[: len(lesson.examples)])

    @cached_property
    def _example_columns(self) -> Rows:
        counts = self.space.count(find_words(text) for text in self.examples)
        columns: Rows = self.space.weigh(counts).T.tocsr()
        return columns

    def weigh_evidence(self, words: Sequence[Word]) -> Evidence:
        """The cues that fire in a stretch of text, each phrase once, and how many words are about care."""
        plain = [word.text for word in words]
        cues = np.zeros(len(self.labels))
        fired: dict[Fired, None] = {}
        for (subtheme, weight, reason), first, last in self._book.find(plain):
            strength = float(weight * (last - first) ** 0.5)  # a longer phrase is less likely by chance
            fired[Fired(subtheme, strength, reason, tuple(plain[first:last]))] = None
        for each in fired:
            cues[each.subtheme] += each.weight
        return Evidence(tuple(fired), cues, sum(word in self._care for word in plain))

    def add_evidence(self, parts: Sequence[Evidence]) -> Evidence:
        """The evidence of several parts as that of the whole: a phrase that comes again counts once."""
        if len(parts) == 1:
            return parts[0]
        fired = dict.fromkeys(each for part in parts for each in part.fired)
        cues = np.zeros(len(self.labels))
        for each in fired:
            cues[each.subtheme] += each.weight
        return Evidence(tuple(fired), cues, sum(part.care for part in parts))

    def score(self, counts: Rows, cues: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores of all sub-themes, one row a text, on a scale with mean 0; higher is likelier."""
        bayes, ridge, _ = self._judge(counts)
        several = len(self.labels) >= SEVERAL  # two classes give ridge one column only; naive Bayes serves alone
        learned = standardise(ridge) + standardise(bayes) if several else 2 * standardise(bayes)
        known = np.diff(counts.indptr)[:, None] > 0  # without a known word only the cues speak
        scores: NDArray[np.float64] = np.where(known, learned, 0.0) + self.weights.cues * cues / _CUE_SCALE
        return scores.round(6)

    def _judge(self, counts: Rows) -> list[NDArray[np.float64]]:
        """What naive Bayes, ridge regression and the gate say of each row."""
        several = len(self.labels)
        return np.split(self._linear.score(self.space.weigh(counts)), [several, -1], axis=1)

    def gate_parts(self, counts: Rows, cues: NDArray[np.float64], care: NDArray[np.float64]) -> NDArray[np.float64]:
        """What shows that a text is about care: classifier, strongest cues, words of care. A row a text."""
        _, _, judged = self._judge(counts)
        return np.stack([judged[:, 0], np.log1p(cues.max(axis=1)), np.log1p(care)], axis=1)

    def about_care(
        self,
        counts: Rows,
        cues: NDArray[np.float64],
        care: NDArray[np.float64],
        meant: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """For each row, how probable it is that the text has any theme at all. `meant`: what the semantic engine's own
        gate says of the same texts; without it, a text of unknown words has none."""
        gate = self.weights.gate
        signs = gate.base + self.gate_parts(counts, cues, care) @ np.array([gate.classifier, gate.cues, gate.care])
        if meant is not None:
            signs = signs + gate.meaning * meant
        probable: NDArray[np.float64] = 1 / (1 + np.exp(-signs))
        if meant is None:
            probable = np.where(np.diff(counts.indptr) > 0, probable, 0.0)
        return probable.round(4)

    def confidence(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores as probabilities over the sub-themes."""
        powers = np.exp(self.weights.sharpness * (scores - scores.max(axis=1, keepdims=True)))
        shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
        return shares

    def nearest(self, counts: Rows, subthemes: Iterable[int]) -> list[str | None]:
        """For each row and sub-theme, the exemplar of that sub-theme that is most alike; None where none is."""
        rows, wanted = self.space.weigh(counts), list(subthemes)
        found: list[str | None] = []
        for begin in range(0, len(wanted), _TOGETHER):
            alike = (rows[begin : begin + _TOGETHER] @ self._example_columns).toarray().round(6)
            for row, subtheme in zip(alike, wanted[begin : begin + _TOGETHER], strict=True):
                among = np.where(self.example_labels == subtheme, row, 0.0)
                best = int(among.argmax()) if len(among) else 0
                found.append(self.examples[best] if len(among) and among[best] >= _ALIKE else None)
        return found


def _learn(lesson: Lesson) -> Ahead:
    """Scores in one: of naive Bayes, then of the ridge regression, then of the gate."""
    from sklearn.naive_bayes import ComplementNB  # noqa: PLC0415 - it takes longer to load than all the rest

    texts = [find_words(text) for text in lesson.texts]
    others = [find_words(text) for text in (*lesson.also, *lesson.themeless)]
    space, taught = Space.learn([*texts, *others], _TRAITS)
    everything = space.weigh(taught)
    themed: Rows = sparse.csr_array(everything[: len(texts)])
    bayes = ComplementNB(alpha=_SMOOTH).fit(themed, np.array(lesson.answers))
    found = np.zeros((space.width, len(lesson.labels)))
    found[:, bayes.classes_] = bayes.feature_log_prob_.T
    found -= found.mean(axis=1, keepdims=True)  # only differences between sub-themes count
    parts = [Linear(found, np.zeros(len(lesson.labels)))]
    if len(lesson.labels) >= SEVERAL:
        parts.append(learn_ridge(themed, lesson.answers))
    about_care = [1] * (len(texts) + len(lesson.also)) + [0] * len(lesson.themeless)
    parts.append(learn_ridge(everything, about_care, rare=1.0))
    slopes = np.hstack([each.slopes for each in parts])
    return Ahead((space,), round_off(Linear(slopes, np.concatenate([each.levels for each in parts]))), np.zeros(0))
