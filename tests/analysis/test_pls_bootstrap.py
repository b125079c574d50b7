"""Bootstrap tables equal those of one fit after another, and say what they should."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.composite.bootstrap import bca_interval
from analysis.composite.pls import fit_pls
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import ECSI, HIGHER, SMALL, block_matrix, factor_block


@pytest.mark.parametrize("seed", [21, 22])
def test_every_resample_equals_pypi_seminr(seed: int) -> None:
    from seminr import (
        bootstrap_model,
        composite,
        constructs,
        estimate_pls,
        mode_A,
        mode_B,
        paths,
        relationships,
    )

    data = mobi()
    peer = estimate_pls(
        data,
        constructs(
            composite("Image", [f"IMAG{i}" for i in range(1, 6)], mode_A),
            composite("Expectation", ["CUEX1", "CUEX2", "CUEX3"], mode_A),
            composite("Value", ["PERV1", "PERV2"], mode_B),
            composite("Satisfaction", ["CUSA1", "CUSA2", "CUSA3"], mode_A),
        ),
        relationships(paths(["Image", "Expectation", "Value"], "Satisfaction")),
    )
    indices = np.random.default_rng(seed).integers(0, 250, size=(12, 250))
    theirs = bootstrap_model(peer, 12, indices=indices)
    fit = fit_pls(data, SMALL, indices=indices)
    assert fit.bootstrap is not None
    draws, tables = fit.bootstrap.draws, fit.bootstrap.tables
    for name, group in (
        ("paths", theirs.boot_paths),
        ("total_effects", theirs.boot_total_paths),
        ("htmt", theirs.boot_htmt),
    ):
        for k, (source, target) in enumerate(tables[name].index):
            expected = [sample.get(source, target) for sample in group]
            assert draws[name][:, k].tolist() == pytest.approx(expected, abs=1e-9)
    for name, group in (("weights", theirs.boot_weights), ("loadings", theirs.boot_loadings)):
        for k, (construct, item) in enumerate(tables[name].index):
            expected = [sample.get(item, construct) for sample in group]
            assert draws[name][:, k].tolist() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (HIGHER, {"higher_order": "two-stage"}),
        (HIGHER, {"higher_order": "repeated"}),
        (HIGHER, {"higher_order": "three-stage"}),
        (SMALL + " + Image:Value", {"interaction": "two-stage"}),
        (SMALL + " + Image:Value", {"interaction": "orthogonal"}),
        (SMALL + " + Image:Value", {"interaction": "product-indicator"}),
        (SMALL + " + Image:Image", {"interaction": "two-stage"}),
    ],
)
@pytest.mark.parametrize("holes", [False, True])
def test_every_resample_equals_a_fit_to_its_rows(
    text: str, options: dict[str, str], holes: bool
) -> None:
    data = mobi().astype(float)
    if holes:
        data = data.mask(np.random.default_rng(1).random(data.shape) < 0.02)
    indices = np.random.default_rng(6).integers(0, 250, size=(3, 250))
    fit = fit_pls(data, text, indices=indices, statistics=["paths", "loadings"], **options)  # type: ignore[arg-type]
    assert fit.bootstrap is not None
    for b, rows in enumerate(indices):
        alone = fit_pls(data.iloc[rows].reset_index(drop=True), text, **options)  # type: ignore[arg-type]
        for name in ("paths", "loadings"):
            expected = getattr(alone, name)["estimate"].to_numpy()
            found = fit.bootstrap.draws[name][b]
            if options.get("interaction") in ("orthogonal", "product-indicator"):
                # There is no interaction in these data, so that the product has no sign to keep.
                expected, found = np.abs(expected), np.abs(found)
            assert found.tolist() == pytest.approx(expected.tolist(), abs=1e-8)


def test_tables_hold_mean_spread_tests_and_percentiles_of_the_draws() -> None:
    fit = fit_pls(mobi(), ECSI, bootstrap=200, seed=4)
    assert fit.bootstrap is not None
    row = fit.bootstrap.tables["total_effects"].loc[("Image", "Loyalty")]
    k = list(fit.bootstrap.tables["total_effects"].index).index(("Image", "Loyalty"))
    draws = fit.bootstrap.draws["total_effects"][:, k]
    assert row["estimate"] == pytest.approx(fit.total("Image", "Loyalty"))
    assert row["mean"] == pytest.approx(draws.mean())
    assert row["se"] == pytest.approx(draws.std(ddof=1))
    assert row["t"] == pytest.approx(row["estimate"] / row["se"])
    assert row["p"] == pytest.approx(2 * stats.norm.sf(abs(row["t"])))
    assert [row["lower"], row["upper"]] == pytest.approx(np.quantile(draws, [0.025, 0.975]))
    ratio = fit.bootstrap.tables["htmt"].loc[("Image", "Loyalty")]
    assert ratio["t"] == pytest.approx((ratio["estimate"] - 1) / ratio["se"])


def test_a_weight_that_cannot_vary_has_no_test() -> None:
    fit = fit_pls(mobi(), ECSI, bootstrap=50, seed=4)
    assert fit.bootstrap is not None
    row = fit.bootstrap.tables["weights"].loc[("Complaints", "CUSCO")]
    assert row["se"] == 0
    assert np.isnan(row["t"])
    assert np.isnan(row["p_percentile"])


def test_the_seed_alone_decides_whatever_the_model() -> None:
    one = fit_pls(mobi(), SMALL, bootstrap=90, seed=4)
    two = fit_pls(mobi(), SMALL, bootstrap=90, seed=4)
    other = fit_pls(mobi(), SMALL, bootstrap=90, seed=5)
    larger = fit_pls(mobi(), ECSI, bootstrap=90, seed=4, statistics=["alpha"])
    assert one.bootstrap is not None and two.bootstrap is not None
    assert other.bootstrap is not None and larger.bootstrap is not None
    pd.testing.assert_frame_equal(one.bootstrap.tables["paths"], two.bootstrap.tables["paths"])
    assert not one.bootstrap.tables["paths"].equals(other.bootstrap.tables["paths"])
    k = list(larger.bootstrap.tables["alpha"].index).index("Image")
    assert one.bootstrap.draws["alpha"][:, 0].tolist() == pytest.approx(
        larger.bootstrap.draws["alpha"][:, k].tolist(), abs=1e-12
    )


def test_bca_equals_scipy_for_a_mean() -> None:
    rng = np.random.default_rng(2)
    x = rng.exponential(size=40)
    theirs = stats.bootstrap(
        (x,), np.mean, n_resamples=4000, method="BCa", rng=np.random.default_rng(3)
    )
    jackknife = np.array([np.delete(x, i).mean() for i in range(40)])[:, None]
    low, high = bca_interval(
        np.array([x.mean()]), theirs.bootstrap_distribution[:, None], jackknife
    )
    assert [low[0], high[0]] == pytest.approx(
        [theirs.confidence_interval.low, theirs.confidence_interval.high], abs=2e-3
    )


def test_a_jackknife_of_groups_gives_nearly_the_interval_of_single_rows() -> None:
    data = pd.concat([mobi()] * 3, ignore_index=True).sample(750, random_state=1)
    rows = fit_pls(data, SMALL, bootstrap=200, seed=1).bootstrap
    assert rows is not None
    table = rows.tables["paths"]
    assert (table["bca_lower"] < table["estimate"]).all()
    assert (table["estimate"] < table["bca_upper"]).all()


def _two_factors(n: int, *, cross: float, seed: int) -> pd.DataFrame:
    x, lx = factor_block((0.8, 0.7, 0.8))
    y, ly = factor_block((0.7, 0.8, 0.7))
    C = pd.DataFrame([[1, 0.5], [0.5, 1]], index=["X", "Y"], columns=["X", "Y"])
    population = block_matrix({"X": x, "Y": y}, {"X": lx, "Y": ly}, C)
    sigma = population.cov.copy()
    sigma[0, 3] = sigma[3, 0] = sigma[0, 3] + cross
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        rng.multivariate_normal(np.zeros(6), sigma, size=n), columns=list(population.names)
    )


def test_the_fit_test_keeps_a_true_model_and_rejects_a_false_one() -> None:
    text = "X =~ x1 + x2 + x3\nY =~ y1 + y2 + y3\nY ~ X"
    true = fit_pls(_two_factors(400, cross=0, seed=1), text, consistent=True, bootstrap=200, seed=1)
    false = fit_pls(
        _two_factors(400, cross=0.3, seed=1), text, consistent=True, bootstrap=200, seed=1
    )
    assert true.bootstrap is not None and false.bootstrap is not None
    assert {t.measure for t in true.bootstrap.fit_test} == {"srmr", "d_uls", "d_g"}
    assert all(t.p > 0.05 and t.value < t.quantile_95 for t in true.bootstrap.fit_test)
    assert all(t.p < 0.01 and t.value > t.quantile_99 for t in false.bootstrap.fit_test)


def test_percentile_intervals_cover_the_true_path() -> None:
    text = "X =~ x1 + x2 + x3\nY =~ y1 + y2 + y3\nY ~ X"
    hits = 0
    for seed in range(40):
        data = _two_factors(150, cross=0, seed=seed)
        boot = fit_pls(
            data, text, consistent=True, bootstrap=200, seed=1, statistics=["paths"],
            bca=False, fit_test=False,
        ).bootstrap  # fmt: skip
        assert boot is not None
        row = boot.tables["paths"].iloc[0]
        hits += row["lower"] <= 0.5 <= row["upper"]
    assert hits >= 34  # 38 of 40 expected; fewer than 34 has probability .01


def test_improper_corrected_resamples_are_counted_and_kept() -> None:
    text = SMALL.replace("<~", "=~")
    fit = fit_pls(mobi(), text, consistent=True, bootstrap=200, seed=1, statistics=["correlations"])
    boot = fit.bootstrap
    assert boot is not None
    beyond = (np.abs(boot.draws["correlations"]) > 1).any(axis=1)
    assert 0 < beyond.sum() <= boot.improper < 200
    assert len(beyond) == boot.admissible == 200
    assert any("improper" in w for w in fit.warnings)
    plain = fit_pls(mobi(), text, bootstrap=50, seed=1, statistics=["paths"]).bootstrap
    assert plain is not None and plain.improper == 0
