"""The median and its interval of order statistics."""

import math

import pytest

from analysis.errors import DataError
from analysis.medians import median


@pytest.mark.parametrize(
    ("n", "rank"),
    # Tabled ranks of the 95% interval of the median (Conover 1999, section 3.2).
    [(5, None), (6, 1), (8, 1), (9, 2), (12, 3), (15, 4), (20, 6), (25, 8), (50, 18), (100, 40)],
)
def test_the_interval_reaches_to_these_ranks(n: int, rank: int | None):
    found = median(list(range(n, 0, -1)))
    assert found.estimate == (n + 1) / 2
    assert (found.low, found.high) == ((None, None) if rank is None else (rank, n + 1 - rank))


def test_the_interval_is_the_narrowest_that_holds_the_median_often_enough():
    for n in range(6, 60):
        found = median(list(range(1, n + 1)))

        def missed(rank: int, n: int = n) -> float:
            return 2 * sum(math.comb(n, k) for k in range(rank)) / 2**n

        assert missed(int(found.low)) <= 0.05 < missed(int(found.low) + 1)


def test_nothing_has_no_median():
    with pytest.raises(DataError):
        median([])
    with pytest.raises(DataError):
        median([1.0], confidence=1.0)
