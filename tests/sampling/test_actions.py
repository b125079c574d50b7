"""Rules of asking that cannot work are refused, and who changed them is kept."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from surveyapp.errors import Invalid
from surveyapp.sampling.actions import change_sampling
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry
from surveyapp.surveys.settings.sampling import Sampling
from tests.responses.makers import make_survey
from tests.sampling.makers import make_bank


def test_a_journeys_end_is_named_before_it_is_asked_about(store: Store):
    with store.writing() as session:
        journey = make_bank(session)
        end = make_survey(session, asks=("nps",), journey=journey, at_end=True)
        along = make_survey(session, asks=("ces",), journey=journey)
        for survey, rules in (
            (end, {"active": True}),
            (end, {"active": True, "trigger": {"touchpoints": ["shop"]}}),
            (along, {"trigger": {"touchpoints": ["form"]}}),
        ):
            with pytest.raises(Invalid):
                change_sampling(session, survey, rules, user_id=None)
        change_sampling(
            session, end, {"active": True, "trigger": {"touchpoints": ["use/branch"]}}, user_id=None
        )
        assert Sampling.read(end.sampling).trigger.touchpoints == ("use/branch",)
    with store.reading() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "change sampling")
        ).all()
        assert [entry.detail for entry in entries] == [{"active": True}]
