"""What is tested of forgetting customers holds on a partitioned database as well."""

from __future__ import annotations

import pytest

from tests.sampling.test_forgetting import (
    bank,
    test_a_forgotten_customer_is_nowhere_and_counts_stay,
    test_what_is_old_is_deleted_and_what_is_not_stays,
)

__all__ = [
    "bank",
    "test_a_forgotten_customer_is_nowhere_and_counts_stay",
    "test_what_is_old_is_deleted_and_what_is_not_stays",
]

pytestmark = pytest.mark.xdist_group("partitioned")
