"""Products of constructs, simple slopes and where they differ from zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.composite.moderation import moderation
from analysis.composite.pls import fit_pls
from analysis.errors import DataError, ModelError
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import SMALL

REFLECTIVE = SMALL.replace("<~", "=~")
PRODUCT = REFLECTIVE + " + Image:Expectation"


@pytest.mark.parametrize(
    ("method", "paths"),
    [
        # R seminr 2.5.0.9000: interaction_term("Image", "Expectation", two_stage) on mobi:
        # Image, Expectation, Value, Image*Expectation -> Satisfaction.
        (
            "two-stage",
            [0.448154176375731, 0.168475120598774, 0.316338741148845, -0.0431336608683876],
        ),
    ],
)
def test_paths_from_products_equal_r_seminr(method: str, paths: list[float]) -> None:
    fit = fit_pls(mobi(), PRODUCT, interaction=method)  # type: ignore[arg-type]
    assert fit.paths["estimate"].tolist() == pytest.approx(paths, abs=1e-9)


@pytest.mark.parametrize("method", ["two-stage", "orthogonal", "product-indicator"])
def test_products_of_other_samples_equal_pypi_seminr(method: str) -> None:
    import seminr
    from seminr import (
        composite,
        constructs,
        estimate_pls,
        interaction_term,
        mode_A,
        paths,
        relationships,
    )

    data = mobi().sample(160, random_state=9, replace=True).reset_index(drop=True)
    peer = estimate_pls(
        data,
        constructs(
            composite("Image", ["IMAG1", "IMAG2", "IMAG3"], mode_A),
            composite("Quality", ["PERQ1", "PERQ2"], mode_A),
            interaction_term("Image", "Quality", getattr(seminr, method.replace("-", "_"))),
            composite("Loyalty", ["CUSL1", "CUSL3"], mode_A),
        ),
        relationships(paths(["Image", "Quality", "Image*Quality"], "Loyalty")),
    )
    fit = fit_pls(
        data,
        "Image =~ IMAG1+IMAG2+IMAG3\nQuality =~ PERQ1+PERQ2\nLoyalty =~ CUSL1+CUSL3\n"
        "Loyalty ~ Image + Quality + Image:Quality",
        interaction=method,  # type: ignore[arg-type]
    )
    for row in fit.paths.itertuples():
        expected = peer.path_coef.get(str(row.source).replace(":", "*"), "Loyalty")
        assert abs(row.estimate) == pytest.approx(abs(expected), abs=1e-9)


def test_orthogonal_products_leave_main_effects_nearly_as_without_them() -> None:
    with_product = fit_pls(mobi(), PRODUCT, interaction="orthogonal")
    without = fit_pls(mobi(), REFLECTIVE)
    C = with_product.correlations["Image:Expectation"]
    assert C[["Image", "Expectation"]].abs().max() < 1e-9
    for source in ("Image", "Expectation"):
        assert with_product.path(source, "Satisfaction") == pytest.approx(
            without.path(source, "Satisfaction"), abs=0.02
        )


def interacting(n: int = 2_000) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    x, m = rng.normal(size=(2, n))
    y = 0.3 * x + 0.2 * m + 0.25 * x * m + 0.8 * rng.normal(size=n)
    return pd.DataFrame({"x": x, "m": m, "y": y})


def test_single_items_give_the_ordinary_regression() -> None:
    data = interacting()
    text = "X =~ x\nM =~ m\nY =~ y\nY ~ X + M + X:M"
    fit = fit_pls(data, text, bootstrap=200, seed=1)
    z = (data - data.mean()) / data.std()
    design = np.column_stack([np.ones(len(z)), z["x"], z["m"], z["x"] * z["m"]])
    b = np.linalg.lstsq(design, z["y"], rcond=None)[0]
    assert fit.paths["estimate"].tolist() == pytest.approx(b[1:].tolist(), abs=1e-9)

    found = moderation(fit, "X", "M", "Y", at=(-1, 0, 2))
    assert [s.estimate for s in found.slopes] == pytest.approx(
        [b[1] - b[3], b[1], b[1] + 2 * b[3]], abs=1e-9
    )
    # Johnson-Neyman: the slope b1 + b3 m is zero near m = -b1/b3, within the boundaries.
    low, high = found.boundaries
    assert low < -b[1] / b[3] < high
    assert found.significant == ((-3.0, low), (high, 3.0))


# The normal quantiles of the two levels, from a table.
@pytest.mark.parametrize(("level", "quantile"), [(0.95, 1.959963985), (0.90, 1.644853627)])
def test_at_a_boundary_the_slope_is_as_many_errors_from_zero_as_the_level_asks(
    level: float, quantile: float
) -> None:
    text = "X =~ x\nM =~ m\nY =~ y\nY ~ X + M + X:M"
    fit = fit_pls(interacting(), text, bootstrap=200, seed=1, level=level)
    boundaries = moderation(fit, "X", "M", "Y").boundaries
    at_them = moderation(fit, "X", "M", "Y", at=boundaries).slopes
    # The errors are those of the resampled sums, not of a covariance matrix.
    assert [s.estimate / s.se for s in at_them] == pytest.approx([-quantile, quantile], rel=1e-6)


def test_the_boundaries_are_those_of_a_regression_in_statsmodels() -> None:
    """Where the ends of statsmodels' own interval of b1 + b3 m cross zero."""
    import statsmodels.api as sm
    from scipy.optimize import brentq

    data = interacting()
    z = (data - data.mean()) / data.std()
    design = sm.add_constant(pd.DataFrame({"x": z["x"], "m": z["m"], "xm": z["x"] * z["m"]}))
    peer = sm.OLS(z["y"], design).fit(cov_type="HC3")

    def end(m: float, side: int) -> float:
        return float(peer.t_test([0, 1, 0, m]).conf_int(alpha=0.05)[0][side])

    zero = -peer.params["x"] / peer.params["xm"]
    expected = [brentq(end, zero - 2, zero, args=(1,)), brentq(end, zero, zero + 2, args=(0,))]
    text = "X =~ x\nM =~ m\nY =~ y\nY ~ X + M + X:M"
    found = moderation(fit_pls(data, text, bootstrap=2_000, seed=1), "X", "M", "Y")
    # Both errors are estimates: the distances to the middle agree to a few percent.
    assert [m - zero for m in found.boundaries] == pytest.approx(
        [m - zero for m in expected], rel=0.1
    )


def test_a_square_bends_the_line() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=1_500)
    data = pd.DataFrame({"x": x, "y": 0.4 * x - 0.3 * x**2 + rng.normal(size=1_500)})
    fit = fit_pls(data, "X =~ x\nY =~ y\nY ~ X + X:X", bootstrap=100, seed=1)
    found = moderation(fit, "X", "X", "Y", at=(0, 1))
    z = (data - data.mean()) / data.std()
    b = np.polyfit(z["x"], z["y"], 2)
    assert found.interaction.estimate == pytest.approx(b[0], abs=1e-9)
    assert found.slopes[1].estimate == pytest.approx(b[1] + 2 * b[0], abs=1e-9)


def test_moderation_needs_a_bootstrap_and_the_product() -> None:
    with pytest.raises(DataError, match="needs a bootstrap"):
        moderation(fit_pls(mobi(), PRODUCT), "Image", "Expectation", "Satisfaction")
    fit = fit_pls(mobi(), PRODUCT, bootstrap=20, seed=1)
    with pytest.raises(ModelError, match="no path Image:Value"):
        moderation(fit, "Image", "Value", "Satisfaction")
    turned = moderation(fit, "Expectation", "Image", "Satisfaction")
    assert turned.interaction.estimate == pytest.approx(
        fit.path("Image:Expectation", "Satisfaction")
    )
