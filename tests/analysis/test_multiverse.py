"""One result over every combination of choices."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.composite.estimator_families import families, headline, may_be_chosen, treatments
from analysis.composite.pls import fit_pls
from analysis.covariance.headline import (
    ESTIMATOR,
    MISSING,
    covariance_headline,
    is_possible,
    read_parameter,
)
from analysis.covariance.sem import fit_sem
from analysis.errors import AnalysisError, DataError, ModelError
from analysis.multiverse import Headline, multiverse
from surveyapp.reports.charts.multiverse_charts import specification_curve
from surveyapp.results.projects.multiverse_phrases import failures_line, multiverse_line
from tests.analysis.sjq_population import answers

DIMENSIONS = {"sign": ("up", "down"), "rows": ("all", "few", "none")}
VALUES = {"all": 0.4, "few": 0.2}


def fit(choices) -> Headline:
    if choices["rows"] == "none":
        raise AnalysisError("no rows are left")
    value = VALUES[choices["rows"]] * (1 if choices["sign"] == "up" else -0.25)
    return Headline(value, value - 0.1, value + 0.1, 100 if choices["rows"] == "all" else 50)


def test_universes_stand_by_size_and_failures_are_kept_with_their_reason():
    found = multiverse(DIMENSIONS, fit)
    assert [each.estimate for each in found.headlines] == [-0.1, -0.05, 0.2, 0.4]
    assert [each.why for each in found.failed] == ["no rows are left"] * 2
    assert found.universes[-1].headline is None
    assert found.median == pytest.approx(0.075)
    assert found.same_sign == 0.5 and found.excluding_zero == 0.5
    assert multiverse_line(found, "y ~ x") == (
        "y ~ x was estimated in 4 of 6 universes (50 to 100 respondents): -.10 to .40, median .08."
        " 50% have the same sign, and the 95% interval of 50% excludes zero. The universes share"
        " respondents, so they are not independent: these shares are no test."
    )
    assert failures_line(found) == "2 fits failed, most often: no rows are left."
    drawn = specification_curve(found)
    assert drawn.count("<circle") == 4 and "down" in drawn


def test_where_every_fit_fails_the_sentence_says_so():
    found = multiverse({"rows": ("none",)}, fit)
    assert math.isnan(found.median) and math.isnan(found.same_sign)
    assert multiverse_line(found, "y ~ x") == "y ~ x could be estimated in none of 1 universes."
    assert "<circle" not in specification_curve(found)


def test_progress_is_told_and_what_it_raises_ends_the_run():
    told = []
    multiverse(DIMENSIONS, fit, progress=lambda done, count: told.append((done, count)))
    assert told == [(done, 6) for done in range(6)]

    def cancelled(done: int, _count: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        multiverse(DIMENSIONS, fit, progress=cancelled)


@pytest.mark.parametrize(
    ("dimensions", "said"),
    [
        ({"a": ()}, "at least one"),
        ({"a": ("x", "x")}, "once"),
        ({str(at): ("x", "y") for at in range(11)}, "2,048 combinations"),
    ],
)
def test_choices_that_make_no_universe_or_too_many_are_refused(dimensions, said):
    with pytest.raises(DataError, match=said):
        multiverse(dimensions, fit)


def test_combinations_that_no_method_allows_are_counted_and_not_fitted():
    every = {ESTIMATOR: ("ML", "WLSMV"), MISSING: ("listwise", "fiml", "pairwise")}
    found = multiverse(every, lambda _: Headline(1.0, 0.9, 1.1, 5), possible=is_possible)
    assert len(found.universes) == 4 and found.impossible == 2
    with pytest.raises(DataError, match="no combination"):
        multiverse({ESTIMATOR: ("ML",), MISSING: ("pairwise",)}, fit, possible=is_possible)


def test_a_headline_is_the_standardised_value_of_the_fit():
    data = answers(120, seed=3)
    model = "F =~ sea1 + sea2 + sea3\nG =~ coh1 + coh2 + coh3\nG ~ F"
    choices = {ESTIMATOR: "MLR", MISSING: "listwise"}
    found = covariance_headline(data, model, read_parameter("G~F"), choices)
    table = fit_sem(data, model, estimator="MLR").estimates
    row = table[(table.lhs == "G") & (table.op == "~")].iloc[0]
    assert found == Headline(row.std_all, row.std_ci_lower, row.std_ci_upper, 120)
    assert np.isfinite(found.low)
    with pytest.raises(ModelError, match="no parameter G ~ H"):
        covariance_headline(data, model, read_parameter("G~H"), choices)


@pytest.mark.parametrize("text", ["", "F", "F~", "F =~", ":=", "a := b", "F ~ G ~ H"])
def test_what_is_no_parameter_is_refused(text):
    with pytest.raises(ModelError, match="no parameter"):
        read_parameter(text)


@pytest.mark.parametrize("text", ["F~~G", "F =~ x1", "ab:="])
def test_a_parameter_is_read_as_it_stands_in_a_model(text):
    assert "".join(read_parameter(text)) == text.replace(" ", "")


def test_covariances_and_composites_stand_in_one_multiverse():
    data = answers(120, seed=3)
    data.loc[:9, "sea1"] = np.nan
    model = "F =~ sea1 + sea2 + sea3\nG =~ coh1 + coh2 + coh3\nG ~ F"
    wanted = read_parameter("G~F")
    estimators = families(model, wanted)
    assert estimators == ("ML", "MLR", "WLSMV", "PLS", "PLSc")
    assert families(model, read_parameter("F~~G")) == ("ML", "MLR", "WLSMV")
    assert families(f"{model} + F:F", read_parameter("G ~ F:F")) == ("PLS", "PLSc")
    assert families("F <~ a + b\nG <~ c + d\nG ~ F", wanted)[-1] == "PLS"
    assert treatments(("PLS",)) == ("listwise", "mean")
    found = multiverse(
        {ESTIMATOR: ("ML", "PLS", "PLSc"), MISSING: ("listwise", "fiml", "mean")},
        lambda choices: headline(data, model, wanted, choices, seed=3),
        possible=may_be_chosen,
    )
    assert found.impossible == 3 and not found.failed
    by_choice = {tuple(each.choices.values()): each.headline for each in found.universes}
    means = by_choice["PLSc", "mean"]
    fit = fit_pls(data, model, consistent=True, bootstrap=500, seed=3)
    assert means is not None and fit.bootstrap is not None
    ends = fit.bootstrap.tables["paths"].loc[("F", "G")]
    assert (means.estimate, means.low, means.high) == pytest.approx(
        (fit.path("F", "G"), ends["lower"], ends["upper"])
    )
    assert means.n == 120 and by_choice["PLS", "listwise"].n == 110
    with pytest.raises(ModelError, match="no path"):
        headline(data, model, read_parameter("F~G"), {ESTIMATOR: "PLS", MISSING: "mean"}, seed=3)
