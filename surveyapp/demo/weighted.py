"""Known shares of the demonstration's customers, from which the answers' own differ."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from surveyapp.journeys.population_shares import set_shares
from surveyapp.store.models import Journey

_REGIONS = "North 35\nSouth 30\nWest 20\nEast 15"


def tell_shares(session: Session, journey: Journey, *, today: date) -> None:
    """Set the shares of the regions at the end of the year before."""
    set_shares(
        session,
        journey,
        attribute="region",
        lines=_REGIONS,
        source="Customer register",
        counted_on=date(today.year - 1, 12, 31),
        user_id=None,
    )
