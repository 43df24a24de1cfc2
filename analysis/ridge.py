"""Ridge regression in closed form (Hoerl and Kennard 1970), as RidgeClassifier of scikit-learn has it.

With a couple of thousand exemplars and tens of thousands of features the dual form (one small matrix of how alike the
exemplars are) is several times quicker than the iterations that scikit-learn uses for sparse rows, and exact, so that
every machine learns the same. Vectors of meaning have few columns: there the primal form is the small one. One thread
does it: sums come in the same order on one core and on sixty-four, and other threads would only wait.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.vectors import Rows

_TWO = 2  # classes that need one score only
_ALPHA = 1.0  # the penalty; scikit-learn's default

Matrix = NDArray[np.float64]


class Linear(NamedTuple):
    """Linear scores: shape of `slopes` (features, scores), of `levels` (scores,)."""

    slopes: Matrix
    levels: Matrix

    def score(self, rows: Rows | Matrix) -> Matrix:
        """The scores of rows; shape (rows, scores)."""
        scores: Matrix = rows @ self.slopes + self.levels
        return scores


def learn_ridge(rows: Rows | Matrix, answers: Sequence[int], *, rare: float = 0.0) -> Linear:
    """One score for each class; for two classes a single one, which is positive for the second.

    `answers` are classes from 0. `rare`: how much the weight of rare classes is raised, from 0 (every row counts the
    same) to 1 (every class counts the same)."""
    classes = np.array(answers)
    count = int(classes.max()) + 1
    first = 1 if count == _TWO else 0
    targets = np.where(classes[:, None] == np.arange(count), 1.0, -1.0)[:, first:]
    sizes = np.bincount(classes, minlength=count)
    weights = (len(classes) / (np.count_nonzero(sizes) * sizes[classes])) ** rare
    share = weights / weights.sum()
    centre = rows.T @ share
    level = share @ targets
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only learning needs it, and it takes time to load

    with threadpool_limits(1, user_api="blas"):
        if isinstance(rows, np.ndarray):
            slopes = _solve_few(rows, targets - level, weights, centre)
        else:
            slopes = _solve_many(rows, targets - level, weights, centre)
    return Linear(slopes, level - centre @ slopes)


def _solve_many(rows: Rows, targets: Matrix, weights: Matrix, centre: Matrix) -> Matrix:
    """Slopes where there are more features than rows: the dual form."""
    from scipy.linalg import cho_factor, cho_solve  # noqa: PLC0415 - as above

    towards = rows @ centre
    system = (rows @ rows.T).toarray()
    system -= towards[:, None] + towards[None, :] - centre @ centre
    root = np.sqrt(weights)[:, None]
    system *= root * root.T
    system[np.diag_indices_from(system)] += _ALPHA
    factor = cho_factor(system, overwrite_a=True, check_finite=False)
    dual = root * cho_solve(factor, root * targets, check_finite=False)
    slopes: Matrix = rows.T @ dual - np.outer(centre, dual.sum(axis=0))
    return slopes


def _solve_few(rows: Matrix, targets: Matrix, weights: Matrix, centre: Matrix) -> Matrix:
    """Slopes where there are more rows than features: the primal form."""
    apart = rows - centre
    weighed = apart * weights[:, None]
    system = weighed.T @ apart
    system[np.diag_indices_from(system)] += _ALPHA
    return np.asarray(np.linalg.solve(system, weighed.T @ targets), dtype=np.float64)
