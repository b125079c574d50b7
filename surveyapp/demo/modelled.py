"""A researcher's project on the first journey's scale: three models of its structure, and why each."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.results.model_texts import COVARIANCE, with_line
from surveyapp.results.project_analyses import ask_project_analysis
from surveyapp.results.project_options import options_of
from surveyapp.results.project_phrases import proposals
from surveyapp.results.project_variables import Variables, variables_of
from surveyapp.results.projects import ModelText, add_model, make_project
from surveyapp.store.models import Journey, Project, ProjectModel, SurveyRow

NAME = "Structure of the journey scale"
Run = Callable[[int | None], None]


def model_scale(installation: Installation, code: str, *, owner_id: int, run: Run) -> None:
    """Fit the scale's own factors, one factor, and what the first result suggests; ``run`` runs a job."""
    with installation.store.writing() as session:
        journey = session.scalars(select(Journey).where(Journey.code == code)).one()
        end = select(SurveyRow.id).where(
            SurveyRow.journey_id == journey.id, SurveyRow.touchpoint_id.is_(None)
        )
        project = make_project(
            session,
            journey,
            name=NAME,
            survey_id=session.scalars(end).first(),
            segment_id=None,
            without_flagged=False,
            user_id=owner_id,
        )
        known = variables_of(session, project, installation.library)
        number, described = project.id, project.job_id
    run(described)
    text = max(known.models.values(), key=lambda each: each.count("\n"))
    items = [
        item.strip() for line in text.splitlines() for item in line.partition("=~")[2].split("+")
    ]

    def fit(name: str, text: str, reason: str, change: str = "", of: int | None = None) -> int:
        with installation.store.writing() as session:
            asked = ModelText(name, COVARIANCE, text, _options(known), change, reason)
            model = _asked(session, number, asked, known, of, owner_id)
        run(model.job_id)
        return model.id

    first = fit("Three factors", text, "The structure that the scale's authors found.")
    fit(
        "One factor",
        f"quality =~ {' + '.join(items)}\n",
        "If one factor fitted as well, the dimensions would be one.",
        of=first,
    )
    wanted = {"invariance": "region"} if "region" in known.groups else {}
    for kind, group in {**wanted, "exploratory": "", "cutoffs": ""}.items():
        with installation.store.writing() as session:
            asked = ask_project_analysis(
                session,
                session.get_one(ProjectModel, first),
                kind,
                group=group,
                known=known,
                user_id=owner_id,
            )
        run(asked.job_id)
    with installation.store.reading() as session:
        result = session.get_one(ProjectModel, first).result
    lines = (
        [each.line for each in proposals(COVARIANCE, text, result) if each.line] if result else []
    )
    if lines:
        why = "To see how much the largest index changes; not a model to report."
        fit("One parameter freed", with_line(text, lines[0]), why, f"Added {lines[0]}", first)


def _options(known: Variables) -> dict[str, object]:
    return options_of(COVARIANCE, {"estimator": "MLR"}, known)


def _asked(
    session: Session,
    project_id: int,
    asked: ModelText,
    known: Variables,
    parent_id: int | None,
    user_id: int,
) -> ProjectModel:
    parent = session.get_one(ProjectModel, parent_id) if parent_id is not None else None
    project = session.get_one(Project, project_id)
    return add_model(session, project, asked, known=known, parent=parent, user_id=user_id)
