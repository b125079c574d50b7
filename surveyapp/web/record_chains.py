"""The chains that a record of a journey is part of, for the record's own page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.journeys import queries
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.chains import chains
from surveyapp.results.registered_changes.chain_effects import chain_effects
from surveyapp.store.models import PainPoint
from surveyapp.web.filters import dashboard_rules
from surveyapp.web.installation import installation


def chains_beside(
    session: Session, journey_id: int, row: object | None, points: Sequence[PainPoint] = ()
) -> dict[str, Any]:
    """``chains`` with this record, and ``effects`` of the changes in them; empty for a new record."""
    if row is None:
        return {"chains": [], "effects": {}}
    found = [each for each in chains(session, journey_id, points) if each.has(row)]
    today = calendar_of(queries.journey(session, journey_id)).day(installation().now())
    effects = chain_effects(session, journey_id, found, today=today, **dashboard_rules())
    return {"chains": found, "effects": effects}
