"""Evaluation against numbers worked out by hand."""

import pytest

from analysis.evaluate import Gold, cohens_kappa, evaluate
from analysis.lexical import lexical_coder
from analysis.model import Coded
from analysis.stance import stance_reader


def test_kappa_agrees_with_cohens_worked_two_by_two() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed .70, by chance .50, kappa .40.
    one = ["y"] * 25 + ["n"] * 25
    other = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert cohens_kappa(one, other) == pytest.approx(0.4)
    assert cohens_kappa([], []) is None
    assert cohens_kappa(["a"], ["a"]) is None


def test_each_number_of_a_small_gold() -> None:
    coder = lexical_coder()
    ids = [each.id for each in coder.framework.subthemes]
    know, stigma, *rest = ids
    gold = [
        Gold(id=1, text="They should train staff", subtheme=know, stance="wish"),
        Gold(id=2, text="I was judged", subtheme=stigma),
        Gold(id=3, text="x", subtheme=know),
        Gold(id=4, text="y", subtheme="compassion"),
    ]
    tops = [(know, stigma, *rest), (know, stigma, *rest), (know, stigma, *rest), (stigma, know, *rest)]
    result = evaluate(gold, [Coded(codings=(), top=top) for top in tops], coder, stance_reader())
    assert (result.top1, result.top3, result.theme, result.stance, result.coded) == (0.5, 0.75, 0.75, 1.0, 0.0)
    assert result.per_subtheme[know].model_dump() == {"n": 2, "precision": 0.6667, "recall": 1.0, "f1": 0.8}
    assert result.per_subtheme[rest[-1]].f1 is None
    assert result.macro_f1 == pytest.approx(0.8 / 3, abs=1e-4)


def test_nothing_to_measure_is_null_and_not_an_error() -> None:
    result = evaluate([], [], lexical_coder(), stance_reader())
    assert result.top1 is result.kappa is result.stance is None
