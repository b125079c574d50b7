"""What is tested of events and decisions holds on a partitioned database as well."""

from __future__ import annotations

import pytest

from tests.sampling.test_decisions import (
    bank,
    test_a_customer_rests_across_surveys,
    test_an_anonymous_survey_asks_and_its_invitation_knows_no_customer,
    test_an_ask_is_a_decision_an_invitation_and_a_message,
    test_nothing_is_decided_twice,
    test_two_workers_decide_each_interaction_once,
)

__all__ = [
    "bank",
    "test_a_customer_rests_across_surveys",
    "test_an_anonymous_survey_asks_and_its_invitation_knows_no_customer",
    "test_an_ask_is_a_decision_an_invitation_and_a_message",
    "test_nothing_is_decided_twice",
    "test_two_workers_decide_each_interaction_once",
]

pytestmark = pytest.mark.xdist_group("partitioned")
