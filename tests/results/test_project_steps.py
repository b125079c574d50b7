"""Steps that a project's answers are taken through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyapp.errors import Conflict, Invalid
from surveyapp.results.projects.step_kinds import StepKind, step_arguments, step_in_words
from surveyapp.results.projects.steps import DAY, taken
from surveyapp.results.projects.variables import Variable, Variables

KNOWN = Variables(
    {name: Variable(name, "sjq", name, name, (1.0, 7.0)) for name in ("a", "b")},
    ("region", "age"),
    has_days=True,
)
NAN = float("nan")
DATA = pd.DataFrame(
    {
        "a": [1.0, 2.0, NAN, 7.0, 9.0],
        "b": [1.0, NAN, NAN, 3.0, 4.0],
        "region": ["North", "South", None, "North", "West"],
        "age": ["30", 41, None, "x", 50],
        DAY: ["2026-01-31", "2026-02-01", "2026-02-01", "2026-02-28", "2026-03-01"],
    }
)


def after(kind: str, **typed: str) -> pd.DataFrame:
    arguments = step_arguments(StepKind(kind), typed, KNOWN)
    data, log = taken(DATA, KNOWN, [(kind, arguments)])
    assert [(one.before, one.after) for one in log] == [(5, len(data))]
    return data


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"name": "a", "comparison": ">", "value": "6"}, [0, 1, 2]),
        ({"name": "a", "comparison": "=", "value": "2"}, [0, 2, 3, 4]),
        ({"name": "a", "comparison": "missing"}, [0, 1, 3, 4]),
        ({"name": "region", "comparison": "=", "value": "North"}, [1, 2, 4]),
        ({"name": "region", "comparison": "!=", "value": "North"}, [0, 2, 3]),
        ({"name": "region", "comparison": "missing"}, [0, 1, 3, 4]),
        ({"name": "age", "comparison": "<", "value": "45"}, [2, 3, 4]),
        ({"name": "age", "comparison": "=", "value": "41.0"}, [0, 2, 3, 4]),
    ],
)
def test_rows_are_left_out_where_the_comparison_holds_and_missing_ones_stay(typed, kept):
    assert list(after("leave_out_rows", **typed).index) == kept


def test_items_are_left_out_reversed_and_recoded():
    assert list(after("leave_out_item", name="b").columns) == ["a", "region", "age", DAY]
    np.testing.assert_array_equal(after("reverse", name="b")["b"], [7, NAN, NAN, 5, 4])
    made = after("recode", name="a", values="1=5; 9=missing, 7=1")["a"]
    np.testing.assert_array_equal(made, [5, 2, NAN, 1, NAN])
    assert list(after("answered", least="1").index) == [0, 1, 3, 4]
    assert list(after("answered", least="2").index) == [0, 3, 4]
    assert list(DATA["a"][:2]) == [1, 2]  # the answers themselves are as they were


@given(st.integers(2, 60), st.integers(0, 2**31 - 1))
def test_two_halves_of_one_seed_are_all_rows_and_share_none(n, seed):
    data = pd.DataFrame({"a": np.arange(n, dtype=float), "b": np.zeros(n)})
    halves = [taken(data, KNOWN, [("half", {"half": half, "seed": seed})])[0] for half in (1, 2)]
    assert sorted([*halves[0].index, *halves[1].index]) == list(range(n))
    assert 0 <= len(halves[0]) - len(halves[1]) <= 1


@pytest.mark.parametrize(
    ("kind", "typed", "field"),
    [
        ("leave_out_item", {"name": "region"}, "name"),
        ("reverse", {"name": "c"}, "name"),
        ("recode", {"name": "a", "values": "1:5"}, "values"),
        ("recode", {"name": "a", "values": "1=5, 1=6"}, "values"),
        ("recode", {"name": "a", "values": "1=nan"}, "values"),
        ("recode", {"name": "a", "values": ""}, "values"),
        ("leave_out_rows", {"name": "a", "comparison": "~", "value": "1"}, "comparison"),
        ("leave_out_rows", {"name": "a", "comparison": ">", "value": "many"}, "value"),
        ("leave_out_rows", {"name": "a", "comparison": ">", "value": " "}, "value"),
        ("half", {"half": "3", "seed": "1"}, "half"),
        ("half", {"half": "1", "seed": "-1"}, "seed"),
        ("answered", {"least": "3"}, "least"),
        ("group", {"name": "a", "value": "1"}, "name"),
        ("group", {"name": "region", "value": " "}, "value"),
        ("period", {"since": "", "until": ""}, "since"),
        ("period", {"since": "2026-02-30"}, "since"),
        ("period", {"since": "2026-03-01", "until": "2026-02-01"}, "until"),
        ("scale", {"names": "a, c", "lowest": "1", "highest": "5"}, "names"),
        ("scale", {"names": "", "lowest": "1", "highest": "5"}, "names"),
        ("scale", {"names": "a", "lowest": "5", "highest": "5"}, "highest"),
        ("scale", {"names": "a", "lowest": "low", "highest": "5"}, "lowest"),
    ],
)
def test_what_the_answers_do_not_have_is_refused_at_its_field(kind, typed, field):
    with pytest.raises(Invalid) as refused:
        step_arguments(StepKind(kind), typed, KNOWN)
    assert refused.value.field == field


def test_a_step_on_an_item_that_is_gone_names_the_step_to_undo():
    with pytest.raises(Conflict, match="undo the step “Reverse item b”"):
        taken(DATA.drop(columns="b"), KNOWN, [("reverse", {"name": "b"})])


@pytest.mark.parametrize("kind", StepKind)
def test_every_kind_of_step_has_words(kind):
    arguments = {
        "name": "a", "comparison": "<=", "value": "3", "values": {"1": 5.0, "9": None},
        "half": 2, "seed": 7, "least": 2, "since": "2026-01-01", "until": "",
        "names": ["a", "b"], "scale": [1.0, 5.0],
    }  # fmt: skip
    assert len(step_in_words(kind, arguments)) > 10


def test_a_recoded_item_is_not_reversed_by_a_scale_that_it_no_longer_has():
    steps = [("recode", {"name": "a", "values": {"1": 0.0}}), ("reverse", {"name": "a"})]
    with pytest.raises(Conflict, match="a was recoded"):
        taken(DATA, KNOWN, steps)
    assert taken(DATA, KNOWN, steps[::-1])[0]["a"].iloc[0] == 7  # the other order is well defined


def test_a_group_and_a_period_are_kept_with_their_ends():
    assert list(after("group", name="region", value="North").index) == [0, 3]
    assert list(after("group", name="age", value="50.0").index) == [4]
    assert list(after("period", since="2026-02-01", until="2026-02-28").index) == [1, 2, 3]
    assert list(after("period", since="2026-02-28").index) == [3, 4]
    assert list(after("period", until="2026-01-31").index) == [0]
    of_file = replace(KNOWN, has_days=False)
    with pytest.raises(Invalid, match="no day of their own"):
        step_arguments(StepKind.PERIOD, {"since": "2026-01-01"}, of_file)


def test_a_set_scale_is_that_by_which_an_item_is_reversed_and_refuses_what_lies_outside():
    scale = ("scale", {"names": ["b"], "scale": [0.0, 10.0]})
    assert taken(DATA, KNOWN, [scale, ("reverse", {"name": "b"})])[0]["b"].iloc[0] == 9
    recoded = ("recode", {"name": "b", "values": {"1": 0.0}})
    again = taken(DATA, KNOWN, [recoded, scale, ("reverse", {"name": "b"})])[0]
    assert again["b"].iloc[0] == 10
    with pytest.raises(Conflict, match="1 answer to a lies outside 1 to 7"):
        taken(DATA, KNOWN, [("scale", {"names": ["a"], "scale": [1.0, 7.0]})])


def test_careless_respondents_are_left_out_by_questionnaire_and_others_stay():
    known = Variables(
        {f"q{at}": Variable(f"q{at}", "sjq", "", "", (1.0, 7.0)) for at in range(10)}, ()
    )
    values = np.random.default_rng(3).integers(1, 8, (60, 10)).astype(float)
    values[7], values[8] = 4.0, NAN  # the same throughout; nothing at all
    data = pd.DataFrame(values, columns=list(known.items))
    left = taken(data, known, [("careless", {})])[0]
    assert 7 not in left.index and 8 in left.index and len(left) > 50
    with pytest.raises(Conflict, match="6 items of a questionnaire"):
        taken(DATA, KNOWN, [("careless", {})])
