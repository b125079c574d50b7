"""Further analyses of a project's model: which there are, asked for once each, and those that are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid
from surveyapp.jobs import kinds
from surveyapp.results.model_texts import COMPOSITE, COVARIANCE, formative, products
from surveyapp.results.project_multiverse import headline_parameters
from surveyapp.results.project_variables import Variables
from surveyapp.store.audit import record
from surveyapp.store.models import ProjectAnalysis, ProjectModel

MOST = 30  # of one model


@dataclass(frozen=True)
class AnalysisKind:
    """A further analysis: of which kind of model, what it tells, and what is chosen for it: an attribute
    that makes groups, or a formed construct and an item beside the model."""

    of: str
    title: str
    told: str
    grouped: bool = False
    formed: bool = False
    headline: bool = False  # one of the model's parameters


ANALYSES: Mapping[str, AnalysisKind] = MappingProxyType(
    {
        "invariance": AnalysisKind(
            COVARIANCE,
            "Measurement invariance",
            "Whether loadings, intercepts and residuals are the same in each group, step by step.",
            grouped=True,
        ),
        "exploratory": AnalysisKind(
            COVARIANCE,
            "Exploratory factor analysis",
            "How many factors the model's items have, and which items load on which.",
        ),
        "cutoffs": AnalysisKind(
            COVARIANCE,
            "Dynamic cut-offs of fit",
            "Which SRMR, RMSEA and CFI tell this model from a misspecified one, by simulation.",
        ),
        "multiverse": AnalysisKind(
            COVARIANCE,
            "Multiverse (specification curve)",
            "One parameter by each estimator and treatment of missing answers, with and without each step"
            " that leaves out rows.",
            headline=True,
        ),
        "slopes": AnalysisKind(
            COMPOSITE,
            "Simple slopes",
            "What an interaction (X:M) means: the effect where the moderator is low, average and high.",
        ),
        "redundancy": AnalysisKind(
            COMPOSITE,
            "Redundancy analysis",
            "Whether items that form a construct cover it: its path to an item that asks for the whole.",
            formed=True,
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
    group: str = "",
    construct: str = "",
    item: str = "",
    parameter: str = "",
    known: Variables,
    user_id: int | None,
) -> ProjectAnalysis:
    """Ask for an analysis; the one that is there already where it was asked for, done or under way.

    Raises Invalid, with the field, for a kind that the model does not have, for what makes no groups,
    and for a construct or an item that do not serve; Conflict before the model has its result and for one analysis too many.
    """
    if kind not in ANALYSES or ANALYSES[kind].of != model.kind:
        raise Invalid(f"{kind[:60]!r} is no analysis of this kind of model", field="kind")
    if ANALYSES[kind].grouped and group not in known.groups:
        raise Invalid("Choose the attribute that makes the groups.", field="group")
    if model.result is None:
        raise Conflict("This model has no result yet; fit it first.")
    if kind == "slopes" and not products(model.text):
        raise Invalid("This model has no interaction; write one as Y ~ X + M + X:M.", field="kind")
    options = {"group": group} if ANALYSES[kind].grouped else {}
    if ANALYSES[kind].headline:
        if parameter not in headline_parameters(model.result):
            raise Invalid(
                "Choose a parameter of this model, which has to be fitted without groups.",
                field="parameter",
            )
        options = {"parameter": parameter}
    if ANALYSES[kind].formed:
        options = _formed(model, construct, item, known)
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
    session.refresh(made)
    subject = f"project {model.project_id}"
    record(session, user_id, "analyse model", subject, model=model.name, analysis=kind, **options)
    return made


def _formed(model: ProjectModel, construct: str, item: str, known: Variables) -> dict[str, str]:
    constructs = formative(model.text)
    if construct not in constructs:
        raise Invalid("Choose a construct that its items form (<~).", field="construct")
    if item not in known.items or item in constructs[construct]:
        raise Invalid("Choose an item that asks for the whole construct.", field="item")
    return {"construct": construct, "item": item}
