"""One correlation: r, interval and p as pingouin gives them; what is no pair is refused."""

from __future__ import annotations

import numpy as np
import pingouin
import pytest

from analysis.correlation import Correlation, correlation, correlation_difference
from analysis.errors import DataError, TooFewCases


@pytest.mark.parametrize(("n", "weight"), [(213, 0.6), (50, -0.2), (6, 0.9)])
def test_r_interval_and_p_agree_with_pingouin(n, weight):
    rng = np.random.default_rng(n)
    x = rng.integers(1, 8, n).astype(float)
    y = np.round(weight * x + 2 * rng.standard_normal(n))
    found, theirs = correlation(x, y), pingouin.corr(x, y, decimals=None).iloc[0]
    assert found.n == theirs["n"] == n
    assert (found.estimate, found.p) == pytest.approx((theirs["r"], theirs["p_val"]))
    ends = pingouin.compute_esci(stat=theirs["r"], nx=n, ny=n, eftype="r", decimals=12)
    assert (found.low, found.high) == pytest.approx(tuple(ends))


def test_the_interval_covers_the_true_correlation_of_coarse_answers():
    """Answers of 1 to 7 and 0 to 10, cut from scores that correlate .5: 95 of 100 intervals of 50 pairs."""
    rng = np.random.default_rng(3)

    def drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
        a = rng.standard_normal(n)
        b = 0.5 * a + np.sqrt(0.75) * rng.standard_normal(n)
        return np.clip(np.round(5 + 1.5 * a), 1, 7), np.clip(np.round(7 + 2.2 * b), 0, 10)

    truth = correlation(*drawn(200_000)).estimate
    intervals = [correlation(*drawn(50)) for _ in range(800)]
    assert 0.93 <= np.mean([one.low <= truth <= one.high for one in intervals]) <= 0.97


def test_a_perfect_correlation_has_no_width():
    x = np.arange(10.0)
    found = correlation(x, -x)
    assert (found.estimate, found.low, found.high, found.p) == (-1, -1, -1, 0)


def test_what_cannot_be_correlated_is_refused():
    x = np.arange(5.0)
    with pytest.raises(TooFewCases):
        correlation(x[:3], x[:3])
    with pytest.raises(DataError, match="no pairs"):
        correlation(x, x[:4])
    with pytest.raises(DataError, match="missing"):
        correlation(x, np.array([1, 2, np.nan, 4, 5]))
    with pytest.raises(DataError, match="second score is 7 in all 5 pairs"):
        correlation(x, np.full(5, 7.0))


@pytest.mark.parametrize(
    ("first", "second", "z", "p", "ends"),
    [
        ((0.60, 2700), (0.65, 2700), -3.0168, 0.0026, (-0.0826, -0.0175)),
        ((0.43, 30), (0.10, 1000), None, None, (-0.0228, 0.5917)),
    ],
)
def test_a_difference_of_two_correlations_agrees_with_cocor(first, second, z, p, ends):
    """cocor 1.0 and 1.1, ``cocor.indep.groups``: fisher1925 and zou2007."""
    found = correlation_difference(told(*first), told(*second))
    assert found.estimate == pytest.approx(first[0] - second[0])
    assert (found.low, found.high) == pytest.approx(ends, abs=5e-5)
    if z is not None:
        assert found.p == pytest.approx(p, abs=5e-5)
        assert found.effect / np.sqrt(2 / 2697) == pytest.approx(z, abs=5e-5)
    turned = correlation_difference(told(*second), told(*first))
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_correlations_that_cannot_be_set_against_each_other_are_refused():
    with pytest.raises(DataError, match="perfect"):
        correlation_difference(told(0.5, 40), told(1.0, 40))
    with pytest.raises(DataError, match=r"0\.95 and 0\.9 differ"):
        correlation_difference(told(0.5, 40), told(0.5, 40, confidence=0.9))


def told(r: float, n: int, confidence: float = 0.95) -> Correlation:
    """A correlation with Fisher's interval, as it would be printed."""
    reach = 1.959963985 / np.sqrt(n - 3)
    low, high = (float(np.tanh(np.arctanh(r) + side * reach)) if abs(r) < 1 else r for side in (-1, 1))  # fmt: skip
    return Correlation(r, low, high, 0.01, n, confidence, "Pearson")
