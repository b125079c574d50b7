"""Parallel analysis and MAP find the number of factors of known populations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError, TooFewCases
from analysis.scale.factor_count import (
    agreed_count,
    count_evidence,
    minimum_average_partial,
    parallel_analysis,
)
from tests.analysis.data_sets import HS_MODEL, holzinger, simulated

ITEMS = tuple(item for members in HS_MODEL.values() for item in members)
# R psych fa.parallel(n.iter = 200, seed 1): mean random component eigenvalues; suggests 3 and 3
PSYCH_PC_SIM = [1.26653818664209, 1.18028601560419, 1.11484907334147, 1.05063035722484,
                0.993894621324827, 0.940211776322616, 0.883525133480719, 0.81954987315455,
                0.750514962904706]  # fmt: skip


def test_random_eigenvalues_and_suggestions_are_psychs():
    got = parallel_analysis(holzinger(), ITEMS, draws=2000)
    assert got.components.random_mean == pytest.approx(PSYCH_PC_SIM, abs=0.01)
    assert (got.components.suggested, got.factors.suggested) == (3, 3)


def test_the_same_seed_gives_the_same_thresholds_and_another_seed_others():
    a, b, c = (parallel_analysis(holzinger(), ITEMS, draws=50, seed=s) for s in (5, 5, 6))
    assert np.array_equal(a.factors.threshold, b.factors.threshold)
    assert not np.array_equal(a.factors.threshold, c.factors.threshold)


def test_random_correlations_have_the_spread_of_drawn_data():
    # The 95 % threshold of the first eigenvalue must be what drawing normal rows gives.
    got = parallel_analysis(simulated(60, points=0).iloc[:, :5], draws=3000).components
    rng = np.random.default_rng(9)
    drawn = [
        np.linalg.eigvalsh(np.corrcoef(rng.normal(size=(60, 5)), rowvar=False))[-1]
        for _ in range(3000)
    ]
    assert got.threshold[0] == pytest.approx(np.percentile(drawn, 95), abs=0.03)
    assert got.random_mean[0] == pytest.approx(np.mean(drawn), abs=0.015)


def test_three_factors_are_found_where_there_are_three():
    data = simulated(400, correlation=0.3)
    assert parallel_analysis(data).factors.suggested == 3
    assert minimum_average_partial(data).suggested == 3


def test_nothing_is_found_in_noise():
    rng = np.random.default_rng(2)
    noise = pd.DataFrame(rng.normal(size=(200, 8)))
    assert parallel_analysis(noise).components.suggested == 0
    assert minimum_average_partial(noise).suggested == 0


def test_too_little_data_is_refused():
    with pytest.raises(TooFewCases):
        parallel_analysis(holzinger().head(9), ITEMS)
    with pytest.raises(DataError, match="at least 3 items"):
        minimum_average_partial(holzinger(), ["x1", "x2"])


def over_factored() -> pd.DataFrame:
    """Four scales of five items; three pairs across them are worded alike, which is no factor."""
    rng = np.random.default_rng(8)
    factors = rng.standard_normal((3000, 4))
    items = 0.65 * np.repeat(factors, 5, axis=1) + 0.76 * rng.standard_normal((3000, 20))
    for a, b in ((0, 5), (6, 11), (12, 17)):
        alike = 0.5 * rng.standard_normal(3000)
        items[:, a] += alike
        items[:, b] += alike
    return pd.DataFrame(items, columns=[f"q{i}" for i in range(20)])


def test_the_verdict_is_what_two_of_three_rules_find_and_the_other_is_explained():
    data = over_factored()
    found = parallel_analysis(data, draws=50)
    partials = minimum_average_partial(data)
    counts = (found.components.suggested, found.factors.suggested, partials.suggested)
    assert counts[0] == counts[2] == 4 < counts[1]
    assert agreed_count(*counts) == 4
    said = count_evidence(*counts)
    assert f"4 components and {counts[1]} common factors, the minimum average partial 4" in said
    assert "two of three agree on 4; common factors" in said


def test_three_rules_that_all_differ_give_no_verdict():
    assert agreed_count(2, 5, 3) is None
    assert "no two agree" in count_evidence(2, 5, 3)
    assert "all three agree on 3" in count_evidence(3, 3, 3)
    assert "known to miss" in count_evidence(3, 3, 2)
