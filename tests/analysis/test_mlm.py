"""MLM with groups, means and fixed predictors equals lavaan's, in both of its conventions.

Expected: lavaan 0.6-14, ``estimator = "MLM"``; ``h1.information = "unstructured"`` is Mplus's weight.
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.covariance.compare_models import difference_test
from analysis.covariance.sem import fit_sem
from analysis.errors import ModelError
from tests.analysis.classic_data import HS, holzinger
from tests.analysis.peer_data import two_groups_apart, with_predictors

ONE = "f =~ x1 + x2 + x3 + x4"
PATHS = "f =~ y1 + y2 + y3; f ~ p; w ~ f + {}q"


# fmt: off
SCALAR = {
    "structured": (
        (96.255097829, 0.907823049, 0.767722452, 0.228479563),
        (0.2720867433, 0.1323563779, 0.2310104427, 0.2554547115, 0.0879870120,
         0.0868303784, 0.0658505137, 0.0579416231, 0.0536127912, 0.1249654408),
    ),
    "unstructured": (
        (85.383604077, 1.023411899, 0.773792367, 0.226786945),
        (0.2705067259, 0.1331546853, 0.2150341552, 0.2531083079, 0.0870014440,
         0.0870631215, 0.0644359342, 0.0584340266, 0.0513269512, 0.1228392246),
    ),
}
# fmt: on


@pytest.mark.parametrize("h1", sorted(SCALAR))
def test_restricted_means_leave_the_moments_about_the_samples_own(h1: str) -> None:
    # cfa(model, data, group = "g", group.equal = c("loadings", "intercepts"), h1.information = h1)
    measures, errors = SCALAR[h1]
    fit = fit_sem(
        two_groups_apart(),
        ONE,
        group="g",
        estimator="MLM",
        equal=("loadings", "intercepts"),
        h1_information=h1,
    )
    names = ("chisq_scaled", "chisq_scaling_factor", "cfi_robust", "rmsea_robust")
    assert [fit.fit[name] for name in names] == pytest.approx(measures, rel=1e-5)
    frame = fit.estimates
    assert frame.loc[frame["op"] == "~~", "se"].to_numpy() == pytest.approx(
        np.array(errors), rel=1e-5
    )


def test_the_scaled_difference_of_scalar_invariance_exists() -> None:
    # lavTestLRT(metric, scalar)
    metric, scalar = (
        fit_sem(two_groups_apart(), ONE, group="g", estimator="MLM", equal=equal)
        for equal in (("loadings",), ("loadings", "intercepts"))
    )
    test = difference_test(scalar, metric)
    assert (test.chisq, test.df) == (pytest.approx(150.264774, rel=1e-5), 3)
    assert test.warning is None


@pytest.mark.parametrize(
    ("h1", "measures", "errors"),
    [
        (
            "structured",
            (5.84231242, 0.94320661, 335.05087662),
            (0.0383485174, 0.0775581475, 0.0279692321),
        ),
        (
            "unstructured",
            (5.845146209, 0.942749333, 326.248053623),
            (0.0384436750, 0.0785370909, 0.0270071576),
        ),
    ],
)
def test_gamma_takes_fixed_predictors_as_fixed(
    h1: str, measures: tuple[float, ...], errors: tuple[float, ...]
) -> None:
    fit = fit_sem(with_predictors(), PATHS.format(""), estimator="MLM", h1_information=h1)
    names = ("chisq_scaled", "chisq_scaling_factor", "baseline_chisq_scaled")
    assert [fit.fit[name] for name in names] == pytest.approx(measures, rel=1e-5)
    frame = fit.estimates
    assert frame.loc[frame["op"] == "~", "se"].to_numpy() == pytest.approx(
        np.array(errors), rel=1e-5
    )


@pytest.mark.parametrize(
    ("method", "expected"), [("2001", 180.77271), ("2010", 126.069203), ("2000", 96.6480285)]
)
def test_differences_with_fixed_predictors(method: str, expected: float) -> None:
    general, restricted = (
        fit_sem(with_predictors(), PATHS.format(word), estimator="MLM") for word in ("", "0*")
    )
    found = difference_test(restricted, general, method=method)
    assert found.chisq == pytest.approx(expected, rel=1e-4)


def test_mplus_mlm_of_holzinger_and_swineford() -> None:
    # Mplus 8.2, HS.mean.MLM.out of lucdw/lavaan-mplus: 81.908, 1.0415, 888.912, CFI .932, se .099.
    fit = fit_sem(
        holzinger(), HS, estimator="MLM", mean_structure=True, h1_information="unstructured"
    )
    assert fit.fit["chisq_scaled"] == pytest.approx(81.908, abs=5e-4)
    assert fit.fit["chisq_scaling_factor"] == pytest.approx(1.0415, abs=5e-5)
    assert fit.fit["baseline_chisq_scaled"] == pytest.approx(888.912, abs=5e-4)
    assert fit.fit["cfi_scaled"] == pytest.approx(0.932, abs=5e-4)
    assert float(fit.estimates.loc[1, "se"]) == pytest.approx(0.0989685, rel=1e-5)


def test_the_choice_of_weight_belongs_to_mlm() -> None:
    with pytest.raises(ModelError, match="MLR has no such choice"):
        fit_sem(holzinger(), HS, estimator="MLR", h1_information="unstructured")
