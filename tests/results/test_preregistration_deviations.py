"""Where a project departs from its registered plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from surveyapp.errors import Invalid
from surveyapp.reports.projects.hypotheses import hypothesis_table
from surveyapp.results.preregistrations.deviations import deviations
from surveyapp.results.preregistrations.fields import (
    EMPTY,
    hypotheses_as_text,
    read_fields,
    read_hypotheses,
)
from surveyapp.results.preregistrations.hypothesis_tests import hypothesis_tests
from surveyapp.results.preregistrations.planned_models import DoneAnalysis, DoneModel
from surveyapp.results.preregistrations.preregistration_document import (
    FORMAT,
    canonical,
    changes,
    check_file,
    file_of,
    hash_of,
)

OPTIONS = {
    "estimator": "MLR",
    "ordered": "",
    "missing": "listwise",
    "group": "",
    "equal": "",
    "std_lv": False,
}
CARELESS = {"kind": "careless", "arguments": {}, "words": "Leave out", "reason": ""}
PLAN = {
    **EMPTY,
    "n": 200,
    "last_day": "2026-06-30",
    "steps": [CARELESS],
    "models": [
        {
            "name": "Two factors",
            "kind": "covariance",
            "text": "F =~ a + b + c\nG =~ d + e + f",
            "options": OPTIONS,
            "analyses": [{"kind": "invariance", "options": {"group": "region"}}],
        }
    ],
}
MODEL = DoneModel(
    id=1,
    name="Anything",
    kind="covariance",
    text="F=~a+b+c  # as planned\n\nG =~ d + e + f",
    options=OPTIONS,
    steps=[("careless", {})],
    n=200,
    fitted_on=date(2026, 7, 1),
    analyses=[DoneAnalysis("invariance", {"group": "region"})],
)


def kinds_of(*models: DoneModel) -> list[str]:
    return [each.kind for each in deviations(PLAN, models)]


def test_what_was_planned_is_no_deviation_whatever_it_is_called():
    assert deviations(PLAN, [MODEL]) == []


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (
            {"text": "F =~ a + b\nG =~ d + e + f", "name": "two factors"},
            "text",
            "with F=~a+b, without F=~a+b+c",
        ),
        (
            {"options": OPTIONS | {"estimator": "ML"}, "name": "Two factors"},
            "options",
            "estimated by ML, complete rows; planned was MLR, complete rows",
        ),
        ({"steps": []}, "steps", "without the planned step"),
        (
            {"steps": [("careless", {}), ("leave_out_item", {"name": "g"})]},
            "steps",
            "which was not planned",
        ),
        ({"n": 180}, "n", "180 respondents, 20 fewer than the 200 planned"),
        ({"n": 1_201}, "n", "1,201 respondents, 1,001 more than the 200 planned"),
        ({"fitted_on": date(2026, 6, 30)}, "stopping", "planned to be over (30 June 2026)"),
        ({"analyses": ()}, "not done", "Measurement invariance by region"),
        (
            {"analyses": [*MODEL.analyses, DoneAnalysis("cutoffs", {})]},
            "exploratory",
            "Dynamic cut-offs of fit of “Anything” was not planned",
        ),
    ],
)
def test_each_departure_is_one_sentence(change, kind, said):
    [found] = deviations(PLAN, [replace(MODEL, **change)])
    assert found.kind == kind
    assert said in found.sentence
    assert len(found.key) <= 120


def test_a_model_that_was_not_planned_is_exploratory_and_a_planned_one_is_missed():
    other = replace(MODEL, text="H =~ a + b + c", analyses=())
    found = deviations(PLAN, [other])
    assert [each.kind for each in found] == ["not done", "exploratory"]
    assert [each.model_id for each in found] == [None, 1]


def test_a_removed_model_is_told_too():
    extra = replace(MODEL, id=2, name="Hidden", text="H =~ a + b + c", is_removed=True)
    [found] = deviations(PLAN, [MODEL, extra])
    assert found.sentence == "“Hidden” (removed) was not planned: it is exploratory."


def test_the_planned_model_on_other_rows_beside_the_planned_one_is_told_by_its_steps():
    assert kinds_of(MODEL, replace(MODEL, id=2, steps=[], n=230)) == ["steps", "n"]


def test_a_model_as_planned_keeps_one_that_only_bears_the_name_exploratory():
    assert kinds_of(MODEL, replace(MODEL, id=2, name="Two factors", text="H =~ a + b + c")) == [
        "exploratory"
    ]


def test_a_key_stays_whatever_else_departs():
    less = {each.key for each in deviations(PLAN, [replace(MODEL, n=180)])}
    more = {each.key for each in deviations(PLAN, [replace(MODEL, n=170, steps=[])])}
    assert less < more


def test_the_file_of_a_plan_holds_its_hash_and_a_changed_one_another():
    text = canonical({"format": FORMAT, "plan": {"n": 200, "design": "Ä\n1.50"}})
    file = file_of(text, hash_of(text))
    document, stated, found = check_file(file.encode())
    assert stated == found and document["plan"]["n"] == 200
    _, stated, found = check_file(file.replace("200", "180").encode())
    assert stated != found


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"sha256": "x", "document": 1}'])
def test_another_file_is_refused(content):
    with pytest.raises(Invalid, match="no file of a preregistration"):
        check_file(content)


def test_hypotheses_are_read_as_they_are_written():
    text = "Ease raises loyalty | loyalty ~ ease | +\nThey differ"
    found = read_hypotheses(text)
    assert [each["sign"] for each in found] == ["+", ""]
    assert hypotheses_as_text(found) == text


@pytest.mark.parametrize("line", ["| a ~ b | +", "H | a ~ b | up", "H | loyalty | +", "a|b~c|+|d"])
def test_a_hypothesis_that_cannot_be_read_is_named(line):
    with pytest.raises(Invalid, match="Hypothesis 2"):
        read_hypotheses(f"First\n{line}")


def test_a_version_says_what_it_changed():
    after = {**PLAN, "n": 180, "design": "Two waves", "models": [], "steps": []}
    assert changes(PLAN, after) == [
        "Design changed.",
        "Planned respondents: 200 became 180.",
        "Step taken out: Leave out.",
        "Model taken out: Two factors (MLR, complete rows).",
    ]
    assert changes(PLAN, dict(PLAN)) == []


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("n", "0"),
        ("n", "many"),
        ("n", "9" * 400),
        ("last_day", "30.6.2026"),
        ("design", "x" * 10_001),
    ],
)
def test_a_field_that_cannot_be_kept_is_named(field, typed):
    with pytest.raises(Invalid) as refused:
        read_fields({field: typed})
    assert refused.value.field == field


def estimate(lhs: str, op: str, rhs: str, std: float, p: float, group: int = 1) -> dict[str, Any]:
    ends = {"std_all": std, "std_ci_lower": std - 0.1, "std_ci_upper": std + 0.1}
    return {"lhs": lhs, "op": op, "rhs": rhs, "group": group, "pvalue": p, **ends}


def test_hypotheses_stand_beside_the_estimates_by_p_as_the_plan_adjusts_it():
    typed = "one | F ~~ G | +\ntwo | b ~ a | +\nthree | c ~ a | -\nfour | c ~ b | 0\nfive | x ~ y |\nsix"
    plan = {**PLAN, "hypotheses": read_hypotheses(typed), "correction": "holm"}
    rows = [
        estimate("G", "~~", "F", 0.5, 0.001),
        estimate("b", "~", "a", -0.3, 0.01),
        estimate("c", "~", "a", -0.2, 0.03),
        estimate("c", "~", "b", 0.02, 0.8),
    ]
    result = {"converged": True, "n": 190, "groups": {}, "estimates": rows}
    fitted = replace(MODEL, result=result)
    found = hypothesis_tests(plan, [fitted, replace(fitted, id=2, text="F =~ a", name="Other")])
    said = [(each.number, each.verdict, each.model_id) for each in found]
    assert said == [
        *((1, "supported", 1), (2, "opposite sign", 1), (3, "not significant", 1)),
        *((4, "none found", 1), (5, "not tested", None)),
    ]
    assert [each.p_adjusted for each in found[:4]] == pytest.approx([0.004, 0.03, 0.06, 0.8])
    assert (found[0].estimate, found[0].low, found[0].n) == (0.5, 0.4, 190)
    assert [each.sentence for each in deviations(plan, [fitted])][-1:] == [
        "Hypothesis H5 (x ~ y) was not tested: no planned model with a result has this parameter."
    ]
    plain = hypothesis_tests({**plan, "correction": ""}, [fitted])
    assert plain[2].verdict == "supported" and plain[2].p_adjusted == 0.03
    grouped = {**result, "groups": {"North": 90, "South": 100}, "estimates": [
        estimate("b", "~", "a", 0.3, 0.001, group) for group in (1, 2)
    ]}  # fmt: skip
    both = [replace(MODEL, result=grouped), replace(fitted, id=3)]
    by_group = hypothesis_tests(plan, both)
    assert [each.group for each in by_group if each.number == 2] == ["North", "South", ""]
    assert [each.p_adjusted for each in by_group if each.number == 2] == [0.001, 0.001, 0.03]
    together = [each for each in hypothesis_tests({**plan, "family": "all"}, both) if each.p]
    assert len(together) == 6  # two groups of the one model, four hypotheses by the other
    adjusted = sorted((each.p, each.p_adjusted) for each in together)
    assert [p for _, p in adjusted] == pytest.approx([0.006, 0.006, 0.006, 0.03, 0.06, 0.8])
    assert "all tests of its models and groups" in hypothesis_table(together, 1).note


def test_a_path_of_composites_is_tested_by_its_resamples():
    row = {"source": "a:m", "target": "b", "estimate": 0.3}
    ends = {"label": ["a:m", "b"], "lower": 0.1, "upper": 0.5, "p": 0.01}
    plan = {
        **PLAN,
        "models": [{**PLAN["models"][0], "kind": "composite"}],
        "hypotheses": read_hypotheses("one | b ~ m:a | +"),
    }
    verdicts = []
    for bootstrap in (None, {"tables": {"paths": [ends]}}):
        result = {"converged": True, "n": 90, "paths": [row], "bootstrap": bootstrap}
        [test] = hypothesis_tests(plan, [replace(MODEL, kind="composite", result=result)])
        verdicts.append((test.verdict, test.low))
    assert verdicts == [("without a p value", None), ("supported", 0.1)]
