"""A scaling factor that is not positive leaves scaled tests undefined: None, with the cause."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.covariance import robust
from analysis.covariance.compare_models import DifferenceTest, compare_models, difference_test
from analysis.covariance.fit_measures import incremental, rmsea
from analysis.covariance.matrices import Array, jacobian
from analysis.covariance.measurement_invariance.invariance import invariance
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.statistics import Scaling, scaled_shifted
from analysis.scale.validation import validate_scale
from tests.analysis.classic_data import HS, holzinger

TWO = {"A": ("a1", "a2"), "B": ("b1", "b2")}
ONE = "f =~ x1 + x2 + x3 + x4"


def two_of_two(seed: int = 17) -> pd.DataFrame:
    """100 rows, two factors of two seven-point items; with this seed MLR's factor is negative."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=100)
    columns = {}
    for name, loading in (("a", 0.6), ("b", 0.5)):
        factor = 0.63 * common + 0.78 * rng.normal(size=100)
        for k in (1, 2):
            answer = loading * factor + np.sqrt(1 - loading**2) * rng.normal(size=100)
            columns[f"{name}{k}"] = np.searchsorted(np.linspace(-1.5, 1.5, 6), answer) + 1.0
    return pd.DataFrame(columns)


def one_of_four(seed: int = 20) -> pd.DataFrame:
    """40 rows in two groups; with this seed the factor of metric against configural is negative."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=40)
    data = pd.DataFrame(
        {f"x{k}": 1 + 0.7 * factor + 0.7 * rng.normal(size=40) for k in range(1, 5)}
    ).round(2)
    return data.assign(g=["a", "b"] * 20)


@lru_cache(maxsize=1)
def negative() -> SemFit:
    return fit_sem(two_of_two(), "A =~ a1 + a2\nB =~ b1 + b2", estimator="MLR")


def told(document: dict[str, Any]) -> str:
    return " ".join(document["warnings"])


def test_estimates_and_the_plain_test_come_out_and_scaled_figures_are_none() -> None:
    document = negative().to_dict()
    fit = document["fit"]
    assert fit["chisq_scaling_factor"] < 0
    scaled = [key for key in fit if key.endswith(("_scaled", "_robust")) and "baseline" not in key]
    assert {key for key in scaled if fit[key] is not None} == {"df_scaled"}
    assert fit["baseline_chisq_scaled"] > 0
    assert {"chisq_scaled", "pvalue_scaled", "cfi_scaled", "rmsea_scaled", "rmsea_robust"} <= set(
        scaled
    )
    plain = fit_sem(two_of_two(), "A =~ a1 + a2\nB =~ b1 + b2")
    for key in ("chisq", "pvalue", "cfi", "rmsea", "rmsea_ci_upper", "srmr"):
        assert fit[key] == pytest.approx(plain.fit[key])
    errors = [row["se"] for row in document["estimates"]]
    assert None not in errors and sum(error > 0 for error in errors) == 9
    assert "the scaling factor of the robust test is -0.227, not positive" in told(document)


def test_a_validation_of_such_a_scale_is_finished_and_says_so() -> None:
    document = validate_scale(two_of_two(), model=TWO, estimator="MLR", draws=20, reps=20).to_dict()
    json.dumps(document, allow_nan=False)
    assert document["cfa"] is not None
    assert document["cfa"]["fit"]["chisq_scaled"] is None
    assert any("scaling factor of the robust test" in w["message"] for w in document["warnings"])


def test_a_negative_factor_of_the_baseline_leaves_incremental_fit_alone_undefined() -> None:
    assert all(np.isnan(v) for v in incremental(5, 4, 60, 6, baseline_scaling=-0.1).values())
    assert all(np.isnan(v) for v in incremental(5, 4, float("nan"), 6).values())
    assert incremental(5, 4, 60, 6, scaling=0.9, baseline_scaling=1.1)["cfi"] < 1


@pytest.mark.parametrize("factor", [-0.4, 0.0, float("nan")])
def test_without_a_positive_factor_there_is_neither_statistic_nor_rmsea(factor: float) -> None:
    assert np.isnan(Scaling(factor).apply(3.0))
    assert all(np.isnan(v) for v in vars(rmsea(3.0, 2, 100, scaling=factor)).values())


def test_a_statistic_without_variance_cannot_be_shifted() -> None:
    assert not scaled_shifted(0.0, 0.0, 2).defined


def test_a_ladder_with_an_undefined_difference_is_json_and_names_the_methods_left() -> None:
    found = invariance(one_of_four(), ONE, "g", estimator="MLR")
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    metric = document["steps"][1]
    assert (metric["d_chisq"], metric["d_pvalue"], metric["d_df"]) == (None, None, 3)
    assert metric["d_cfi"] is not None
    (said,) = [text for text in document["warnings"] if text.startswith("metric: ")]
    assert "the scaling factor of the difference (-0.308) is negative" in said
    assert "Satorra & Bentler 2010" in said and "Satorra 2000" in said


def test_satorras_method_of_2000_is_the_way_out() -> None:
    found = invariance(one_of_four(), ONE, "g", estimator="MLR", method="2000")
    assert not any("scaling factor" in text for text in found.warnings)
    for step in found.steps[1:]:
        assert step.d_chisq is not None and step.d_chisq > 0
        assert step.d_pvalue is not None and 0 < step.d_pvalue < 1


def nested(estimator: str, data: pd.DataFrame) -> tuple[SemFit, SemFit]:
    general = fit_sem(data, HS, estimator=estimator, group="school", equal=("loadings",))
    equal = ("loadings", "intercepts")
    return fit_sem(data, HS, estimator=estimator, group="school", equal=equal), general


@pytest.mark.parametrize("estimator", ["MLR", "MLM"])
def test_satorras_form_of_2000_is_that_of_the_moments_sampling_covariance(estimator: str) -> None:
    """The same from V, Gamma and Delta written out (lavaan's satorra.2000 agrees to 5 digits)."""
    restricted, general = nested(estimator, holzinger())
    found = difference_test(restricted, general, method="2000")
    solution, transform = general.solution, general.table.transform
    wide, narrow = _jacobians(general), _jacobians(restricted)
    held = np.linalg.lstsq(np.vstack(wide), np.vstack(narrow), rcond=None)[0]
    left, singular, _ = np.linalg.svd(held)
    across = left[:, int(np.sum(singular > 1e-8 * singular[0])) :].T
    meat = sum(
        share * (v @ delta).T @ robust.moment_gamma(group.required_rows, means=True) @ (v @ delta)
        for delta, share, group, v in zip(
            wide,
            solution.data.shares,
            solution.data.groups,
            [robust.normal_weight(i.precision, means=True) for i in solution.implied],
            strict=True,
        )
    )
    bread = np.linalg.inv(transform.T @ solution.information @ transform)
    form = np.linalg.solve(across @ bread @ across.T, across @ bread @ meat @ bread @ across.T)
    df = len(across)
    scale = np.sqrt(df / np.trace(form @ form))
    chisq = (restricted.tests.chisq - general.tests.chisq) * scale + df - scale * np.trace(form)
    assert (found.chisq, found.df) == (pytest.approx(chisq, rel=1e-8), df)
    if estimator == "MLR":
        both = [difference_test(restricted, general, method=method) for method in ("2001", "2010")]
        assert all(found.chisq == pytest.approx(test.chisq, rel=0.1) for test in both)


def _jacobians(fit: SemFit) -> list[Array]:
    made = []
    for structure, implied in zip(fit.solution.structures, fit.solution.implied, strict=True):
        delta = jacobian(structure.factors(implied), means=True)
        full = np.zeros((len(delta), len(fit.solution.theta)))
        full[:, structure.positions] = delta
        made.append(full @ fit.table.transform)
    return made


def same(first: DifferenceTest, second: DifferenceTest) -> bool:
    return first.chisq == pytest.approx(second.chisq, rel=1e-6) and first.df == second.df


@pytest.mark.parametrize("missing", ["listwise", "fiml"])
def test_the_order_of_items_is_of_no_matter(missing: str) -> None:
    data = holzinger()
    if missing == "fiml":
        items = data[[f"x{k}" for k in range(1, 10)]]
        data = data.assign(**items.mask(np.random.default_rng(1).random(items.shape) < 0.05))
    turned = "speed =~ x9 + x7 + x8\nvisual =~ x2 + x1 + x3\ntextual =~ x5 + x4 + x6"
    options = {"estimator": "MLR", "missing": missing, "std_lv": True}
    general = fit_sem(data, HS, **options)
    tests = [
        difference_test(fit_sem(data, text, orthogonal=True, **options), general, method="2000")
        for text in (HS, turned)
    ]
    assert same(*tests)
    assert tests[0].chisq > 30


def test_an_undefined_difference_in_a_table_of_models_has_its_reason() -> None:
    data = one_of_four()
    fits = {
        "metric": fit_sem(data, ONE, estimator="MLR", group="g", equal=("loadings",)),
        "configural": fit_sem(data, ONE, estimator="MLR", group="g"),
    }
    row = compare_models(fits).loc["configural"]
    assert np.isnan(row["d_chisq"])
    assert "is negative" in row["d_warning"]


def test_robust_and_plain_measures_are_never_subtracted_from_each_other() -> None:
    """One step without robust fit: both sides of each change beside it are the plain measures."""
    data = pd.concat([two_of_two().assign(g="a"), two_of_two(46).assign(g="b")])
    text = "A =~ a1 + a2\nB =~ b1 + b2"
    found = invariance(data, text, "g", estimator="MLR", partial=False, std_lv=True)
    fits = [step.fit.fit for step in found.steps]
    assert [bool(np.isfinite(fit["cfi_robust"])) for fit in fits] == [True, True, False, True]
    assert any(text.startswith("scalar: robust CFI or RMSEA") for text in found.warnings)
    for at, kind in ((1, "cfi_robust"), (2, "cfi"), (3, "cfi")):
        assert found.steps[at].d_cfi == pytest.approx(fits[at][kind] - fits[at - 1][kind])


def test_a_defined_quantity_without_a_value_is_none_and_said() -> None:
    text = "A =~ a1 + w*a2\nB =~ b1 + b2\nq := sqrt(0 - w^2)"
    document = fit_sem(two_of_two(), text).to_dict()
    (row,) = [row for row in document["estimates"] if row["op"] == ":="]
    assert row["est"] is None
    assert "q := sqrt(0-w^2) has no value at the estimates" in told(document)
