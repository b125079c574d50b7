"""Lists to choose from that several forms share."""

from __future__ import annotations

from sqlalchemy.orm import Session
from wtforms import SelectChoice

from surveyapp.journeys import queries
from surveyapp.web.forms import choices


def segment_choices(session: Session) -> list[SelectChoice]:
    """Everybody, then every segment by name; values are ids as texts, empty for everybody."""
    segments = [(str(segment.id), segment.name) for segment in queries.segments(session)]
    return choices([("", "All customers"), *segments])
