"""Tables and figures of further analyses where an item differs between groups, and where a factor is general."""

from __future__ import annotations

from itertools import count

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.sem import fit_sem
from surveyapp.reports.document import Quantity
from surveyapp.reports.projects.analysis import analysis_charts, analysis_tables
from surveyapp.results.projects.esem_fits import fit_esem
from surveyapp.results.projects.group_fits import fit_alignment, fit_dif
from surveyapp.results.projects.sample_fits import fit_imputations
from surveyapp.store.models import ProjectAnalysis, ProjectModel

TEXT = "f =~ x1 + x2 + x3 + x4\ng =~ y1 + y2 + y3 + y4"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """400 answers in two groups; x4 is answered higher in the second at the same level."""
    draw = np.random.default_rng(11)
    level = draw.normal(size=400)
    other = 0.5 * level + draw.normal(size=400)
    second = np.arange(400) % 2
    made = {f"x{j}": 4 + level + draw.normal(scale=0.7, size=400) for j in range(1, 5)}
    made |= {f"y{j}": 4 + other + draw.normal(scale=0.7, size=400) for j in range(1, 5)}
    made["x4"] = made["x4"] + 1.2 * second
    frame = pd.DataFrame(made).round().clip(1, 7)
    return frame.assign(where=np.where(second == 1, "South", "North"))


def made(
    data: pd.DataFrame, fit, kind: str, estimator: str = "MLR", text: str = TEXT, **options: str
) -> ProjectAnalysis:
    chosen = {
        "estimator": estimator,
        "missing": "listwise",
        "group": "",
        "equal": "",
        "std_lv": False,
    }
    model = ProjectModel(kind="covariance", text=text, options=chosen)
    analysis = ProjectAnalysis(model=model, kind=kind, options=options)
    analysis.result = fit(data, model, options)
    return analysis


@pytest.mark.parametrize(
    ("method", "estimator"), [("ordinal", "MLR"), ("mimic", "MLR"), ("mimic", "WLSMV")]
)
def test_an_item_answered_differently_is_named_with_its_interval(data, method, estimator):
    found = made(data, fit_dif, "dif", estimator=estimator, group="where", method=method)
    tables = analysis_tables(found, count(1))
    assert "Answered differently at the same level: x4." in tables[0].note
    [row] = tables[1].cells
    assert row[0] == "x4, South" and 0 < row[2].low < row[1] < row[2].high
    [chart] = analysis_charts(found)
    assert "x4" in chart.svg and "beside North" in chart.note
    assert ("SDs within groups of the response" in chart.note) is (estimator == "WLSMV")
    assert len(tables) == (2 if method == "ordinal" else 3)


def test_the_aligned_group_that_is_the_unit_has_no_interval(data):
    found = made(data, fit_alignment, "alignment", group="where")
    means, items, pairs = analysis_tables(found, count(1))
    fixed = [row for row in means.cells if row[0] == "North"]
    assert [(row[2], row[3].low) for row in fixed] == [(0, None), (0, None)]
    assert any(row[0] == "x4" and row[5] != "-" for row in items.cells)
    assert "rule of thumb" in means.note and len(pairs.cells) == 4  # two under their heads
    [chart] = analysis_charts(found)
    assert "South" in chart.svg and "North" not in chart.svg


def test_ordinal_answers_are_imputed_as_categories(data):
    holes = data.drop(columns="where").clip(2, 6).head(150)
    holes["x2"] = holes["x2"].mask(np.arange(150) % 9 == 0)
    text = TEXT.partition("\n")[0]
    fit = fit_sem(holes, text, estimator="WLSMV", missing="pairwise")

    def fitted(data, model, options):
        model.result = fit.to_dict()
        return fit_imputations(data, model, options)

    found = made(holes, fitted, "imputation", estimator="WLSMV", text=text)
    [table] = analysis_tables(found, count(1))
    assert "ordinal answers imputed as categories" in table.note
    assert "D2: F(2," in table.note and "D3" not in table.note
    [row] = [row for row in table.cells if row[0] == "f =~ x2"]
    assert row[3] == pytest.approx(row[1], abs=0.05) and row[7] > 0


def test_thresholds_are_aligned_where_the_model_is_of_ordinal_items(data):
    joined = data.drop(columns="where").clip(3, 5).assign(where=data["where"])
    found = made(joined, fit_alignment, "alignment", estimator="WLSMV", group="where")
    means, items, _ = analysis_tables(found, count(1))
    assert items.title == "Aligned Loadings and Thresholds by Where"
    assert "Loadings and thresholds that differ" in means.note and "WLSMV" in means.note
    assert [row[1] for row in items.cells if row[0] == "x4"] == [
        *("loading", "threshold 1", "threshold 2")
    ]


def test_a_general_factor_is_nobodys_cross_loading():
    draw = np.random.default_rng(4)
    general, own, other = draw.normal(size=(3, 500))
    by_item = zip(
        (*"xxxxyyyy",), (1, 2, 3, 4) * 2, (0.9, 0.5, 0.8, 0.3, 0.4, 0.9, 0.5, 0.8), strict=True
    )
    data = pd.DataFrame(
        {
            f"{kind}{j}": share * general
            + 0.7 * (own if kind == "x" else other)
            + draw.normal(scale=0.5, size=500)
            for kind, j, share in by_item
        }
    )
    found = made(data, fit_esem, "esem", rotation="bi-target")
    fits, loadings, _ = analysis_tables(found, count(1))
    assert [row[0] for row in fits.cells] == ["Confirmatory", "Bifactor ESEM"]
    names = [str(column.head) for column in loadings.columns]
    assert names == ["Item", "Its factor", "Confirmatory", "G", "f", "g"]
    cell = loadings.cells[0][3]
    assert isinstance(cell, Quantity) and cell.value.low < cell.value.value < cell.value.high
    crossing = max(
        (abs(row[k].value.value), row[0])
        for row in loadings.cells
        for k, name in ((4, "f"), (5, "g"))
        if row[1] != name
    )
    assert f"The largest cross-loading is that of {crossing[1]} on" in loadings.note
