"""Power of tests of fit by RMSEA as MacCallum, Browne and Sugawara (1996) print it."""

from __future__ import annotations

import pytest

from analysis.covariance.simulation.rmsea_power import rmsea_power, rmsea_sample_size
from analysis.errors import DataError, ModelError


def test_power_equals_the_printed_table() -> None:
    # Table 2: df 5, close fit, n 100 to 500.
    printed = {100: 0.127, 200: 0.199, 300: 0.269, 400: 0.335, 500: 0.397}
    assert {n: round(rmsea_power(n, 5), 3) for n in printed} == printed


def test_one_row_has_no_power() -> None:
    with pytest.raises(DataError, match="2 rows or more"):
        rmsea_power(1, 5)


def test_power_of_close_fit_equals_the_published_tables() -> None:
    # MacCallum, Browne & Sugawara (1996), table 4: n for power .80, close and not-close fit.
    for df, close, not_close in ((5, 1463, 1216), (10, 782, 750), (50, 214, 268), (100, 132, 178)):
        assert rmsea_sample_size(df) == pytest.approx(close, abs=1)
        assert rmsea_sample_size(df, rmsea1=0.01) == pytest.approx(not_close, abs=1)
    assert rmsea_power(200, 100) == pytest.approx(0.955, abs=5e-4)


def test_power_grows_with_n_and_sample_size_is_the_smallest_that_suffices() -> None:
    powers = [rmsea_power(n, 101) for n in (50, 100, 200, 400)]
    assert powers == sorted(powers)
    n = rmsea_sample_size(101, power=0.9)
    assert rmsea_power(n, 101) >= 0.9 > rmsea_power(n - 1, 101)


def test_power_refuses_what_has_no_answer() -> None:
    with pytest.raises(ModelError, match="degrees of freedom"):
        rmsea_power(100, 0)
    with pytest.raises(DataError, match="two different RMSEA"):
        rmsea_power(100, 10, rmsea0=0.05, rmsea1=0.05)
    with pytest.raises(ModelError, match="differ more"):
        rmsea_sample_size(1, rmsea0=0.05, rmsea1=0.0500001)
