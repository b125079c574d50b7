"""Power of the test of close fit as MacCallum, Browne and Sugawara (1996) print it."""

from __future__ import annotations

import pytest

from analysis.covariance.rmsea_power import power, sample_size
from analysis.errors import DataError


def test_power_equals_the_printed_table():
    # Table 2: df 5, close fit, n 100 to 500.
    printed = {100: 0.127, 200: 0.199, 300: 0.269, 400: 0.335, 500: 0.397}
    assert {n: round(power(n, 5), 3) for n in printed} == printed


def test_sample_size_equals_the_printed_table():
    # Table 4: n for a power of .80, close fit.
    assert [sample_size(df, 0.80) for df in (10, 50, 100)] == [782, 214, 132]
    assert power(132, 100) >= 0.80 > power(131, 100)


@pytest.mark.parametrize(("n", "df"), [(1, 5), (100, 0)])
def test_what_has_no_power_is_refused(n: int, df: int):
    with pytest.raises(DataError, match="power needs"):
        power(n, df)
