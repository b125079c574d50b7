"""Attributes of respondents that split them into a few groups, to compare a scale between them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from surveyapp.store.json_text import read_json
from surveyapp.store.models import Response

FEWEST, MOST = 2, 10  # groups
_LOOKED_AT = 1_000  # newest responses of a survey: enough to know an attribute by


def groupings(session: Session, survey_ids: Iterable[int]) -> tuple[str, ...]:
    """Attributes with 2 to 10 different values among the newest responses, by name.

    A number such as an age takes more values than that and is no group; a segment's rule can make
    one of it.
    """
    found: dict[str, set[str]] = {}
    for survey_id in survey_ids:
        newest = (
            select(cast(Response.attributes, Text).label("attributes"))
            .where(Response.survey_id == survey_id)
            .order_by(Response.submitted_at.desc())
            .limit(_LOOKED_AT)
            .subquery()
        )
        # Many have the same, which the database finds out sooner than it takes to read them all.
        for attributes in session.scalars(select(newest.c.attributes).distinct()):
            for name, value in read_json(attributes).items():
                values = found.setdefault(name, set())
                if value is not None and len(values) <= MOST:
                    values.add(str(value))
    return tuple(sorted(name for name, values in found.items() if FEWEST <= len(values) <= MOST))
