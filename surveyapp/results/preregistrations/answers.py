"""What was known of a project's answers at the time that its plan is registered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from surveyapp.store.models import Project, Response, SurveyRow


def answers_known(session: Session, project: Project, *, minimum_cell: int) -> dict[str, Any]:
    """What was known of the answers at this time: ``state`` none, closed, opened elsewhere (in another
    project of the journey with answers in common) or opened; since when, how many there were (None for
    a file, and fewer than may be told), and all of it in a sentence."""
    count = None if project.file_reading is not None else _count(session, project)
    told = count if count is not None and (count >= minimum_cell or not count) else None
    many = "fewer than " + str(minimum_cell) if told is None else f"{told:,}"
    there = f"There were {many} answers" if count != 1 else f"There was {many} answer"
    if count is None:
        there = "The answers are in a file that had been uploaded"
    elsewhere = _opened_elsewhere(session, project)
    if project.opened_at is not None:
        state, opened = "opened", project.opened_at
        said = f"Registered after the answers were opened in this project on {_on(opened)}."
    elif count == 0:
        state, opened = "none", None
        said = "Registered before any answer was received."
    elif elsewhere is not None:
        state, opened = "opened elsewhere", elsewhere
        said = (
            f"Registered before the answers were opened in this project. Another project opened answers"
            f" of the same survey on {_on(elsewhere)}."
        )
    else:
        state, opened = "closed", None
        said = (
            f"Registered before anybody opened the answers in a project. {there}; pages of results may"
            " have shown scores."
            if count is not None
            else f"Registered before the answers were opened in this project. {there}."
        )
    return {
        "state": state,
        "opened_on": None if opened is None else opened.date().isoformat(),
        "answers": told,
        "said": said,
    }


def _count(session: Session, project: Project) -> int:
    """Answers of the project's survey, or of the journey's surveys."""
    surveys = (
        select(SurveyRow.id).where(SurveyRow.journey_id == project.journey_id)
        if project.survey_id is None
        else select(SurveyRow.id).where(SurveyRow.id == project.survey_id)
    )
    query = select(func.count()).where(Response.survey_id.in_(surveys))
    return session.scalar(query) or 0


def _opened_elsewhere(session: Session, project: Project) -> datetime | None:
    """When another project of the journey, removed or not, first opened answers of this one's."""
    if project.file_reading is not None:
        return None
    query = select(func.min(Project.opened_at)).where(
        Project.journey_id == project.journey_id,
        Project.id != project.id,
        Project.file_name == "",
    )
    if project.survey_id is not None:
        query = query.where(
            or_(Project.survey_id == project.survey_id, Project.survey_id.is_(None))
        )
    return session.scalar(query)


def _on(moment: datetime) -> str:
    return f"{moment:%-d %B %Y}"
