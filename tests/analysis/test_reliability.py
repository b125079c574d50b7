"""Alpha, omega and CR agree with R psych, semTools and pingouin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError, NoVariance, TooFewCases
from analysis.moments import moments
from analysis.scale.cfa import fit_cfa
from analysis.scale.pingouin_alpha import check_alpha
from analysis.scale.reliability import composite_reliability, cronbach_alpha, omega, ordinal_alpha
from tests.analysis.data_sets import HS_MODEL, SJQ_LOADINGS, holzinger, simulated

# R psych alpha() and alpha.ci(): raw alpha, lower, upper, alpha if dropped, r.drop
PSYCH = {
    "visual": (0.626117131884981, 0.546503337102635, 0.693753346172296,
               [0.506987639419139, 0.61154149588105, 0.458377727617787],
               [0.449031541312688, 0.374967961806866, 0.484281234169826]),
    "textual": (0.882706912875796, 0.857730781140277, 0.903925484390318,
                [0.830693242057226, 0.825730289666645, 0.843459158221469],
                [0.775981252646001, 0.787185931983127, 0.765352523487786]),
    "speed": (0.688455022985003, 0.622115321488137, 0.744814178813028,
              [0.619749954400679, 0.507070235855176, 0.653612336674298],
              [0.486179945939777, 0.572153341227561, 0.455532122944175]),
}  # fmt: skip
# R psych alpha(): std.alpha, average_r
PSYCH_STANDARDISED = {
    "visual": (0.627183854419127, 0.359287495765632),
    "textual": (0.884843520142446, 0.719201982841293),
    "speed": (0.689603613375585, 0.425473030702929),
}
# semTools reliability() on lavaan 0.6-14's cfa(): omega (implied), omega3 (observed variance)
SEMTOOLS_OMEGA = {
    "visual": (0.625318015570728, 0.612005151085805),
    "textual": (0.885175360316964, 0.885060773162735),
    "speed": (0.687760037205503, 0.68584169218684),
}


@pytest.mark.parametrize("factor", HS_MODEL)
def test_alpha_with_feldts_interval_is_psychs(factor: str):
    alpha, lower, upper, dropped, rest = PSYCH[factor]
    got = cronbach_alpha(holzinger(), HS_MODEL[factor])
    assert (got.alpha.estimate, got.alpha.lower, got.alpha.upper) == pytest.approx(
        (alpha, lower, upper), rel=1e-10
    )
    assert [item.alpha_if_dropped for item in got.items] == pytest.approx(dropped, rel=1e-10)
    assert [item.item_rest_correlation for item in got.items] == pytest.approx(rest, rel=1e-10)


@pytest.mark.parametrize("factor", HS_MODEL)
def test_standardised_alpha_is_psychs(factor: str):
    got = cronbach_alpha(holzinger(), HS_MODEL[factor])
    assert (got.standardised, got.mean_correlation) == pytest.approx(
        PSYCH_STANDARDISED[factor], rel=1e-10
    )


@pytest.mark.parametrize("unequal", [1.0, 50.0], ids=["like units", "one item in other units"])
def test_standardised_alpha_is_the_alpha_of_z_scores_in_pingouin(unequal: float):
    import pingouin

    data = holzinger()[["x1", "x2", "x3", "x4"]].astype(float)
    data["x4"] *= unequal
    alpha, _ = pingouin.cronbach_alpha((data - data.mean()) / data.std())
    assert cronbach_alpha(data).standardised == pytest.approx(alpha, rel=1e-12)


def test_pingouin_agrees_on_every_factors_alpha():
    columns = [f"x{i}" for i in range(1, 10)]
    data = holzinger()[columns].astype(float)
    data.iloc[3, 4] = float("nan")
    model = {"visual": columns[:3], "textual": columns[3:6], "single": columns[6:7]}
    got = check_alpha(data, model)
    assert (got.program, got.agrees) == ("pingouin", True)
    assert got.largest_difference < 1e-12
    with pytest.raises(TooFewCases, match="several items"):
        check_alpha(data, {"single": columns[6:7]})


def test_alpha_is_pingouins_up_to_its_rounding():
    import pingouin

    data = holzinger()[["x4", "x5", "x6"]]
    alpha, interval = pingouin.cronbach_alpha(data)
    got = cronbach_alpha(data).alpha
    assert got.estimate == pytest.approx(alpha, rel=1e-12)
    assert [got.lower, got.upper] == pytest.approx(interval, abs=5e-4)


def test_alpha_from_moments_is_alpha_from_rows():
    data = holzinger()[["x1", "x2", "x3"]]
    assert cronbach_alpha(moments(data)) == cronbach_alpha(data)


@settings(max_examples=20, deadline=None)
@given(st.permutations(["x4", "x5", "x6"]), st.floats(0.01, 100), st.floats(-50, 50))
def test_item_order_and_units_do_not_matter_to_alpha(order: list, factor: float, shift: float):
    data = holzinger()
    scaled = data[order] * factor + shift
    assert cronbach_alpha(scaled).alpha.estimate == pytest.approx(PSYCH["textual"][0], rel=1e-8)


@pytest.mark.parametrize("factor", HS_MODEL)
def test_omega_from_a_cfa_is_semtools(factor: str):
    fitted = fit_cfa(holzinger(), HS_MODEL)
    mine = fitted.of(factor)
    items = [x.item for x in mine]
    variance = float(fitted.factor_covariances.loc[factor, factor])
    loadings, residuals = [x.est for x in mine], [x.residual for x in mine]
    implied, observed = SEMTOOLS_OMEGA[factor]
    assert omega(loadings, residuals, factor_variance=variance) == pytest.approx(implied, abs=1e-6)
    total = fitted.sample.loc[items, items].to_numpy().sum()
    assert omega(
        loadings, residuals, factor_variance=variance, total_variance=total
    ) == pytest.approx(observed, abs=1e-6)


def test_composite_reliability_of_the_published_sjq_loadings():
    got = [composite_reliability(loadings) for loadings in SJQ_LOADINGS.values()]
    assert got == pytest.approx([0.929, 0.949, 0.972], abs=5e-4)


def test_alpha_omega_and_cr_agree_when_all_loadings_are_equal():
    loading, k = 0.7, 5
    cov = np.full((k, k), loading**2)
    np.fill_diagonal(cov, 1.0)
    rng = np.random.default_rng(3)
    raw = rng.normal(size=(200, k))
    white = (raw - raw.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    data = pd.DataFrame(white @ np.linalg.cholesky(cov).T)
    alpha = cronbach_alpha(data).alpha.estimate
    assert alpha == pytest.approx(composite_reliability([loading] * k))
    assert alpha == pytest.approx(omega([loading] * k, [1 - loading**2] * k))


def test_incomplete_rows_are_counted_not_lost():
    data = holzinger()[["x1", "x2", "x3"]]
    data.iloc[:5, 1] = np.nan
    got = cronbach_alpha(data)
    assert (got.n, got.dropped) == (296, 5)


def test_one_item_has_no_alpha():
    with pytest.raises(DataError, match="at least 2 items, found 1"):
        cronbach_alpha(holzinger()[["x1"]])


def test_a_constant_item_is_named():
    data = holzinger()[["x1", "x2"]].assign(x2=4)
    with pytest.raises(NoVariance, match="x2"):
        cronbach_alpha(data)


def test_two_rows_are_too_few():
    with pytest.raises(TooFewCases, match="at least 3"):
        cronbach_alpha(holzinger()[["x1", "x2"]].head(2))


def test_ordinal_alpha_is_the_alpha_of_the_answers_before_they_were_cut():
    # Parallel items correlating .5: alpha 4 x .5 / (1 + 3 x .5) = .8; cutting lowers plain alpha.
    model = {"A": tuple("abcd")}
    data = simulated(
        20_000, model=model, loadings={"A": (0.5**0.5,) * 4}, correlation=1.0, points=0
    )
    cut = (data > 0.8).astype(int) + (data > 1.5)
    assert ordinal_alpha(cut) == pytest.approx(0.8, abs=0.01)
    assert cronbach_alpha(cut).alpha.estimate < 0.75
