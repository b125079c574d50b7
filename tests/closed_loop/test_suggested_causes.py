"""What may lie behind a low score: the codes of its comment, else the lowest other score."""

from __future__ import annotations

import pytest

from instruments.loader import BUILT_IN
from surveyapp.closed_loop.suggested_causes import suggested_causes
from surveyapp.store.models import (
    Case,
    CommentCode,
    CommentCoding,
    CommentMark,
    PainPoint,
    Score,
)
from tests.closed_loop.makers import make_loop, open_case


@pytest.fixture
def case_id(store):
    with store.writing() as session:
        loop = make_loop(session)
    return open_case(store, loop)


def test_a_cause_is_suggested_with_its_reason(store, case_id):
    with store.writing() as session:
        case = session.get_one(Case, case_id)
        assert suggested_causes(session, case, library=BUILT_IN) == []  # CSAT 4 is no cause
        session.get_one(Score, (case.response_id, "csat")).value = 2
        session.flush()
        (lowest,) = suggested_causes(session, case, library=BUILT_IN)
        assert lowest.cause == "Customer satisfaction (CSAT)"
        assert lowest.reason == "the lowest of the customer's other scores: 2 from 1 to 5"
        _coded(session, case)
        found = suggested_causes(session, case, library=BUILT_IN)
        assert [each.cause for each in found] == [
            "Data lost",
            "Forms forget: sessions end after ten minutes",
        ]
        assert "an open pain point of the comment's theme, Forms" in found[1].reason
        case.response_id = None
        assert suggested_causes(session, case, library=BUILT_IN) == []


def _coded(session, case: Case) -> None:
    journey_id = case.survey.journey_id
    code = CommentCode(journey_id=journey_id, code="lost", name="Data lost", theme="Forms")
    solved = {"theme": "Forms", "state": "solved"}
    whys = ["sessions end", "sessions end after ten minutes"]
    session.add_all(
        [
            code,
            PainPoint(journey_id=journey_id, title="Forms forget", theme="Forms", whys=whys),
            PainPoint(journey_id=journey_id, title="Old", **solved),
        ]
    )
    session.flush()
    comment = {"response_id": case.response_id, "item": "nps-nps_reason", "role": "final"}
    session.add(CommentCoding(**comment))
    session.flush()
    session.add(CommentMark(**comment, code_id=code.id))
    session.flush()
