"""Sampling weights and clusters: identities, what is refused, and what is left out and said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.bootstrap import bootstrap
from analysis.covariance.sem import SemFit, fit_sem
from analysis.errors import DataError, MissingItem, ModelError
from tests.analysis.classic_data import HS, holzinger

FIT = ("chisq", "chisq_scaled", "cfi_robust", "rmsea_robust", "srmr")


# lavaan 0.6-14, i <- 0:300; w <- 1 + (i %% 5) / 2; k <- i %% 43: FIT, then the errors of free loadings.
# fmt: off
LAVAAN = {
    ("w", None): (
        (86.85822472, 81.67209763, 0.93136757, 0.09214306, 0.06770061),
        (0.12362480, 0.12840970, 0.07105101, 0.06838992, 0.14235299, 0.28169481),
    ),
    (None, "k"): (
        (85.30552177, 90.38010911, 0.92884662, 0.09312842, 0.05952380),
        (0.13353652, 0.14223398, 0.06205608, 0.05896974, 0.13212105, 0.24570104),
    ),
    ("w", "k"): (
        (86.85822472, 81.99387362, 0.93110267, 0.09221827, 0.06180192),
        (0.11952013, 0.13119590, 0.07034099, 0.06421708, 0.14281581, 0.26044106),
    ),
    ("w", "k", "fiml"): (
        (87.87561682, 83.61174807, 0.93034004, 0.09273283, 0.06304181),
        (0.14354666, 0.15841365, 0.07545945, 0.06598212, 0.14122565, 0.28306966),
    ),
    ("w", "k", "path"): (
        (19.38641081, 21.50523904, 0.90227471, 0.11448467, 0.04389584),
        (0.16939812, 0.19367375),
    ),
}
# fmt: on


def _drawn(data: pd.DataFrame) -> pd.DataFrame:
    at = np.arange(len(data))
    return data.assign(w=1 + at % 5 / 2, k=at % 43)


@pytest.mark.parametrize("case", LAVAAN)
def test_measures_and_errors_are_those_of_lavaan(case: tuple[str | None, ...]) -> None:
    measures, errors = LAVAAN[case]
    incomplete = case[2:] == ("fiml",)
    fit = fit_sem(
        _drawn(_holed() if incomplete else holzinger()),
        "f =~ x1 + x2 + x3; f ~ x4 + x7" if case[2:] == ("path",) else HS,
        estimator="MLR",
        missing="fiml" if incomplete else "listwise",
        sampling_weights=case[0],
        cluster=case[1],
    )
    assert [fit.fit[name] for name in FIT] == pytest.approx(measures, rel=2e-5)
    loadings = fit.estimates.query("op == '=~' and se > 0")
    assert loadings["se"].to_numpy() == pytest.approx(np.array(errors), rel=2e-5)


def _same(one: SemFit, other: SemFit) -> None:
    for column in ("est", "se"):
        assert one.estimates[column].to_numpy() == pytest.approx(
            other.estimates[column].to_numpy(), abs=1e-6, nan_ok=True
        )
    assert [one.fit[name] for name in FIT] == pytest.approx(
        [other.fit[name] for name in FIT], abs=1e-6
    )


def _holed() -> pd.DataFrame:
    data = holzinger().copy()
    data.iloc[::7, data.columns.get_loc("x1")] = np.nan
    data.iloc[3::11, data.columns.get_loc("x5")] = np.nan
    return data


@pytest.mark.parametrize("missing", ["listwise", "fiml"])
def test_equal_weights_are_none(missing: str) -> None:
    data = _holed()
    plain = fit_sem(data, HS, estimator="MLR", missing=missing)
    weighted = fit_sem(
        data, HS, estimator="MLR", missing=missing, sampling_weights=[2.5] * len(data)
    )
    _same(weighted, plain)
    assert weighted.weights is not None
    assert weighted.weights.effective_n == pytest.approx(weighted.n)


@pytest.mark.parametrize("missing", ["listwise", "fiml"])
def test_clusters_of_one_are_mlr_but_for_their_correction(missing: str) -> None:
    data = _holed()
    own = fit_sem(data, HS, estimator="MLR", missing=missing, mean_structure=True)
    found = fit_sem(data, HS, estimator="MLR", missing=missing, cluster=range(len(data)))
    correction = np.sqrt(found.n / (found.n - 1))
    assert found.estimates["se"].to_numpy() == pytest.approx(
        own.estimates["se"].to_numpy() * correction, abs=1e-6, nan_ok=True
    )
    assert found.fit["chisq_scaled"] * correction**2 == pytest.approx(own.fit["chisq_scaled"])


@pytest.mark.parametrize("missing", ["listwise", "fiml"])
def test_whole_weights_are_repeated_rows(missing: str) -> None:
    data = _holed()
    times = np.arange(len(data)) % 3 + 1
    repeated = data.loc[data.index.repeat(times)]
    one = fit_sem(data, HS, missing=missing, sampling_weights=times)
    other = fit_sem(repeated, HS, missing=missing)
    assert one.estimates["est"].to_numpy() == pytest.approx(
        other.estimates["est"].to_numpy(), abs=1e-5
    )
    assert any("numbers of answers" in text for text in one.warnings)


def test_repeated_rows_in_a_cluster_cost_no_error() -> None:
    data = holzinger()
    twice = pd.concat([data, data]).assign(who=[*range(len(data))] * 2)
    one = fit_sem(data, HS, estimator="MLR", cluster=range(len(data)))
    found = fit_sem(twice.sample(frac=1, random_state=1), HS, estimator="MLR", cluster="who")
    assert found.estimates["se"].to_numpy() == pytest.approx(
        one.estimates["se"].to_numpy(), abs=1e-6, nan_ok=True
    )
    assert found.clusters is not None
    assert [item.icc for item in found.clusters.items] == pytest.approx([1.0] * 9)
    assert found.clusters.items[0].design_effect == pytest.approx(2.0)


def test_rows_without_weight_or_cluster_are_left_out_and_said() -> None:
    data = holzinger().assign(w=1.0, k=np.arange(301) % 40)
    data["k"] = data["k"].astype(float)
    data.loc[data.index[:3], "w"] = [np.nan, 0.0, 0.0]
    data.loc[data.index[3], "k"] = np.nan
    fit = fit_sem(data, HS, estimator="MLR", sampling_weights="w", cluster="k")
    assert fit.n == 297
    said = " ".join(fit.warnings)
    assert "1 of 301 rows has no weight in w and was left out" in said
    assert "2 of 300 rows have the weight 0 in w and were left out" in said
    assert "1 of 298 rows has no value of k and was left out" in said
    assert fit.to_dict()["clusters"]["n"] == 40


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"estimator": "MLM", "sampling_weights": "w"}, ModelError, "not with MLM"),
        ({"estimator": "ML", "cluster": "w"}, ModelError, "MLR or WLSMV, not with ML"),
        (
            {"estimator": "WLSMV", "sampling_weights": "w", "ordered": False},
            ModelError,
            "WLSMV for ordinal items",
        ),
        ({"estimator": "MLR", "cluster": "nobody"}, MissingItem, "nobody"),
        ({"estimator": "MLR", "sampling_weights": [1.0]}, DataError, "1 values for 301"),
        ({"estimator": "MLR", "sampling_weights": [-1.0] * 301}, DataError, "301 weights"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(
    options: dict[str, object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        fit_sem(holzinger().assign(w=1.0), HS, **options)  # type: ignore[arg-type]


def test_resamples_are_refused() -> None:
    fit = fit_sem(holzinger(), HS, estimator="MLR", sampling_weights=[1.0] * 301)
    with pytest.raises(ModelError, match="not drawn with sampling weights"):
        bootstrap(fit, reps=10)
