"""Ridge regression on sparse rows in closed form (Hoerl and Kennard 1970), as RidgeClassifier of scikit-learn has it.

With a couple of thousand exemplars and tens of thousands of features the dual form (one small matrix of how alike the
exemplars are) is several times quicker than the iterations that scikit-learn uses for sparse rows, and exact, so that
every machine learns the same. One thread does it: sums come in the same order on one core and on sixty-four, and other
threads would only wait.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from threadpoolctl import threadpool_limits

from analysis.vectors import Rows

_TWO = 2  # classes that need one score only
_ALPHA = 1.0  # the penalty; scikit-learn's default


class Ridge:
    """One linear score for each class; for two classes a single one, which is positive for the second."""

    def __init__(self, rows: Rows, answers: Sequence[int], *, balanced: bool = False) -> None:
        """`answers` are classes from 0. `balanced`: rare classes weigh as much as common ones."""
        classes = np.array(answers)
        count = int(classes.max()) + 1
        first = 1 if count == _TWO else 0
        targets = np.where(classes[:, None] == np.arange(count), 1.0, -1.0)[:, first:]
        sizes = np.bincount(classes, minlength=count)
        weights = len(classes) / (np.count_nonzero(sizes) * sizes[classes]) if balanced else np.ones(len(classes))
        share = weights / weights.sum()
        centre = rows.T @ share
        towards = rows @ centre
        system = (rows @ rows.T).toarray()
        system -= towards[:, None] + towards[None, :] - centre @ centre
        root = np.sqrt(weights)[:, None]
        system *= root * root.T
        system[np.diag_indices_from(system)] += _ALPHA
        with threadpool_limits(1, user_api="blas"):
            factor = cho_factor(system, overwrite_a=True, check_finite=False)
            dual = root * cho_solve(factor, root * (targets - share @ targets), check_finite=False)
        self._slopes: NDArray[np.float64] = rows.T @ dual - np.outer(centre, dual.sum(axis=0))
        self._levels = share @ targets - centre @ self._slopes

    def decision_function(self, rows: Rows) -> NDArray[np.float64]:
        """The scores of rows; shape (rows, classes), or (rows,) for two classes."""
        scores: NDArray[np.float64] = rows @ self._slopes + self._levels
        return scores[:, 0] if scores.shape[1] == 1 else scores
