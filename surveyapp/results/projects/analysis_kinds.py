"""Kinds of further analysis of a project's model, each with its options and of which models it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

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
)
from surveyapp.results.projects.model_texts import COMPOSITE, COVARIANCE
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
)

_BY_COVARIANCES, _BY_COMPOSITES = (COVARIANCE,), (COMPOSITE,)


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
