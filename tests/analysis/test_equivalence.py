"""T-size RMSEA and CFI: R dynamic's figures, the interval of RMSEA, and what is refused."""

from __future__ import annotations

import pytest

from analysis.covariance.equivalence import equivalence_fit
from analysis.covariance.fit_measures import rmsea
from analysis.errors import DataError, ModelError


@pytest.mark.parametrize(
    ("given", "t_rmsea", "t_cfi"),
    [
        # R dynamic (GitHub, commit 559d116), formulas of equivTest(n, T_ml, df, T_mli, p, manual = TRUE)
        ((85.306, 24, 918.852, 36, 301), 0.11368, 0.87019),
        ((222.4, 101, 2200, 120, 277), 0.07760, 0.90651),
        ((20, 24, 500, 36, 200), 0.04533, 0.96591),
    ],
)
def test_agrees_with_the_expansion_in_r_dynamic(
    given: tuple[float, float, float, float, float], t_rmsea: float, t_cfi: float
) -> None:
    found = equivalence_fit(*given)
    assert found.t_rmsea == pytest.approx(t_rmsea, abs=3e-4)
    assert found.t_cfi == pytest.approx(t_cfi, abs=3e-4)


def test_the_t_size_rmsea_is_the_upper_limit_of_the_interval() -> None:
    found = equivalence_fit(222.4, 101, 2200, 120, 277)
    assert found.t_rmsea == pytest.approx(rmsea(222.4, 101, 277).ci_upper, abs=1e-12)


def test_a_statistic_far_below_its_expectation_leaves_no_misfit() -> None:
    found = equivalence_fit(2, 24, 500, 36, 200)
    assert (found.t_rmsea, found.t_cfi) == (0, 1)


def test_what_has_no_answer_is_refused() -> None:
    with pytest.raises(ModelError, match="degrees of freedom"):
        equivalence_fit(0, 0, 500, 36, 200)
    with pytest.raises(DataError, match="two chi-squares"):
        equivalence_fit(float("nan"), 24, 500, 36, 200)
    with pytest.raises(DataError, match="alpha"):
        equivalence_fit(20, 24, 500, 36, 200, alpha=0.7)
