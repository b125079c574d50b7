"""Substantive agreement and validity of sorted items (Anderson & Gerbing 1991)."""

from __future__ import annotations

import pandas as pd
import pytest
from scipy.stats import binom

from analysis.errors import DataError, MissingItem
from analysis.scale.coin import at_least, critical_count
from analysis.scale.item_sort import item_sort

P, C, S = "personalization", "coherence", "seamlessness"


def test_psa_and_csv_of_a_sort_done_by_hand():
    # 20 judges: 14 intended, 4 the strongest rival, 2 another: psa .70, csv .50
    sorts = pd.DataFrame({"per3": [P] * 14 + [C] * 4 + [S] * 2})
    (got,) = item_sort(sorts, {"per3": P})
    assert (got.judges, got.agreed, got.rival, got.rival_count) == (20, 14, C, 4)
    assert (got.psa, got.csv) == (0.7, 0.5)


def test_the_critical_count_of_twenty_judges_is_fifteen():
    # Binomial(20, .5): P(X >= 15) = .0207, P(X >= 14) = .0577
    below, at = (
        item_sort(pd.DataFrame({"q": [P] * k + [C] * (20 - k)}), {"q": P})[0] for k in (14, 15)
    )
    assert (below.critical, below.significant, at.significant) == (15, False, True)
    assert below.pvalue == pytest.approx(0.0577, abs=5e-5)


def test_an_item_seen_elsewhere_has_negative_validity():
    (got,) = item_sort(pd.DataFrame({"q": [C] * 9 + [P]}), {"q": P})
    assert (got.psa, got.csv, got.significant) == (0.1, -0.8, False)


def test_judges_who_left_the_item_out_do_not_count():
    (got,) = item_sort(pd.DataFrame({"q": [P, P, None, " ", P]}), {"q": P})
    assert (got.judges, got.psa, got.csv, got.rival) == (3, 1.0, 1.0, None)


def test_absent_and_unsorted_items_are_named():
    with pytest.raises(MissingItem, match="zzz"):
        item_sort(pd.DataFrame({"q": [P]}), {"zzz": P})
    with pytest.raises(DataError, match="q: no judge"):
        item_sort(pd.DataFrame({"q": [None, None]}), {"q": P})


def test_a_coin_makes_what_the_binomial_distribution_says():
    for judges in range(41):
        assert critical_count(judges, 0.05) == int(binom.isf(0.05, judges, 0.5)) + 1
        for count in range(judges + 2):
            expected = float(binom.sf(count - 1, judges, 0.5))
            assert at_least(count, judges) == pytest.approx(expected, abs=1e-14)
