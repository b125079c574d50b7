"""Where a project departed from its registered plan, and the reasons that were given."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from surveyapp.errors import Invalid, NotFound
from surveyapp.results.preregistrations.deviations import (
    Deviation,
    deviations,
)
from surveyapp.results.preregistrations.hypothesis_tests import HypothesisTest, hypothesis_tests
from surveyapp.results.preregistrations.planned_models import DoneAnalysis, DoneModel
from surveyapp.results.preregistrations.preregistrations import frozen_of
from surveyapp.results.projects.projects import LONGEST_REASON
from surveyapp.store.audit import record
from surveyapp.store.models import (
    DeviationReason,
    Project,
    ProjectAnalysis,
    ProjectModel,
    ProjectStep,
)


@dataclass(frozen=True)
class Departure:
    """A deviation and the last reason that was given for it."""

    deviation: Deviation
    reason: str


def departures(session: Session, project: Project) -> list[Departure]:
    """Where the project departed from the newest frozen plan, each with its reason; none without one."""
    plan = frozen_of(session, project)
    if plan is None:
        return []
    query = select(DeviationReason).where(DeviationReason.preregistration_id == plan.id)
    reasons = {
        each.deviation: each.reason for each in session.scalars(query.order_by(DeviationReason.id))
    }
    found = deviations(json.loads(plan.document)["plan"], _done(session, project))
    return [Departure(each, reasons.get(each.key, "")) for each in found]


@dataclass(frozen=True)
class ToldOfPlan:
    """What a model's report says of the project's plan: which holds and how many deviations there are, the
    deviations of the model or of the whole project with their reasons, and the hypotheses it tests."""

    first: str
    deviations: tuple[str, ...]
    tests: tuple[HypothesisTest, ...]


def tests_of(session: Session, project: Project) -> list[HypothesisTest]:
    """The hypotheses of the newest frozen plan beside the estimates; none without one."""
    plan = frozen_of(session, project)
    if plan is None:
        return []
    return hypothesis_tests(json.loads(plan.document)["plan"], _done(session, project))


def told_of(session: Session, project: Project, model: ProjectModel) -> ToldOfPlan | None:
    """What a model's report says of the project's plan; None without a registered one."""
    plan = frozen_of(session, project)
    if plan is None or plan.frozen_at is None:
        return None
    found = [
        each for each in departures(session, project) if each.deviation.model_id in (None, model.id)
    ]
    many = f"{len(found)} deviations" if len(found) != 1 else "one deviation"
    verdict = f"{many}." if found else "this model does not depart from it."
    first = (
        f"Version {plan.version} of the project's plan was registered on {plan.frozen_at:%-d %B %Y}"
        f" (SHA-256 {plan.sha256[:16]}…): {verdict}"
        f" {json.loads(plan.document)['answers_known']['said']}"
    )
    return ToldOfPlan(
        first,
        tuple(
            each.deviation.sentence
            + (f" Reason: {each.reason}" if each.reason else " No reason is given.")
            for each in found
        ),
        tuple(each for each in tests_of(session, project) if each.model_id == model.id),
    )


def give_reason(
    session: Session,
    project: Project,
    key: str,
    reason: str,
    *,
    user_id: int | None,
) -> DeviationReason | None:
    """Say why the project departed from its plan; None where the same reason stands already.

    Raises NotFound where it does not depart so, Invalid for an empty or too long reason.
    """
    plan = frozen_of(session, project)
    there = {each.deviation.key: each.reason for each in departures(session, project)}
    if plan is None or key not in there:
        raise NotFound("The project does not depart from its plan in this way any more.")
    reason = reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise Invalid(
            f"The reason has {len(reason)} characters; use 1 to {LONGEST_REASON:,}.", field="reason"
        )
    if there[key] == reason:
        return None
    made = DeviationReason(
        preregistration_id=plan.id, deviation=key, reason=reason, given_by=user_id
    )
    session.add(made)
    session.flush()
    said = {"version": plan.version, "deviation": key}
    record(session, user_id, "give reason for deviation", f"project {project.id}", **said)
    return made


def _done(session: Session, project: Project) -> list[DoneModel]:
    """Models with results, removed ones too, and their finished analyses."""
    steps = {
        each.id: (each.kind, each.arguments)
        for each in session.scalars(select(ProjectStep).where(ProjectStep.project_id == project.id))
    }
    models = session.scalars(
        select(ProjectModel)
        .where(ProjectModel.project_id == project.id, ProjectModel.result.is_not(None))
        .order_by(ProjectModel.id)
    ).all()
    models = [each for each in models if each.result is not None]  # JSON's null is none of SQL's
    analyses: dict[int, list[DoneAnalysis]] = {}
    query = select(ProjectAnalysis).options(
        load_only(ProjectAnalysis.model_id, ProjectAnalysis.kind, ProjectAnalysis.options)
    )
    query = query.where(
        ProjectAnalysis.model_id.in_([each.id for each in models]),
        ProjectAnalysis.result.is_not(None),
    )
    for each in session.scalars(query.order_by(ProjectAnalysis.id)):
        analyses.setdefault(each.model_id, []).append(DoneAnalysis(each.kind, each.options))
    return [
        DoneModel(
            id=each.id,
            name=each.name,
            kind=each.kind,
            text=each.text,
            options=each.options,
            steps=[steps[number] for number in each.steps if number in steps],
            n=int((each.result or {}).get("n_rows", 0)),
            fitted_on=each.created_at.date(),
            analyses=analyses.get(each.id, ()),
            is_removed=each.removed_at is not None,
            result=each.result or {},
        )
        for each in models
    ]
