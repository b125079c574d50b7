"""Which further analyses a model cannot have, whatever is chosen for them, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from analysis.covariance.settings import LIMITED_INFORMATION
from analysis.covariance.text.model import Model
from analysis.covariance.text.syntax import parse
from analysis.errors import ModelError
from analysis.two_level.model import has_levels
from surveyapp.results.projects.analysis_kinds import ANALYSES
from surveyapp.results.projects.model_equations import equations_or_none
from surveyapp.results.projects.model_texts import COVARIANCE
from surveyapp.results.projects.options import is_drawn

_OF_ONE_LEVEL = (
    "This model has two levels. Measurement invariance over groups of clusters is tested of it; other"
    " further analyses are of models of one level: fit the same factors without levels for them."
)


@dataclass(frozen=True)
class Limit:
    """Analyses that a model cannot have: ``why``, of one of them, and what is said where they are ``left_out``."""

    kinds: frozenset[str]
    why: str
    left_out: str


LEVELS = Limit(
    frozenset(name for name, kind in ANALYSES.items() if not kind.of_levels),
    _OF_ONE_LEVEL,
    _OF_ONE_LEVEL,
)
DRAWN = Limit(
    frozenset(name for name, kind in ANALYSES.items() if not kind.drawn),
    "This analysis cannot use weights or clusters, and this model has some; fit the same model without them for"
    " it.",
    "Analyses that cannot use this model's weights or clusters are left out; fit the same model without them"
    " for these.",
)
REGRESSIONS = Limit(
    frozenset(name for name, kind in ANALYSES.items() if kind.of_factors),
    "This analysis is of factor models, and this model has regressions; fit the same factors without"
    " regressions for it.",
    "Analyses of factor models (alignment, DIF, waves, dynamic cut-offs, and ESEM where factors are regressed"
    " on each other) are left out, since this model has regressions; fit the same factors without them for"
    " these.",
)
GROUPS = Limit(
    frozenset({"esem", "cutoffs"}),
    "This model is fitted by groups, and this analysis is of all rows together; fit the same model without"
    " groups for it.",
    "ESEM and dynamic cut-offs are left out, since this model is fitted by groups; fit the same model without"
    " them for these.",
)
ORDINAL = Limit(
    frozenset({"two_level"}),
    "This analysis takes items as numbers, and those of this model are ordinal; fit the same model by ML or MLR"
    " for it.",
    "Two levels are left out, since this model's items are ordinal; fit the same model by ML or MLR for them.",
)
SECOND_ORDER = Limit(
    frozenset({"alignment", "dif", "esem"}),
    "This analysis is of factors that items measure, and this model has a factor of factors; fit the same"
    " model without it.",
    "Alignment, DIF and ESEM are left out, since this model has a factor of factors; fit the same model without"
    " it for these.",
)
NO_FACTORS = Limit(
    frozenset({"invariance", "esem"}),
    "This analysis is of factors, and this model has none; write lines factor =~ items for it.",
    "Measurement invariance and ESEM are left out, since this model has no factors.",
)


def limits(of: str, text: str, options: Mapping[str, Any]) -> Iterator[Limit]:
    """What applies to a model of this kind, text and estimation."""
    if of == COVARIANCE and has_levels(text):
        yield LEVELS
        return
    if is_drawn(options):
        yield DRAWN
    if of == COVARIANCE:
        yield from _of_factors(text, options)


def _of_factors(text: str, options: Mapping[str, Any]) -> Iterator[Limit]:
    """Of a covariance-based model of one level. ESEM takes regressions, but not of its factors on each other."""
    found = equations_or_none(COVARIANCE, text)
    if found.predictors:
        between_factors = any(
            name in found.parts and not set(of_it).isdisjoint(found.parts)
            for name, of_it in found.predictors.items()
        )
        esem = {"esem"} if between_factors else set()
        yield replace(REGRESSIONS, kinds=REGRESSIONS.kinds | esem)
    if options.get("group"):
        yield GROUPS
    if options.get("estimator") in LIMITED_INFORMATION:
        yield ORDINAL
    try:
        model = parse(text)
    except ModelError:
        return
    if not model.latent:
        yield NO_FACTORS
    elif _is_second_order(model):
        yield SECOND_ORDER


def why_not(kind: str, of: str, text: str, options: Mapping[str, Any]) -> str:
    """Why a model cannot have an analysis; empty where nothing speaks against it."""
    return next((each.why for each in limits(of, text, options) if kind in each.kinds), "")


def _is_second_order(model: Model) -> bool:
    return any(path.op == "=~" and path.rhs in model.latent for path in model.paths)
