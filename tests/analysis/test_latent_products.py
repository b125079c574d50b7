"""PLSc recovers the paths of products of factors exactly from a population, and refuses squares."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from analysis.composite.pls import fit_pls
from analysis.errors import DataError, ModelError

# Every combination of values -1 and 1 of all causes, weighted so that X and M correlate .5: a
# population in which moments are exact. Loadings by item; errors are causes of their own.
_LOADINGS = {"x": (0.8, 0.6), "m": (0.9, 0.7), "z": (0.75, 0.65), "y": (0.85, 0.7)}
_TEXT = "X =~ x1 + x2; M =~ m1 + m2; Z =~ z1 + z2; Y =~ y1 + y2; Y ~ X + M + Z + "


@pytest.fixture(scope="module")
def causes() -> pd.DataFrame:
    names = ["X", "M", "Z", "zeta", *(f"e{item}{k}" for item in _LOADINGS for k in (1, 2))]
    frame = pd.DataFrame(list(product([-1.0, 1.0], repeat=len(names))), columns=names)
    return frame.assign(w=np.where(frame["X"] == frame["M"], 3.0, 1.0))


def _population(causes: pd.DataFrame, outcome: pd.Series) -> pd.DataFrame:
    factors = {"x": causes["X"], "m": causes["M"], "z": causes["Z"], "y": outcome}
    items = {
        f"{name}{k}": loading * factors[name] + np.sqrt(1 - loading**2) * causes[f"e{name}{k}"]
        for name, loadings in _LOADINGS.items()
        for k, loading in enumerate(loadings, start=1)
    }
    return pd.DataFrame(items).assign(w=causes["w"])


@pytest.mark.parametrize("terms", [("X:M",), ("X:M", "X:Z"), ("X:M", "M:Z", "X:Z")])
@pytest.mark.parametrize("scheme", ["path", "factorial"])
def test_paths_of_products_are_the_populations(
    causes: pd.DataFrame, terms: tuple[str, ...], scheme: str
) -> None:
    share = causes["w"] / causes["w"].sum()
    paths = {"X": 0.3, "M": 0.4, "Z": -0.2, "X:M": 0.25, "X:Z": 0.2, "M:Z": -0.15}
    raw = 0.6 * causes["zeta"]
    for name, path in paths.items():
        if ":" not in name or name in terms:
            parts = [causes[part] for part in name.split(":")]
            raw = raw + path * np.prod(parts, axis=0)
    raw = raw - share @ raw
    size = float(np.sqrt(share @ raw**2))
    data = _population(causes, raw / size)
    text = _TEXT + " + ".join(terms)
    fit = fit_pls(data, text, consistent=True, scheme=scheme, sampling_weights="w")  # type: ignore[arg-type]
    for name in ("X", "M", "Z", *terms):
        assert fit.path(name, "Y") == pytest.approx(paths[name] / size, abs=1e-9)
    assert fit.r_squared.loc["Y", "r_squared"] == pytest.approx(1 - 0.36 / size**2, abs=1e-9)
    assert not any("not corrected" in said for said in fit.warnings)
    plain = fit_pls(data, text, scheme=scheme, sampling_weights="w")  # type: ignore[arg-type]
    assert abs(plain.path("X:M", "Y")) < 0.8 * abs(paths["X:M"] / size)


def test_resamples_are_corrected_too(causes: pd.DataFrame) -> None:
    rng = np.random.default_rng(2)
    rows = rng.choice(len(causes), 600, p=(causes["w"] / causes["w"].sum()).to_numpy())
    drawn = causes.iloc[rows].reset_index(drop=True)
    y = (
        0.3 * drawn["X"]
        + 0.4 * drawn["M"]
        - 0.3 * drawn["Z"]
        + 0.3 * drawn["X"] * drawn["M"]
        + 0.6 * drawn["zeta"]
    )
    data = _population(drawn, (y - y.mean()) / y.std())
    indices = rng.integers(0, 600, size=(3, 600))
    fit = fit_pls(data, _TEXT + "X:M", consistent=True, indices=indices, fit_test=False)
    assert fit.bootstrap is not None
    for own, draw in zip(indices, fit.bootstrap.draws["paths"], strict=True):
        one = fit_pls(data.iloc[own], _TEXT + "X:M", consistent=True)
        assert draw == pytest.approx(one.paths["estimate"].to_numpy(), abs=1e-9)


def test_what_has_no_correction_is_refused(causes: pd.DataFrame) -> None:
    data = _population(causes, causes["zeta"])
    with pytest.raises(ModelError, match="X:X: a square's correction"):
        fit_pls(data, _TEXT + "X:X", consistent=True)
    # Where X is anything, M is not: hardly any variance of the product is left.
    rng = np.random.default_rng(0)
    on, sign = rng.random(300) < 0.5, rng.choice([-1.0, 1.0], 300)
    x, m = np.where(on, sign, 0.0), np.where(on, 0.0, sign)
    y = x + m + rng.normal(size=300)
    rows = {
        f"{name}{k}": values + 0.6 * rng.normal(size=300)
        for name, values in (("x", x), ("m", m), ("y", y))
        for k in (1, 2)
    }
    text = "X =~ x1 + x2; M =~ m1 + m2; Y =~ y1 + y2; Y ~ X + M + X:M"
    with pytest.raises(DataError, match="X:M: what is left of the product's variance"):
        fit_pls(pd.DataFrame(rows), text, consistent=True)
