"""Modelling projects of a journey: made, taken through steps, given models, removed and restored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, defer

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.jobs import kinds
from surveyapp.journeys.record_removals import KEPT
from surveyapp.results.projects.model_texts import COVARIANCE, faults_of
from surveyapp.results.projects.options import require_composite_options, require_level_options
from surveyapp.results.projects.step_kinds import StepKind, step_in_words
from surveyapp.results.projects.variables import Variables
from surveyapp.store.audit import record
from surveyapp.store.models import (
    DeviationReason,
    Journey,
    Preregistration,
    Project,
    ProjectAnalysis,
    ProjectModel,
    ProjectStep,
    Segment,
)
from surveyapp.surveys.queries import surveys_of

LONGEST_NAME, LONGEST_TEXT, LONGEST_REASON = 200, 50_000, 2_000
MOST_PROJECTS, MOST_MODELS, MOST_STEPS = 200, 200, 100
_LISTED = 20  # removed ones


@dataclass(frozen=True)
class ModelText:
    """What somebody asks to be fitted."""

    name: str
    kind: str
    text: str
    options: Mapping[str, Any]
    change: str = ""
    reason: str = ""


def projects_of(session: Session, journey_id: int) -> list[Project]:
    """The journey's projects, newest first."""
    query = select(Project).where(Project.journey_id == journey_id, Project.removed_at.is_(None))
    return list(
        session.scalars(query.options(defer(Project.description)).order_by(Project.id.desc()))
    )


def removed_projects(session: Session, journey_id: int, now: datetime) -> list[Project]:
    """Projects that were removed and can be restored."""
    query = select(Project).where(
        Project.journey_id == journey_id, Project.removed_at >= now - KEPT
    )
    query = query.options(defer(Project.description)).order_by(Project.removed_at.desc())
    return list(session.scalars(query.limit(_LISTED)))


def project_of(session: Session, journey_id: int, project_id: int) -> Project:
    """A project of this journey; NotFound also when it is another one's, or was removed."""
    found = session.get(Project, project_id)
    if found is None or found.journey_id != journey_id or found.removed_at is not None:
        raise NotFound("There is no such project on this journey; it may have been removed.")
    return found


def steps_of(session: Session, project: Project) -> list[ProjectStep]:
    """All steps in their order, undone ones too."""
    query = select(ProjectStep).where(ProjectStep.project_id == project.id)
    return list(session.scalars(query.order_by(ProjectStep.id)))


def standing_steps(session: Session, project: Project) -> list[ProjectStep]:
    """The steps that hold."""
    return [step for step in steps_of(session, project) if step.undone_at is None]


def models_of(session: Session, project: Project) -> list[ProjectModel]:
    """The project's models in the order in which they were made."""
    query = select(ProjectModel).where(
        ProjectModel.project_id == project.id, ProjectModel.removed_at.is_(None)
    )
    return list(session.scalars(query.order_by(ProjectModel.id)))


def model_of(session: Session, project: Project, model_id: int) -> ProjectModel:
    """A model of this project; NotFound also when it is another one's, or was removed."""
    found = session.get(ProjectModel, model_id)
    if found is None or found.project_id != project.id or found.removed_at is not None:
        raise NotFound("There is no such model in this project; it may have been removed.")
    return found


def make_project(
    session: Session,
    journey: Journey,
    *,
    name: str,
    survey_id: int | None,
    segment_id: int | None,
    without_flagged: bool,
    closed: bool = False,
    user_id: int | None,
) -> Project:
    """A project on a survey's answers, or on the journey's, whose description is asked for, unless its
    answers are to stay ``closed`` for now.

    Raises Invalid, with the field, for a name that is empty, too long or taken, NotFound for an
    unknown survey or segment, Conflict for one project too many. The caller holds the journey.
    """
    named = name_project(session, journey, name)
    if survey_id is not None and survey_id not in {
        survey.id for survey in surveys_of(session, journey.id)
    }:
        raise NotFound(f"journey {journey.code} has no survey number {survey_id}")
    if segment_id is not None and session.get(Segment, segment_id) is None:
        raise NotFound(f"There is no segment number {segment_id}; it may have been removed.")
    project = Project(
        journey_id=journey.id,
        name=named,
        survey_id=survey_id,
        segment_id=segment_id,
        without_flagged=without_flagged,
        created_by=user_id,
    )
    session.add(project)
    session.flush()
    _record(session, user_id, "make project", project, name=named)
    if not closed:
        describe_again(session, project, user_id=user_id)
    return project


def name_project(session: Session, journey: Journey, name: str) -> str:
    """The name as a new project of the journey bears it.

    Raises Invalid for one that is empty, too long or taken, Conflict for one project too many.
    """
    named = _named(name, "name")
    known = projects_of(session, journey.id)
    if any(each.name.casefold() == named.casefold() for each in known):
        raise Invalid(f"There is a project “{named}” already; choose another name.", field="name")
    if len(known) >= MOST_PROJECTS:
        raise Conflict(f"This journey has {len(known)} projects, as many as may be; remove one.")
    return named


def is_closed(project: Project) -> bool:
    """Whether nobody has seen a description or a result of the project's answers, nor asked for one."""
    return project.opened_at is None and project.job_id is None


def describe_again(session: Session, project: Project, *, user_id: int | None) -> None:
    """Ask for the description of the project's answers as they are now."""
    payload = kinds.ProjectPayload(project.id)
    job = kinds.DESCRIBE_PROJECT.ask(
        session, payload, journey_id=project.journey_id, user_id=user_id
    )
    project.job_id = job.id
    session.flush()


def remove_project(
    session: Session, project: Project, *, user_id: int | None, now: datetime
) -> None:
    """Take a project off the list; it can be restored for ``KEPT``. Those removed longer ago go for good."""
    _forget(session, project.journey_id, now - KEPT)
    project.removed_at, project.removed_by = now, user_id
    _record(session, user_id, "remove project", project)


def restore_project(
    session: Session, journey: Journey, project_id: int, *, user_id: int | None, now: datetime
) -> Project:
    """Put a removed project back. Raises NotFound, Conflict where its name is taken."""
    project = session.get(Project, project_id)
    gone = project is None or project.journey_id != journey.id or project.removed_at is None
    if project is None or gone or project.removed_at < now - KEPT:  # type: ignore[operator]
        raise NotFound("This has been restored already, or its time to restore it is over.")
    taken = {each.name.casefold() for each in projects_of(session, journey.id)}
    if project.name.casefold() in taken:
        raise Conflict(f"There is another project “{project.name}” by now; remove that one first.")
    project.removed_at, project.removed_by = None, None
    _record(session, user_id, "restore project", project)
    return project


def add_step(
    session: Session,
    project: Project,
    kind: StepKind,
    arguments: Mapping[str, Any],
    *,
    reason: str,
    user_id: int | None,
) -> ProjectStep:
    """Record a step; answers that were opened are described anew. Raises Invalid for a step that stands already."""
    reason = " ".join(reason.split())
    if len(reason) > 500:
        raise Invalid(f"The reason has {len(reason)} characters; use at most 500.", field="reason")
    standing = standing_steps(session, project)
    if any(each.kind == kind and each.arguments == arguments for each in standing):
        raise Invalid(
            f"“{step_in_words(kind, arguments)}” is among the steps already.", field="kind"
        )
    if len(standing) >= MOST_STEPS:
        raise Conflict(f"This project has {len(standing)} steps, as many as may be; undo some.")
    step = ProjectStep(
        project_id=project.id,
        kind=kind,
        arguments=dict(arguments),
        reason=reason,
        created_by=user_id,
    )
    session.add(step)
    session.flush()
    _record(session, user_id, "add project step", project, step=step_in_words(kind, arguments))
    if not is_closed(project):
        describe_again(session, project, user_id=user_id)
    return step


def undo_step(
    session: Session, project: Project, step_id: int, *, user_id: int | None, now: datetime
) -> ProjectStep:
    """Take a step back; it stays on record. A second time changes nothing. Raises NotFound."""
    step = session.get(ProjectStep, step_id)
    if step is None or step.project_id != project.id:
        raise NotFound("There is no such step in this project.")
    if step.undone_at is None:
        step.undone_at, step.undone_by = now, user_id
        said = step_in_words(step.kind, step.arguments)
        _record(session, user_id, "undo project step", project, step=said)
        if not is_closed(project):
            describe_again(session, project, user_id=user_id)
    return step


def add_model(
    session: Session,
    project: Project,
    asked: ModelText,
    *,
    known: Variables,
    parent: ProjectModel | None,
    user_id: int | None,
) -> ProjectModel:
    """Ask for a model on the project's answers, all standing steps taken.

    A model that is there already, of the same text, options and steps, is given back instead of being
    fitted twice. Raises Invalid, with the field, for a text that cannot be read, Conflict for one model
    too many.
    """
    if len(asked.text) > LONGEST_TEXT:
        raise Invalid(
            f"The model has {len(asked.text)} characters; use at most {LONGEST_TEXT:,}.",
            field="text",
        )
    if len(asked.reason) > LONGEST_REASON:
        raise Invalid(
            f"The reason has {len(asked.reason)} characters; use at most {LONGEST_REASON:,}.",
            field="reason",
        )
    steps = standing_steps(session, project)
    out = {each.arguments["name"] for each in steps if each.kind == StepKind.LEAVE_OUT_ITEM}
    names = [name for name in known.names if name not in out]
    faults = faults_of(asked.kind, asked.text, names)
    if faults:
        first = faults[0]
        where = "" if first.line is None else f"Line {first.line}: "
        raise Invalid(where + first.text, field="text")
    if asked.kind == COVARIANCE:
        require_level_options(asked.text, asked.options)
    else:
        require_composite_options(asked.text, asked.options)
    models = models_of(session, project)
    ids = [step.id for step in steps]
    for each in models:
        same = (each.kind, each.text, each.options, each.steps)
        if same == (asked.kind, asked.text, dict(asked.options), ids):
            return each
    if len(models) >= MOST_MODELS:
        raise Conflict(f"This project has {len(models)} models, as many as may be; remove some.")
    model = ProjectModel(
        project_id=project.id,
        parent_id=parent.id if parent else None,
        name=_free_name(asked.name, models),
        kind=asked.kind,
        text=asked.text,
        options=dict(asked.options),
        change=asked.change[:500],
        reason=asked.reason.strip(),
        steps=ids,
        created_by=user_id,
    )
    session.add(model)
    session.flush()
    _record(session, user_id, "fit model", project, model=model.name, change=model.change)
    fit_again(session, project, model, user_id=user_id)
    return model


def fit_again(
    session: Session, project: Project, model: ProjectModel, *, user_id: int | None
) -> None:
    """Ask for the model's fit: for the first time, or where its job failed."""
    payload = kinds.ProjectModelPayload(model.id)
    job = kinds.FIT_PROJECT_MODEL.ask(
        session, payload, journey_id=project.journey_id, user_id=user_id
    )
    model.job_id = job.id
    session.flush()


def remove_model(
    session: Session, project: Project, model: ProjectModel, *, user_id: int | None, now: datetime
) -> None:
    """Take a model off the list; those that were made of it keep it as their origin."""
    model.removed_at, model.removed_by = now, user_id
    _record(session, user_id, "remove model", project, model=model.name)


def restore_model(
    session: Session, project: Project, model_id: int, *, user_id: int | None
) -> ProjectModel:
    """Put a removed model back, which can be done as long as its project is there. Raises NotFound."""
    model = session.get(ProjectModel, model_id)
    if model is None or model.project_id != project.id or model.removed_at is None:
        raise NotFound("This model has been restored already.")
    model.removed_at, model.removed_by = None, None
    _record(session, user_id, "restore model", project, model=model.name)
    return model


def removed_models(session: Session, project: Project) -> list[ProjectModel]:
    """The project's models that were removed."""
    query = select(ProjectModel).where(
        ProjectModel.project_id == project.id, ProjectModel.removed_at.is_not(None)
    )
    query = query.options(defer(ProjectModel.result)).order_by(ProjectModel.removed_at.desc())
    return list(session.scalars(query.limit(_LISTED)))


def model_counts(session: Session, projects: Sequence[Project]) -> dict[int, int]:
    """How many models each project has."""
    query = (
        select(ProjectModel.project_id, func.count())
        .where(
            ProjectModel.project_id.in_([each.id for each in projects]),
            ProjectModel.removed_at.is_(None),
        )
        .group_by(ProjectModel.project_id)
    )
    found = {number: count for number, count in session.execute(query)}  # noqa: C416
    return {each.id: found.get(each.id, 0) for each in projects}


def _forget(session: Session, journey_id: int, before: datetime) -> None:
    """Delete the journey's projects that were removed before this time, with all that is theirs."""
    gone = list(
        session.scalars(
            select(Project.id).where(
                Project.journey_id == journey_id,
                Project.removed_at < before,
                Project.file_id.is_(None),  # else the worker deletes the file first
            )
        )
    )
    if not gone:
        return
    of_gone = ProjectModel.project_id.in_(gone)
    models = select(ProjectModel.id).where(of_gone)
    session.execute(delete(ProjectAnalysis).where(ProjectAnalysis.model_id.in_(models)))
    session.execute(update(ProjectModel).where(of_gone).values(parent_id=None))
    session.execute(delete(ProjectModel).where(of_gone))
    session.execute(delete(ProjectStep).where(ProjectStep.project_id.in_(gone)))
    plans = select(Preregistration.id).where(Preregistration.project_id.in_(gone))
    session.execute(delete(DeviationReason).where(DeviationReason.preregistration_id.in_(plans)))
    session.execute(delete(Preregistration).where(Preregistration.project_id.in_(gone)))
    session.execute(delete(Project).where(Project.id.in_(gone)))


def _named(name: str, field: str) -> str:
    named = " ".join(name.split())
    if not 1 <= len(named) <= LONGEST_NAME:
        raise Invalid(
            f"The name has {len(named)} characters; use 1 to {LONGEST_NAME}.", field=field
        )
    return named


def _free_name(wanted: str, models: Sequence[ProjectModel]) -> str:
    """The wanted name, numbered where it is taken; "Model 3" where none is wanted."""
    taken = {each.name.casefold() for each in models}
    base = " ".join(wanted.split())[: LONGEST_NAME - 6]
    number = len(models) + 1
    if base and base.casefold() not in taken:
        return base
    pattern = f"{base} ({{}})" if base else "Model {}"
    number = 2 if base else number
    while pattern.format(number).casefold() in taken:
        number += 1
    return pattern.format(number)


def _record(
    session: Session, user_id: int | None, action: str, project: Project, **detail: Any
) -> None:
    record(session, user_id, action, f"project {project.id}", **detail)
