"""Rivals, second-order and bifactor models of a measurement model."""

from __future__ import annotations

import pytest

from analysis.covariance.rival_models import (
    bifactor,
    compare_rivals,
    merged,
    one_factor,
    second_order,
)
from analysis.covariance.sem import fit_sem
from analysis.covariance.text.syntax import parse
from analysis.errors import ModelError
from tests.analysis.classic_data import holzinger
from tests.analysis.data_sets import HS_MODEL, SJQ_MODEL, simulated
from tests.analysis.peer_data import four_categories


def test_the_hypothesised_model_of_the_classic_data_beats_every_rival() -> None:
    table, fits = compare_rivals(holzinger(), HS_MODEL)
    assert list(table.index) == [
        "hypothesised",
        "visual+textual",
        "visual+speed",
        "textual+speed",
        "one factor",
    ]
    # lavaan 0.6-14: one factor 312.264 on 27 df, three factors 85.306 on 24.
    assert fits["one factor"].fit["chisq"] == pytest.approx(312.264, abs=5e-4)
    assert fits["hypothesised"].fit["chisq"] == pytest.approx(85.306, abs=5e-4)
    assert (table["aic"].drop("hypothesised") > table.loc["hypothesised", "aic"]).all()


def test_rivals_of_ordinal_items_are_tested_by_the_scaled_difference() -> None:
    # lavaan 0.6-14: lavTestLRT(two, one) of cfa(model, data, ordered = TRUE)
    table, _ = compare_rivals(
        four_categories(),
        {"f1": ["u1", "u2", "u3", "u4"], "f2": ["u5", "u6", "u7", "u8"]},
        estimator="WLSMV",
    )
    rival = table.loc["one factor"]
    assert list(table.columns[:3]) == ["chisq_scaled", "df", "pvalue_scaled"]
    assert (rival["d_chisq"], rival["d_df"]) == (pytest.approx(111.6497721, rel=1e-5), 1)
    assert rival["d_chisq"] != pytest.approx(rival["chisq"] - table.loc["hypothesised", "chisq"])


def test_merged_models_join_two_factors_and_keep_the_rest() -> None:
    models = merged(HS_MODEL)
    assert models["visual+speed"].latent == ("visual_speed", "textual")
    assert models["visual+speed"].indicators("visual_speed") == ("x1", "x2", "x3", "x7", "x8", "x9")
    assert len(one_factor(HS_MODEL).paths) == 9


def test_a_second_order_of_three_factors_fits_as_their_covariances_do() -> None:
    data = simulated(600, seed=4, points=0)
    table, fits = compare_rivals(data, SJQ_MODEL, higher=True)
    assert fits["second order"].fit["chisq"] == pytest.approx(
        fits["hypothesised"].fit["chisq"], rel=1e-6
    )
    assert table.loc["bifactor", "df"] == 88
    with pytest.raises(ModelError, match="at least three factors, found 2"):
        second_order({"a": ["x1", "x2"], "b": ["x3", "x4"]})


def test_the_bifactor_text_says_what_the_options_say() -> None:
    data = simulated(800, seed=5, points=0)
    plain = (
        one_factor(SJQ_MODEL).text
        + "\n"
        + "\n".join(f"{factor} =~ {' + '.join(items)}" for factor, items in SJQ_MODEL.items())
    )
    by_options = fit_sem(data, plain, std_lv=True, orthogonal=True)
    by_text = fit_sem(data, bifactor(SJQ_MODEL))
    assert by_text.fit["chisq"] == pytest.approx(by_options.fit["chisq"], rel=1e-6)
    assert parse(bifactor(SJQ_MODEL).text) == bifactor(SJQ_MODEL)
