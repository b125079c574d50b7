"""By which keys the outbox knows the replies to the customer of a case."""

from __future__ import annotations


def reply_keys(case_id: int) -> str:
    """How the keys of all replies of one case begin.

    >>> reply_keys(3)
    'reply to case 3: '
    """
    return f"reply to case {case_id}: "
