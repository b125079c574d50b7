"""What responses of a survey hold beside answers, by name: never a value."""

from __future__ import annotations

from sqlalchemy import func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from surveyapp.store.models import Response


def attribute_names(
    session: Session, survey_id: int, *, newest: int | None = None
) -> tuple[str, ...]:
    """The attributes that any response of the survey has, or any of so many of the newest."""
    return _names(session, survey_id, Response.attributes, newest)


def paradata_names(
    session: Session, survey_id: int, *, newest: int | None = None
) -> tuple[str, ...]:
    """What is kept of how any response of the survey was given, or any of so many of the newest."""
    return _names(session, survey_id, Response.paradata, newest)


def _names(
    session: Session,
    survey_id: int,
    document: InstrumentedAttribute[dict[str, object]],
    newest: int | None,
) -> tuple[str, ...]:
    """The names in these documents, found by the database."""
    own = select(document.label("document")).where(Response.survey_id == survey_id)
    if newest is not None:
        own = own.order_by(Response.submitted_at.desc()).limit(newest)
    looked_at = own.subquery()
    held = looked_at.c.document
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    entries = func.json_each(held) if on_sqlite else func.jsonb_each(held)
    each = entries.table_valued("key", "value")
    query = select(each.c.key).select_from(looked_at).join(each, true())
    return tuple(sorted(session.scalars(query.distinct())))
