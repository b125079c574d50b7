"""Purification is a proposal: one item at a time, never below three items a factor."""

from __future__ import annotations

import pytest

from analysis.scale.cfa import fit_cfa
from analysis.scale.purification import propose_purification
from tests.analysis.data_sets import HS_MODEL, holzinger, mobi, mobi_model, simulated


def test_weak_items_are_proposed_weakest_first():
    model = {"A": tuple("abcde"), "B": tuple("vwxyz")}
    loadings = {"A": (0.8, 0.8, 0.8, 0.3, 0.8), "B": (0.8, 0.45, 0.8, 0.8, 0.8)}
    data = simulated(1500, model=model, loadings=loadings, points=0)
    got = propose_purification(data, model)
    assert [step.item for step in got.steps] == ["d", "w"]
    assert got.model == {"A": ("a", "b", "c", "e"), "B": ("v", "x", "y", "z")}
    for step in got.steps:
        assert abs(step.loading) < 0.7
        assert step.alpha_after > step.alpha_before
        assert step.after["df"] < step.before["df"]
    assert got.kept_below_cut == ()


def test_three_items_a_factor_stay_however_weak():
    got = propose_purification(holzinger(), HS_MODEL)
    assert got.steps == ()
    assert got.kept_below_cut == ("x2", "x3", "x7", "x9")  # standardised below .70 in lavaan


def test_each_step_starts_from_what_the_last_one_left():
    got = propose_purification(mobi(), mobi_model())
    assert [step.step for step in got.steps] == list(range(1, len(got.steps) + 1))
    for before, after in zip(got.steps, got.steps[1:], strict=False):
        assert after.before == before.after
    assert all(len(got.model[f]) >= min(3, len(items)) for f, items in mobi_model().items())


def test_the_number_of_steps_can_be_bounded():
    assert len(propose_purification(mobi(), mobi_model(), most_steps=1).steps) == 1


def test_nothing_is_proposed_for_the_published_sjq_loadings():
    got = propose_purification(simulated(500), {"A": ("per3", "per4", "per5", "per6")})
    assert got.steps == ()
    assert got.model == {"A": ("per3", "per4", "per5", "per6")}
    assert got.loading_cut == pytest.approx(0.7)


@pytest.mark.parametrize("estimator", ["ML", "MLR", "MLM", "ULS", "GLS", "DWLS", "WLSMV"])
def test_steps_are_proposed_by_every_estimator_and_bic_is_none_without_a_likelihood(estimator: str):
    model = {"A": tuple("abcd"), "B": tuple("vwxy")}
    loadings = {"A": (0.8, 0.8, 0.3, 0.8), "B": (0.8, 0.4, 0.8, 0.8)}
    data = simulated(400, model=model, loadings=loadings)
    got = propose_purification(
        data, model, fit=lambda _, reduced: fit_cfa(data, reduced, estimator=estimator)
    )
    assert {step.item for step in got.steps} == {"c", "w"}
    for step in got.steps:
        for measures in (step.before, step.after):
            assert (measures["bic"] is not None) == estimator.startswith("ML")
            assert None not in [measures[name] for name in ("chisq", "df", "cfi", "rmsea", "srmr")]
