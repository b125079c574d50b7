"""An improper solution gives no share and no p; a proper one that fits as well is found and taken."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.diagnostics import improprieties
from analysis.covariance.sem import fit_sem
from analysis.covariance.several_starts import Admitted, admitted
from analysis.json_values import filled
from analysis.moments import Moments
from analysis.scale.bifactor import bifactor
from analysis.scale.efa import efa
from analysis.scale.extraction import proper_extraction
from analysis.scale.method_factor import latent_method_factor, marker_sequence
from analysis.scale.schmid_leiman import omega_hierarchical
from analysis.scale.second_order import second_order
from analysis.scale.sections.bifactor import BifactorSection
from analysis.scale.sections.efa import EfaSection
from analysis.scale.sections.general_factor import GeneralFactorSection
from analysis.scale.sections.method_variance import LatentMethodPart, MethodVarianceSection
from analysis.scale.sections.second_order import SecondOrderSection
from analysis.scale.validation import validate_scale
from instruments.loader import BUILT_IN
from surveyapp.reports.studies.stored_study import Study
from surveyapp.reports.validation.registry import drawings
from tests.analysis.data_sets import HS_MODEL, SJQ_MODEL, holzinger, simulated

NAMES = tuple(f"q{i}" for i in range(9))
MODEL = {"A": NAMES[:3], "B": NAMES[3:6], "C": NAMES[6:]}
BIFACTOR = "g =~ " + " + ".join(NAMES) + "; A =~ q0+q1+q2; B =~ q3+q4+q5; C =~ q6+q7+q8"


def few_rows(n: int, seed: int) -> pd.DataFrame:
    """Nine items of a general and three group factors: hardly enough rows to tell them apart."""
    rng = np.random.default_rng(seed)
    general, group = rng.standard_normal(n), rng.standard_normal((n, 3))
    own = rng.standard_normal((n, 9))
    common = 0.6 * general[:, None] + 0.5 * np.repeat(group, 3, axis=1)
    return pd.DataFrame(common + 0.6 * own, columns=NAMES)


def test_a_further_start_finds_the_proper_solution_and_it_is_taken():
    # lavaan 0.6-14, cfa(std.lv = TRUE, orthogonal = TRUE), ends with a negative residual variance at
    # chi-square 18.453 on 18 df: higher than this proper minimum.
    first = fit_sem(few_rows(100, 24), BIFACTOR, std_lv=True, orthogonal=True)
    assert improprieties(first.solution)
    found = admitted(first)
    assert found.admissible and not improprieties(found.fit.solution)
    assert (found.fit.fit["chisq"], found.fit.fit["df"]) == (pytest.approx(18.3637, abs=1e-3), 18)
    assert "6 further starts were tried (seed 1)" in found.warnings[0] and found.reason == ""
    assert admitted(first).fit.fit == found.fit.fit  # the same starts give the same solution
    got = bifactor(few_rows(100, 24), MODEL)
    assert got.inadmissible == "" and 0 < got.omega_hierarchical < 1


def test_a_proper_method_factor_is_found_by_a_further_start():
    # lavaan 0.6-14 ends at 9.337 on 15 df with negative residual variances.
    got = latent_method_factor(few_rows(60, 19), MODEL)
    assert got.inadmissible == "" and got.models[1].admissible
    assert (got.models[1].chisq, got.models[1].df) == (pytest.approx(9.3106, abs=1e-3), 15)
    assert 0 < got.method_share < 1 and 0 < got.comparison.pvalue < 1
    assert got.warnings[0].startswith(
        "6 further starts were tried (seed 1); the first solution was improper"
    )


def test_a_proper_solution_needs_no_further_start():
    found = admitted(fit_sem(holzinger(), "v =~ x1 + x2 + x3; t =~ x4 + x5 + x6"))
    assert (found.tried, found.reason) == ("", "")
    assert found.warnings == found.fit.warnings


def test_an_improper_method_factor_gives_no_share_and_no_p():
    got = latent_method_factor(few_rows(60, 5), MODEL)  # a negative residual variance everywhere
    assert got.inadmissible.startswith(
        "with: not admissible: Heywood case: the residual variance of q7"
    )
    assert "6 further starts were tried (seed 1): " in got.inadmissible
    assert np.isnan([got.method_share, got.substantive_share, got.comparison.pvalue]).all()
    assert np.isnan(list(got.loadings.values())).all()
    part = filled(
        LatentMethodPart, got, loadings=[{"item": i, "loading": x} for i, x in got.loadings.items()]
    )
    assert (part.method_share, part.comparison.pvalue) == (None, None)
    assert [row.admissible for row in part.models] == [True, False]
    told = drawn(MethodVarianceSection(None, None, None, None, part))
    assert "gives no share of variance and no test" in told and "(not admissible)" in told
    assert "explains" not in told


def test_an_improper_step_of_the_marker_sequence_decides_nothing(monkeypatch: pytest.MonkeyPatch):
    data = simulated(400, points=0)
    rng, own = np.random.default_rng(2), np.random.default_rng(3).normal(size=400)
    for name in ("m1", "m2", "m3"):
        data[name] = 0.8 * own + 0.6 * rng.normal(size=400)
    order = iter([(), (), ("made up",), (), ()])  # Method-C is improper
    monkeypatch.setattr(
        "analysis.scale.method_factor.admitted", lambda fit: Admitted(fit, next(order))
    )
    got = marker_sequence(data, SJQ_MODEL, ("m1", "m2", "m3"))
    assert [model.admissible for model in got.models][2] is False
    assert got.method_variance is None and got.unequal is None and got.biased is None
    assert np.isnan(got.share) and got.inadmissible.startswith("Method-C: not admissible: made up")


def test_improper_general_factors_are_null_and_say_why():
    data = few_rows(60, 7)
    higher = second_order(data, MODEL)
    assert "the variance of A is negative" in higher.inadmissible
    omegas = (higher.omega_l1, higher.omega_l2, higher.partial_omega_l1)
    assert np.isnan([*omegas, *(x.pvalue for x in higher.loadings)]).all()
    beside = bifactor(holzinger(), HS_MODEL)
    assert beside.inadmissible.startswith("not admissible: Heywood case")
    assert np.isnan([beside.omega_hierarchical, beside.omega_total, beside.ecv]).all()
    assert np.isnan(list(beside.omega_hierarchical_subscale.values())).all()
    assert beside.puc == 27 / 36  # of the model, not of its solution


def test_a_validation_withholds_what_improper_solutions_say():
    found = validate_scale(few_rows(60, 7), model=MODEL, draws=2, reps=2, efa_method="ml")
    higher, beside = found[SecondOrderSection], found[BifactorSection]
    assert higher.inadmissible and {x.r_squared for x in higher.loadings} == {None}
    exploratory, general = found[EfaSection], found[GeneralFactorSection]
    assert exploratory.inadmissible.startswith("not admissible: Heywood case: q1")
    assert (exploratory.pvalue, exploratory.chisq, set(exploratory.variance)) == (
        None,
        None,
        {None},
    )
    assert (general.omega_hierarchical, general.ecv) == (None, None)
    for section in (higher, exploratory, general):
        told = drawn(section)
        assert "not admissible" in told and "Share of variance" not in told
    if beside.inadmissible:
        assert beside.ecv is None and "%" not in drawn(beside)


def drawn(section: Any) -> str:
    """All that the report prints of a section."""
    parts = drawings()[section.name].PARTS
    asked = Study(None, "", "", None, None, date(2026, 11, 22), BUILT_IN, file="answers.csv")
    return str([list(part.draw(section, asked, iter(range(1, 9)))) for part in parts])


@pytest.mark.parametrize("ml", [True, False])
def test_extraction_leaves_a_heywood_case_that_is_no_minimum(ml: bool):
    loadings = np.kron(np.eye(2), np.full((4, 1), 0.7))
    R = loadings @ loadings.T
    np.fill_diagonal(R, 1.0)
    stuck = loadings.copy()
    stuck[0] = (1.0, 0.0)
    found = proper_extraction(R, stuck, ml=ml)
    assert found.proper and "this one is proper" in found.tried
    assert (found.loadings**2).sum(axis=1) == pytest.approx([0.49] * 8, abs=1e-4)
    assert proper_extraction(R, loadings, ml=ml).tried == ""


def test_an_exploratory_heywood_case_is_not_admissible():
    got = efa(few_rows(60, 8), 3)
    assert got.inadmissible.startswith("not admissible: Heywood case: q0 has a communality of 0.99")
    assert "6 further starts (seed 1)" in got.inadmissible and got.inadmissible in got.warnings
    shares = omega_hierarchical(few_rows(60, 8), 3)
    assert np.isnan([shares.omega_hierarchical, shares.omega_total, shares.ecv]).all()


def test_residuals_that_correlate_beyond_1_are_told():
    """lavaan 0.6-14, sem(sample.cov, sample.nobs = 300): theta of a and b .100, with a covariance of -.199,
    and the warning that theta is not positive definite.
    """
    covariances = np.array([[1, 0.7, 0.9], [0.7, 1, 0.9], [0.9, 0.9, 1.5]])
    moments = Moments(("a", "b", "c"), 300, np.zeros(3), covariances)
    fit = fit_sem(moments, "F =~ 1*a + 1*b + 1*c\na ~~ b")
    (told,) = fit.warnings
    assert told.startswith("the covariance matrix of the residuals is not positive definite")
    assert "those of a and b correlate beyond 1" in told
    proper = Moments(("a", "b", "c"), 300, np.zeros(3), covariances + 0.2 * np.eye(3))
    assert fit_sem(proper, "F =~ 1*a + 1*b + 1*c\na ~~ b").warnings == ()


def test_one_label_for_all_groups_is_told_as_a_restriction():
    """As lavaan 0.6-14 warns of a single label in several groups; not of a label each."""
    covariances = np.array([[1, 0.5, 0.4], [0.5, 1, 0.3], [0.4, 0.3, 1]])
    groups = {
        name: Moments(("a", "b", "c"), 300, np.zeros(3), covariances) for name in ("north", "south")
    }
    (told,) = fit_sem(groups, "F =~ a + same*b + c").warnings
    assert told.startswith("one label holds a parameter equal in every group: F=~b (same)")
    assert fit_sem(groups, "F =~ a + c(b1, b2)*b + c").warnings == (
        "the model has no degrees of freedom: it fits any data, and its fit says nothing",
    )
