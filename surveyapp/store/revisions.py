"""How often each form of settings was saved: what tells two people who edit it at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from surveyapp.store.inserts import insert
from surveyapp.store.models import FormRevision, User

_REVISIONS = cast(Table, FormRevision.__table__)
LONGEST_PLACE = 160


@dataclass(frozen=True)
class Revision:
    """The number of the last saving, 0 before the first; who saved, and when."""

    number: int = 0
    user_id: int | None = None
    user_name: str = ""
    saved_at: datetime | None = None


def revision(session: Session, place: str) -> Revision:
    """The last saving of a form."""
    query = (
        select(FormRevision.number, FormRevision.user_id, User.name, FormRevision.saved_at)
        .outerjoin(User, User.id == FormRevision.user_id)
        .where(FormRevision.place == place)
    )
    row = session.execute(query).one_or_none()
    return Revision() if row is None else Revision(row[0], row[1], row[2] or "", row[3])


def advance(session: Session, place: str, *, user_id: int | None, now: datetime) -> int:
    """Note that a form is being saved; its new number.

    Whoever saves the same form waits until the caller's transaction is over, and then finds the
    number moved.
    """
    first = insert(_REVISIONS, session.get_bind().dialect.name).values(
        place=place, number=1, user_id=user_id, saved_at=now
    )
    again = {"number": _REVISIONS.c.number + 1, "user_id": user_id, "saved_at": now}
    saved = first.on_conflict_do_update(index_elements=[_REVISIONS.c.place], set_=again)
    return int(session.execute(saved.returning(_REVISIONS.c.number)).scalar_one())
