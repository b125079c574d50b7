"""Further analyses of a project's model: which there are, asked for once each, and those that are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.two_level.model import has_levels
from surveyapp.errors import Conflict, Invalid
from surveyapp.jobs import kinds
from surveyapp.results.projects.analysis_limits import limits, why_not
from surveyapp.results.projects.analysis_options import (
    ANSWERS,
    CLUSTER,
    CONSTRUCT,
    DIF_METHOD,
    EFA_METHOD,
    EFA_ROTATION,
    FACTORS,
    GROUP,
    ITEM,
    LEVEL,
    LIKELIHOOD,
    MEANS,
    ORTHOGONAL,
    OUTCOME,
    PARAMETER,
    REGRESSED,
    ROTATION,
    SLOPE,
    WAVE,
    AnalysisOption,
    chosen_of,
    in_words,
    require_identified,
)
from surveyapp.results.projects.group_options import (
    ALIGNMENT_METHOD,
    ALPHA,
    CLASSES,
    CORRECTION,
    CRITERION,
    DIFFERENCE,
    EPSILON,
    FIRST,
    FREE,
    LEAST,
    PURIFY,
    REFERENCE,
    SECOND,
    SIMULATE,
    require_group_options,
    without_effect,
)
from surveyapp.results.projects.model_equations import equations, equations_or_none, random_slopes
from surveyapp.results.projects.model_texts import COMPOSITE, COVARIANCE, products
from surveyapp.results.projects.options import is_drawn
from surveyapp.results.projects.path_options import (
    AGAINST,
    BOOTSTRAP,
    BORROW,
    CEILING,
    CONDITIONS,
    FOLDS,
    INTERACTION,
    PERMUTATIONS,
    REPETITIONS,
    SEGMENTS,
    STARTS,
    STEPS,
    TARGET,
    TECHNIQUE,
    UP_TO,
    require_path_options,
)
from surveyapp.results.projects.variables import Variables
from surveyapp.store.audit import record
from surveyapp.store.models import ProjectAnalysis, ProjectModel

MOST = 30  # of one model
_BY_COVARIANCES, _BY_COMPOSITES = (COVARIANCE,), (COMPOSITE,)
OF_ONE_LEVEL = (
    "This model has two levels. Measurement invariance over groups of clusters is tested of it; other"
    " further analyses are of models of one level: fit the same factors without levels for them."
)


OF_EQUAL_ROWS = "This model has weights or clusters, which this analysis cannot use; fit the same model without them for it."
SOME_OF_EQUAL_ROWS = (
    "Analyses that cannot use this model's weights or clusters are left out; fit the same model without them"
    " for these."
)

OF_FACTORS = (
    "This analysis is of factor models, and this model has regressions; fit the same factors without"
    " regressions for it."
)
SOME_OF_FACTORS = (
    "Analyses of factor models (alignment, DIF, waves, dynamic cut-offs, and ESEM where factors are regressed"
    " on each other) are left out, since this model has regressions; fit the same factors without them for"
    " these."
)


@dataclass(frozen=True)
class AnalysisKind:
    """A further analysis: of which kinds of model, what it tells, and the options that are chosen for it.

    ``of_levels``: whether it is one of models with levels, too. ``drawn``: whether it uses the weights and
    clusters of its model. ``of_factors``: whether it is one of factors alone, without regressions.
    """

    of: tuple[str, ...]
    title: str
    told: str
    options: Mapping[str, AnalysisOption] = field(default_factory=dict)
    of_levels: bool = False
    drawn: bool = False
    of_factors: bool = False

    @property
    def has_rare(self) -> bool:
        """Whether there are options that few choose."""
        return any(option.rare for option in self.options.values())


ANALYSES: Mapping[str, AnalysisKind] = MappingProxyType(
    {
        "invariance": AnalysisKind(
            _BY_COVARIANCES,
            "Measurement invariance",
            "Whether loadings, intercepts and residuals are the same in each group, step by step.",
            {"group": GROUP, "reference": REFERENCE, "difference": DIFFERENCE, "free": FREE},
            of_levels=True,
            drawn=True,
        ),
        "exploratory": AnalysisKind(
            _BY_COVARIANCES,
            "Exploratory factor analysis",
            "How many factors the model's items have, and which items load on which.",
            {"factors": FACTORS, "rotation": EFA_ROTATION, "method": EFA_METHOD},
        ),
        "esem": AnalysisKind(
            _BY_COVARIANCES,
            "Exploratory structural equation model (ESEM)",
            "Whether the model's factors hold when every item may load on all of them.",
            {"rotation": ROTATION, "orthogonal": ORTHOGONAL},
            drawn=True,
        ),
        "alignment": AnalysisKind(
            _BY_COVARIANCES,
            "Alignment of many groups",
            "Latent means of groups in which some items differ, and which items these are.",
            {
                "group": GROUP,
                "reference": REFERENCE,
                "method": ALIGNMENT_METHOD,
                "epsilon": EPSILON,
                "least": LEAST,
                "simulate": SIMULATE,
            },
            drawn=True,
            of_factors=True,
        ),
        "dif": AnalysisKind(
            _BY_COVARIANCES,
            "Differential item functioning (DIF)",
            "Which items members of a group answer differently at the same level.",
            {
                "group": GROUP,
                "method": DIF_METHOD,
                "reference": REFERENCE,
                "correction": CORRECTION,
                "alpha": ALPHA,
                "classes": CLASSES,
                "criterion": CRITERION,
                "purify": PURIFY,
            },
            of_factors=True,
        ),
        "two_level": AnalysisKind(
            _BY_COVARIANCES,
            "Two levels: within and between clusters",
            "Whether the structure is the same within clusters, such as branches, and between them.",
            {"cluster": CLUSTER},
            drawn=True,
        ),
        "mixed": AnalysisKind(
            (COVARIANCE, COMPOSITE),
            "Linear mixed model",
            "Whether intercept and slopes of a regression differ between clusters, such as branches; constructs"
            " count by the mean of their items.",
            {
                "outcome": REGRESSED,
                "cluster": CLUSTER,
                "slope": SLOPE,
                "means": MEANS,
                "method": LIKELIHOOD,
            },
        ),
        "longitudinal": AnalysisKind(
            _BY_COVARIANCES,
            "Invariance over waves of the same customers",
            "Whether items mean the same when customers answer again, and how the factors changed.",
            {"wave": WAVE},
            drawn=True,
            of_factors=True,
        ),
        "imputation": AnalysisKind(
            _BY_COVARIANCES,
            "Multiple imputation as a check",
            "Whether estimates stay the same when missing answers are imputed.",
            drawn=True,
        ),
        "cutoffs": AnalysisKind(
            _BY_COVARIANCES,
            "Dynamic cut-offs of fit",
            "Which SRMR, RMSEA and CFI tell this model from a misspecified one, by simulation.",
            {"answers": ANSWERS},
            of_factors=True,
        ),
        "multiverse": AnalysisKind(
            (COVARIANCE, COMPOSITE),
            "Multiverse (specification curve)",
            "One parameter by each estimator, of paths PLS and PLSc among them, and treatment of missing"
            " answers, with and without each step that leaves out rows.",
            {"parameter": PARAMETER},
        ),
        "slopes": AnalysisKind(
            _BY_COMPOSITES,
            "Simple slopes",
            "What an interaction (X:M) means: the effect where the moderator is low, average and high.",
            {"interaction": INTERACTION},
            drawn=True,
        ),
        "redundancy": AnalysisKind(
            _BY_COMPOSITES,
            "Redundancy analysis",
            "Whether items that form a construct cover it: its path to an item that asks for the whole.",
            {"construct": CONSTRUCT, "item": ITEM},
        ),
        "groups": AnalysisKind(
            _BY_COMPOSITES,
            "Two groups compared (MICOM and paths)",
            "Whether composites are the same in two groups, and whether paths differ.",
            {
                "group": GROUP,
                "first": FIRST,
                "second": SECOND,
                "permutations": PERMUTATIONS,
                "bootstrap": BOOTSTRAP,
            },
        ),
        "prediction": AnalysisKind(
            _BY_COMPOSITES,
            "Out-of-sample prediction (PLSpredict, CVPAT)",
            "How well the model predicts rows that it was not fitted to.",
            {
                "against": AGAINST,
                "technique": TECHNIQUE,
                "folds": FOLDS,
                "repetitions": REPETITIONS,
            },
        ),
        "segments": AnalysisKind(
            _BY_COMPOSITES,
            "Unobserved segments (FIMIX-PLS)",
            "Whether groups of respondents that no attribute names have other paths.",
            {"up_to": UP_TO, "segments": SEGMENTS, "starts": STARTS},
        ),
        "necessity": AnalysisKind(
            _BY_COMPOSITES,
            "Necessary conditions (NCA)",
            "Without how much of which construct a level of the outcome does not occur.",
            {"outcome": OUTCOME, "ceiling": CEILING, "steps": STEPS, "conditions": CONDITIONS},
        ),
        "importance": AnalysisKind(
            _BY_COMPOSITES,
            "Importance, performance and necessity (cIPMA)",
            "Which constructs matter most for the outcome, how well they are done, and which it needs.",
            {"outcome": OUTCOME, "level": LEVEL, "ceiling": CEILING},
        ),
        "tetrads": AnalysisKind(
            _BY_COMPOSITES,
            "Confirmatory tetrad analysis (CTA-PLS)",
            "Whether the items of a construct reflect one common factor.",
            {"borrow": BORROW},
            drawn=True,
        ),
        "copula": AnalysisKind(
            _BY_COMPOSITES,
            "Gaussian copulas",
            "Whether paths may be biased by what the model leaves out.",
            {"outcome": TARGET},
        ),
    }
)

# Every option that some analysis has.
ANALYSIS_OPTIONS = tuple(dict.fromkeys(name for kind in ANALYSES.values() for name in kind.options))


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
    if levels and not ANALYSES[kind].of_levels:
        raise Invalid(OF_ONE_LEVEL, field="kind")
    if not may_use(kind, model.options):
        raise Invalid(OF_EQUAL_ROWS, field="kind")
    if refused := why_not(kind, model.kind, model.text, model.options):
        raise Invalid(refused, field="kind")
    if needs_factors(kind, model.kind, model.text):
        raise Invalid(OF_FACTORS, field="kind")
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


def may_use(kind: str, options: Mapping[str, Any]) -> bool:
    """Whether an analysis can use the weights and clusters of a model of one level; yes without any."""
    return ANALYSES[kind].drawn or not is_drawn(options)


def needs_factors(kind: str, of: str, text: str) -> bool:
    """Whether an analysis is one of factors without regressions and the model's text has some. ESEM takes
    regressions, but not of its factors on each other."""
    if of != COVARIANCE:
        return False
    found = equations_or_none(of, text)
    if kind == "esem":
        return any(
            name in found.parts and not set(of_it).isdisjoint(found.parts)
            for name, of_it in found.predictors.items()
        )
    return ANALYSES[kind].of_factors and bool(found.predictors)


def not_offered(model: ProjectModel) -> str:
    """Why analyses of this kind of model are not offered, for it has levels, weights, clusters, regressions,
    groups, ordinal items, a factor of factors or no factor; else nothing."""
    if model.kind == COVARIANCE and has_levels(model.text):
        return OF_ONE_LEVEL
    said = [SOME_OF_EQUAL_ROWS] if is_drawn(model.options) else []
    if model.kind == COVARIANCE and equations_or_none(model.kind, model.text).predictors:
        said.append(SOME_OF_FACTORS)
    said += [each.left_out for each in limits(model.kind, model.text, model.options)]
    return " ".join(said)


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
    levels = model.kind == COVARIANCE and has_levels(model.text)
    if levels and not ANALYSES[kind].of_levels:
        return None
    if not may_use(kind, model.options) or needs_factors(kind, model.kind, model.text):
        return None
    if why_not(kind, model.kind, model.text, model.options):
        return None
    found = {
        name: dict(option.offered(model, known))
        for name, option in ANALYSES[kind].options.items()
        if name not in without_effect(kind, model, has_levels=levels)
    }
    if ANALYSES[kind].drawn and "group" in found:
        found["group"].pop(_cluster_of(model), None)  # groups are groups of clusters
    return found if all(found.values()) else None
