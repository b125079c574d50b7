"""How many answers show a change, as another program says and as simulated surveys do."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.change_power import change_power
from analysis.errors import DataError


def test_the_number_is_that_of_statsmodels():
    # statsmodels 0.15.0, NormalIndPower().solve_power(10 / 80, alpha=0.05, power=0.8, ratio=r)
    found = change_power(10, sd=80, n=100, sd_before=80, n_before=2000)
    assert found.needed == 671  # 670.858 with ratio = 2000 / 671
    assert change_power(10, sd=80, n=1, sd_before=80, n_before=1005).needed == 1005  # ratio = 1


def test_so_many_answers_find_such_a_change_in_four_of_five_surveys():
    found = change_power(8, sd=30, n=10, sd_before=40, n_before=900)
    assert found.needed is not None
    rng = np.random.default_rng(3)
    error = np.hypot(30 / np.sqrt(found.needed), 40 / np.sqrt(900))
    gaps = rng.normal(8, error, 20_000)
    assert np.mean(np.abs(gaps) / error > 1.959964) == pytest.approx(0.8, abs=0.01)


def test_the_change_that_present_answers_show_needs_just_them():
    shown = change_power(10, sd=80, n=300, sd_before=70, n_before=500).shown
    assert change_power(shown, sd=80, n=1, sd_before=70, n_before=500).needed == 300


def test_too_few_answers_before_are_not_made_up_for():
    found = change_power(10, sd=80, n=100, sd_before=80, n_before=400)
    assert found.needed is None
    assert found.shown > 10


@pytest.mark.parametrize("wrong", [{"size": 0}, {"n": 0}, {"sd": 0}, {"n_before": 0}])
def test_nothing_is_planned_from_nothing(wrong: dict[str, float]):
    known = {"size": 10, "sd": 80, "n": 5, "sd_before": 80, "n_before": 5, **wrong}
    with pytest.raises(DataError, match="above zero"):
        change_power(known.pop("size"), **known)
    with pytest.raises(DataError, match="power"):
        change_power(10, sd=80, n=5, sd_before=80, n_before=5, power=1.0)
