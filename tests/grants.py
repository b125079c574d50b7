"""Access for the people that tests make."""

from __future__ import annotations

from sqlalchemy.orm import Session

from surveyapp.auth.permissions import ON_ALL_JOURNEYS, Role
from surveyapp.store.models import JourneyGrant, User


def on_all_journeys(session: Session, user: User) -> User:
    """The same user, with what access to all journeys means for their role."""
    kinds = ON_ALL_JOURNEYS[Role(user.role)]
    session.add_all(JourneyGrant(user_id=user.id, kind=kind) for kind in kinds)
    session.flush()
    return user
