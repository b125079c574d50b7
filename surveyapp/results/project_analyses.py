"""Further analyses of a project's model: which there are, asked for once each, and those that are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid
from surveyapp.jobs import kinds
from surveyapp.results.model_texts import COMPOSITE, COVARIANCE
from surveyapp.results.project_variables import Variables
from surveyapp.store.audit import record
from surveyapp.store.models import ProjectAnalysis, ProjectModel

MOST = 30  # of one model


@dataclass(frozen=True)
class AnalysisKind:
    """A further analysis: of which kind of model, what it tells, and whether it compares groups."""

    of: str
    title: str
    told: str
    grouped: bool = False


ANALYSES: Mapping[str, AnalysisKind] = MappingProxyType(
    {
        "invariance": AnalysisKind(
            COVARIANCE,
            "Measurement invariance",
            "Whether loadings, intercepts and residuals are the same in each group, step by step.",
            grouped=True,
        ),
        "groups": AnalysisKind(
            COMPOSITE,
            "Two groups compared (MICOM and paths)",
            "Whether composites are the same in two groups, and whether paths differ.",
            grouped=True,
        ),
        "prediction": AnalysisKind(
            COMPOSITE,
            "Out-of-sample prediction (PLSpredict, CVPAT)",
            "How well the model predicts rows that it was not fitted to.",
        ),
        "segments": AnalysisKind(
            COMPOSITE,
            "Unobserved segments (FIMIX-PLS)",
            "Whether groups of respondents that no attribute names have other paths.",
        ),
    }
)


def analyses_of(session: Session, model: ProjectModel) -> list[ProjectAnalysis]:
    """The model's further analyses in the order in which they were asked for."""
    query = select(ProjectAnalysis).where(ProjectAnalysis.model_id == model.id)
    return list(session.scalars(query.order_by(ProjectAnalysis.id)))


def ask_project_analysis(
    session: Session,
    model: ProjectModel,
    kind: str,
    *,
    group: str,
    known: Variables,
    user_id: int | None,
) -> ProjectAnalysis:
    """Ask for an analysis; the one that is there already where it was asked for, done or under way.

    Raises Invalid, with the field, for a kind that the model does not have and for what makes no
    groups, Conflict before the model has its result and for one analysis too many.
    """
    if kind not in ANALYSES or ANALYSES[kind].of != model.kind:
        raise Invalid(f"{kind[:60]!r} is no analysis of this kind of model", field="kind")
    if ANALYSES[kind].grouped and group not in known.groups:
        raise Invalid("Choose the attribute that makes the groups.", field="group")
    if model.result is None:
        raise Conflict("This model has no result yet; fit it first.")
    options = {"group": group} if ANALYSES[kind].grouped else {}
    there = analyses_of(session, model)
    for each in there:
        same = each.kind == kind and each.options == options
        if same and (each.result or (each.job and each.job.state in ("waiting", "running"))):
            return each
    if len(there) >= MOST:
        raise Conflict(f"This model has {len(there)} analyses, as many as may be.")
    made = ProjectAnalysis(model_id=model.id, kind=kind, options=options, created_by=user_id)
    session.add(made)
    session.flush()
    payload = kinds.ProjectAnalysisPayload(model.id, made.id)
    job = kinds.ANALYSE_PROJECT_MODEL.ask(
        session, payload, journey_id=model.project.journey_id, user_id=user_id
    )
    made.job_id = job.id
    session.flush()
    subject = f"project {model.project_id}"
    record(session, user_id, "analyse model", subject, model=model.name, analysis=kind, group=group)
    return made
