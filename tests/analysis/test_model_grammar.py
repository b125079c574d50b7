"""Inequalities, bounds, nonlinear equations and equal() give lavaan's numbers.

Reference: lavaan 0.6-14, ``sem`` and ``cfa`` of HolzingerSwineford1939, default options.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.bootstrap import bollen_stine, bootstrap
from analysis.covariance.sem import SemFit, fit_sem
from analysis.errors import ModelError
from tests.analysis.classic_data import holzinger

pytestmark = pytest.mark.xdist_group("model_grammar")

REGRESSION = "x4 ~ b1*x1 + b2*x2 + b3*x3\n"
CFA = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\n"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """The pupils of two schools."""
    return holzinger()


def numbers(fit: SemFit, *names: str) -> dict[str, tuple[float, float]]:
    """Estimate and standard error of the parameters named."""
    frame = fit.estimates
    frame.index = pd.Index(frame["lhs"] + frame["op"] + frame["rhs"])
    return {name: (frame.loc[name, "est"], frame.loc[name, "se"]) for name in names}


def fitted(fit: SemFit) -> tuple[float, float, float]:
    """npar, df and chi-square."""
    return fit.fit["npar"], fit.fit["df"], round(fit.fit["chisq"], 3)


def test_a_nonlinear_equation_is_kept(data: pd.DataFrame) -> None:
    """lavaan's tutorial: b1 == (b2 + b3)^2."""
    fit = fit_sem(data, REGRESSION + "b1 == (b2 + b3)^2")
    assert fitted(fit) == (3, 1, 22.847)
    found = numbers(fit, "x4~x1", "x4~x2", "x4~x3")
    assert np.allclose(found["x4~x1"], (0.104826, 0.028836), atol=1e-5)
    assert np.allclose(found["x4~x2"], (0.162757, 0.054162), atol=1e-5)
    assert np.allclose(found["x4~x3"], (0.161012, 0.052932), atol=1e-5)


def test_a_nonlinear_inequality_beside_it_binds(data: pd.DataFrame) -> None:
    """lavaan's tutorial: b1 == (b2 + b3)^2 and b1 > exp(b2 + b3)."""
    fit = fit_sem(data, REGRESSION + "b1 == (b2 + b3)^2\nb1 > exp(b2 + b3)")
    assert fitted(fit) == (3, 1, 90.127)
    found = numbers(fit, "x4~x1", "x4~x2", "x4~x3")
    # Both as equations leave b1 one value: s^2 = exp(s) of the sum s = -0.703467.
    assert np.allclose(found["x4~x1"], (0.494866, 0.0), atol=1e-6)
    assert np.allclose(found["x4~x2"], (-0.281208, 0.054436), atol=1e-5)
    assert np.allclose(found["x4~x3"], (-0.422260, 0.054436), atol=1e-5)
    assert any("holds with equality" in text for text in fit.warnings)


def test_an_inequality_that_binds_takes_no_degree_of_freedom(data: pd.DataFrame) -> None:
    fit = fit_sem(data, REGRESSION + "b2 > 0.3; b3 < 1")
    assert fitted(fit) == (4, 0, 18.595)
    assert fit.fit["aic"] == pytest.approx(925.471, abs=1e-3)
    found = numbers(fit, "x4~x1", "x4~x2", "x4~x3")
    assert np.allclose(found["x4~x1"], (0.319285, 0.061198), atol=1e-5)
    assert np.allclose(found["x4~x2"], (0.3, 0.0), atol=1e-9)
    assert np.allclose(found["x4~x3"], (-0.088090, 0.063170), atol=1e-5)


def test_an_inequality_that_does_not_bind_changes_nothing(data: pd.DataFrame) -> None:
    plain = fit_sem(data, REGRESSION)
    held = fit_sem(data, REGRESSION + "b2 < 1")
    assert np.allclose(plain.estimates["est"], held.estimates["est"], atol=1e-8)
    assert np.allclose(plain.estimates["se"], held.estimates["se"], atol=1e-8)
    assert plain.warnings == held.warnings


def test_bounds_hold_and_their_standard_errors_ignore_them(data: pd.DataFrame) -> None:
    text = CFA.replace("x2", "lower(0.7)*x2").replace("x6", "upper(0.8)*x6")
    fit = fit_sem(data, text)
    assert fitted(fit) == (13, 8, 31.142)
    found = numbers(fit, "visual=~x2", "visual=~x3", "textual=~x6")
    assert np.allclose(found["visual=~x2"], (0.7, 0.119895), atol=1e-4)
    assert np.allclose(found["visual=~x3"], (0.799985, 0.127842), atol=1e-4)
    assert np.allclose(found["textual=~x6"], (0.8, 0.049917), atol=1e-4)
    assert sum("at its bound" in text for text in fit.warnings) == 2


def test_equations_may_use_defined_quantities(data: pd.DataFrame) -> None:
    fit = fit_sem(data, "visual =~ x1 + a*x2 + b*x3\nd := a*b\nd == 0.5")
    assert fitted(fit) == (5, 1, 2.582)
    found = numbers(fit, "visual=~x2", "visual=~x3", "d:=a*b")
    assert np.allclose(found["visual=~x2"], (0.592381, 0.058495), atol=1e-5)
    assert np.allclose(found["visual=~x3"], (0.844052, 0.083346), atol=1e-5)
    assert found["d:=a*b"] == pytest.approx((0.5, 0.0), abs=1e-9)


def test_equal_takes_the_value_of_the_parameter_it_names(data: pd.DataFrame) -> None:
    fit = fit_sem(data, CFA.replace("x3", 'equal("visual=~x2")*x3'))
    assert fitted(fit) == (12, 9, 26.262)
    found = numbers(fit, "visual=~x2", "visual=~x3")
    assert found["visual=~x2"] == found["visual=~x3"]
    assert np.allclose(found["visual=~x3"], (0.648704, 0.097010), atol=1e-5)


def test_a_starting_value_before_a_question_mark_moves_no_estimate(data: pd.DataFrame) -> None:
    plain, started = fit_sem(data, CFA), fit_sem(data, CFA.replace("x2", "0.9?x2"))
    assert np.allclose(plain.estimates["est"], started.estimates["est"], atol=1e-7)


def test_resamples_keep_the_restrictions_or_say_that_they_do_not(data: pd.DataFrame) -> None:
    fit = fit_sem(data, REGRESSION + "b1 == (b2 + b3)^2")
    drawn = bootstrap(fit, reps=12, seed=3, workers=1)
    b1, b2, b3 = drawn.samples[:, :3].T
    assert np.allclose(b1, (b2 + b3) ** 2, atol=1e-7)
    assert np.std(b1) > 0
    with pytest.raises(ModelError, match="keep linear equations only"):
        bollen_stine(fit, reps=5, seed=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f =~ x1 + lower(1)*upper(0)*x2 + x3", "lower\\(1\\) is above upper\\(0\\)"),
        ("f =~ lower(2)*x1 + x2 + x3", "fixed at 1, outside of its bounds"),
        (REGRESSION + "b9 > 0", "line 2, column 1: b9 is the label of no parameter"),
    ],
)
def test_bounds_that_cannot_be_kept_are_refused(
    data: pd.DataFrame, text: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        fit_sem(data, text)


def test_restrictions_that_cannot_be_met_do_not_converge(data: pd.DataFrame) -> None:
    fit = fit_sem(data, REGRESSION + "b1 > 1\nb1 < 0.5")
    assert not fit.converged
