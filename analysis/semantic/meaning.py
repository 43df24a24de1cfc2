"""What the semantic engine adds for one framework: scores, a sign that a text is about care, the nearest exemplars.

Learned at start from the vectors of exemplars and definitions, in closed form (ridge regression), which is quick
and the same everywhere. Two views are added: a linear classifier, and how alike a text is to the exemplars of each
sub-theme.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.learned import SEVERAL, Meant
from analysis.lessons import Lesson
from analysis.ridge import learn_ridge
from analysis.semantic.encoder import Encoder, Vectors
from analysis.semantic.remembered import Remembered
from analysis.vectors import standardise

_TOGETHER = 512  # rows compared with all exemplars at once, so that memory stays flat


class StanceMeaning:
    """What the reader of stances needs of a model."""

    def __init__(self, encoder: Encoder, remembered: Remembered, words: float) -> None:
        self.words = words
        self.encode = encoder.encode
        self.remember = remembered.vectors


class Meaning:
    """The view of meanings on one framework."""

    def __init__(self, lesson: Lesson, meant: Meant, encoder: Encoder, remembered: Remembered) -> None:
        self._encoder = encoder
        self._meant = meant
        self._rows = remembered.vectors(lesson.texts)
        self._answers = np.array(lesson.answers)
        off_topic = remembered.vectors(lesson.themeless)
        self._classes = len(lesson.labels)
        self._ridge = learn_ridge(self._rows, lesson.answers)
        also = remembered.vectors(lesson.also)
        about_care = [1] * (len(self._rows) + len(also)) + [0] * len(off_topic)
        self._gate = learn_ridge(np.concatenate([self._rows, also, off_topic]), about_care, rare=1.0)
        self._examples = lesson.examples

    def read(self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]) -> tuple[Vectors, Vectors]:
        """The vectors of texts, and of all their segments one after the other."""
        return self._encoder.encode_parts(texts, spans)

    def score(self, rows: Vectors) -> NDArray[np.float64]:
        """Scores of all sub-themes, a row a text; higher is likelier."""
        alike = standardise(self._alike(rows))
        if self._classes < SEVERAL:
            return alike
        judged: NDArray[np.float64] = standardise(self._ridge.score(rows)) + self._meant.alike * alike
        return judged

    def about_care(self, rows: Vectors) -> NDArray[np.float64]:
        """How much each text is like those that have a theme."""
        return self._gate.score(rows)[:, 0]

    def nearest(self, rows: Vectors, subthemes: Sequence[int]) -> list[str | None]:
        """For each row, the exemplar of its sub-theme that means the most alike; None where there are no exemplars."""
        found: list[str | None] = []
        shown = len(self._examples)
        labels = self._answers[:shown]
        for begin in range(0, len(subthemes), _TOGETHER):
            alike = (rows[begin : begin + _TOGETHER] @ self._rows[:shown].T).round(4)
            for row, subtheme in zip(alike, subthemes[begin : begin + _TOGETHER], strict=True):
                among = np.where(labels == subtheme, row, -1.0)
                best = int(among.argmax()) if shown else 0
                found.append(self._examples[best] if shown and among[best] > -1.0 else None)
        return found

    def _alike(self, rows: Vectors) -> NDArray[np.float64]:
        """For each sub-theme, the mean of how alike its exemplars are, the most alike counting the most."""
        alike = np.zeros((len(rows), self._classes))
        for begin in range(0, len(rows), _TOGETHER):
            powers = np.exp(self._meant.keenness * (rows[begin : begin + _TOGETHER] @ self._rows.T))
            for subtheme in range(self._classes):
                taught = powers[:, self._answers == subtheme]
                alike[begin : begin + _TOGETHER, subtheme] = np.log(taught.mean(axis=1)) if taught.shape[1] else 0.0
        return alike
