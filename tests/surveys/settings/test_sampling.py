"""The rules of asking are read whole or refused with the field that is wrong."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from surveyapp.errors import Invalid
from surveyapp.surveys.settings.sampling import Sampling, Trigger

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
    assert Sampling.read({}) == Sampling()
    assert not Sampling().active


def test_everything_written_is_read_and_written_again():
    read = Sampling.read(FULL)
    assert read == Sampling(
        active=True,
        trigger=Trigger(("form", "apply/branch"), ("app",), ("approved",), "region = North"),
        delay_minutes=90,
        quiet_from=time(21),
        quiet_to=time(8),
        share=0.25,
        most=500,
        rest="delay",
        rest_days=14,
        channel="webhook",
        expires_days=10,
        max_age_days=3,
    )
    assert Sampling.read(read.written()) == read
    assert Sampling.read(Sampling().written()) == Sampling()


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
        Sampling.read(wrong)
    assert refused.value.field == field
