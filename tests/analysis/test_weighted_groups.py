"""Weights and clusters in groups, of ordinal items, and up the ladders of invariance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.compare_models import difference_test
from analysis.covariance.measurement_invariance.invariance import invariance
from analysis.covariance.measurement_invariance.ordinal_invariance import ordinal_invariance
from analysis.covariance.sem import SemFit, fit_sem
from analysis.errors import TooFewCases
from tests.analysis.classic_data import HS, holzinger

FIT = ("chisq", "chisq_scaled", "logl", "cfi_scaled", "srmr")
SCALAR = ("loadings", "intercepts")
# lavaan 0.6-14, cfa(HS, group = "school", estimator = "MLR", sampling.weights, cluster) with i <- 0:300;
# w <- 1 + (i %% 5) / 2; k <- i %% 43: FIT, then errors of the free loadings of the first school. Robust
# CFI and RMSEA of incomplete rows are left out: lavaan cuts the groups' sums of weights to whole numbers.
# fmt: off
LAVAAN = {
    ("w", None, "listwise", ()): (
        (125.90088578, 124.99338557, -3673.63877894, 0.90710708, 0.07333180),
        (0.17749145, 0.17134705, 0.12254070, 0.11265623, 0.27718317, 0.44666031),
    ),
    (None, "k", "listwise", ()): (
        (115.85134388, 124.00177296, -3682.19751207, 0.91057436, 0.06786401),
        (0.19472642, 0.20203701, 0.09657940, 0.08865881, 0.27188427, 0.30380923),
    ),
    ("w", "k", "listwise", SCALAR): (
        (177.29314799, 171.35866217, -3699.33491004, 0.86392365, 0.08732746),
        (0.11296018, 0.15062861, 0.06675144, 0.07127399, 0.14144764, 0.21901445),
    ),
    ("w", "k", "fiml", SCALAR): (
        (177.88820832, 168.43934283, -3601.99111024, 0.85935017, 0.08902093),
        (0.13104383, 0.17881823, 0.07218551, 0.07443449, 0.14330013, 0.19840991),
    ),
}
# WLSMV of the items cut at their quartiles: chi-square, scaled one, SRMR, scaled CFI and RMSEA, errors of
# loadings (lavaan takes no notice of a cluster there).
ORDINAL = {
    None: (
        (43.64653890, 63.93171949, 0.06411994, 0.96629367, 0.07447196),
        (0.10488860, 0.10408346, 0.05856952, 0.05739449, 0.26461014, 0.48501977),
    ),
    "school": (
        (58.87893950, 89.30723686, 0.07289828, 0.96202519, 0.07587031),
        (0.14801680, 0.14295093, 0.09735873, 0.09597186, 0.58311518, 1.40076104),
    ),
}
# fmt: on


def _drawn(data: pd.DataFrame) -> pd.DataFrame:
    at = np.arange(len(data))
    return data.assign(w=1 + at % 5 / 2, k=at % 43)


def _holed() -> pd.DataFrame:
    data = holzinger().copy()
    data.iloc[::7, data.columns.get_loc("x1")] = np.nan
    data.iloc[3::11, data.columns.get_loc("x5")] = np.nan
    return data


@pytest.fixture(scope="module")
def cut() -> pd.DataFrame:
    """Items of four categories, by R's cut at the quartiles (right ends belong)."""
    data = holzinger()
    items = [f"x{i}" for i in range(1, 10)]
    coded = {
        name: np.searchsorted(np.quantile(data[name], [0.25, 0.5, 0.75]), data[name])
        for name in items
    }
    return _drawn(data.assign(**coded))


def _errors(fit: SemFit) -> np.ndarray:
    return fit.estimates.query("op == '=~' and se > 0")["se"].to_numpy()[:6]


@pytest.mark.parametrize("case", LAVAAN)
def test_groups_have_lavaans_measures_and_errors(
    case: tuple[str | None, str | None, str, tuple[str, ...]],
) -> None:
    weights, cluster, missing, equal = case
    fit = fit_sem(
        _drawn(_holed() if missing == "fiml" else holzinger()),
        HS,
        estimator="MLR",
        group="school",
        missing=missing,
        equal=equal,
        sampling_weights=weights,
        cluster=cluster,
    )
    measures, errors = LAVAAN[case]
    assert [fit.fit[name] for name in FIT] == pytest.approx(measures, rel=3e-6)
    assert _errors(fit) == pytest.approx(np.array(errors), rel=6e-5)


@pytest.mark.parametrize("group", ORDINAL)
def test_weighted_ordinal_items_have_lavaans_measures_and_errors(
    cut: pd.DataFrame, group: str | None
) -> None:
    fit = fit_sem(cut, HS, estimator="WLSMV", group=group, sampling_weights="w")
    measures, errors = ORDINAL[group]
    names = ("chisq", "chisq_scaled", "srmr", "cfi_scaled", "rmsea_scaled")
    assert [fit.fit[name] for name in names] == pytest.approx(measures, rel=1e-6)
    assert _errors(fit) == pytest.approx(np.array(errors), rel=1e-5)
    thresholds = fit.estimates.query("op == '|'")
    if group is None:
        assert thresholds["est"].to_numpy()[:2] == pytest.approx([-0.61669245, 0.13175926])
        assert thresholds["se"].to_numpy()[:2] == pytest.approx([0.08237757, 0.07689118])


def test_ordinal_answers_repeated_in_a_cluster_cost_no_error(cut: pd.DataFrame) -> None:
    once = fit_sem(cut, HS, estimator="WLSMV", cluster=range(301))
    plain = fit_sem(cut, HS, estimator="WLSMV")
    # C / (C - 1), and the multiplier N - 1 of the plain errors.
    assert _errors(once) == pytest.approx(_errors(plain) * np.sqrt(301 / 300), rel=1e-9)
    twice = pd.concat([cut, cut]).assign(who=[*range(301)] * 2)
    found = fit_sem(twice.sample(frac=1, random_state=2), HS, estimator="WLSMV", cluster="who")
    assert _errors(found) == pytest.approx(_errors(once) * np.sqrt(600 / 601), rel=2e-3)


def test_ladders_take_weights_and_clusters(cut: pd.DataFrame) -> None:
    data = _drawn(holzinger())
    options = {"sampling_weights": "w", "cluster": "k"}
    found = invariance(data, HS, "school", estimator="MLR", partial=False, **options)  # type: ignore[arg-type]
    scalar = next(step for step in found.steps if step.name == "scalar")
    # lavTestLRT of the weighted and clustered metric and scalar models
    assert (scalar.d_chisq, scalar.d_df) == (pytest.approx(40.281922, rel=1e-6), 6)
    assert any("43 clusters have rows in several groups" in text for text in found.warnings)
    assert found.latent_means["est"].tolist() == pytest.approx(
        [-0.12871245, 0.50916594, -0.13074287], abs=1e-5
    )
    ordinal = ordinal_invariance(cut, HS, "school", partial=False, **options)  # type: ignore[arg-type]
    own = fit_sem(cut, HS, estimator="WLSMV", group="school", **options)  # type: ignore[arg-type]
    first = ordinal.table.iloc[0]
    assert first["chisq"] == pytest.approx(own.fit["chisq"], rel=1e-6)
    assert first["chisq_scaled"] == pytest.approx(own.fit["chisq_scaled"], rel=1e-5)
    plain = ordinal_invariance(cut, HS, "school", partial=False)
    equal = ordinal_invariance(cut, HS, "school", partial=False, sampling_weights=[3.0] * len(cut))
    for column in ("chisq_scaled", "d_chisq"):
        assert equal.table[column].to_numpy(float) == pytest.approx(
            plain.table[column].to_numpy(float), rel=1e-6, nan_ok=True
        )


def test_a_group_counts_by_its_weights() -> None:
    data = holzinger()
    heavy = np.where(data["school"] == data["school"].iloc[0], 3.0, 1.0)
    fit = fit_sem(data, HS, group="school", equal=SCALAR, sampling_weights=heavy, estimator="MLR")
    shares = fit.solution.data.shares
    n = np.array(list(fit.group_n.values()))
    assert shares == pytest.approx(n * [3, 1] / (n @ [3, 1]))
    assert fit.weights is not None
    assert fit.weights.largest == pytest.approx(3 * fit.weights.smallest)
    one = fit_sem(data, HS, group="school", equal=SCALAR, estimator="MLR")
    test = difference_test(
        fit, fit_sem(data, HS, group="school", sampling_weights=heavy, estimator="MLR")
    )
    assert test.df == 12
    assert fit.fit["chisq"] != pytest.approx(one.fit["chisq"])


def test_a_group_of_one_cluster_is_refused_by_name() -> None:
    data = holzinger()
    data = data.assign(k=np.where(data["school"] == "Pasteur", 1, np.arange(len(data))))
    with pytest.raises(TooFewCases, match="clusters in k in group Pasteur"):
        fit_sem(data, HS, group="school", estimator="MLR", cluster="k")
