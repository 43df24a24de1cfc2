"""From scores to codings: which sub-themes for which segments, when to abstain, and the reason to show.

A text whose probability of being about care is below the threshold gets no theme. Neighbouring segments under one
sub-theme become one coding. A reason names the cues that fired, in the text's own words, and the nearest exemplar.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.learned import Evidence, Learned

_MOST = 3  # sub-themes for one segment
_SHOWN = 90  # characters of an exemplar in a reason
_ALONE = 0.3  # how probably about care a segment must be, on its own, to be coded beside others


class Scores(NamedTuple):
    """What one text scores: the whole text, each of its segments, and how probably each is about care."""

    text: NDArray[np.float64]
    segments: NDArray[np.float64]
    gate: float
    alone: NDArray[np.float64]


class Choice(NamedTuple):
    """A coding in the making: sub-theme by number, segments from first to last (inclusive), confidence."""

    subtheme: int
    first: int
    last: int
    confidence: float


def choose(scores: Scores, learned: Learned) -> list[Choice]:
    """Which sub-themes for which segments; none where the text has no theme."""
    weights = learned.weights
    if scores.gate < weights.about_care:
        return []
    several = len(scores.segments) > 1
    share = weights.own_share if several else 0.0
    sure = (learned.confidence(share * scores.segments + (1 - share) * scores.text) * scores.gate).round(3)
    choices: list[Choice] = []
    for at, row in enumerate(sure):
        if several and scores.alone[at] < _ALONE:
            continue
        best = [int(each) for each in np.argsort(-row, kind="stable")[:_MOST] if row[each] >= weights.least]
        choices.extend(Choice(subtheme, at, at, float(row[subtheme])) for subtheme in best)
    if not choices:
        likeliest = int(np.argmax(scores.text))
        at = int(np.argmax(sure[:, likeliest]))
        choices = [Choice(likeliest, at, at, float(sure[at, likeliest]))]
    return _join(choices)


def explain(subtheme: int, evidence: Evidence, example: str | None, invited: bool, nearest_by: str) -> str:
    """Why, for a person who checks: the cues of this sub-theme that fired, the nearest exemplar, the question.

    `nearest_by` says how the exemplar was found, and so which engine it was."""
    fired = sorted((each for each in evidence.fired if each.subtheme == subtheme), key=lambda it: -it.weight)
    sentences = []
    if fired:
        words = ", ".join(f'"{" ".join(each.phrase)}"' for each in fired[:4])
        sentences.append(f"It says {words}, which {fired[0].reason}.")
    if example is not None:
        shown = example if len(example) <= _SHOWN else example[:_SHOWN].rsplit(" ", 1)[0] + " ..."
        sentences.append(f"The nearest invented example {nearest_by}: “{shown}”")
    if invited:
        sentences.append("The question asked about this.")
    return " ".join(sentences) or "The choice of words as a whole is nearest to this sub-theme; no single word is."


def _join(choices: list[Choice]) -> list[Choice]:
    joined: list[Choice] = []
    for choice in sorted(choices, key=lambda each: (each.subtheme, each.first)):
        before = joined[-1] if joined else None
        if before is not None and before.subtheme == choice.subtheme and before.last + 1 == choice.first:
            joined[-1] = before._replace(last=choice.last, confidence=max(before.confidence, choice.confidence))
        else:
            joined.append(choice)
    return sorted(joined, key=lambda each: (each.first, each.last, -each.confidence, each.subtheme))
