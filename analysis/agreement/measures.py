"""Agreement of two coders on nominal categories: percent, Cohen's kappa, Krippendorff's alpha, Gwet's AC1.

Promises: each function takes many samples at once and gives one number for each; where a statistic is not defined (no
units, or one category throughout, so that chance alone agrees everywhere) the number is NaN, never 0 or 1.

What is counted is a `Cells`: the pairs of categories that occur, and how the counts of a sample lie in them. That keeps
memory at the number of pairs that occur instead of categories squared, and lets a thousand resamples be one product of
matrices. The package `krippendorff` wants a row of memory for each unit and category and one call for each resample;
it is what the tests hold these formulas against.

Sources. Cohen 1960, doi:10.1177/001316446002000104. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011,
section C. Gwet 2008, doi:10.1348/000711006X126600, equation 5. Pooled kappa: De Vries et al. 2008,
doi:10.1177/1525822X08317166.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_BOTH = 2  # coders


@dataclass(frozen=True, slots=True)
class Cells:
    """The pairs (category of the first coder, category of the second) that occur, as numbers below `categories`."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    categories: int

    def agreed(self, counts: Numbers) -> Numbers:
        """The share of units in which both gave the same category. `counts`: samples by cells; result: samples."""
        return divide(counts[:, self.first == self.second].sum(axis=1), counts.sum(axis=1))

    def shares(self, counts: Numbers, of: NDArray[np.intp]) -> Numbers:
        """How a coder's units lie in the categories: samples by categories, each row adding up to 1."""
        by_category = np.zeros((len(of), self.categories))
        by_category[np.arange(len(of)), of] = 1
        return divide(counts @ by_category, counts.sum(axis=1)[:, None])


def kappa(cells: Cells, counts: Numbers) -> Numbers:
    """Cohen's kappa. Chance is what two coders would agree on who each keep their own share of every category: the
    products of the shares, added up over the categories."""
    return _beyond(cells.agreed(counts), chance_of_kappa(cells, counts))


def chance_of_kappa(cells: Cells, counts: Numbers) -> Numbers:
    shares = cells.shares(counts, cells.first) * cells.shares(counts, cells.second)
    return np.asarray(shares.sum(axis=1), dtype=np.float64)


def alpha(cells: Cells, counts: Numbers) -> Numbers:
    """Krippendorff's alpha for nominal data and two coders without missing values. Chance is drawing two of all the
    values given, without putting the first back."""
    units = counts.sum(axis=1)
    values = _BOTH * units
    given = (cells.shares(counts, cells.first) + cells.shares(counts, cells.second)) * units[:, None]
    same = divide((given * (given - 1)).sum(axis=1), values * (values - 1))
    return _beyond(cells.agreed(counts), same)


def ac1(cells: Cells, counts: Numbers) -> Numbers:
    """Gwet's AC1. Stays near the percentage where one category is very common, which drives kappa down."""
    shares = (cells.shares(counts, cells.first) + cells.shares(counts, cells.second)) / _BOTH
    if cells.categories < _BOTH:
        return np.full(len(counts), np.nan)
    return _beyond(cells.agreed(counts), (shares * (1 - shares)).sum(axis=1) / (cells.categories - 1))


def pool_kappa(agreed: Numbers, chance: Numbers) -> Numbers:
    """One kappa for many codes: agreement and chance are averaged first. Both are codes by samples; result: samples."""
    if not len(agreed):
        return np.full(agreed.shape[1], np.nan)
    return _beyond(agreed.mean(axis=0), chance.mean(axis=0))


def percent(cells: Cells, counts: Numbers) -> Numbers:
    """From 0 to 100."""
    return 100 * cells.agreed(counts)


MEASURES: Mapping[str, Callable[[Cells, Numbers], Numbers]] = {
    "percent": percent,
    "kappa": kappa,
    "alpha": alpha,
    "ac1": ac1,
}


def _beyond(agreed: Numbers, chance: Numbers) -> Numbers:
    return divide(agreed - chance, 1 - chance)


def divide(above: Numbers, below: Numbers) -> Numbers:
    """NaN where the divisor is 0."""
    above, below = np.broadcast_arrays(above, below)
    result = np.full(above.shape, np.nan)
    np.divide(above, below, out=result, where=np.abs(below) > np.finfo(float).eps)
    return result
