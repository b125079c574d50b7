"""Suggestions are dismissed once, with a reason, and come back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys import queries
from surveyapp.journeys.suggestions import (
    LONGEST_REASON,
    dismiss,
    dismissals_of,
    restore_suggestion,
)
from surveyapp.store.models import AuditEntry
from tests.results import bank

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_a_dismissal_is_made_once_told_to_the_log_and_taken_back(store):
    with store.writing() as session:
        made = bank.make_journey(session)
        other = queries.journey(session, bank.make_journey(session, "other").journey)
        journey, point = queries.journey(session, made.journey), made.touchpoints["chat"]
        for reason in ("  Planned for\n autumn ", "Another reason"):
            said = dismiss(session, journey, f"survey-{point}", reason, user_id=None, now=NOW)
            assert said == "Ask customers about Chat support"
        (kept,) = dismissals_of(session, journey.id)
        assert (kept.reason, kept.title) == ("Planned for autumn", said)
        assert dismissals_of(session, other.id) == []
        for key in (
            *("", "survey", "survey-0", f"survey-0{point}", f"survey-{point}-1", f"other-{point}"),
            *(f"persona-{point}", "persona-1-1", "survey--1", f"survey-{2**40}", "truth-x"),
        ):
            with pytest.raises(NotFound):
                dismiss(session, journey, key, "No", user_id=None, now=NOW)
        with pytest.raises(NotFound):
            dismiss(session, other, f"survey-{point}", "No", user_id=None, now=NOW)
        for reason in (" ", "x" * (LONGEST_REASON + 1)):
            with pytest.raises(Invalid, match="The reason has"):
                dismiss(session, journey, f"truth-{point}", reason, user_id=None, now=NOW)
        with pytest.raises(NotFound):
            restore_suggestion(session, other, kept.id, user_id=None)
        assert restore_suggestion(session, journey, kept.id, user_id=None) == said
        session.flush()
        with pytest.raises(NotFound):
            restore_suggestion(session, journey, kept.id, user_id=None)
        assert dismissals_of(session, journey.id) == []
        told = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(each.action, each.detail["reason"]) for each in told] == [
        ("dismiss suggestion", "Planned for autumn"),
        ("restore suggestion", "Planned for autumn"),
    ]
