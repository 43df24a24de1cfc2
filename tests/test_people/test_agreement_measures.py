"""The statistics against worked examples as they were published, and against the package `krippendorff`."""

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.agreement.measures import Cells, ac1, alpha, chance_of_kappa, kappa, percent, pool_kappa


def table(counts: list[list[float]]) -> tuple[Cells, np.ndarray]:  # type: ignore[type-arg]
    """A table of the first coder's categories (rows) by the second's (columns), as papers print it."""
    size = len(counts)
    first, second = np.divmod(np.arange(size * size), size)
    return Cells(first, second, size), np.array([counts], float).reshape(1, -1)


def values(one: str, other: str) -> tuple[Cells, np.ndarray]:  # type: ignore[type-arg]
    names = sorted({*one, *other})
    counts = np.zeros((len(names), len(names)))
    for a, b in zip(one, other, strict=True):
        counts[names.index(a), names.index(b)] += 1
    return table(counts.tolist())


#: Cohen 1960, doi:10.1177/001316446002000104: 200 judgements, agreed .70, chance .41.
COHEN = [[88, 10, 2], [14, 40, 6], [18, 10, 12]]
#: Feinstein and Cicchetti 1990, doi:10.1016/0895-4356(90)90158-L: the same agreement, two kappas.
BALANCED, SKEWED = [[40, 9], [6, 45]], [[80, 10], [5, 5]]
#: Gwet 2008, doi:10.1348/000711006X126600: 125 subjects, nearly all in one category.
GWET = [[118, 5], [2, 0]]


def test_kappa_of_cohens_own_example() -> None:
    cells, counts = table(COHEN)
    assert (percent(cells, counts)[0], chance_of_kappa(cells, counts)[0]) == (pytest.approx(70), pytest.approx(0.41))
    assert kappa(cells, counts)[0] == pytest.approx(0.492, abs=0.0005)


def test_the_paradox_of_feinstein_and_cicchetti() -> None:
    for counts, expected in ((BALANCED, 0.70), (SKEWED, 0.32)):
        assert percent(*table(counts))[0] == pytest.approx(85)
        assert kappa(*table(counts))[0] == pytest.approx(expected, abs=0.005)


def test_ac1_of_gwets_example() -> None:
    assert kappa(*table(GWET))[0] == pytest.approx(-0.0234, abs=0.00005)
    assert ac1(*table(GWET))[0] == pytest.approx(0.9408, abs=0.00005)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("aabbdcccedda", "babbbccceddd", 0.692), ("0100000010", "1110010000", 0.095)],
)
def test_alpha_of_krippendorffs_examples(one: str, other: str, expected: float) -> None:
    """Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", sections A (binary) and B (nominal)."""
    found = alpha(*values(one, other))[0]
    assert found == pytest.approx(expected, abs=0.0005)
    assert found == pytest.approx(by_package(one, other))


def by_package(one: str, other: str) -> float:
    names = sorted({*one, *other})
    data = [[names.index(each) for each in side] for side in (one, other)]
    return krippendorff.alpha(reliability_data=data, level_of_measurement="nominal", value_domain=range(len(names)))


both = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=30)


@given(both)
def test_alpha_is_what_the_package_computes(given_values: list[tuple[str, str]]) -> None:
    one, other = ("".join(side) for side in zip(*given_values, strict=True))
    found = alpha(*values(one, other))[0]
    if len({*one, *other}) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(by_package(one, other), abs=1e-9)


@given(both)
def test_no_measure_is_above_one_and_only_full_agreement_reaches_it(given_values: list[tuple[str, str]]) -> None:
    one, other = ("".join(side) for side in zip(*given_values, strict=True))
    for measure in (kappa, alpha, ac1):
        found = measure(*values(one, other))[0]
        assert np.isnan(found) or (found == pytest.approx(1)) == (one == other)
        assert np.isnan(found) or found <= 1 + 1e-9


def test_several_samples_at_once_are_as_each_alone() -> None:
    cells, _ = table(BALANCED)
    many = np.array([BALANCED, SKEWED, GWET], float).reshape(3, 4)
    for measure in (percent, kappa, alpha, ac1):
        assert measure(cells, many) == pytest.approx([measure(cells, row[None])[0] for row in many])


def test_pooled_kappa_of_one_code_is_its_kappa() -> None:
    cells, counts = table(SKEWED)
    pooled = pool_kappa(cells.agreed(counts)[None], chance_of_kappa(cells, counts)[None])
    assert pooled[0] == pytest.approx(kappa(cells, counts)[0])
    cells, two = table(BALANCED)
    agreed = np.array([cells.agreed(counts), cells.agreed(two)])
    chance = np.array([chance_of_kappa(cells, counts), chance_of_kappa(cells, two)])
    mean = (chance[0, 0] + chance[1, 0]) / 2
    assert pool_kappa(agreed, chance)[0] == pytest.approx((0.85 - mean) / (1 - mean))


def test_nothing_to_compare_is_no_number() -> None:
    cells, counts = table([[0, 0], [0, 0]])
    for measure in (percent, kappa, alpha, ac1):
        assert np.isnan(measure(cells, counts)[0])
    cells, counts = table([[5]])
    assert percent(cells, counts)[0] == 100
    assert np.isnan([kappa(cells, counts)[0], alpha(cells, counts)[0], ac1(cells, counts)[0]]).all()
