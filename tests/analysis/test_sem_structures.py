"""Second order, bifactor, one factor and mediation equal lavaan's numbers, from moments alone."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.covariance.sem import SemFit, fit_sem
from analysis.moments import Moments
from tests.analysis.sjq278_moments import EST, FIT, NAMES, N, covariance

SJ = """
A =~ a1 + a2 + a3 + a4
B =~ b1 + b2 + b3 + b4 + b5 + b6
C =~ c1 + c2 + c3 + c4 + c5 + c6
"""
MEDIATION = SJ + "B ~ p1*A; C ~ p2*B + p3*A; ind := p1*p2; tot := p3 + p1*p2"


def fitted(case: str) -> SemFit:
    data = Moments(NAMES, N, np.zeros(16), covariance())
    everything = " + ".join(NAMES)
    return {
        "ml": lambda: fit_sem(data, SJ),
        "ml_wishart": lambda: fit_sem(data, SJ, likelihood="wishart"),
        "onefactor": lambda: fit_sem(data, f"Q =~ {everything}"),
        "second_order": lambda: fit_sem(data, SJ + "Q =~ A + B + C"),
        "bifactor": lambda: fit_sem(data, f"G =~ {everything}" + SJ, std_lv=True, orthogonal=True),
        "sem_mediation": lambda: fit_sem(data, MEDIATION),
    }[case]()


@pytest.mark.parametrize("case", sorted(FIT))
def test_fit_equals_lavaan(case: str) -> None:
    found = fitted(case).fit
    for name, value in FIT[case].items():
        assert found[name] == pytest.approx(value, rel=1e-5, abs=1e-6), name


@pytest.mark.parametrize("case", sorted(EST))
def test_estimates_equal_lavaan(case: str) -> None:
    found = {(r.lhs, r.op, r.rhs): r for r in fitted(case).estimates.itertuples()}
    for lhs, op, rhs, est, se in EST[case]:
        row = found[lhs, op, rhs]
        assert row.est == pytest.approx(est, rel=1e-5)
        assert row.se == pytest.approx(se, rel=1e-4)


def test_total_is_direct_plus_indirect() -> None:
    found = {r.label: r.est for r in fitted("sem_mediation").estimates.itertuples() if r.label}
    assert found["tot"] == pytest.approx(found["p3"] + found["ind"])
    assert found["ind"] == pytest.approx(found["p1"] * found["p2"])
