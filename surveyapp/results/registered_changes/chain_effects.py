"""What came of the changes at the end of chains, in one sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.journeys.chains import Chain
from surveyapp.results.registered_changes import effect_phrases
from surveyapp.results.registered_changes.effects import Effects

MOST = 8  # changes; each is compared before and after


def chain_effects(
    session: Session, journey_id: int, chains: Sequence[Chain], *, today: date, **rules: Any
) -> dict[int, str]:
    """The score before and after each change, by the change's number; of the first ``MOST`` alone.

    ``rules``: as the pages' dashboards have them, ``minimum_cell`` and ``library``.
    """
    changed = list(dict.fromkeys(each.change.id for each in chains if each.change))
    return {
        number: effect_phrases.headline(
            Effects(session, journey_id, number, today=today, **rules).effect()
        )
        for number in changed[:MOST]
    }
