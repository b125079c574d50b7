"""A short form by stated criteria, and what it loses."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import ModelError
from analysis.scale.cfa import fit_cfa
from analysis.scale.short_form import _one_by_one, _Parts, choose_short_form, omega_total, overlap

MODEL = {"a": ("a1", "a2", "a3", "a4"), "b": ("b1", "b2", "b3", "b4")}
LOADINGS = {"a1": 0.9, "a2": 0.8, "a3": 0.5, "a4": 0.4, "b1": 0.85, "b2": 0.7, "b3": 0.6, "b4": 0.3}


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(1967)
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=2000)
    return pd.DataFrame(
        {
            item: load * factors[:, int(item[0] == "b")]
            + rng.normal(size=2000) * np.sqrt(1 - load**2)
            for item, load in LOADINGS.items()
        }
    )


@pytest.fixture(scope="module")
def fit(data):
    return fit_cfa(data, MODEL)


def test_the_best_subset_has_the_highest_omega_of_all(fit):
    found = choose_short_form(fit, size=5, least=2)
    allowed = [
        items
        for items in combinations(LOADINGS, 5)
        if min(sum(item[0] == which for item in items) for which in "ab") >= 2
    ]
    assert found.tried == len(allowed) == 48
    assert found.omega == pytest.approx(max(omega_total(fit, items) for items in allowed))
    assert found.items == ("a1", "a2", "b1", "b2", "b3")
    assert set(found.items) | set(found.left_out) == set(LOADINGS)
    assert found.omega_full == pytest.approx(omega_total(fit, tuple(LOADINGS)))


def test_leaving_out_one_by_one_keeps_to_the_criteria(fit):
    chosen, tried = _one_by_one(_Parts.of(fit), 4, 2)
    assert [list(LOADINGS)[at] for at in chosen] == ["a1", "a2", "b1", "b2"]
    assert tried > 20


def test_criteria_that_cannot_be_met_are_refused(fit):
    with pytest.raises(ModelError, match="use 6 to 7"):
        choose_short_form(fit, size=5, least=3)
    with pytest.raises(ModelError, match="fewer than 5 items"):
        choose_short_form(fit, size=7, least=5)
    with pytest.raises(ModelError, match="not in the model"):
        omega_total(fit, ["c1"])


def test_levys_correction_is_the_correlation_of_two_administrations(data, fit):
    """Apart from the errors that short and full form share, they correlate as in two separate sittings."""
    short = ("a1", "a2", "b1", "b2")
    found = overlap(data, short, tuple(LOADINGS), reliability=omega_total(fit, short))
    rng = np.random.default_rng(2)
    n = 200_000
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=n)

    def sitting(items):
        return sum(
            LOADINGS[item] * factors[:, int(item[0] == "b")]
            + rng.normal(size=n) * np.sqrt(1 - LOADINGS[item] ** 2)
            for item in items
        )

    apart = float(np.corrcoef(sitting(short), sitting(LOADINGS))[0, 1])
    assert found.corrected.estimate == pytest.approx(apart, abs=0.02)
    assert found.raw.estimate > found.corrected.estimate + 0.05
    assert found.corrected.lower < found.corrected.estimate < found.corrected.upper
    assert found.n == 2000
