"""A fit that a weak marker stops is tried in other units; what stops for good shows no numbers."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.covariance.compare_models import difference_test
from analysis.covariance.minimiser import Optimum
from analysis.covariance.sem import SemFit, fit_sem
from tests.analysis.classic_data import HS, holzinger
from tests.analysis.peer_data import weak_marker

TWO = "f =~ x1 + x2 + x3 + x4; g =~ {} + y4"


def test_a_weak_marker_is_replaced_by_unit_variances_and_named() -> None:
    # lavaan 0.6-14: cfa(model, data) and cfa(model, data, std.lv = TRUE)
    fit = fit_sem(weak_marker(), TWO.format("y1 + y2 + y3"))
    assert fit.converged
    assert fit.fit["chisq"] == pytest.approx(16.0358947, rel=1e-7)
    assert fit.settings.std_lv
    assert "(y1 loads 0.05 on g)" in fit.warnings[0]
    assert "variances were fixed at 1 instead" in fit.warnings[0]


def test_a_good_marker_leaves_the_model_as_it_was_written() -> None:
    fit = fit_sem(weak_marker(), TWO.format("y2 + y1 + y3"))
    assert fit.fit["chisq"] == pytest.approx(16.0358947, rel=1e-7)
    assert not fit.settings.std_lv
    assert not any("converge" in text for text in fit.warnings)


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> SemFit:
    """A fit whose minimiser gives up where it starts."""

    def give_up(discrepancy, start, transform, offset, **options) -> Optimum:
        point = discrepancy.at(transform @ np.linalg.lstsq(transform, start)[0] + offset)
        return Optimum(point, discrepancy.gradient(point), 500, False)

    with monkeypatch.context() as patched:
        patched.setattr("analysis.covariance.restricted_minimum.minimise", give_up)
        return fit_sem(holzinger(), HS, estimator="MLR")


def test_a_fit_that_did_not_converge_has_no_results(stopped: SemFit) -> None:
    document = stopped.to_dict()
    assert document["converged"] is False
    known = {name for name, value in document["fit"].items() if value is not None}
    assert known == {"npar", "df", "baseline_df", "df_scaled", "baseline_df_scaled", "ntotal"}
    for row in document["estimates"]:
        assert row["est"] is not None
        assert [row[key] for key in ("se", "z", "pvalue", "ci_lower", "std_all")] == [None] * 5
    assert stopped.r_squared.isna().all()
    assert stopped.modification_indices().empty
    assert "neither standard errors nor fit measures" in document["warnings"][0]


def test_it_is_no_side_of_a_difference_test(stopped: SemFit) -> None:
    general = fit_sem(holzinger(), HS + "; x1 ~~ x2", estimator="MLR")
    found = difference_test(stopped, general)
    assert np.isnan(found.chisq) and np.isnan(found.pvalue)
    assert found.warning == "the restricted model did not converge: there is no difference test"
