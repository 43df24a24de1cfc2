"""The comparison: every measure, overall and for each code, with and without uncoded text, with bootstrap intervals.

Promises: texts are resampled, never single characters, because the characters of one text belong together; every
measure of one run comes from the same resamples; the same seed gives the same intervals on any machine; memory does
not grow with the number of resamples. Intervals are percentiles (Efron 1979) and are left out where more than one in
ten resamples left the measure undefined.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from analysis.agreement.measures import MEASURES, Cells, Numbers, chance_of_kappa, divide, pool_kappa
from analysis.agreement.units import Pair, Tally, by_character, by_stance, by_text

RESAMPLES = 1000
SEED = 1
CONFIDENCE = 0.95

_AT_ONCE = 2_000_000  # weights of texts held at a time
_UNDEFINED = 0.1
_PLACES = 4

#: The four cells of one code: (first has it, second has it) = (no, no), (no, yes), (yes, no), (yes, yes).
_ONE_CODE = Cells(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), 2)

Measured = dict[str, Numbers]
Advance = Callable[[int], None]


def compare(
    pairs: list[Pair], *, resamples: int = RESAMPLES, seed: int = SEED, advance: Advance | None = None
) -> dict[str, Any]:
    """What `analysis agreement` prints. `advance` is told how many resamples were done."""
    texts, characters, stances = by_text(pairs), by_character(pairs), by_stance(pairs)
    lengths_known = all(each.length is not None for each in pairs)
    codes = sorted({code for cell in texts.places for side in cell for code in side})
    views = {
        ("text", "with_uncoded"): _View(texts, codes, coded_only=False),
        ("text", "without_uncoded"): _View(texts, codes, coded_only=True),
        ("stance", ""): _View(stances, [], coded_only=False),
    }
    if characters is not None:
        views["character", "without_uncoded"] = _View(characters, codes, coded_only=True)
        if lengths_known:
            views["character", "with_uncoded"] = _View(characters, codes, coded_only=False)
    spread: dict[Any, list[Measured]] = {name: [] for name in views}
    for weights in _draw(len(pairs), resamples, seed):
        for name, view in views.items():
            spread[name].append(view.measure(weights))
        if advance:
            advance(len(weights))
    whole = np.ones((1, len(pairs)))
    done = {name: view.describe(view.measure(whole), spread[name]) for name, view in views.items()}
    headline = done["text", "with_uncoded"]["overall"]
    return {
        "texts": len(pairs),
        **{name: headline[name] for name in MEASURES},
        "intervals": {name: headline["intervals"][name] for name in MEASURES},
        "by_text": {kind: done["text", kind] for kind in ("with_uncoded", "without_uncoded")},
        "by_character": {kind: done.get(("character", kind)) for kind in ("with_uncoded", "without_uncoded")},
        "stance": done["stance", ""]["overall"],
        "confidence": CONFIDENCE,
        "resamples": resamples,
        "seed": seed,
    }


class _View:
    """One way to look at a tally: all units, or only those that at least one of the two coded."""

    def __init__(self, tally: Tally, codes: list[str], *, coded_only: bool) -> None:
        self._codes = codes
        kept = tally.coded if coded_only else np.ones(len(tally.places), dtype=bool)
        self._matrix = tally.matrix[:, np.flatnonzero(kept)]
        held = [pair for pair, stays in zip(tally.places, kept, strict=True) if stays]
        smaller = Tally(tally.texts, places={each: place for place, each in enumerate(held)})
        self._cells = smaller.cells
        self._any = np.array([(bool(first), bool(second)) for first, second in held], dtype=bool).reshape(-1, 2)
        # Which of the four cells of each code a pair of sets falls into.
        self._into = [_one_hot([2 * (code in first) + (code in second) for first, second in held]) for code in codes]

    def measure(self, weights: Numbers) -> Measured:
        """Each number of this view for each row of weights (samples by texts), by a name."""
        counts = np.asarray(weights @ self._matrix, dtype=np.float64)
        found = {name: measure(self._cells, counts) for name, measure in MEASURES.items()}
        found["units"] = counts.sum(axis=1)
        found["coded_first"], found["coded_second"] = (self._share(counts, self._any[:, side]) for side in (0, 1))
        agreed, chance = [], []
        for code, into in zip(self._codes, self._into, strict=True):
            four = counts @ into
            found |= {f"{code}/{name}": measure(_ONE_CODE, four) for name, measure in MEASURES.items()}
            found[f"{code}/first"] = self._share(four, np.array([False, False, True, True]))
            found[f"{code}/second"] = self._share(four, np.array([False, True, False, True]))
            agreed.append(_ONE_CODE.agreed(four))
            chance.append(chance_of_kappa(_ONE_CODE, four))
        if self._codes:
            found["pooled_kappa"] = pool_kappa(np.array(agreed), np.array(chance))
        return found

    def describe(self, point: Measured, spread: list[Measured]) -> dict[str, Any]:
        """As the output has it: overall, and for each code."""
        over = {name: np.concatenate([each[name] for each in spread]) if spread else np.empty(0) for name in point}
        names = [*MEASURES, *(["pooled_kappa"] if self._codes else [])]
        overall: dict[str, Any] = {
            "units": round(float(point["units"][0])),
            **{name: _number(point[name]) for name in names},
            "intervals": {name: _interval(over[name]) for name in names},
        }
        if not self._codes:
            return {"overall": overall}
        overall["base_rates"] = [_number(point["coded_first"]), _number(point["coded_second"])]
        per_code = {
            code: {
                **{name: _number(point[f"{code}/{name}"]) for name in MEASURES},
                "intervals": {name: _interval(over[f"{code}/{name}"]) for name in MEASURES},
                "base_rates": [_number(point[f"{code}/first"]), _number(point[f"{code}/second"])],
            }
            for code in self._codes
        }
        return {"overall": overall, "per_code": per_code}

    @staticmethod
    def _share(counts: Numbers, which: np.ndarray[Any, np.dtype[np.bool_]]) -> Numbers:
        return divide(counts[:, which].sum(axis=1), counts.sum(axis=1))


def _draw(texts: int, resamples: int, seed: int) -> Iterator[Numbers]:
    """How often each text is in each resample (resamples by texts), some resamples at a time."""
    chance = np.random.default_rng(seed)
    done = 0
    while done < resamples:
        rows = min(resamples - done, max(1, _AT_ONCE // texts))
        drawn = chance.integers(0, texts, size=(rows, texts))
        yield np.stack([np.bincount(row, minlength=texts) for row in drawn]).astype(np.float64)
        done += rows


def _one_hot(places: list[int]) -> Numbers:
    into = np.zeros((len(places), 4))
    into[np.arange(len(places)), np.array(places, np.intp)] = 1
    return into


def _number(values: Numbers) -> float | None:
    return None if np.isnan(values[0]) else round(float(values[0]), _PLACES)


def _interval(values: Numbers) -> list[float] | None:
    if not len(values) or np.isnan(values).mean() > _UNDEFINED:
        return None
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.nanpercentile(values, [tail, 100 - tail])
    return [round(float(low), _PLACES), round(float(high), _PLACES)]
