"""What is tested of messages and exports holds on a partitioned database as well."""

from __future__ import annotations

import pytest

from tests.distribution.test_outbox import (
    installation,
    mail,
    received,
    test_an_anonymous_answer_takes_the_reminders_with_it,
    test_two_workers_at_once_send_no_message_twice,
    test_what_is_due_is_sent_once_and_noted_everywhere,
)
from tests.exports.test_more_than_a_batch import (
    bank,
    test_analyses_read_every_response,
    test_answers_and_erasures_during_an_export_change_nothing_in_it,
)

__all__ = [
    "bank",
    "installation",
    "mail",
    "received",
    "test_an_anonymous_answer_takes_the_reminders_with_it",
    "test_analyses_read_every_response",
    "test_answers_and_erasures_during_an_export_change_nothing_in_it",
    "test_two_workers_at_once_send_no_message_twice",
    "test_what_is_due_is_sent_once_and_noted_everywhere",
]

pytestmark = pytest.mark.xdist_group("partitioned")
