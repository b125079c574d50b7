"""The rules of asking are read whole or refused with the field that is wrong."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from sqlalchemy import select

from surveyapp.errors import Invalid
from surveyapp.sampling.plan import Sampling, Trigger, change_sampling, read_sampling
from surveyapp.sampling.quiet_hours import QuietHours
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry
from tests.responses.makers import make_survey
from tests.sampling.makers import make_bank

FULL = {
    "active": True,
    "trigger": {
        "touchpoints": ["form", "apply/branch"],
        "channels": ["app"],
        "outcomes": ["approved", "approved"],
        "rule": " region = North ",
    },
    "delay_minutes": 90,
    "quiet_from": "21:00",
    "quiet_to": "08:00",
    "share": 0.25,
    "most": 500,
    "rest": "delay",
    "rest_days": 14,
    "channel": "webhook",
    "expires_days": 10,
    "max_age_days": 3,
}


def test_nothing_written_asks_nobody():
    assert read_sampling({}) == Sampling()
    assert not Sampling().active


def test_everything_written_is_read_and_written_again():
    read = read_sampling(FULL)
    assert read == Sampling(
        active=True,
        trigger=Trigger(("form", "apply/branch"), ("app",), ("approved",), "region = North"),
        delay_minutes=90,
        quiet=QuietHours(time(21), time(8)),
        share=0.25,
        most=500,
        rest="delay",
        rest_days=14,
        channel="webhook",
        expires_days=10,
        max_age_days=3,
    )
    assert read_sampling(read.stored()) == read
    assert read_sampling(Sampling().stored()) == Sampling()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"shares": 1}, "shares"),
        ({"active": "yes"}, "active"),
        ({"share": 0}, "share"),
        ({"share": 1.1}, "share"),
        ({"share": True}, "share"),
        ({"most": 0}, "most"),
        ({"rest": "sleep"}, "rest"),
        ({"rest_days": -1}, "rest_days"),
        ({"delay_minutes": "1"}, "delay_minutes"),
        ({"quiet_from": "21:00"}, "quiet_to"),
        ({"quiet_from": "25:00", "quiet_to": "8:00"}, "quiet_from"),
        ({"quiet_from": "08:00", "quiet_to": "08:00"}, "quiet_to"),
        ({"channel": "pigeon"}, "channel"),
        ({"trigger": {"rule": "region ="}}, "rule"),
        ({"trigger": {"channels": "app"}}, "channels"),
        ({"trigger": {"outcomes": ["x" * 61]}}, "outcomes"),
        ({"trigger": {"region": "North"}}, "region"),
        ({"trigger": ["app"]}, "trigger"),
        ({"expires_days": 0}, "expires_days"),
        ({"max_age_days": 366}, "max_age_days"),
    ],
)
def test_a_rule_that_is_none_is_refused_by_name(wrong: dict[str, Any], field: str):
    with pytest.raises(Invalid) as refused:
        read_sampling(wrong)
    assert refused.value.field == field


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
        assert read_sampling(end.sampling).trigger.touchpoints == ("use/branch",)
    with store.reading() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "change whom to ask")
        ).all()
        assert [entry.detail for entry in entries] == [{"active": True}]
