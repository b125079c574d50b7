"""Polychorics from each pair's answers: lavaan's numbers, and the truth where cells are missing at random.

Reference: lavaan 0.6-14, ``estimator = "WLSMV", missing = "pairwise"``, of HolzingerSwineford1939 with cells
removed and x1 to x6 cut as in ``test_mixed_items``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.bootstrap import bootstrap
from analysis.covariance.sem import fit_sem
from analysis.covariance.text.script import lavaan_script
from analysis.errors import ModelError, TooFewCases
from tests.analysis.classic_data import incomplete
from tests.analysis.test_mixed_items import CUTS, MIMIC, MIXED, ORDINAL, fitted

pytestmark = pytest.mark.xdist_group("pairwise")

MEASURES = ("df", "chisq", "chisq_scaled", "baseline_chisq_scaled", "cfi_scaled", "rmsea_scaled")
MEASURES += ("srmr", "gfi")


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """The pupils with cells removed and six tests cut into categories."""
    frame = incomplete()
    for name, (column, cuts) in CUTS.items():
        cut = np.digitize(frame[column], cuts, right=True) + 1.0
        frame[name] = np.where(frame[column].isna(), np.nan, cut)
    return frame.assign(age=frame["ageyr"] + frame["agemo"] / 12)


@pytest.mark.parametrize(
    ("text", "measures", "estimates"),
    [
        (
            ORDINAL,
            (8, 14.125502, 22.134516, 1074.837987, 0.986664, 0.076742, 0.055013, 0.993999),
            {
                "visual=~o2": (0.641850, 0.128197, 0.510969),
                "textual=~o5": (1.087468, 0.075911, 0.900517),
                "visual~~textual": (0.309918, 0.053042, 0.470122),
                "o2|t1": (-0.495955, 0.079768, -0.495955),
            },
        ),
        (
            MIXED,
            (8, 11.980113, 24.560983, 527.259225, 0.967671, 0.083069, 0.049636, 0.997670),
            {
                "visual=~x3": (0.738955, 0.164187, 0.497389),
                "x3~~x3": (0.999010, 0.131388, 0.752605),
                "x4~1": (3.019680, 0.071778, 2.596403),
            },
        ),
        (
            MIMIC,
            (8, 20.337000, 26.417555, 155.954573, 0.877179, 0.087601, 0.056279, 0.899339),
            {
                "visual~sex": (-0.076184, 0.113327, -0.051020),
                "o4|t1": (-2.552281, 1.046151, -2.550545),
            },
        ),
    ],
)
def test_pairwise_moments_give_lavaans_numbers(
    data: pd.DataFrame,
    text: str,
    measures: tuple[float, ...],
    estimates: dict[str, tuple[float, ...]],
) -> None:
    fit = fitted(data, text, missing="pairwise")
    assert fit.n == 301
    assert np.allclose([fit.fit[name] for name in MEASURES], measures, rtol=1e-5, atol=1e-5)
    frame = fit.estimates
    rows = frame.set_index(frame["lhs"] + frame["op"] + frame["rhs"])
    for name, wanted in estimates.items():
        assert np.allclose(rows.loc[name, ["est", "se", "std_all"]].to_list(), wanted, atol=2e-5)
    assert 'missing = "pairwise"' in lavaan_script(fit)


def test_complete_rows_have_the_listwise_moments(data: pd.DataFrame) -> None:
    complete = data[["o1", "o2", "o3", "o4", "o5", "o6"]].dropna()
    one, other = (fitted(complete, ORDINAL, missing=m) for m in ("pairwise", "listwise"))
    assert np.allclose(one.estimates["se"], other.estimates["se"], rtol=1e-9)


def test_cells_missing_at_random_leave_the_truth_and_listwise_wastes_rows() -> None:
    rng = np.random.default_rng(11)
    factor = rng.normal(size=(6_000, 1))
    responses = 0.7 * factor + np.sqrt(0.51) * rng.normal(size=(6_000, 4))
    answers = np.digitize(responses, [-0.8, 0.2, 1.0]).astype(float)
    answers[rng.random(answers.shape) < 0.25] = np.nan
    frame = pd.DataFrame(answers, columns=list("abcd"))
    pairwise, listwise = (
        fit_sem(
            frame, "f =~ a + b + c + d", estimator="WLSMV", std_lv=True, ordered=True, missing=how
        )
        for how in ("pairwise", "listwise")
    )
    loadings = pairwise.estimates.head(4)
    assert np.allclose(loadings["est"], 0.7, atol=0.04)
    assert (loadings["se"] < 0.8 * listwise.estimates.head(4)["se"]).all()


def test_resamples_are_of_incomplete_rows(data: pd.DataFrame) -> None:
    drawn = bootstrap(fitted(data, ORDINAL, missing="pairwise"), reps=10, seed=2, workers=1)
    assert drawn.samples.shape[0] == 10


def test_pairwise_belongs_to_ordinal_items(data: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="choose missing='fiml' with ML or MLR"):
        fit_sem(data, "f =~ x1 + x2 + x3", missing="pairwise")


def test_a_pair_that_nobody_answered_is_named(data: pd.DataFrame) -> None:
    apart = data.assign(o2=data["o2"].where(data["o1"].isna()))
    with pytest.raises(TooFewCases, match="rows with both o2 and o1"):
        fitted(apart, "f =~ o1 + o2 + o3 + o4", missing="pairwise")
