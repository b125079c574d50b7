"""Where the pages of modelling projects are: the project of an address, and the way back to it."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from surveyapp.journeys import queries
from surveyapp.results.projects.projects import project_of
from surveyapp.store.models import Journey, Project


def project_place(session: Session, journey_id: int, project_id: int) -> tuple[Journey, Project]:
    """The journey and its project. Raises NotFound for either."""
    journey = queries.journey(session, journey_id)
    return journey, project_of(session, journey_id, project_id)


def to_project(project: Project) -> Answer:
    """On to the project's page."""
    here: dict[str, Any] = {"journey_id": project.journey_id, "project_id": project.id}
    return redirect(url_for("projects.show", **here), 303)
