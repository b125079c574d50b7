"""A reverse-keyed item is turned where the model says so, told, and refused where it has no meaning."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.covariance.measurement_invariance.ordinal_invariance import ordinal_invariance
from analysis.covariance.sem import fit_sem
from analysis.covariance.text.script import lavaan_script
from analysis.covariance.text.syntax import parse
from analysis.errors import DataError, ModelError
from analysis.moments import moments
from tests.analysis.peer_data import four_categories

ONE = "f =~ u1 + {} + u3 + u4"


@pytest.mark.parametrize(
    "text", ["f =~ u1 + -u2 + u3 + u4", "f =~ u1 - u2 + u3 + u4", ONE.format("reverse(u2)")]
)
def test_a_reversed_item_is_counted_from_the_other_end(text: str) -> None:
    data = four_categories()
    worded = data.assign(u2=5 - data["u2"])
    fit = fit_sem(worded, text, mean_structure=True)
    plain = fit_sem(data, ONE.format("u2"), mean_structure=True)
    assert fit.fit == plain.fit
    assert fit.estimates["est"].tolist() == plain.estimates["est"].tolist()
    assert fit.warnings[0].startswith("u2 is read the other way round, as 5 - u2")
    scores = fit.factor_scores(worded.iloc[:5])
    assert scores.equals(plain.factor_scores(data.iloc[:5]))


def test_the_text_keeps_the_reversal_and_the_script_for_r_turns_the_column() -> None:
    model = parse("f =~ u1 - u2 + .8*reverse(u3) + u4")
    assert model.reversed_items == ("u2", "u3")
    assert parse(model.text) == model
    script = lavaan_script(fit_sem(four_categories(), model))
    assert 'data[["u2"]] <- 5 - data[["u2"]]' in script
    assert "reverse(" not in script
    assert "f =~ 0.8*u3" in script


def test_the_ordinal_ladder_turns_it_too() -> None:
    data = four_categories()
    text = "f1 =~ u1 + {}u2 + u3 + u4; f2 =~ u5 + u6 + u7 + u8"
    found = ordinal_invariance(data.assign(u2=5 - data["u2"]), text.format("-"), "g")
    plain = ordinal_invariance(data, text.format(""), "g")
    assert [s.fit for s in found.steps] == [s.fit for s in plain.steps]
    assert found.warnings[0].startswith("u2 is read the other way round")


def test_minus_one_times_an_item_is_a_fixed_loading_and_no_reversal() -> None:
    fit = fit_sem(four_categories(), ONE.format("-1*u2"))
    row = fit.estimates.iloc[1]
    assert (row["rhs"], row["est"], row["se"]) == ("u2", -1, 0)
    assert fit.model.reversed_items == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("u1 ~ -u2", "u2 can be reversed only where a factor is measured by it"),
        ("f =~ u1 + -k*u2 + u3", "'-' before the label k has no meaning"),
        ("f =~ u1 - u2 + u3; g =~ u2 + u4 + u5", "u2 is reversed in one place and not in another"),
    ],
)
def test_a_reversal_without_a_meaning_is_refused(text: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        parse(text)


def test_a_reversal_needs_answers() -> None:
    data = four_categories()
    with pytest.raises(DataError, match="u2: to reverse an item needs its answers"):
        fit_sem(moments(data, ["u1", "u2", "u3", "u4"]), ONE.format("-u2"))
    with pytest.raises(DataError, match="u2 has no answers to turn"):
        fit_sem(data.assign(u2=np.nan), ONE.format("-u2"))
