"""A validation sets its model beside ESEM where that is asked for."""

from __future__ import annotations

import pytest

from analysis.covariance.sem import fit_sem
from analysis.errors import ModelError
from analysis.scale.esem import esem_comparison
from tests.analysis.classic_data import holzinger

MODEL = {"visual": ("x1", "x2", "x3"), "textual": ("x4", "x5", "x6"), "speed": ("x7", "x8", "x9")}
CFA = "visual =~ x1+x2+x3\ntextual =~ x4+x5+x6\nspeed =~ x7+x8+x9"


def test_esem_stands_beside_the_confirmatory_model() -> None:
    found = esem_comparison(holzinger(), MODEL, fit_sem(holzinger(), CFA))
    assert (found.fit["chisq"], found.fit["df"]) == pytest.approx((22.89674, 12), abs=1e-4)
    assert (found.delta_chisq, found.delta_df) == pytest.approx((62.40879, 12), abs=1e-4)
    assert found.factors == tuple(MODEL)
    assert [row.item for row in found.items] == [f"x{k}" for k in range(1, 10)]
    assert all(one.esem < one.cfa for one in found.correlations)
    assert found.inadmissible == ""
    # Four factors of nine items have no proper solution here.
    assert found.bifactor_fit == {}


def test_what_is_no_esem_is_refused() -> None:
    confirmatory = fit_sem(holzinger(), CFA)
    with pytest.raises(ModelError, match="too small: speed"):
        esem_comparison(holzinger(), {**MODEL, "speed": ("x7",)}, confirmatory)
    with pytest.raises(ModelError, match="at least 2 factors"):
        esem_comparison(holzinger(), {"visual": ("x1", "x2", "x3")}, confirmatory)
