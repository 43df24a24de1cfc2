"""A trial of the lexical engine on its own exemplars, one voice held out at a time.

The voices (chat, spoken, plain) were written apart from one another, so that what one teaches is tried on how another
speaks. This is where weights are tuned; published quotations are for measuring only.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.cues import read_cues
from analysis.exemplars import Exemplar, read_exemplars, read_themeless
from analysis.frameworks import DEFAULT, read_framework
from analysis.learned import Learned, Weights, read_weights
from analysis.lessons import make_lesson, read_also
from analysis.words import find_words


class Trial(NamedTuple):
    """What one held-out voice gave: scores (a row an exemplar), the right sub-themes by number, and the parts of the
    gate (classifier, cues, care; a row a text) for its themed texts and for held-out texts without a theme."""

    voice: str
    scores: NDArray[np.float64]
    right: NDArray[np.int64]
    themed: NDArray[np.float64]
    themeless: NDArray[np.float64]

    def within(self, first: int) -> float:
        """How often the right sub-theme is among the first so many."""
        order = np.argsort(-self.scores, axis=1, kind="stable")[:, :first]
        return float((order == self.right[:, None]).any(axis=1).mean())


def hold_out_voices(framework_id: str = DEFAULT, weights: Weights | None = None) -> list[Trial]:
    """One trial a voice. With a single voice, every third exemplar is held out in turn."""
    framework = read_framework(framework_id)
    voices = read_exemplars(framework)
    if len(voices) == 1:
        every = next(iter(voices.values()))
        voices = {str(turn): every[turn::3] for turn in range(3)}
    themeless = read_themeless()
    trials = []
    for turn, (voice, held) in enumerate(voices.items()):
        rest = [each for other, exemplars in voices.items() if other != voice for each in exemplars]
        step = len(voices)
        kept = [each for at, each in enumerate(themeless) if at % step != turn]
        settings = weights or read_weights()
        lesson = make_lesson(
            framework,
            [(each.subtheme, each.text) for each in rest],
            [each.text for each in kept],
            read_also(framework_id),
            settings.definitions,
        )
        learned = Learned(lesson, read_cues(framework), settings)
        scores, gate = _look(learned, held)
        _, nothing = _look(learned, themeless[turn::step])
        right = np.array([learned.labels.index(each.subtheme) for each in held])
        trials.append(Trial(voice, scores, right, gate, nothing))
    return trials


def _look(learned: Learned, exemplars: tuple[Exemplar, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    words = [find_words(each.text) for each in exemplars]
    counts = learned.space.count(words)
    evidence = [learned.weigh_evidence(each) for each in words]
    cues = np.array([each.cues for each in evidence])
    care = np.array([float(each.care) for each in evidence])
    return learned.score(counts, cues), learned.gate_parts(counts, cues, care)
