"""Further analyses of a composite model: what its outcome needs, its items' tetrads, its paths' bias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.composite.cipma import combined_map
from analysis.composite.copula import copula_analysis
from analysis.composite.cta import tetrad_analysis
from analysis.composite.layout import CompositeOptions
from analysis.composite.nca import Condition, Technique, necessary_conditions
from analysis.composite.rescaled_scores import rescaled_scores
from analysis.composite.text import read_model
from surveyapp.errors import Conflict
from surveyapp.results.projects.model_texts import observed_names
from surveyapp.results.projects.options import SEED, drawn_by
from surveyapp.results.projects.path_options import BORROW, CEILING, STEPS, YES, named
from surveyapp.store.models import ProjectModel

Result = dict[str, Any]
Scales = Mapping[str, tuple[float, float]]
PERMUTATIONS, RESAMPLES, TETRAD_RESAMPLES = 10_000, 1_000, 5_000


def fit_necessity(data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]) -> Result:
    """Which constructs with a path to the outcome are necessary for it, scores from 0 to 100.

    Single respondents, on whom a ceiling rests, are not told of but for how much the effect would change
    without any one of them. Raises Conflict for an item without a scale, else as ``necessary_conditions``.
    """
    outcome = options["outcome"]
    scores, turned = rescaled_scores(
        data,
        model.text,
        scale=_scale(model, options["scales"]),
        settings=composite_settings(model),
        missing=model.options["missing"],
    )
    wanted = named(options.get("conditions", "")) or [
        name for name in read_model(model.text).antecedents(outcome) if ":" not in name
    ]
    found = necessary_conditions(
        scores,
        outcome,
        wanted,
        steps=int(STEPS.value(options, "steps")),
        permutations=PERMUTATIONS,
        seed=SEED,
    )
    return {
        "outcome": outcome,
        "ceiling": _ceiling(options),
        "n": found.n,
        "permutations": PERMUTATIONS,
        "seed": SEED,
        "conditions": [_condition(each) for each in found.conditions],
        "warnings": [
            f"{name}: an item weighs negatively; its score may leave 0 to 100" for name in turned
        ],
    }


def _condition(found: Condition) -> Result:
    """The condition without the rows on which its ceilings rest."""
    return {
        "name": found.name,
        "ceilings": [
            {
                **vars(each),
                "necessary": each.necessary,
                "least_without_one": min(
                    [each.effect, *(one.effect(each.technique) for one in found.influential)]
                ),
                "most_without_one": max(
                    [each.effect, *(one.effect(each.technique) for one in found.influential)]
                ),
            }
            for each in found.ceilings
        ],
        "bottlenecks": [vars(each) for each in found.bottlenecks],
    }


def fit_importance(data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]) -> Result:
    """The outcome's importance-performance map combined with necessity. Raises as ``fit_necessity``."""
    resamples = model.options["bootstrap"] or RESAMPLES
    found = combined_map(
        data,
        model.text,
        options["outcome"],
        scale=_scale(model, options["scales"]),
        outcome=float(options["level"]),
        technique=_ceiling(options),
        permutations=PERMUTATIONS,
        bootstrap=resamples,
        seed=SEED,
        settings=composite_settings(model),
        missing=model.options["missing"],
    )
    return {
        **vars(found),
        "constructs": [{**vars(each), "priority": each.priority} for each in found.constructs],
    }


def fit_tetrads(data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]) -> Result:
    """The tetrads of every construct of four items or more. Raises as ``tetrad_analysis``."""
    found = tetrad_analysis(
        data,
        model.text,
        resamples=TETRAD_RESAMPLES,
        borrow=BORROW.value(options, "borrow") == YES,
        seed=SEED,
        missing=model.options["missing"],
        **drawn_by(model.options),
    )
    return {
        **vars(found),
        "constructs": [
            {
                **vars(each),
                "reflective": each.reflective,
                "tetrads": [{**vars(one), "vanishes": one.vanishes} for one in each.tetrads],
            }
            for each in found.constructs
        ],
    }


def fit_copula(data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]) -> Result:
    """Copula terms of the antecedents of every explained construct, or of one. Raises as
    ``copula_analysis``."""
    found = copula_analysis(
        data,
        model.text,
        targets=[options["outcome"]] if options.get("outcome") else (),
        resamples=model.options["bootstrap"] or RESAMPLES,
        seed=SEED,
        settings=composite_settings(model),
        missing=model.options["missing"],
    )
    return {
        **vars(found),
        "equations": [
            {
                **vars(each),
                "testable": each.testable,
                "models": [{**vars(one), "significant": one.significant} for one in each.models],
            }
            for each in found.equations
        ],
    }


def composite_settings(model: ProjectModel) -> CompositeOptions:
    """How the model is estimated."""
    return CompositeOptions(
        scheme=model.options["scheme"],
        consistent=model.options["consistent"],
        higher_order=model.options.get("higher_order", "two-stage"),
    )


def _ceiling(options: Mapping[str, Any]) -> Technique:
    return "CR-FDH" if CEILING.value(options, "ceiling") == "CR-FDH" else "CE-FDH"


def _scale(model: ProjectModel, scales: Scales) -> Scales:
    """The ends of the scale of each item of the model."""
    named = observed_names(model.kind, model.text)
    without = [name for name in named if name not in scales]
    if without:
        raise Conflict(
            f"The ends of the scale of {', '.join(without)} are not known; set them by a step, and fit the"
            " model again."
        )
    return {name: scales[name] for name in named}
