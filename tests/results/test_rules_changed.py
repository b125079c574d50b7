"""A stored result says by which rules it was computed, and which of its numbers are others since."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from analysis import rules
from analysis.rules import CHANGES, RULES, Change, changes
from surveyapp.results.analyses.rules_changed import RulesUsed, rules_of_report, rules_used
from surveyapp.store.models import Analysis, Report

ROOT = Path(__file__).parent.parent.parent


def analysis(version: int | None, kind: str = "validate_scale", **asked: Any) -> Analysis:
    result = {} if version is None else {"rules_version": version}
    return Analysis(kind=kind, parameters=asked, result={"sample": {}, **result})


def numbers(used: RulesUsed) -> list[str]:
    return [change.number for change in used.changes]


def test_only_numbers_that_the_analysis_has_are_told_of():
    plain, robust = analysis(None, estimator="ML"), analysis(1, estimator="MLR", group=["region"])
    rivals = "difference of each rival from the hypothesised model under MLR, MLM, WLSMV"
    assert rivals not in numbers(rules_used(plain)) and rivals in numbers(rules_used(robust))
    assert "items that purification proposes to drop" in numbers(rules_used(plain))
    ordinal = analysis(1, estimator="WLSMV")
    assert "invariance over groups under WLSMV" not in numbers(rules_used(ordinal))
    ordinal.parameters = {"estimator": "WLSMV", "group": ["region"]}
    assert "invariance over groups under WLSMV" in numbers(rules_used(ordinal))
    assert rules_used(analysis(RULES, estimator="MLR")) == RulesUsed(RULES)
    assert rules_used(analysis(None, "sjq_study")).changes == ()
    assert rules_used(Analysis(kind="validate_scale", parameters={})).changes == ()


def test_a_later_version_is_told_to_results_of_earlier_ones_only(monkeypatch: pytest.MonkeyPatch):
    fixed = Change(4, "CFI under MLR", "the plain one", "the robust one", "Brosseau-Liard", ("validate_scale",), ("MLR",))  # fmt: skip
    monkeypatch.setattr(rules, "CHANGES", (*CHANGES, fixed))
    [told] = changes(3, "validate_scale", estimator="MLR")
    assert told.sentence == (
        "CFI under MLR: the plain one; since version 4 the robust one (Brosseau-Liard)"
    )
    assert changes(4, "validate_scale", estimator="MLR") == ()
    assert fixed not in changes(3, "validate_scale", estimator="ML")


def test_a_benchmark_has_its_own_version_and_the_report_of_an_analysis_that_of_its_numbers():
    old, new = (Report(kind="benchmark", file_id=1, rules_version=v) for v in (None, RULES))
    assert "interval and p of a difference in Net Promoter Score" in numbers(rules_of_report(old))
    assert rules_of_report(new) == RulesUsed(RULES)
    assert rules_of_report(Report(kind="benchmark")).changes == ()
    about = analysis(1, estimator="MLR")
    made = Report(kind="validation", file_id=1, rules_version=1)
    assert rules_of_report(made, about) == rules_used(about)


def test_every_change_stands_in_the_changelog():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    table = text[text.index("### Numbers that change") : text.index("### Added")]
    rows = [row.split(" | ") for row in re.findall(r"^\| (.*) \|$", table, re.M)]
    listed = {row[0].removeprefix("validation: ") for row in rows}
    for change in CHANGES:
        assert change.version <= RULES
        assert change.number in listed, change.number
    assert f"version {RULES} of the rules" in text
