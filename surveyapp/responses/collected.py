"""What responses of a survey hold beside answers, by name: never a value."""

from __future__ import annotations

from sqlalchemy import func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from surveyapp.store.models import Response


def attribute_names(session: Session, survey_id: int) -> tuple[str, ...]:
    """The attributes that any response of the survey has."""
    return _names(session, survey_id, Response.attributes)


def paradata_names(session: Session, survey_id: int) -> tuple[str, ...]:
    """What is kept of how any response of the survey was given."""
    return _names(session, survey_id, Response.paradata)


def _names(
    session: Session, survey_id: int, document: InstrumentedAttribute[dict[str, object]]
) -> tuple[str, ...]:
    """The names in these documents, found by the database."""
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    entries = func.json_each(document) if on_sqlite else func.jsonb_each(document)
    each = entries.table_valued("key", "value")
    query = select(each.c.key).select_from(Response).join(each, true())
    found = session.scalars(query.where(Response.survey_id == survey_id).distinct())
    return tuple(sorted(found))
