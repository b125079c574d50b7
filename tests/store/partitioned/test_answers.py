"""What is tested of answers holds on a partitioned database as well: the same tests on another one."""

from __future__ import annotations

import pytest

from tests.responses.test_actions import (
    survey,
    test_a_batch_stored_again_adds_nothing,
    test_an_answer_is_kept_with_its_scores_wording_and_consent,
    test_an_invitation_is_good_for_one_response,
    test_the_same_form_sent_twice_is_one_response,
)
from tests.responses.test_retention import (
    test_an_anonymised_answer_is_nobodys_and_counts_as_before,
    test_answers_of_whole_months_go_with_tombstones_receipt_and_right_counts,
)
from tests.web.conftest import app, client, installation
from tests.web.test_respond_attacks import (
    test_many_posts_of_one_invitation_at_once_are_one_response,
    test_many_posts_of_one_open_form_at_once_are_one_response,
)

__all__ = [
    "app",
    "client",
    "installation",
    "survey",
    "test_a_batch_stored_again_adds_nothing",
    "test_an_anonymised_answer_is_nobodys_and_counts_as_before",
    "test_an_answer_is_kept_with_its_scores_wording_and_consent",
    "test_an_invitation_is_good_for_one_response",
    "test_answers_of_whole_months_go_with_tombstones_receipt_and_right_counts",
    "test_many_posts_of_one_invitation_at_once_are_one_response",
    "test_many_posts_of_one_open_form_at_once_are_one_response",
    "test_the_same_form_sent_twice_is_one_response",
]

pytestmark = pytest.mark.xdist_group("partitioned")
