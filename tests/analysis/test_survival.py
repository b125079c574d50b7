"""Survival curves, the log-rank test and Cox's regression, beside R survival 3.5-3."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from analysis.cox import cox
from analysis.errors import DataError, NoVariance, TooFewCases
from analysis.survival import kaplan_meier, log_rank

# Remission in weeks (Freireich et al. 1963, as printed by Cox 1972): 6-MP, then placebo.
TREATED = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
WEEKS = [*TREATED, *PLACEBO]
RELAPSED = [True] * 9 + [False] * 12 + [True] * 21
GROUP = [0] * 21 + [1] * 21

# survival's ovarian, by its author's leave under LGPL: days, death, age, treatment.
DAYS = [59, 115, 156, 421, 431, 448, 464, 475, 477, 563, 638, 744, 769, 770, 803, 855, 1040, 1106,
        1129, 1206, 1227, 268, 329, 353, 365, 377]  # fmt: skip
DIED = [bool(int(each)) for each in "11101011011000000000011110"]
AGE = [72.3315, 74.4932, 66.4658, 53.3644, 50.3397, 56.4301, 56.937, 59.8548, 64.1753, 55.1781,
       56.7562, 50.1096, 59.6301, 57.0521, 39.2712, 43.1233, 38.8932, 44.6, 53.9068, 44.2055,
       59.589, 74.5041, 43.137, 63.2192, 64.4247, 58.3096]  # fmt: skip
TREATMENT = [int(each) for each in "11121122121222111122211222"]


def test_a_curve_and_its_interval_are_those_of_survfit() -> None:
    # R survival 3.5-3: survfit(Surv(t, d) ~ 1, conf.type = "log-log"), each group alone.
    curve = kaplan_meier(TREATED, RELAPSED[:21])
    assert astuple(curve.steps[2]) == pytest.approx(
        (10, 15, 1, 0.75294117647, 0.503199510800, 0.8893618352), abs=1e-9
    )
    assert astuple(curve.steps[-1])[3:] == pytest.approx(
        (0.44817927171, 0.188052005959, 0.6801426285), abs=1e-9
    )
    assert (curve.median, curve.median_low, curve.median_high) == (23, 13, None)
    other = kaplan_meier(PLACEBO, RELAPSED[21:])
    assert (other.median, other.median_low, other.median_high) == (8, 4, 11)
    assert other.steps[-1].survival == 0
    assert other.steps[-1].low is None


def test_a_curve_holds_its_last_value_between_events() -> None:
    curve = kaplan_meier([6, 7, 9, 10], [True, True, False, True])
    assert [curve.at(time) for time in (5.9, 6, 8, 9.5, 11)] == [1.0, 0.75, 0.5, 0.5, 0.0]
    assert curve.median == 8.5


def test_the_log_rank_test_is_that_of_survdiff() -> None:
    found = log_rank(WEEKS, RELAPSED, GROUP, 2)
    assert found.chi2 == pytest.approx(16.79294099, abs=1e-8)
    ages = [0 if age <= 50 else 1 if age <= 60 else 2 for age in AGE]
    three = log_rank(DAYS, DIED, ages, 3)
    assert (three.chi2, three.df) == (pytest.approx(17.67859371, abs=1e-8), 2)
    assert three.observed == (1, 5, 6)
    assert three.expected == pytest.approx((3.59827, 6.93412, 1.46762), abs=1e-5)


def test_an_empty_group_changes_nothing_in_the_log_rank_test() -> None:
    assert log_rank(WEEKS, RELAPSED, [2 * each for each in GROUP], 3).df == 1


def test_cox_agrees_with_coxph_on_ties() -> None:
    found = cox(WEEKS, RELAPSED, {"placebo": GROUP})
    (term,) = found.terms
    assert (term.coefficient, term.error) == pytest.approx((1.5721251, 0.4123967), abs=1e-7)
    assert (term.ratio, term.low, term.high) == pytest.approx((4.816874, 2.146508, 10.80931), 1e-6)
    assert (found.null_log_likelihood, found.log_likelihood) == pytest.approx(
        (-93.18427000, -85.00842458), abs=1e-7
    )
    assert found.concordance == pytest.approx(0.69, abs=5e-4)
    assert found.proportional_p == pytest.approx(0.98881, abs=1e-5)


def test_cox_agrees_with_coxph_on_several_predictors() -> None:
    found = cox(DAYS, DIED, {"age": AGE, "treatment": TREATMENT})
    values = [each for term in found.terms for each in (term.coefficient, term.error)]
    assert values == pytest.approx([0.14732660, 0.04614705, -0.80397301, 0.63204937], abs=1e-7)
    assert found.concordance == pytest.approx(0.7981651, abs=1e-7)
    assert found.proportional_p == pytest.approx(0.67125, abs=1e-5)
    assert found.likelihood_ratio == pytest.approx(15.88608, abs=1e-4)


def test_cox_recovers_a_known_hazard_ratio() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=2500)
    time = rng.exponential(1 / (0.1 * np.exp(0.5 * x)))
    seen = np.minimum(time, 12.0)
    (term,) = cox(list(seen), list(time <= 12), {"x": list(x)}).terms
    assert term.low < np.exp(0.5) < term.high
    assert term.high / term.low < 1.25


def test_units_of_a_predictor_do_not_matter() -> None:
    years = cox(DAYS, DIED, {"age": AGE}).terms[0]
    days = cox(DAYS, DIED, {"age": [each * 365.25 for each in AGE]}).terms[0]
    assert days.coefficient * 365.25 == pytest.approx(years.coefficient)
    assert days.p == pytest.approx(years.p)


@pytest.mark.parametrize(
    ("predictors", "error"),
    [
        ({"same": [1.0] * 42}, NoVariance),
        ({"a": [float(g) for g in GROUP], "b": [1.0 - g for g in GROUP]}, NoVariance),
        ({"never": [float(d) for d in RELAPSED]}, DataError),
        ({f"x{n}": [float(t * n) for t in WEEKS] for n in range(1, 8)}, TooFewCases),
    ],
)
def test_cox_refuses_by_name(predictors: dict[str, list[float]], error: type[Exception]) -> None:
    with pytest.raises(error):
        cox(WEEKS, RELAPSED, predictors)


def test_nobody_to_follow_and_impossible_times_are_refused() -> None:
    with pytest.raises(TooFewCases):
        kaplan_meier([], [])
    with pytest.raises(DataError):
        kaplan_meier([-1.0], [True])
    with pytest.raises(TooFewCases):
        log_rank([1, 2], [False, False], [0, 1], 2)
    with pytest.raises(TooFewCases):
        log_rank([1, 2], [True, False], [0, 0], 2)
