"""Rules of segments in the documentation are rules, and the signs that it lists are signs."""

from __future__ import annotations

import re

import pytest

from surveyapp.errors import Invalid
from surveyapp.journeys.segments import parse
from tests.docs.pages import PAGES, every_block

RULES = [code for _, code in every_block("text") if re.match(r"\w+ in \(", code)]
LISTED = re.search(r"^Compare with (.+?); join", PAGES["docs/researchers/surveys.md"], re.MULTILINE)


def test_a_rule_can_be_written_so():
    assert RULES
    for rule in RULES:
        parse(rule.strip())


def test_every_sign_that_is_listed_compares():
    assert LISTED is not None
    signs = re.findall(r"`([^`]+)`", LISTED[1])
    assert len(signs) == 8
    for sign in signs:
        parse(f"age {sign} {'(1, 2)' if 'in' in sign else 1}")


@pytest.mark.parametrize("rule", ["age >> 1", "region in North", "tenure_years >="])
def test_a_wrong_rule_would_be_found(rule: str):
    with pytest.raises(Invalid):
        parse(rule)
