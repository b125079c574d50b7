"""What a page asks of whom: checked when staff write it, obeyed when answers come in."""

from __future__ import annotations

from typing import Any

import pytest

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.surveys import piping
from surveyapp.surveys.logic import NOT_APPLICABLE, Logic, fitted
from surveyapp.surveys.settings.logic import LogicRules

ASKED = [(BUILT_IN.load(code), None) for code in ("nps", "csat", "effort-causes", "fcr")]
HARD = {"item": "nps-nps_reason", "when": "nps-nps", "sign": "<=", "value": "6"}


def logic_in(document: dict[str, Any], asked: Any) -> Logic:
    return fitted(LogicRules.read(document), asked)


def condition(**changes: Any) -> dict[str, Any]:
    return {"show_if": [{**HARD, **changes}]}


@pytest.mark.parametrize(
    ("sign", "value", "shown", "hidden"),
    [
        ("<=", 6, ["0", "6"], ["7", "10", "", "x"]),
        (">=", "9", ["9", "10"], ["8", ""]),
        ("==", 0, ["0"], ["10", "1"]),
        ("in", [1, "3"], ["1", "3"], ["2", "13"]),
    ],
)
def test_a_condition_looks_at_an_earlier_answer(sign, value, shown, hidden):
    logic = logic_in(condition(sign=sign, value=value), ASKED)
    for given in shown:
        assert logic.hidden({"nps-nps": [given]}) == frozenset()
    for given in hidden:
        assert logic.hidden({"nps-nps": [given]}) == {"nps-nps_reason"}


def test_what_hangs_on_a_hidden_question_is_hidden_too():
    rows = [
        {"item": "csat-csat", "when": "nps-nps", "sign": "<=", "value": 6},
        {"item": "csat-csat_reason", "when": "csat-csat", "sign": "<=", "value": 3},
    ]
    logic = logic_in({"show_if": list(reversed(rows))}, ASKED)
    given = {"nps-nps": "9", "csat-csat": "1"}
    assert logic.hidden(given) == {"csat-csat", "csat-csat_reason"}
    assert logic.hidden({**given, "nps-nps": "2"}) == frozenset()
    assert [need.when for need in logic.needs("csat-csat_reason")] == ["csat-csat", "nps-nps"]


def test_a_list_of_ticks_lets_a_question_be_asked_by_any_of_them():
    rows = [
        {"item": "effort-causes-effort_other", "when": "effort-causes-effort_causes"}
        | {"sign": "in", "value": ["rules", "people"]}
    ]
    logic = logic_in({"show_if": rows}, ASKED)
    asked = {"effort-causes-effort_causes": ["waiting", "people"]}
    assert logic.hidden(asked) == frozenset()
    assert logic.hidden({"effort-causes-effort_causes": ["waiting"]}) != frozenset()


def test_hidden_and_not_applicable_answers_are_taken_out_and_the_check_is_judged():
    raw = {
        "nps": {"nps": ["9"], "npsb": ["2"], "nps_reason": ["typed and then hidden"]},
        "csat": {"csat": [NOT_APPLICABLE]},
    }
    logic = logic_in(
        {
            **condition(),
            "not_applicable": ["csat-csat"],
            "attention": {"after": "nps-nps", "choose": 2},
        },
        ASKED,
    )
    applied = logic.apply(raw)
    assert applied.raw == {"nps": {"nps": ["9"]}, "csat": {}}
    assert applied.optional == {"nps-nps_reason", "csat-csat"}
    assert applied.paradata == {"attention": "passed", "not_applicable": ["csat-csat"]}
    raw["nps"]["npsb"] = ["3"]
    assert logic.apply(raw).attention == "failed"
    del raw["nps"]["npsb"]
    assert logic.apply(raw).attention_missing


def test_does_not_apply_is_an_answer_only_where_staff_allow_it():
    applied = logic_in({}, ASKED).apply({"csat": {"csat": [NOT_APPLICABLE]}})
    assert applied.raw == {"csat": {"csat": [NOT_APPLICABLE]}}  # and is refused as no number


@pytest.mark.parametrize(
    ("raw", "words", "field"),
    [
        (condition(item="nps-why"), "'nps-why' is not a question", "show_if"),
        (condition(item="nps-nps", when="nps-nps_reason"), "earlier question", "show_if"),
        (condition(item="csat-csat", when="nps-nps_reason"), "is free text", "show_if"),
        (condition(sign="<"), "'<' is not an operator", "show_if"),
        (condition(value=11), "'11' is not an answer to nps-nps", "show_if"),
        (condition(value=[]), "An empty value is not an answer", "show_if"),
        (condition(value=[1, 2]), "compares with one answer", "show_if"),
        (condition(when="fcr-fcr", item="nps-nps"), "earlier question", "show_if"),
        ({"show_if": [HARD, HARD]}, "two conditions", "show_if"),
        ({"not_applicable": ["nps-nps_reason"]}, "optional already", "not_applicable"),
        ({"not_applicable": ["x"]}, "'x' is not a question", "not_applicable"),
        ({"attention": {"after": "fcr-fcr", "choose": 1}}, "not a rating", "attention_after"),
        (
            {"attention": {"after": "nps-nps", "choose": 11}},
            "not an answer to nps-nps",
            "attention_choose",
        ),
        ({"quotas": [{"most": 0}]}, "not a number of responses", "quotas"),
        ({"quotas": [{"most": 5}, {"most": 6}]}, "two quotas for all customers", "quotas"),
        ({"script": "x"}, "has no setting 'script'", "show_if"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(raw, words, field):
    with pytest.raises(Invalid) as refused:
        logic_in(raw, ASKED)
    assert (words in str(refused.value), refused.value.field) == (True, field), refused.value


def test_attributes_fill_a_text_once_and_nothing_is_evaluated():
    text = "{provider}: {attribute:agent|our adviser} {{7*7}} {x.__class__} {attribute:none|-}"
    own = {"provider": "Bank {attribute:agent|no}"}
    said = piping.filled(text, {"agent": "<b>{provider}</b>"}, own)
    assert said == "Bank {attribute:agent|no}: <b>{provider}</b> {{7*7}} {x.__class__} -"
    assert piping.filled("{attribute:n|x} {attribute:ok|x}", {"n": 0, "ok": False}) == "0 False"
    assert piping.names(text) == {"agent", "none"}


def test_what_fills_an_arabic_text_cannot_turn_its_order():
    """The text's own default is no stranger in it, and a placeholder that nothing fills stays."""
    text = "{provider} / {attribute:agent|our adviser} / {attribute:none|-} / {other}"
    said = piping.filled(text, {"agent": "Ada!"}, {"provider": "Yahoo!"}, right_to_left=True)
    assert said == "\u2068Yahoo!\u2069 / \u2068Ada!\u2069 / - / {other}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{attribute:agent}", "has no text for when"),
        ("{attribute:agent| }", "has no text for when"),
        ("{attribute agent|x}", "is incomplete"),
        ("{attribute:agent|x", "is incomplete"),
        ("{attribute:|x}", "does not name an attribute"),
        ("{attribute:a b|x}", "does not name an attribute"),
        ("{attribute:a|" + "x" * 201 + "}", "more than 200"),
    ],
)
def test_a_placeholder_that_would_fail_is_refused_beforehand(text, words):
    piping.check("{attribute:agent|our adviser} and {provider}", "introduction")
    with pytest.raises(Invalid, match=words):
        piping.check(text, "introduction")
