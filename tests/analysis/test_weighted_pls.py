"""Weighted PLS and the cluster bootstrap: identities, what is refused, and what is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.composite.fimix import fimix
from analysis.composite.missing_paths import both_treatments, row_losses
from analysis.composite.pls import fit_pls
from analysis.composite.result import PlsResult
from analysis.composite.weighted_paths import both_weightings
from analysis.errors import DataError, MissingItem, TooFewCases
from analysis.moments import Moments
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import ECSI, HIGHER, SMALL

TABLES = ("paths", "weights", "loadings", "effects", "specific")


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    frame = mobi()
    at = np.arange(len(frame))
    return frame.assign(w=(1 + at % 3).astype(float), k=at // 7)


@pytest.fixture(scope="module")
def repeated(data: pd.DataFrame) -> pd.DataFrame:
    """Every row as often as its weight says."""
    return data.loc[np.repeat(data.index, data["w"].astype(int))].reset_index(drop=True)


def _same(one: PlsResult, other: PlsResult, *, abs: float = 1e-12) -> None:
    for name in TABLES:
        a, b = getattr(one, name).iloc[:, -1], getattr(other, name).iloc[:, -1]
        assert a.to_numpy() == pytest.approx(b.to_numpy(), abs=abs, nan_ok=True)
    for name in ("reliability", "htmt", "htmt2", "fornell_larcker", "cross_loadings"):
        a, b = getattr(one, name).to_numpy(), getattr(other, name).to_numpy()
        assert a == pytest.approx(b, abs=abs, nan_ok=True)
    assert one.fit == {kind: pytest.approx(values, abs=abs) for kind, values in other.fit.items()}


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (ECSI, {}),
        (ECSI, {"consistent": True, "scheme": "centroid"}),
        (SMALL, {"scheme": "factorial"}),
        (HIGHER, {}),
        (HIGHER, {"higher_order": "three-stage"}),
    ],
)
def test_whole_weights_are_repeated_rows(
    data: pd.DataFrame, repeated: pd.DataFrame, text: str, options: dict[str, object]
) -> None:
    weighted = fit_pls(data, text, sampling_weights="w", **options)
    _same(weighted, fit_pls(repeated, text, **options))
    assert (weighted.n, weighted.method.startswith("weighted PLS")) == (len(data), True)


def test_so_they_are_where_answers_are_missing(data: pd.DataFrame) -> None:
    holed = data.copy()
    holed.iloc[::9, holed.columns.get_loc("IMAG1")] = np.nan
    holed.iloc[4::11, holed.columns.get_loc("CUSA2")] = np.nan
    rows = holed.loc[np.repeat(holed.index, holed["w"].astype(int))]
    for missing in ("mean", "listwise"):
        one = fit_pls(holed, SMALL, sampling_weights="w", missing=missing)
        _same(one, fit_pls(rows, SMALL, missing=missing))


def test_both_treatments_of_missing_answers_are_weighted(data: pd.DataFrame) -> None:
    holed = data.copy()
    holed.iloc[::9, holed.columns.get_loc("IMAG1")] = np.nan
    holed.iloc[2, holed.columns.get_loc("w")] = np.nan
    found = fit_pls(holed, SMALL, sampling_weights="w")
    lost = row_losses(holed, found)
    assert (lost.rows, lost.used, lost.not_drawn) == (250, 249, 1)
    both = both_treatments(found, holed, SMALL)
    listwise = fit_pls(holed, SMALL, sampling_weights="w", missing="listwise")
    assert [path.listwise for path in both.paths] == listwise.paths["estimate"].tolist()
    assert [path.mean for path in both.paths] == found.paths["estimate"].tolist()


def test_the_scale_of_weights_does_not_matter(data: pd.DataFrame) -> None:
    weighted = fit_pls(data, SMALL, sampling_weights="w")
    _same(weighted, fit_pls(data, SMALL, sampling_weights=data["w"] * 0.0371))
    _same(fit_pls(data, SMALL), fit_pls(data, SMALL, sampling_weights=np.full(len(data), 9.0)))
    assert weighted.scores is not None
    w = data["w"] / data["w"].sum()
    assert (w @ weighted.scores).to_numpy() == pytest.approx(np.zeros(4), abs=1e-12)
    n = len(data)
    assert (w @ weighted.scores**2).to_numpy() == pytest.approx(np.full(4, (n - 1) / n))


def test_inverse_chances_of_being_drawn_give_the_population_back() -> None:
    """Two strata with other paths, the smaller drawn fully, the larger every fourth row."""
    rng = np.random.default_rng(4)
    rows = []
    for slope, mean in ((0.2, 0.0), (0.8, 1.5)):
        x = rng.normal(mean, 1, (400, 1))
        y = slope * x + 0.6 * rng.normal(size=(400, 1))
        rows.append(
            np.hstack([x + 0.5 * rng.normal(size=(400, 3)), y + 0.5 * rng.normal(size=(400, 2))])
        )
    names = ["x1", "x2", "x3", "y1", "y2"]
    small, large = (pd.DataFrame(values, columns=names) for values in rows)
    text = "X =~ x1 + x2 + x3; Y =~ y1 + y2; Y ~ X"
    population = fit_pls(pd.concat([small, *[large] * 4]), text)
    sample = pd.concat([small.assign(w=1.0), large.assign(w=4.0)])
    weighted = fit_pls(sample, text, sampling_weights="w")
    assert weighted.path("X", "Y") == pytest.approx(population.path("X", "Y"), abs=1e-12)
    compared = both_weightings(weighted, sample, text)
    assert compared["unweighted"][0] == pytest.approx(fit_pls(sample, text).path("X", "Y"))
    assert abs(compared["difference"][0]) > 0.02


def test_a_resampled_row_keeps_its_weight(data: pd.DataFrame) -> None:
    indices = np.random.default_rng(3).integers(0, len(data), size=(4, len(data)))
    fit = fit_pls(data, SMALL, sampling_weights="w", indices=indices, fit_test=False)
    assert fit.bootstrap is not None
    for rows, draw in zip(indices, fit.bootstrap.draws["paths"], strict=True):
        one = fit_pls(data.iloc[rows], SMALL, sampling_weights="w")
        assert draw == pytest.approx(one.paths["estimate"].to_numpy(), abs=1e-9)


def test_a_cluster_of_one_row_is_a_row(data: pd.DataFrame) -> None:
    options = {"bootstrap": 60, "seed": 5, "sampling_weights": "w"}
    rows = fit_pls(data, SMALL, **options)
    alone = fit_pls(data.assign(k=np.arange(len(data))), SMALL, cluster="k", **options)
    assert rows.bootstrap is not None
    assert alone.bootstrap is not None
    assert alone.bootstrap.draws["paths"] == pytest.approx(rows.bootstrap.draws["paths"], abs=1e-9)
    assert alone.design_effects is not None
    assert alone.design_effects["design_effect"].to_numpy() == pytest.approx(np.ones(3))


def test_whole_clusters_are_resampled(data: pd.DataFrame) -> None:
    """A row and its copies are one cluster: they say no more than the row itself."""
    copies = pd.concat([data.assign(k=np.arange(len(data)))] * 3)
    options = {"bootstrap": 400, "seed": 6, "fit_test": False, "bca": False}
    once, thrice = fit_pls(data, SMALL, **options), fit_pls(copies, SMALL, cluster="k", **options)
    assert once.bootstrap is not None
    assert thrice.bootstrap is not None
    own = once.bootstrap.tables["paths"]["se"].to_numpy()
    assert thrice.bootstrap.tables["paths"]["se"].to_numpy() == pytest.approx(own, rel=1e-6)
    assert thrice.design_effects is not None
    assert thrice.design_effects["design_effect"].to_numpy() == pytest.approx(
        np.full(3, 3.0), rel=0.4
    )
    assert thrice.clusters is not None
    assert [one.icc for one in thrice.clusters.items] == pytest.approx([1.0] * 13)


def test_the_design_is_told(data: pd.DataFrame) -> None:
    few = data.assign(k=data["k"] % 9, w=np.where(data.index < 2, np.nan, data["w"]))
    few.loc[5, "k"] = np.nan
    fit = fit_pls(few, SMALL, sampling_weights="w", cluster="k", bootstrap=20, seed=1)
    assert (fit.n, fit.dropped) == (247, 3)
    assert "3 rows were left out for want of a weight above 0 in w or a value of k" in fit.warnings
    assert any("k has 9 clusters; below 30" in said for said in fit.warnings)
    assert fit.case_weights is not None
    weights = few.dropna()["w"]
    assert fit.case_weights.design_effect == pytest.approx(
        247 * (weights**2).sum() / weights.sum() ** 2
    )
    document = fit.to_dict()
    assert document["drawn"] == {"weights": "w", "cluster": "k"}
    assert len(document["design_effects"]) == 3


def test_what_cannot_be_weighted_is_refused(data: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="segments are not weighted"):
        fimix(fit_pls(data, SMALL, sampling_weights="w"), 2)
    with pytest.raises(DataError, match="give one of the two"):
        fit_pls(data, SMALL, cluster="k", indices=[[0, 1, 2]])
    with pytest.raises(DataError, match="2 weights are negative"):
        fit_pls(data, SMALL, sampling_weights=np.where(data.index < 2, -1.0, 1.0))
    with pytest.raises(DataError, match="a weight above 0"):
        fit_pls(data, SMALL, sampling_weights=np.zeros(len(data)))
    with pytest.raises(MissingItem, match="no such"):
        fit_pls(data, SMALL, cluster="no such")
    with pytest.raises(TooFewCases, match="clusters in k"):
        fit_pls(data.assign(k=1), SMALL, cluster="k")
    given = fit_pls(data, SMALL, sampling_weights=data["w"].to_numpy())
    for compared in (row_losses, lambda frame, fit: both_weightings(fit, frame, SMALL)):
        with pytest.raises(MissingItem, match="with a column's name"):
            compared(data, given)
    moments = Moments(("x1", "x2"), 50, np.zeros(2), np.eye(2))
    with pytest.raises(DataError, match="every row"):
        fit_pls(moments, "X =~ x1; Y =~ x2; Y ~ X", sampling_weights="w")
