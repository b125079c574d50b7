"""What must hold for any fit: identities, invariances, recovery of known populations."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.fit_measures import rmsea
from analysis.covariance.missing.missing_patterns import em_moments, log_likelihood, patterns_of
from analysis.covariance.sem import fit_sem
from analysis.covariance.text.model import measurement_model
from analysis.moments import moments
from tests.analysis.classic_data import HS, PD, democracy, holzinger, incomplete
from tests.analysis.data_sets import SJQ_LOADINGS, SJQ_MODEL, simulated

ITEMS = [f"x{i}" for i in range(1, 10)]


def estimates(fit) -> dict[tuple[str, str, str], float]:
    return {(r.lhs, r.op, r.rhs): r.est for r in fit.estimates.itertuples()}


def test_moments_give_what_rows_give() -> None:
    data = holzinger()
    rows, summary = fit_sem(data, HS), fit_sem(moments(data, ITEMS), HS)
    assert summary.fit == pytest.approx(rows.fit, rel=1e-12, nan_ok=True)
    assert estimates(summary) == pytest.approx(estimates(rows), rel=1e-12)


@pytest.mark.parametrize("options", [{}, {"estimator": "MLR"}, {"missing": "fiml"}])
def test_row_order_column_order_and_names_of_groups_do_not_matter(options: dict) -> None:
    data = incomplete() if options.get("missing") else holzinger()
    first = fit_sem(data, HS, **options)
    shuffled = data.sample(frac=1, random_state=4)[data.columns[::-1]]
    assert fit_sem(shuffled, HS, **options).fit == pytest.approx(first.fit, rel=1e-6, nan_ok=True)
    one = fit_sem(data, HS, group="school", equal=("loadings",), **options)
    renamed = data.assign(school=data["school"].map({"Pasteur": "zz", "Grant-White": "aa"}))
    other = fit_sem(renamed, HS, group="school", equal=("loadings",), **options)
    assert other.fit == pytest.approx(one.fit, rel=1e-6, nan_ok=True)


def test_units_change_estimates_but_not_fit() -> None:
    data = holzinger()
    scaled = data.assign(
        **{
            item: data[item] * factor
            for item, factor in zip(ITEMS, (1e6, 1e-5, 1) * 3, strict=True)
        }
    )
    before, after = fit_sem(data, HS), fit_sem(scaled, HS)
    for name in ("chisq", "cfi", "rmsea", "srmr", "gfi", "aic"):
        if name != "aic":
            assert after.fit[name] == pytest.approx(before.fit[name], rel=1e-7)
    assert after.estimates["std_all"].to_numpy() == pytest.approx(
        before.estimates["std_all"].to_numpy(), rel=1e-6
    )


def test_a_turned_item_turns_its_loading_only() -> None:
    data = holzinger()
    before = estimates(fit_sem(data, HS))
    after = estimates(fit_sem(data.assign(x2=-data["x2"]), HS))
    for key, value in before.items():
        sign = -1 if key == ("visual", "=~", "x2") else 1
        assert after[key] == pytest.approx(sign * value, rel=1e-6)


def test_marker_and_standardised_factors_fit_alike() -> None:
    data = holzinger()
    marker, unit = fit_sem(data, HS), fit_sem(data, HS, std_lv=True)
    assert unit.fit == pytest.approx(marker.fit, rel=1e-7, nan_ok=True)
    loadings = unit.estimates.query("op == '=~'")["est"].to_numpy()
    assert loadings == pytest.approx(
        marker.estimates.query("op == '=~'")["std_lv"].to_numpy(), rel=1e-6
    )


def test_chi_square_is_n_times_the_discrepancy() -> None:
    fit = fit_sem(holzinger(), HS).fit
    assert fit["chisq"] == pytest.approx(301 * 2 * fit["fmin"])
    assert fit["chisq"] == pytest.approx(2 * (fit["unrestricted_logl"] - fit["logl"]))
    assert fit["rmsea"] == pytest.approx(rmsea(fit["chisq"], fit["df"], 301).estimate)


def test_fiml_without_holes_is_ml_with_means() -> None:
    data = holzinger()
    complete = fit_sem(data, HS, mean_structure=True, information="observed")
    full = fit_sem(data, HS, missing="fiml")
    for name in ("chisq", "logl", "cfi", "rmsea", "srmr", "unrestricted_logl", "baseline_chisq"):
        assert full.fit[name] == pytest.approx(complete.fit[name], rel=1e-7), name
    assert full.estimates["est"].to_numpy() == pytest.approx(
        complete.estimates["est"].to_numpy(), rel=1e-6, abs=1e-9
    )
    assert full.estimates["se"].to_numpy() == pytest.approx(
        complete.estimates["se"].to_numpy(), rel=1e-5, abs=1e-9
    )


def test_em_moments_are_a_maximum_of_the_likelihood() -> None:
    patterns = patterns_of(incomplete()[ITEMS].to_numpy())
    mean, cov = em_moments(patterns, tuple(ITEMS))
    top = log_likelihood(patterns, mean, cov)
    # lavaan 0.6-14: logl of the unrestricted model for these incomplete data.
    assert top == pytest.approx(-3335.29939, rel=1e-7)
    rng = np.random.default_rng(1)
    for _ in range(5):
        noise = rng.normal(scale=1e-3, size=cov.shape)
        assert log_likelihood(patterns, mean, cov + (noise + noise.T) / 2) < top
        assert log_likelihood(patterns, mean + rng.normal(scale=1e-3, size=9), cov) < top


def test_a_regression_with_observed_predictors_is_ordinary_least_squares() -> None:
    rng = np.random.default_rng(11)
    x = rng.normal(size=(200, 2)) @ [[1.0, 0.4], [0.0, 1.0]]
    y = 1.5 + x @ [0.5, -0.3] + rng.normal(size=200)
    data = pd.DataFrame({"y": y, "a": x[:, 0], "b": x[:, 1]})
    fit = fit_sem(data, "y ~ a + b", mean_structure=True)
    design = np.column_stack([x, np.ones(200)])
    beta, (residual,), *_ = np.linalg.lstsq(design, y)
    sigma2 = residual / 200
    se = np.sqrt(np.diag(sigma2 * np.linalg.inv(design.T @ design)))
    found = {(r.lhs, r.op, r.rhs): r for r in fit.estimates.itertuples()}
    rows = [found["y", "~", "a"], found["y", "~", "b"], found["y", "~1", ""]]
    assert [r.est for r in rows] == pytest.approx(list(beta), rel=1e-8)
    assert [r.se for r in rows] == pytest.approx(list(se), rel=1e-6)
    # The likelihood is that of y given its predictors.
    logl = -100 * (np.log(2 * np.pi * sigma2) + 1)
    assert fit.fit["logl"] == pytest.approx(logl, rel=1e-9)
    assert (fit.fit["df"], fit.fit["baseline_df"], fit.fit["npar"]) == (0, 2, 4)
    assert fit.r_squared["y"] == pytest.approx(1 - sigma2 / y.var(), rel=1e-8)


@pytest.mark.parametrize(
    "options",
    [{}, {"estimator": "MLR"}, {"estimator": "MLM"}, {"missing": "fiml", "estimator": "MLR"}],
)
def test_fixed_and_random_predictors_give_the_same_model(options: dict) -> None:
    """The likelihood splits into that of the answers given the predictors, and the predictors'."""
    data = (incomplete() if options.get("missing") else holzinger()).assign(
        sex=holzinger()["sex"], age=holzinger()["ageyr"] + holzinger()["agemo"] / 12
    )
    text = HS + "; visual ~ age + sex; textual ~ age + sex; speed ~ age + sex + textual"
    fixed, random = (fit_sem(data, text, fixed_x=x, **options) for x in (True, False))
    # Satorra and Bentler's Gamma is that of the moments given fixed predictors: test_mlm has its numbers.
    scaled = options.get("estimator") != "MLM"
    for name in ("chisq", "df", "rmsea", "srmr", *(("chisq_scaling_factor",) if scaled else ())):
        if name in fixed.fit:
            assert fixed.fit[name] == pytest.approx(random.fit[name], rel=1e-8), name
    ours, theirs = (
        {(r.lhs, r.op, r.rhs): (r.est, r.se) for r in fit.estimates.itertuples()}
        for fit in (fixed, random)
    )
    for key, (est, se) in ours.items():
        if se > 0:
            assert est == pytest.approx(theirs[key][0], rel=1e-6, abs=1e-9)
            assert se == pytest.approx(theirs[key][1], rel=1e-6 if scaled else 5e-3, abs=1e-9)


def test_defined_quantities_have_delta_method_errors() -> None:
    rng = np.random.default_rng(12)
    x = rng.normal(size=300)
    m = 0.5 * x + rng.normal(size=300)
    y = 0.4 * m + 0.2 * x + rng.normal(size=300)
    data = pd.DataFrame({"x": x, "m": m, "y": y})
    text = "m ~ a*x; y ~ b*m + c*x; ind := a*b; total := c + ind; share := ind/total"
    fit = fit_sem(data, text)
    found = {r.label: r for r in fit.estimates.itertuples() if r.label}
    a, b = found["a"], found["b"]
    assert found["ind"].est == pytest.approx(a.est * b.est)
    # Sobel (1982): the two coefficients come from different equations and are uncorrelated.
    assert found["ind"].se == pytest.approx(np.hypot(a.est * b.se, b.est * a.se), rel=1e-6)
    assert found["total"].est == pytest.approx(found["c"].est + found["ind"].est)
    assert found["share"].est == pytest.approx(found["ind"].est / found["total"].est)


def test_equality_by_label_and_by_constraint_are_the_same() -> None:
    data = holzinger()
    labelled = fit_sem(data, "f =~ x1 + a*x2 + a*x3; g =~ x4 + x5 + x6")
    written = fit_sem(data, "f =~ x1 + a*x2 + b*x3; g =~ x4 + x5 + x6\na == b")
    assert written.fit == pytest.approx(labelled.fit, rel=1e-8, nan_ok=True)
    assert written.estimates["se"].to_numpy() == pytest.approx(
        labelled.estimates["se"].to_numpy(), rel=1e-6
    )
    assert labelled.fit["npar"] == fit_sem(data, "f =~ x1+x2+x3; g =~ x4+x5+x6").fit["npar"] - 1


def test_group_likelihoods_add_up_when_nothing_is_shared() -> None:
    data = holzinger()
    both = fit_sem(data, HS, group="school").fit
    parts = [fit_sem(part, HS, mean_structure=True).fit for _, part in data.groupby("school")]
    for name in ("chisq", "df", "logl", "npar", "baseline_chisq"):
        assert both[name] == pytest.approx(sum(part[name] for part in parts), rel=1e-8)


@pytest.mark.parametrize("estimator", ["ML", "MLR", "WLSMV"])
def test_a_simulated_sjq_population_is_recovered(estimator: str) -> None:
    data = simulated(4000, seed=9, points=7 if estimator == "WLSMV" else 0)
    fit = fit_sem(data, measurement_model(SJQ_MODEL), estimator=estimator)
    loadings = fit.estimates.query("op == '=~'")
    truth = np.concatenate([SJQ_LOADINGS[factor] for factor in SJQ_MODEL])
    assert np.abs(loadings["std_all"].to_numpy() - truth).max() < 0.02
    factors = fit.estimates.query("op == '~~' and lhs != rhs")
    assert np.abs(factors["std_all"].to_numpy() - 0.6).max() < 0.04
    assert fit.fit["cfi"] > 0.99


def test_ninety_five_percent_intervals_cover_the_truth_in_500_samples() -> None:
    """Coverage of every loading and factor correlation, standardised, of the SJQ population."""
    model = measurement_model(SJQ_MODEL)
    truth = np.concatenate([*(SJQ_LOADINGS[factor] for factor in SJQ_MODEL), [0.6] * 3])
    rng = np.random.default_rng(2021)
    names = [item for items in SJQ_MODEL.values() for item in items]
    loadings = np.zeros((16, 3))
    for k, factor in enumerate(SJQ_MODEL):
        at = [names.index(item) for item in SJQ_MODEL[factor]]
        loadings[at, k] = SJQ_LOADINGS[factor]
    phi = np.full((3, 3), 0.6) + 0.4 * np.eye(3)
    sigma = loadings @ phi @ loadings.T
    np.fill_diagonal(sigma, 1.0)
    root = np.linalg.cholesky(sigma)
    covered = np.zeros(len(truth))
    for _ in range(500):
        sample = pd.DataFrame(rng.normal(size=(278, 16)) @ root.T, columns=names)
        frame = fit_sem(sample, model, std_lv=True).estimates
        rows = frame[
            (frame["op"] == "=~") | ((frame["op"] == "~~") & (frame["lhs"] != frame["rhs"]))
        ]
        covered += np.abs(rows["std_all"].to_numpy() - truth) <= 1.96 * rows["std_se"].to_numpy()
    assert 0.93 <= covered.mean() / 500 <= 0.97
    assert np.all(covered / 500 > 0.90)


def test_the_result_is_json_at_full_precision() -> None:
    fit = fit_sem(holzinger(), HS + "\nvisual ~~ c*textual\ntwice := 2*c", group="school", seed=7)
    text = json.dumps(fit.to_dict(), allow_nan=False)
    back = json.loads(text)
    assert back["fit"]["chisq"] == fit.fit["chisq"]
    assert back["n"] == 301
    assert back["groups"] == {"Pasteur": 156, "Grant-White": 145}
    assert back["estimates"][0]["lhs"] == "visual"
    assert back["estimates"][0]["z"] is None
    assert back["settings"]["seed"] == 7


def test_factor_scores_keep_the_index_and_allow_missing_answers() -> None:
    data = incomplete()
    data.index = data.index + 1000
    data.loc[data.index[0], ITEMS] = np.nan
    fit = fit_sem(data, HS, missing="fiml")
    scores = fit.factor_scores(data)
    assert list(scores.index) == list(data.index)
    assert scores.iloc[0].isna().all()
    assert scores.iloc[1:].notna().all().all()
    assert scores["visual"].mean() == pytest.approx(0, abs=0.02)


def test_second_order_and_bifactor_models_fit_their_populations() -> None:
    data = simulated(1500, seed=3, points=0)
    first = measurement_model(SJQ_MODEL)
    text = first.text + "\nsjq =~ personalization + coherence + seamlessness"
    second = fit_sem(data, text)
    # Three first-order factors: the second order is a rearrangement of their covariances.
    assert second.fit["chisq"] == pytest.approx(fit_sem(data, first).fit["chisq"], rel=1e-6)
    loadings = second.estimates.query("lhs == 'sjq' and op == '=~'")["std_all"]
    assert np.abs(loadings.to_numpy() - np.sqrt(0.6)).max() < 0.06
    items = " + ".join(item for members in SJQ_MODEL.values() for item in members)
    bifactor = fit_sem(data, f"g =~ {items}\n{first.text}", std_lv=True, orthogonal=True)
    assert bifactor.fit["df"] == 88
    assert bifactor.fit["cfi"] > 0.99


@pytest.mark.parametrize(
    "text", [HS, f"{HS}; g =~ visual + textual + speed", PD], ids=["hs", "second", "pd"]
)
@pytest.mark.parametrize("missing", ["listwise", "fiml"])
def test_the_gradient_is_nothing_at_the_estimates(text: str, missing: str) -> None:
    data = democracy() if text is PD else incomplete()
    solution = fit_sem(data, text, missing=missing).solution
    slope, curve = solution.discrepancy.derivatives(solution.optimum.point, exact=True)
    # In units of each parameter's own curvature.
    assert np.abs(slope / np.sqrt(np.diag(curve))).max() < 1e-8


def test_the_order_of_factors_and_their_factor_does_not_matter() -> None:
    visual, textual, speed = HS.split("; ")
    general = "g =~ visual + textual + speed"
    orders = [(visual, textual, speed, general), (general, visual, textual, speed)]
    orders.append((visual, general, textual, speed))
    fits = [fit_sem(holzinger(), "; ".join(lines)) for lines in orders]
    for fit in fits:
        assert fit.fit["chisq"] == pytest.approx(fits[0].fit["chisq"], rel=1e-9)
        assert fit.solution.optimum.iterations < 15
