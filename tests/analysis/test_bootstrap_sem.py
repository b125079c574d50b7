"""Bootstrap of models: batches equal single fits, intervals behave, tests keep their level; and power."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.bootstrap import bollen_stine, bootstrap, resampled_moments
from analysis.covariance.sem import fit_sem
from analysis.errors import DataError
from analysis.moments import moments
from tests.analysis.classic_data import HS, PD, democracy, holzinger, incomplete

ITEMS = [f"x{i}" for i in range(1, 10)]


@pytest.mark.parametrize(
    "options",
    [{}, {"likelihood": "wishart"}, {"group": "school", "equal": ("loadings", "intercepts")}],
    ids=["ml", "wishart", "groups"],
)
def test_each_resample_is_the_fit_of_its_rows(options: dict) -> None:
    data = holzinger()
    fit = fit_sem(data, HS, **options)
    rng = np.random.default_rng(5)
    draws = [rng.integers(0, n, size=(12, n)) for n in fit.group_n.values()]
    result = bootstrap(fit, indices=draws, workers=2)
    parts = (
        [data] if not options.get("group") else [p for _, p in data.groupby("school", sort=False)]
    )
    for r in (0, 11):
        rows = pd.concat([part.iloc[draw[r]] for part, draw in zip(parts, draws, strict=True)])
        alone = fit_sem(rows, HS, **options).estimates
        if options.get("group") and list(alone["group"]) != list(fit.estimates["group"]):
            raise AssertionError("groups changed places")
        assert result.samples[r] == pytest.approx(alone["est"].to_numpy(), rel=1e-5, abs=1e-6)
        assert result.standardised[r] == pytest.approx(
            alone["std_all"].to_numpy(), rel=1e-5, abs=1e-6
        )


def test_resampled_moments_are_the_moments_of_the_resampled_rows() -> None:
    rows = holzinger()[ITEMS].to_numpy()
    draw = np.random.default_rng(1).integers(0, len(rows), size=(3, len(rows)))
    mean, cov = resampled_moments(rows, draw)
    for r in range(3):
        assert mean[r] == pytest.approx(rows[draw[r]].mean(axis=0))
        assert cov[r] == pytest.approx(np.cov(rows[draw[r]].T, bias=True), abs=1e-12)


def test_the_seed_gives_the_same_intervals_again() -> None:
    fit = fit_sem(holzinger(), HS)
    one, same = bootstrap(fit, reps=60, seed=3), bootstrap(fit, reps=60, seed=3, workers=1)
    pd.testing.assert_frame_equal(one.intervals, same.intervals, rtol=1e-6)
    other = bootstrap(fit, reps=60, seed=4)
    assert not np.allclose(one.intervals["se"], other.intervals["se"])


def test_bootstrap_errors_are_near_robust_ones_and_intervals_hold_the_estimate() -> None:
    fit = fit_sem(holzinger(), HS + "\nvisual ~~ a*textual\ntwice := 2*a", estimator="MLR")
    result = bootstrap(fit, reps=800, seed=8)
    frame = result.intervals
    free = fit.estimates["se"].to_numpy() > 0
    ratio = frame["se"].to_numpy()[free] / fit.estimates["se"].to_numpy()[free]
    assert np.median(ratio) == pytest.approx(1.0, abs=0.1)
    for low, high in (("ci_lower", "ci_upper"), ("bca_lower", "bca_upper")):
        assert (frame[low] <= frame["est"] + 1e-12).all()
        assert (frame["est"] <= frame[high] + 1e-12).all()
    twice = frame[frame["op"] == ":="].iloc[0]
    half = frame[frame["label"] == "a"].iloc[0]
    for name in ("se", "ci_lower", "bca_upper"):
        assert twice[name] == pytest.approx(2 * half[name])
    json.dumps(result.to_dict(), allow_nan=False)


def test_progress_is_told_and_failures_are_counted() -> None:
    fit = fit_sem(democracy(), PD)
    heard: list[tuple[int, int]] = []
    n = fit.n
    bad = np.zeros((3, n), dtype=int)  # the same row 75 times: no covariance at all
    good = np.random.default_rng(2).integers(0, n, size=(40, n))
    result = bootstrap(
        fit,
        indices=[np.vstack([bad, good])],
        progress=lambda done, all_: heard.append((done, all_)),
    )
    assert heard[-1] == (43, 43)
    assert result.inadmissible >= 3
    assert any("did not converge" in warning for warning in result.warnings)


def test_incomplete_and_ordinal_models_are_refitted_row_by_row() -> None:
    fit = fit_sem(incomplete(), HS, missing="fiml")
    result = bootstrap(fit, reps=12, seed=1, workers=1)
    assert result.samples.shape == (12 - result.inadmissible, len(fit.estimates))
    rng = np.random.default_rng(6)
    factor = rng.normal(size=300)
    answers = {f"i{k}": np.digitize(factor + rng.normal(size=300), [-1, 0, 1]) for k in range(4)}
    ordinal = fit_sem(pd.DataFrame(answers), "f =~ i0 + i1 + i2 + i3", estimator="WLSMV")
    assert bootstrap(ordinal, reps=12, seed=1, workers=1).intervals["se"].iloc[1] > 0


def test_moments_alone_cannot_be_resampled() -> None:
    fit = fit_sem(moments(holzinger(), ITEMS), HS)
    with pytest.raises(DataError, match="needs every row"):
        bootstrap(fit, reps=20)
    fit = fit_sem(holzinger(), HS)
    with pytest.raises(DataError, match="between 0 and 300"):
        bootstrap(fit, indices=[np.full((2, 301), 301)])
    with pytest.raises(DataError, match="indices for 2 groups"):
        bootstrap(fit, indices=[np.zeros((1, 3)), np.zeros((1, 3))])


def test_bollen_stine_keeps_a_true_model_and_rejects_a_false_one() -> None:
    rng = np.random.default_rng(10)
    factor = rng.normal(size=250)
    data = pd.DataFrame({f"i{k}": factor + rng.normal(size=250) for k in range(5)})
    true = fit_sem(data, "f =~ i0 + i1 + i2 + i3 + i4")
    assert bollen_stine(true, reps=300, seed=1).pvalue > 0.05
    false = fit_sem(holzinger(), "g =~ " + " + ".join(ITEMS))
    assert bollen_stine(false, reps=200, seed=1).pvalue < 0.01
