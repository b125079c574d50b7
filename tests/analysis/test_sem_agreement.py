"""Estimates, standard errors and every fit measure equal lavaan's; the differences are printed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.score_tests import score_tests
from analysis.covariance.sem import SemFit, fit_sem
from tests.analysis.classic_data import HS, PD, democracy, holzinger, incomplete
from tests.analysis.lavaan_numbers import (
    CALLS,
    DIFFERENCES,
    ESTIMATES,
    FIT,
    MODIFICATION,
    SCORE_TESTS,
    SCORES,
    STD_SE,
)
from tests.analysis.peer_data import with_predictors

OPTIONS: dict[str, dict[str, Any]] = {
    "hs_ml": {},
    "hs_ml_wishart": {"likelihood": "wishart"},
    "hs_ml_observed": {"information": "observed"},
    "hs_mlr": {"estimator": "MLR"},
    "hs_mlm": {"estimator": "MLM"},
    "hs_uls": {"estimator": "ULS"},
    "hs_gls": {"estimator": "GLS"},
    "hs_wls": {"estimator": "WLS"},
    "hs_dwls": {"estimator": "DWLS"},
    "hs_missing_fiml": {"missing": "fiml"},
    "hs_missing_fiml_mlr": {"missing": "fiml", "estimator": "MLR"},
    "poldem_ml": {},
    "poldem_mlr": {"estimator": "MLR"},
    "hs_inv_configural": {"group": "school"},
    "hs_inv_metric": {"group": "school", "equal": ("loadings",)},
    "hs_inv_scalar": {"group": "school", "equal": ("loadings", "intercepts")},
    "hs_inv_strict": {"group": "school", "equal": ("loadings", "intercepts", "residuals")},
}


@cache
def fitted(case: str) -> SemFit:
    if case.startswith("poldem"):
        return fit_sem(democracy(), PD, **OPTIONS[case])
    data = incomplete() if "missing" in case else holzinger()
    return fit_sem(data, HS, **OPTIONS[case])


def relative(found: float, expected: float, floor: float = 1e-3) -> float:
    return abs(found - expected) / max(abs(expected), floor)


@pytest.mark.parametrize("case", sorted(CALLS))
def test_every_fit_measure_equals_lavaan(case: str) -> None:
    found = fitted(case).fit
    worst = {name: relative(found[name], value) for name, value in FIT[case].items()}
    name = max(worst, key=worst.__getitem__)
    print(f"{case}: {len(worst)} measures, largest relative difference {worst[name]:.1e} ({name})")
    assert worst[name] < 1e-4


@pytest.mark.parametrize("case", sorted(CALLS))
def test_every_estimate_and_standard_error_equals_lavaan(case: str) -> None:
    found = {(r.lhs, r.op, r.rhs, r.group): r for r in fitted(case).estimates.itertuples()}
    assert len(found) == len(ESTIMATES[case])
    worst = {"est": 0.0, "se": 0.0, "std_all": 0.0}
    for lhs, op, rhs, group, est, se, std_all in ESTIMATES[case]:
        row = found[lhs, op, rhs, group]
        for name, value in (("est", est), ("se", se), ("std_all", std_all)):
            worst[name] = max(worst[name], relative(getattr(row, name), value))
    print(f"{case}: largest relative differences {worst}")
    assert worst["est"] < 1e-4
    assert worst["std_all"] < 1e-4
    assert worst["se"] < 1e-3


def test_standardised_standard_errors_equal_lavaan() -> None:
    assert fitted("hs_ml").estimates["std_se"].to_numpy() == pytest.approx(
        np.array(STD_SE), rel=1e-4, abs=1e-7
    )


def test_modification_indices_equal_lavaan() -> None:
    found = fitted("hs_ml").modification_indices()
    assert len(found) == 54
    for row, (lhs, op, rhs, mi, epc, sepc_lv, sepc_all) in zip(
        found.itertuples(), MODIFICATION, strict=False
    ):
        assert (row.lhs, row.op, row.rhs) == (lhs, op, rhs)
        assert row.mi == pytest.approx(mi, rel=1e-4)
        assert row.epc == pytest.approx(epc, rel=1e-4)
        assert row.sepc_lv == pytest.approx(sepc_lv, rel=1e-4)
        assert row.sepc_all == pytest.approx(sepc_all, rel=1e-4)


@pytest.mark.parametrize(
    ("data", "text", "expected"),
    [
        (  # modindices(sem(model, data)), fixed predictors as outcomes left out
            with_predictors,
            "f =~ y1 + y2 + y3; f ~ p; w ~ f + q",
            {"f~w": (0.084, -0.025), "f~q": (0.372, -0.022), "w~p": (0.038, -0.008)},
        ),
        (
            democracy,
            "ind60 =~ x1 + x2 + x3; dem60 =~ y1 + y2 + y3 + y4; dem65 =~ y5 + y6 + y7 + y8;"
            "dem65 ~ dem60; dem60 ~ ind60",
            {
                "dem65~ind60": (3.975, 0.461),
                "dem60~dem65": (3.975, -8.578),
                "ind60~dem65": (3.975, 1.774),
            },
        ),
    ],
)
def test_modification_indices_of_regressions_equal_lavaan(
    data: Callable[[], pd.DataFrame], text: str, expected: dict[str, tuple[float, float]]
) -> None:
    frame = fit_sem(data(), text).modification_indices()
    found = {
        row.lhs + row.op + row.rhs: (row.mi, row.epc)
        for row in frame[frame["op"] == "~"].itertuples()
    }
    assert found.keys() == expected.keys()
    for name, pair in expected.items():
        assert found[name] == pytest.approx(pair, abs=6e-4), name


def test_an_outcome_of_a_factor_is_no_candidate_for_its_items() -> None:
    frame = fit_sem(with_predictors(), "f =~ y1 + y2 + y3; f ~ p; w ~ f + q").modification_indices()
    residual = frame[(frame["op"] == "~~") & frame["rhs"].isin(["y2", "y3"])]
    found = {(row.lhs, row.rhs): row.mi for row in residual.itertuples()}
    # modindices(): the same model and data
    expected = {("y1", "y2"): 0.257, ("y1", "y3"): 0.793, ("y2", "y3"): 0.252}
    assert found == {key: pytest.approx(value, abs=6e-4) for key, value in expected.items()}


@pytest.mark.parametrize("method", ["regression", "bartlett"])
def test_factor_scores_equal_lavaan(method: str) -> None:
    scores = fitted("hs_ml").factor_scores(holzinger().iloc[:3], method=method)
    assert scores.to_numpy() == pytest.approx(np.array(SCORES[method]), rel=1e-4)


def test_score_tests_of_scalar_invariance_equal_lavaan() -> None:
    found = score_tests(fitted("hs_inv_scalar").solution)
    assert np.sort(found["x2"]) == pytest.approx(np.sort(SCORE_TESTS), rel=1e-4)
    # The two intercepts that the literature frees for these schools.
    assert list(found["name"][:2]) == ["x3~1", "x7~1"]


def test_chi_square_differences_of_the_ladder_equal_lavaan() -> None:
    steps = ["hs_inv_configural", "hs_inv_metric", "hs_inv_scalar", "hs_inv_strict"]
    fits = [fitted(step).fit for step in steps]
    for (chisq, df, _), before, after in zip(DIFFERENCES, fits[:-1], fits[1:], strict=True):
        assert after["chisq"] - before["chisq"] == pytest.approx(chisq, rel=1e-5)
        assert after["df"] - before["df"] == df
