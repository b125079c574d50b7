"""The rule of a survey: what it may say, and when its cases are due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from surveyapp.errors import Invalid
from surveyapp.surveys.settings.closed_loop import CaseRule, read_case_rule
from tests.closed_loop.makers import RULE


def test_no_document_is_no_rule():
    assert read_case_rule({}) is None


def test_a_document_is_read_into_a_rule():
    read = CaseRule.read({**RULE, "owner_id": 4, "follow_up_survey_id": 9})
    assert read == CaseRule("nps", 6.0, 2, 4, 9)
    assert read.catches(6) and not read.catches(6.5)


@pytest.mark.parametrize(
    ("opened", "days", "all_days", "working"),
    [  # 1 May 2026 is a Friday
        ("2026-05-01T10:00:00+00:00", 0, 1, 1),
        ("2026-05-01T10:00:00+00:00", 1, 2, 4),
        ("2026-05-01T10:00:00+00:00", 5, 6, 8),
        ("2026-05-01T10:00:00+00:00", 6, 7, 11),
        ("2026-05-02T10:00:00+00:00", 0, 2, 4),
        ("2026-05-03T23:59:59+00:00", 1, 4, 4),
        ("2026-05-05T01:00:00+02:00", 1, 5, 5),  # still Monday in UTC
    ],
)
def test_a_case_is_due_at_the_end_of_a_day_and_weekends_can_be_left_out(
    opened: str, days: int, all_days: int, working: int
):
    moment = datetime.fromisoformat(opened)
    for only, day in ((False, all_days), (True, working)):
        due = CaseRule("nps", 6, days, working_days=only).due_at(moment)
        assert due == datetime(2026, 5, day, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scale", ""),
        ("scale", None),
        ("at_most", "6"),
        ("at_most", float("nan")),
        ("at_most", True),
        ("due_days", -1),
        ("due_days", 1.5),
        ("due_days", 366),
        ("working_days", 1),
        ("owner_id", "4"),
        ("owner_id", 0),
        ("follow_up_survey_id", [1]),
        ("score", 3),
    ],
)
def test_nonsense_is_refused_by_its_field(field: str, value: object):
    with pytest.raises(Invalid) as refused:
        CaseRule.read({**RULE, field: value})
    assert refused.value.field == field
