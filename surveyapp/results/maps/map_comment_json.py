"""Comments on a map as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from surveyapp.journeys.map_comments import Said, Thread


def threads_to_json(threads: Sequence[Thread]) -> list[dict[str, Any]]:
    """Each thread with its answers; ``text`` is null where its author took it away."""
    return [
        {
            "at": each.place.key,
            "where": each.where,
            **_said(each.first),
            "answers": [_said(one) for one in each.answers],
            "resolved_at": each.resolved_at,
            "resolved_by": each.resolved_by or None,
        }
        for each in threads
    ]


def _said(one: Said) -> dict[str, Any]:
    return {"id": one.id, "author": one.author, "at_time": one.at, "text": one.text or None}
