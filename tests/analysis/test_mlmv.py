"""MLMV, and FIML with the expected information, give lavaan's numbers.

Reference: lavaan 0.6-14, ``cfa`` and ``sem`` of HolzingerSwineford1939 with ``estimator = "MLMV"``; of the
data with cells removed, ``missing = "ml", information = "expected"``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.compare_models import difference_test
from analysis.covariance.measurement_invariance.invariance import invariance
from analysis.covariance.sem import fit_sem
from analysis.covariance.text.script import lavaan_script
from analysis.errors import ModelError
from analysis.scale.plan import Choices
from tests.analysis.classic_data import HS, holzinger, incomplete

PREDICTORS = "visual =~ x1 + x2 + x3; visual ~ ageyr + sex; x4 ~ visual + sex"
MEASURES = ("chisq_scaled", "chisq_scaling_factor", "baseline_chisq_scaled")
MEASURES += ("cfi_robust", "rmsea_robust", "rmsea_ci_upper_robust")
SCALAR = {"group": "school", "equal": ("loadings", "intercepts")}


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        (HS, {}, (75.8528088, 1.15692361, 401.858172, 0.931592172, 0.0911275337, 0.114624328)),
        (
            HS,
            {"group": "school"},
            (101.685109, 1.23087885, 394.670951, 0.924286506, 0.0956413516, 0.121496688),
        ),
        (HS, SCALAR, (142.346985, 1.25162871, 394.670951, 0.881906128, 0.106836028, 0.129577950)),
        (
            PREDICTORS,
            {},
            (22.1682581, 1.07846116, 149.463024, 0.905504304, 0.0881125647, 0.130654050),
        ),
    ],
)
def test_mlmv_scales_and_shifts_the_test(
    text: str, options: dict[str, object], expected: tuple[float, ...]
) -> None:
    fit = fit_sem(holzinger(), text, estimator="MLMV", **options)
    assert np.allclose([fit.fit[name] for name in MEASURES], expected, rtol=3e-6)


def test_mlmv_has_mlms_standard_errors_and_satorras_difference() -> None:
    """lavTestLRT(orthogonal, free): 62.698709 on 3 df."""
    free = fit_sem(holzinger(), HS, estimator="MLMV")
    mlm = fit_sem(holzinger(), HS, estimator="MLM")
    assert np.allclose(free.estimates["se"], mlm.estimates["se"], rtol=1e-9)
    orthogonal = fit_sem(holzinger(), HS, estimator="MLMV", orthogonal=True)
    test = difference_test(orthogonal, free)
    assert (test.chisq, test.df) == (pytest.approx(62.698709, rel=1e-6), 3)
    assert 'estimator = "MLMV"' in lavaan_script(free)


def test_the_ladder_takes_mlmv_and_a_validation_knows_what_it_takes() -> None:
    ladder = invariance(holzinger(), HS, group="school", estimator="MLMV")
    scaled = {step.name: step.fit.fit["chisq_scaled"] for step in ladder.steps}
    assert scaled["configural"] == pytest.approx(101.685109, rel=1e-6)
    assert scaled["scalar"] == pytest.approx(142.346985, rel=1e-6)
    plain = ("listwise", "normal", "pa", "oblimin", 1, 10, 10)
    with pytest.raises(ModelError, match="by WLSMV alone"):
        Choices("WLSM", *plain)
    with pytest.raises(ModelError, match="`sem` for pairwise"):
        Choices("WLSMV", "pairwise", *plain[1:])


def test_fiml_with_the_expected_information() -> None:
    fit = fit_sem(incomplete(), HS, missing="fiml", information="expected")
    frame = fit.estimates
    se = dict(zip(frame["lhs"] + frame["op"] + frame["rhs"], frame["se"], strict=True))
    expected = {
        "visual=~x2": 0.1041443,
        "textual=~x5": 0.0744479,
        "x2~~x2": 0.1025454,
        "x3~~x3": 0.0955873,
        "visual~~textual": 0.0751366,
        "x2~1": 0.0700066,
    }
    assert [se[name] for name in expected] == pytest.approx(list(expected.values()), abs=2e-6)
    observed = fit_sem(incomplete(), HS, missing="fiml")
    assert observed.settings.information == "observed"
    assert np.allclose(observed.estimates["est"], frame["est"], atol=1e-9)
    assert 'information = "expected"' in lavaan_script(fit)
    assert "information" not in lavaan_script(observed)


def test_mlr_has_no_expected_information() -> None:
    with pytest.raises(ModelError, match="leave information out"):
        fit_sem(holzinger(), HS, estimator="MLR", information="expected")


def test_mlmv_says_how_many_items_it_takes() -> None:
    rng = np.random.default_rng(1)
    names = [f"v{i}" for i in range(61)]
    data = pd.DataFrame(rng.normal(size=(80, 61)) + rng.normal(size=(80, 1)), columns=names)
    with pytest.raises(ModelError, match="at most 60 items"):
        fit_sem(data, "f =~ " + " + ".join(names), estimator="MLMV")
