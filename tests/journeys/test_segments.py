"""Segment rules: a closed grammar that says where it was not understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyapp.errors import Invalid
from surveyapp.journeys.segments import (
    DEEPEST,
    LONGEST_RULE,
    Comparison,
    Joined,
    Membership,
    Negation,
    parse,
)

ANNA = {"region": "North", "tenure_years": 3, "vip": True, "spend": 12.5, "plan": "South West"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('region in (North, "South West") and tenure_years >= 2', True),
        ("region not in (North)", False),
        ("region = North or missing = 1", True),
        ("missing = 1 or region = North", True),
        ("missing = 1 and region = North", False),
        ("not vip = true", False),
        ("vip = true", True),
        ("vip = 1", False),
        ("spend > 12 and spend <= 12.5", True),
        ("tenure_years = 3.0", True),
        ("plan = 'South West'", True),
        ('region != "South"', True),
        ("region < Z and region >= North", True),
        ("tenure_years < -1", False),
        ("not (region = South or tenure_years > 5)", True),
        ("region = South or region = North and tenure_years = 3", True),
        ("(region = South or region = North) and tenure_years = 4", False),
        ("NOT_A_KEYWORD = 1", False),
    ],
)
def test_a_rule_says_who_belongs(rule: str, expected: bool):
    assert parse(rule).matches(ANNA) is expected


@pytest.mark.parametrize(
    "rule", ["x = 1", "x != 1", "not x = 1", "x not in (1)", "x < 1", "not (x in (1) or x > 4)"]
)
def test_nobody_belongs_by_lack_of_an_attribute(rule: str):
    assert parse(rule).matches({}) is False
    assert parse(rule).matches({"x": None}) is False


def test_texts_and_numbers_are_unequal_and_have_no_order():
    assert parse("region != 5").matches(ANNA)
    assert not parse("region < 5").matches(ANNA)
    assert not parse("not region < 5").matches(ANNA)


def test_a_rule_names_the_attributes_that_it_asks_about():
    assert parse("b = 1 and (a = 2 or b = 3)").fields == ("b", "a")


@pytest.mark.parametrize(
    ("rule", "column", "cure"),
    [
        ("", 1, "begin a comparison"),
        ("region", 7, "write one of"),
        ("region = ", 9, "write a number"),
        ("region = North South", 16, "join it by and or or"),
        ("region in North", 11, "parentheses"),
        ("region in (North", 17, "close the parenthesis"),
        ('region = "North', 10, "close the text"),
        ("(a = 1", 7, "close the parenthesis"),
        ("a = 1 and", 10, "begin a comparison"),
        ("a == 1", 4, "write a number"),
        ("a = 24h", 5, "in quotes"),
        ("a = 1; drop", 6, "write attribute names"),
        ("__import__('os')", 11, "write one of"),
        ("a not 5", 7, "not in"),
        ("true = 1", 1, "begin a comparison"),
    ],
)
def test_what_is_not_understood_is_told_with_its_column_and_cure(rule: str, column: int, cure: str):
    with pytest.raises(Invalid) as error:
        parse(rule)
    assert f"column {column}:" in str(error.value)
    assert cure in str(error.value)
    assert error.value.field == "rule"


@pytest.mark.parametrize(
    "rule",
    [
        "a = 1 or " * 400 + "a = 1",
        "(" * (DEEPEST + 2) + "a = 1" + ")" * (DEEPEST + 2),
        "not " * (DEEPEST + 2) + "a = 1",
        " or ".join(["a=1"] * 101),
        f"a in ({','.join(['1'] * 201)})",
        "a = " + "9" * LONGEST_RULE,
    ],
    ids=["long", "deep", "nots", "comparisons", "values", "digits"],
)
def test_size_has_a_limit(rule: str):
    with pytest.raises(Invalid):
        parse(rule)


names = st.sampled_from(["a", "b", "region", "tenure_years"])
values = st.one_of(
    st.booleans(),
    st.integers(-9, 9),
    st.sampled_from([0.5, -2.25, 3.0]),
    st.text(max_size=6),
)
comparisons = st.one_of(
    st.builds(Comparison, names, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), values),
    st.builds(Membership, names, st.lists(values, min_size=1, max_size=3).map(tuple)),
)
nodes = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(Negation, inner),
        st.builds(Joined, st.lists(inner, min_size=2, max_size=3).map(tuple), st.booleans()),
    ),
    max_leaves=12,
)


def written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def text_of(node: object) -> str:
    match node:
        case Comparison(field, sign, value):
            return f"{field} {sign} {written(value)}"
        case Membership(field, values):
            return f"{field} in ({', '.join(map(written, values))})"
        case Negation(part):
            return f"not ({text_of(part)})"
        case Joined(parts, every):
            return (" and " if every else " or ").join(f"({text_of(part)})" for part in parts)
    raise AssertionError(node)


@given(nodes, st.dictionaries(names, values))
def test_what_is_written_is_what_is_parsed(node, attributes):
    assert parse(text_of(node)).matches(attributes) is (node.holds(attributes) is True)


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_an_error_in_words(text: str):
    try:
        rule = parse(text)
    except Invalid as error:
        assert "rule, column" in str(error)
    else:
        assert isinstance(rule.matches(ANNA), bool)


@given(nodes, st.dictionaries(names, values))
def test_a_rule_and_its_negation_never_both_match(node, attributes):
    assert not (node.holds(attributes) is True and Negation(node).holds(attributes) is True)
    if node.holds(attributes) is None:
        assert Negation(node).holds(attributes) is None
