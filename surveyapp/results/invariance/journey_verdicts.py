"""Which headline scores may be compared between the journeys of a list."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from instruments.schema import Metric
from surveyapp.results.invariance.comparability import Comparability, comparability
from surveyapp.results.portfolio.headlines import Key, Monthly


def verdicts_between(session: Session, found: Mapping[Key, Monthly]) -> dict[str, Comparability]:
    """The verdict between the journeys that have answers, by scale; of indexes of several items.

    Nothing for a scale that fewer than two of them have.
    """
    answers: dict[str, dict[int, int]] = {}
    for (journey, scale), each in found.items():
        if each.scored.definition.metric is Metric.INDEX and each.answers:
            answers.setdefault(scale, {})[journey] = each.answers
    verdicts = {
        scale: comparability(session, scale, by_journey) for scale, by_journey in answers.items()
    }
    return {scale: verdict for scale, verdict in verdicts.items() if verdict is not None}
