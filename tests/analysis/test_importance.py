"""The importance-performance map."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.composite.importance import importance_performance
from analysis.composite.layout import CompositeOptions
from analysis.composite.pls import fit_pls
from analysis.composite.rescaled_scores import rescaled_scores
from analysis.errors import DataError, ModelError
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import ECSI, HIGHER


def test_importance_is_the_regression_between_rescaled_performances() -> None:
    data = mobi()
    text = "X =~ IMAG1 + IMAG2\nZ =~ PERQ1 + PERQ2\nY =~ CUSA1 + CUSA2\nY ~ X + Z"
    found = importance_performance(data, text, "Y", scale=(1, 10))
    fit = fit_pls(data, text)
    points = (data - 1) / 9 * 100
    columns = {}
    for name in ("X", "Z", "Y"):
        own = fit.weights[fit.weights["construct"] == name]
        w = own["estimate"].to_numpy() / data[own["item"]].std().to_numpy()
        columns[name] = points[own["item"]].to_numpy() @ (w / w.sum())
    design = np.column_stack([np.ones(len(data)), columns["X"], columns["Z"]])
    b = np.linalg.lstsq(design, columns["Y"], rcond=None)[0]
    assert found.constructs["importance"].tolist() == pytest.approx(b[1:].tolist(), abs=1e-9)
    assert found.constructs["performance"].tolist() == pytest.approx(
        [columns["X"].mean(), columns["Z"].mean()], abs=1e-9
    )
    assert found.target_performance == pytest.approx(columns["Y"].mean(), abs=1e-9)
    # A construct's importance is spread over its items; an item's performance is its mean.
    assert found.items["importance"].groupby("construct").sum()["X"] == pytest.approx(b[1])
    assert found.items.loc[("X", "IMAG1"), "performance"] == pytest.approx(points["IMAG1"].mean())


@pytest.mark.parametrize("higher_order", ["two-stage", "repeated"])
def test_dimensions_share_the_importance_of_what_they_compose(higher_order: str) -> None:
    settings = CompositeOptions(higher_order=higher_order)  # type: ignore[arg-type]
    found = importance_performance(mobi(), HIGHER, "Loyalty", scale=(1, 10), settings=settings)
    whole = found.constructs.loc["Satisfaction", "importance"]
    assert found.dimensions["importance"].sum() == pytest.approx(whole, abs=1e-9)
    assert found.dimensions["performance"].between(0, 100).all()


def test_intervals_hold_the_estimate_and_units_do_not_matter() -> None:
    data = mobi()
    one = importance_performance(data, ECSI, "Loyalty", scale=(1, 10), bootstrap=200, seed=1)
    two = importance_performance(data * 2 + 5, ECSI, "Loyalty", scale=(7, 25))
    for what in ("importance", "performance"):
        inside = (one.constructs[f"{what}_lower"] < one.constructs[what]) & (
            one.constructs[what] < one.constructs[f"{what}_upper"]
        )
        assert inside.all()
    assert two.constructs["importance"].tolist() == pytest.approx(
        one.constructs["importance"].tolist(), abs=1e-9
    )
    assert two.constructs["importance_lower"].isna().all()


def test_an_item_that_weighs_negatively_is_named() -> None:
    data = mobi().assign(IMAG2=lambda d: 11 - d["IMAG2"])
    found = importance_performance(data, ECSI, "Loyalty", scale=(1, 10))
    assert "IMAG2" in found.warnings[0]


def test_a_wrong_target_or_scale_is_named() -> None:
    with pytest.raises(ModelError, match="no path leads to 'Image'"):
        importance_performance(mobi(), ECSI, "Image", scale=(1, 10))
    with pytest.raises(DataError, match=r"IMAG1: answers run from 1 to 10.* 1 to 7"):
        importance_performance(mobi(), ECSI, "Loyalty", scale=(1, 7))
    with pytest.raises(DataError, match="no range for"):
        importance_performance(mobi(), ECSI, "Loyalty", scale={"IMAG1": (1, 10)})


def test_a_product_of_constructs_is_no_construct_of_the_map() -> None:
    text = "X =~ IMAG1 + IMAG2\nZ =~ PERQ1 + PERQ2\nY =~ CUSA1 + CUSA2\nY ~ X + Z + X:Z"
    found = importance_performance(mobi(), text, "Y", scale=(1, 10))
    scores, _ = rescaled_scores(mobi(), text, scale=(1, 10))
    assert list(found.constructs.index) == ["X", "Z"]
    assert list(scores.columns) == ["X", "Z", "Y"]
    assert np.isfinite(found.constructs[["importance", "performance"]]).all(axis=None)
    assert found.constructs["performance"].tolist() == pytest.approx(
        [scores["X"].mean(), scores["Z"].mean()], abs=1e-9
    )
