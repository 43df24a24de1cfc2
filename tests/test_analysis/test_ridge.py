"""Ridge regression in closed form: the same numbers as scikit-learn's, which takes longer."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import RidgeClassifier

from analysis.ridge import learn_ridge


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("classes", [2, 5])
def test_scores_are_those_of_scikit_learn(balanced: bool, classes: int) -> None:
    chance = np.random.default_rng(1)
    rows = sparse.csr_array(sparse.random_array((120, 600), density=0.05, rng=chance))
    answers = chance.integers(0, classes, 120)
    theirs = RidgeClassifier(alpha=1.0, class_weight="balanced" if balanced else None, tol=1e-10).fit(rows, answers)
    for given in (rows, rows.toarray()):
        ours = learn_ridge(given, answers.tolist(), rare=float(balanced)).score(given)
        assert np.allclose(ours.squeeze(), theirs.decision_function(rows), atol=1e-7)
