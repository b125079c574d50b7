"""An item worded the other way round is named with its numbers, and stops advice until it is turned."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.errors import ModelError
from analysis.moments import moments
from analysis.scale.keying import keying_sentences, opposed_items
from analysis.scale.purification import propose_purification
from analysis.scale.reliability import cronbach_alpha
from analysis.scale.sections.keying import KeyingSection
from analysis.scale.sections.purification import PurificationSection
from analysis.scale.sections.reliability import ReliabilitySection
from analysis.scale.validation import validate_scale
from instruments.loader import BUILT_IN
from surveyapp.reports.studies.stored_study import Study
from surveyapp.reports.validation.criteria import unmet
from surveyapp.reports.validation.keying import PARTS
from tests.analysis.data_sets import SJQ_MODEL, simulated

MODEL = {"A": ("a1", "a2", "a3", "a4"), "B": ("b1", "b2", "b3", "b4")}
LOADINGS = {"A": (0.75, 0.75, 0.6, 0.75), "B": (0.8, 0.7, 0.75, 0.7)}


@pytest.fixture(scope="module")
def straight() -> pd.DataFrame:
    return simulated(300, model=MODEL, loadings=LOADINGS, seed=4)


def test_the_item_is_named_with_its_correlation_and_what_turning_it_gives(straight: pd.DataFrame):
    worded = straight.assign(a2=8 - straight["a2"])
    found = opposed_items(moments(worded, list(worded)), MODEL)
    assert [(one.factor, one.item) for one in found] == [("A", "a2")]
    rest = straight[["a1", "a3", "a4"]].sum(axis=1)
    assert found[0].item_rest_correlation == pytest.approx(-straight["a2"].corr(rest), abs=1e-12)
    alpha = cronbach_alpha(straight, MODEL["A"]).alpha.estimate
    assert found[0].alpha_turned == pytest.approx(alpha, abs=1e-12)
    assert found[0].alpha < 0.2
    assert "--reverse a2" in keying_sentences(found)[0]
    again = keying_sentences(found, turned=("a2",))[0]
    assert "turned already" in again and "--reverse a2" not in again


@pytest.mark.parametrize(
    ("turned", "named"),
    [
        ((), ()),
        (("a1",), ("a1",)),  # the marker item: then the model's other loadings are negative
        (("a2", "b3"), ("a2", "b3")),
        (("a1", "a4"), ("a2", "a3")),  # divided in half: the first item gives the direction
        (("a1", "a2", "a3", "a4"), ()),  # the factor has another name, no item runs against it
    ],
)
def test_most_items_give_the_direction(
    straight: pd.DataFrame, turned: tuple[str, ...], named: tuple[str, ...]
):
    worded = straight.assign(**{item: 8 - straight[item] for item in turned})
    answers = moments(worded, list(worded))
    signs = {item: -0.7 if item in turned else 0.7 for item in straight}
    for loadings in (None, signs, {item: -value for item, value in signs.items()}):
        found = opposed_items(answers, MODEL, loadings)
        assert tuple(one.item for one in found) == named


def test_nothing_is_proposed_for_removal_before_the_item_is_turned(straight: pd.DataFrame):
    worded = straight.assign(a2=8 - straight["a2"])
    got = propose_purification(worded, MODEL)
    assert (got.steps, got.kept_below_cut, got.model) == ((), (), MODEL)
    assert got.stopped.startswith("a2 runs against the other items")
    assert propose_purification(straight, MODEL).stopped == ""


def test_a_validation_names_it_stops_advice_and_turns_it_only_when_asked(straight: pd.DataFrame):
    worded = straight.assign(a2=8 - straight["a2"])
    found = validate_scale(worded, model=MODEL, draws=2, reps=2)
    row = found[KeyingSection].opposed[0]
    assert row.item_rest_correlation is not None and row.item_rest_correlation < -0.4
    assert row.loading is not None and row.loading < -0.4
    assert found[KeyingSection].suggestions[0] in [w.message for w in found.warned]
    assert found[PurificationSection].stopped
    families = {one.family.name: one.advice for one in unmet(found.conclusions)}
    assert next(iter(families)) == "Direction of items"
    assert "more items" not in " ".join(families.values())
    asked = Study(found, "", "", None, None, date(2026, 11, 22), BUILT_IN, file="answers.csv")
    told = str(list(PARTS[0].draw(found[KeyingSection], asked, iter([1]))))
    assert "--reverse a2" in told


def test_a_negative_alpha_is_said_to_be_none():
    rng = np.random.default_rng(3)
    common = rng.standard_normal(200)
    data = pd.DataFrame(
        {name: sign * common + 0.8 * rng.standard_normal(200)
         for name, sign in (("x", 1), ("y", -1), ("z", 1), ("w", -1))}
    )  # fmt: skip
    found = validate_scale(data, model={"F": tuple(data)}, draws=2, reps=2)
    said = [w.message for w in found.warned if w.step == "reliability"]
    assert any("F: alpha is -" in text and "no reliability" in text for text in said)


def test_an_instruments_item_is_turned_about_the_ends_of_its_scale():
    sjq = BUILT_IN.load("sjq")
    data = simulated(250).clip(2, 7)  # nobody gave the lowest answer
    worded = data.assign(per3=8 - data["per3"])
    found = validate_scale(worded, sjq, reverse=("per3",), draws=2, reps=2)
    assert found[KeyingSection].opposed == ()
    assert found.settings.reversed == ("per3",)
    alpha = {row.factor: row.alpha for row in found[ReliabilitySection].rows}
    items = SJQ_MODEL["personalization"]
    assert alpha["personalization"] == cronbach_alpha(data, items).alpha.estimate
    assert "per3 is read the other way round, as 8 - per3: the ends of its scale" in str(
        found.warned
    )


@pytest.mark.parametrize(
    ("reverse", "words"),
    [(("a9",), "a9 is no item of the model"), (("a2", "a2"), "a2 stands twice")],
)
def test_a_reversal_that_would_do_nothing_is_refused(
    straight: pd.DataFrame, reverse: tuple[str, ...], words: str
):
    with pytest.raises(ModelError, match=words):
        validate_scale(straight, model=MODEL, reverse=reverse)
