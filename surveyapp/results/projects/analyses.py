"""Further analyses of a project's model: which there are, asked for once each, and those that are there."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.two_level.model import has_levels
from surveyapp.errors import Conflict, Invalid
from surveyapp.jobs import kinds
from surveyapp.results.projects.analysis_kinds import ANALYSES
from surveyapp.results.projects.analysis_limits import limits, why_not
from surveyapp.results.projects.analysis_options import (
    chosen_of,
    in_words,
    require_identified,
)
from surveyapp.results.projects.group_options import (
    require_group_options,
    without_effect,
)
from surveyapp.results.projects.model_equations import equations, random_slopes
from surveyapp.results.projects.model_texts import COVARIANCE, products
from surveyapp.results.projects.path_options import (
    require_path_options,
)
from surveyapp.results.projects.variables import Variables
from surveyapp.store.audit import record
from surveyapp.store.models import ProjectAnalysis, ProjectModel

MOST = 30  # of one model


def analysis_title(analysis: ProjectAnalysis) -> str:
    """What the analysis is called, with what was chosen for it."""
    kind = ANALYSES[analysis.kind]
    return in_words(kind.title, kind.options, analysis.options)


def analyses_of(session: Session, model: ProjectModel) -> list[ProjectAnalysis]:
    """The model's further analyses in the order in which they were asked for."""
    query = select(ProjectAnalysis).where(ProjectAnalysis.model_id == model.id)
    return list(session.scalars(query.order_by(ProjectAnalysis.id)))


def ask_project_analysis(
    session: Session,
    model: ProjectModel,
    kind: str,
    *,
    chosen: Mapping[str, str],
    known: Variables,
    user_id: int | None,
) -> ProjectAnalysis:
    """Ask for an analysis; the one that is there already where it was asked for, done or under way.

    Raises Invalid, with the field, for a kind that the model does not have, for what makes no groups,
    and for a construct or an item that do not serve; Conflict before the model has its result and for one analysis too many.
    """
    if kind not in ANALYSES or model.kind not in ANALYSES[kind].of:
        raise Invalid(f"{kind[:60]!r} is no analysis of this kind of model", field="kind")
    if model.result is None:
        raise Conflict("This model has no result yet; fit it first.")
    if kind == "slopes" and not products(model.text):
        raise Invalid("This model has no interaction; write one as Y ~ X + M + X:M.", field="kind")
    levels = model.kind == COVARIANCE and has_levels(model.text)
    if refused := why_not(kind, model.kind, model.text, model.options):
        raise Invalid(refused, field="kind")
    options = analysis_options(kind, chosen, model, known)
    require_group_options(kind, options, model, has_levels=levels)
    require_path_options(kind, options, model)
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


def not_offered(model: ProjectModel) -> str:
    """Why analyses of this kind of model are not offered; nothing where all are."""
    return " ".join(each.left_out for each in limits(model.kind, model.text, model.options))


def analysis_options(
    kind: str, chosen: Mapping[str, str], model: ProjectModel, known: Variables
) -> dict[str, str]:
    """The analysis's options as they are stored. Raises Invalid, with the field, as ``chosen_of`` and for
    the slope of what is no predictor, more factors than items identify, and groups that are the clusters."""
    options = chosen_of(ANALYSES[kind].options, chosen, model, known)
    if kind == "exploratory":
        require_identified(options, model)
    if ANALYSES[kind].drawn and options.get("group") and options["group"] == _cluster_of(model):
        raise Invalid(
            f"Every group by {options['group']} would be one cluster; choose another attribute, or fit the model"
            " without clusters.",
            field="group",
        )
    if kind == "mixed":
        found = equations(model.kind, model.text)
        random_slopes(found, options["outcome"], options.get("slope", ""))
    return options


def _cluster_of(model: ProjectModel) -> str:
    return str((model.options or {}).get("cluster") or "")


def option_values(
    kind: str, model: ProjectModel, known: Variables
) -> Mapping[str, Mapping[str, str]] | None:
    """What may be chosen for each option of an analysis; None where an option has nothing to choose, or the
    model nothing to analyse."""
    if kind == "slopes" and not products(model.text):
        return None
    if why_not(kind, model.kind, model.text, model.options):
        return None
    levels = model.kind == COVARIANCE and has_levels(model.text)
    found = {
        name: dict(option.offered(model, known))
        for name, option in ANALYSES[kind].options.items()
        if name not in without_effect(kind, model, has_levels=levels)
    }
    if ANALYSES[kind].drawn and "group" in found:
        found["group"].pop(_cluster_of(model), None)  # groups are groups of clusters
    return found if all(found.values()) else None
