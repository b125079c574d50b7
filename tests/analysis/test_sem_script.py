"""The R script says in lavaan's words what was fitted here."""

from __future__ import annotations

from analysis.covariance.sem import fit_sem
from analysis.covariance.text.script import lavaan_script
from analysis.covariance.text.syntax import parse
from tests.analysis.classic_data import HS, PD, democracy, holzinger, incomplete


def model_in(script: str) -> str:
    return script.split("model <- '")[1].split("'\nfit")[0]


def test_the_model_in_the_script_is_the_model_fitted() -> None:
    fit = fit_sem(democracy(), PD)
    script = lavaan_script(fit)
    assert parse(model_in(script)) == fit.model
    assert 'fit <- sem(model, data = data, estimator = "ML")' in script
    assert "expected: n = 75, chisq = 38.1252, df = 35" in script


def test_groups_constraints_and_missing_data_are_carried_over() -> None:
    fit = fit_sem(
        incomplete(),
        HS,
        group="school",
        equal=("loadings", "intercepts"),
        free=("x3~1",),
        missing="fiml",
        estimator="MLR",
        std_lv=True,
    )
    script = lavaan_script(fit, file='my "own".csv', bootstrap=500)
    assert 'missing = "ml"' in script
    assert 'group.equal = c("loadings", "intercepts")' in script
    assert 'group.partial = c("x3~1")' in script
    assert "std.lv = TRUE" in script
    assert "meanstructure = TRUE" in script
    assert 'read.csv("my \\"own\\".csv")' in script
    assert "lavTestScore(fit)" in script
    assert "R = 500" in script


def test_a_plain_factor_model_is_a_cfa_call() -> None:
    fit = fit_sem(holzinger(), HS, likelihood="wishart", orthogonal=True)
    script = lavaan_script(fit)
    assert "fit <- cfa(" in script
    assert 'likelihood = "wishart"' in script
    assert "orthogonal = TRUE" in script
    assert "lavTestScore" not in script
