"""What observed predictors do to fit, standardised values and defaults; products of them.

Expected: lavaan 0.6-14, ``sem("f =~ y1 + y2 + y3; f ~ p; w ~ f + q", data, ...)``.
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.covariance.sem import fit_sem
from analysis.errors import DataError, ModelError
from analysis.moments import moments
from tests.analysis.peer_data import with_predictors

PATHS = "f =~ y1 + y2 + y3; f ~ p; w ~ f + q"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (0.989242683, 0.971762042, 0.376854355)),
        ({"fixed_x": False}, (0.992394238, 0.980034875, 0.378054948)),
        ({"mean_structure": True}, (0.992681901, 0.975301417, 0.294127971)),
    ],
)
def test_gfi_leaves_fixed_predictors_out(options: dict, expected: tuple[float, ...]) -> None:
    fit = fit_sem(with_predictors(), PATHS, **options).fit
    assert [fit[name] for name in ("gfi", "agfi", "pgfi")] == pytest.approx(expected, rel=1e-6)


def test_gfi_of_incomplete_rows_does_too() -> None:
    data = with_predictors()
    data.loc[::7, "y1"] = np.nan
    data.loc[::5, "w"] = np.nan
    fit = fit_sem(data, PATHS, missing="fiml").fit
    assert [fit[name] for name in ("gfi", "agfi")] == pytest.approx(
        (0.987095149, 0.956446129), rel=1e-5
    )


def test_two_fixed_predictors_have_their_samples_correlation() -> None:
    frame = fit_sem(with_predictors(), PATHS).estimates
    row = frame[(frame["lhs"] == "p") & (frame["rhs"] == "q")].iloc[0]
    assert row["std_all"] == pytest.approx(0.0978973175, rel=1e-8)
    assert row["std_all"] == pytest.approx(with_predictors()[["p", "q"]].corr().iloc[0, 1])
    assert row["std_se"] == 0


@pytest.mark.parametrize(
    ("estimator", "measures", "covariance"),
    [
        ("GLS", (5.260466843, 8, 13, 0.992663226), (0.451914380, 0.287598201)),
        ("ULS", (26.229003774, 8, 13, 0.998517036), (0.3884763323, 0.0584221565)),
        ("WLS", (5.435771099, 8, 13, 0.990334303), (0.49025734, 0.35817277)),
    ],
)
def test_least_squares_leaves_predictors_random(
    estimator: str, measures: tuple[float, ...], covariance: tuple[float, float]
) -> None:
    fit = fit_sem(with_predictors(), PATHS, estimator=estimator)
    names = ("chisq", "df", "npar", "gfi")
    assert [fit.fit[name] for name in names] == pytest.approx(measures, rel=1e-4)
    frame = fit.estimates
    row = frame[(frame["lhs"] == "p") & (frame["rhs"] == "q")].iloc[0]
    assert (row["est"], row["se"]) == pytest.approx(covariance, rel=1e-3)


def test_a_product_of_observed_variables_is_a_predictor() -> None:
    # sem("w ~ p + q + p:q", data)
    data = with_predictors()
    fit = fit_sem(data, "w ~ p + q + p:q")
    assert fit.fit["logl"] == pytest.approx(-359.776657, rel=1e-8)
    by_hand = fit_sem(data.assign(pq=data["p"] * data["q"]), "w ~ p + q + pq")
    assert fit.estimates["est"].to_numpy() == pytest.approx(by_hand.estimates["est"].to_numpy())
    assert "w ~ p:q" in fit.model.text
    assert fit_sem(data, fit.model.text).fit == pytest.approx(fit.fit, rel=1e-12, nan_ok=True)


def test_a_product_says_what_it_cannot_be() -> None:
    data = with_predictors()
    with pytest.raises(ModelError, match=r"f:q: products with a latent variable \(f\)"):
        fit_sem(data, "f =~ y1 + y2 + y3; w ~ f + f:q")
    with pytest.raises(DataError, match="p:q: a product needs every row"):
        fit_sem(moments(data, ["w", "p", "q"]), "w ~ p + q + p:q")
    with pytest.raises(ModelError, match="product of three variables"):
        fit_sem(data, "w ~ p:q:y1")
    with pytest.raises(ModelError, match="blocks of groups or levels"):
        fit_sem(data, "group: 1\nw ~ p")
