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
    data.loc[::7, "x1"] = np.nan
    data.loc[3::11, "x5"] = np.nan
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
        ({"estimator": "WLSMV", "sampling_weights": "w"}, ModelError, "not with WLSMV"),
        ({"estimator": "ML", "cluster": "w"}, ModelError, "choose MLR"),
        ({"estimator": "MLR", "cluster": "w", "group": "school"}, ModelError, "groups"),
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
