"""The steps of a scale validation around its core: normality, general factor, purification,
method variance, careless answers. Each from the study's data to one section of the document.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import AnalysisError, DataError
from analysis.scale.bifactor import bifactor
from analysis.scale.careless import INDICATORS, CarelessReport, careless
from analysis.scale.htmt_bootstrap import htmt_intervals
from analysis.scale.method_factor import (
    LatentMethodFactor,
    MarkerSequence,
    latent_method_factor,
    marker_sequence,
)
from analysis.scale.method_variance import full_collinearity_vif, harman, marker_test
from analysis.scale.missingness import little_test
from analysis.scale.normality import mardia
from analysis.scale.pingouin_alpha import check_alpha
from analysis.scale.purification import propose_purification
from analysis.scale.schmid_leiman import omega_hierarchical
from analysis.scale.second_order import second_order
from analysis.scale.semopy_cfa import independent_check
from analysis.scale.steps import Section, Study, factors

MOST_ROWS = 1000  # flagged rows that are listed by number


def little_section(study: Study) -> Section | None:
    """Little's test, or None when no answer is missing."""
    if not study.data.isna().to_numpy().any():
        return None
    return vars(little_test(study.data))


def normality_section(study: Study) -> Section:
    found = vars(mardia(study.data)).copy()
    del found["dropped"]
    return found


def alpha_check_section(study: Study) -> Section:
    measured = {
        factor: items
        for factor, items in study.model.items()
        if study.data[list(items)].var().all()
    }
    return vars(check_alpha(study.data, measured))


def check_section(study: Study) -> Section:
    found = study.moments()
    return vars(independent_check(study.fit(study.model), found))


def general_factor_section(study: Study) -> tuple[Section, tuple[str, ...]]:
    found = omega_hierarchical(study.moments(), len(study.model), method=study.choices.efa_method)
    section = {
        "n": found.n,
        "omega_hierarchical": found.omega_hierarchical,
        "omega_total": found.omega_total,
        "ecv": found.ecv,
        "items": [
            {
                "item": item,
                "factor": study.factor_of[item],
                "general": found.general[i],
                "group": found.group[i],
            }
            for i, item in enumerate(found.items)
        ],
    }
    return section, found.warnings


def htmt_interval_rows(study: Study) -> tuple[Section, list[str]]:
    found = htmt_intervals(
        study.data, study.model, reps=study.choices.reps, seed=study.choices.seed
    )
    said = []
    if found.inadmissible:
        said.append(f"{found.inadmissible} of {found.reps} resamples were inadmissible, left out")
    section = {
        "level": found.level,
        "reps": found.reps,
        "inadmissible": found.inadmissible,
        "pairs": found.pairs,
    }
    return section, said


def purification_section(study: Study) -> tuple[Section, tuple[str, ...]]:
    found = propose_purification(
        study.moments(), study.model, fit=lambda _, model: study.fit(model)
    )
    section: dict[str, Any] = {
        "loading_cut": found.loading_cut,
        "fewest_items": found.fewest_items,
        "steps": found.steps,
        "model": factors(found.model),
        "kept_below_cut": found.kept_below_cut,
    }
    return section, found.warnings


def second_order_section(study: Study) -> tuple[Section, tuple[str, ...]]:
    found = second_order(
        study.source,
        study.model,
        estimator=study.choices.estimator,
        missing=study.choices.missing,
        likelihood=study.choices.likelihood,
    )
    section = {
        "n": found.n,
        "loadings": found.loadings,
        "fit": found.fit,
        "omega_l1": found.omega_l1,
        "omega_l2": found.omega_l2,
        "partial_omega_l1": found.partial_omega_l1,
    }
    return section, found.warnings


def bifactor_section(study: Study) -> tuple[Section, tuple[str, ...]]:
    found = bifactor(
        study.source,
        study.model,
        estimator=study.choices.estimator,
        missing=study.choices.missing,
        likelihood=study.choices.likelihood,
    )
    section = {name: value for name, value in vars(found).items() if name != "warnings"}
    section["omega_hierarchical_subscale"] = [
        {"factor": factor, "omega": value}
        for factor, value in found.omega_hierarchical_subscale.items()
    ]
    return section, found.warnings


def method_variance_section(study: Study, marker: pd.DataFrame | None) -> tuple[Section, list[str]]:
    """Harman's test, full collinearity, the latent method factor and, with marker items, the
    Lindell-Whitney test and the CFA marker sequence; each on its own complete rows."""
    everything = study.data if marker is None else pd.concat([study.data, marker], axis=1)
    tests: dict[str, Callable[[], tuple[Any, tuple[str, ...]]]] = {
        "harman": lambda: (harman(everything), ()),
        "full_collinearity": lambda: (_vif_part(study), ()),
        "latent_method_factor": lambda: _method_part(
            latent_method_factor(study.moments(), study.model)
        ),
    }
    if marker is not None:
        items = list(marker.columns)
        tests["marker"] = lambda: (_marker_part(study, everything, items), ())
        tests["marker_sequence"] = lambda: _method_part(
            marker_sequence(everything, study.model, items)
        )
    section: Section = {"marker": None, "marker_sequence": None}
    said = []
    for name, compute in tests.items():
        try:
            section[name], warnings = compute()
        except AnalysisError as error:
            section[name], warnings = None, (str(error),)
        said += [f"{name.replace('_', ' ')}: {text}" for text in warnings]
    return section, said


def _vif_part(study: Study) -> list[Section]:
    vif = full_collinearity_vif(study.data, study.model)
    return [{"factor": factor, "vif": value} for factor, value in vif.items()]


def _method_part(found: MarkerSequence | LatentMethodFactor) -> tuple[Section, tuple[str, ...]]:
    section = {name: value for name, value in vars(found).items() if name != "warnings"}
    section["loadings"] = [
        {"item": item, "loading": loading} for item, loading in found.loadings.items()
    ]
    return section, found.warnings


def _marker_part(study: Study, everything: pd.DataFrame, marker: list[str]) -> Section:
    found = marker_test(everything, study.model, marker)
    return {
        "items": marker,
        "n": found.n,
        "rule": found.rule,
        "r_marker": found.r_marker,
        "marker_correlations": [
            {"factor": factor, "r": r} for factor, r in found.marker_correlations.items()
        ],
        "correlations": found.correlations,
        "still_significant": found.still_significant,
    }


def careless_section(
    raw: pd.DataFrame, seconds: np.ndarray | None
) -> tuple[Section, CarelessReport]:
    """Counts by indicator and the flagged rows' numbers, from 1; ``without`` is filled later."""
    if not len(raw):
        raise DataError("there are no rows to look at")
    found = careless(raw, seconds=seconds)
    rows = np.flatnonzero(found.flagged)
    section: Section = {
        "n": len(raw),
        "n_flagged": len(rows),
        "share_flagged": len(rows) / len(raw),
        "indicators": [
            {"indicator": "longstring", "cut": found.longstring_cut, "unit": "identical answers in a row", "source": "Curran 2016"},
            {"indicator": "irv", "cut": found.cuts.irv, "unit": "scale points (SD within the person)", "source": "Dunn, Heggestad, Shanock & Theilgard 2018"},
            {"indicator": "mahalanobis", "cut": found.mahalanobis_cut, "unit": f"D2 at p = {found.cuts.mahalanobis:g}", "source": "Meade & Craig 2012"},
            {"indicator": "speed", "cut": found.cuts.seconds_per_item, "unit": "seconds an item", "source": "Huang, Curran, Keeney, Poposki & DeShon 2012"},
        ],
        "rows": [
            {
                "row": int(i) + 1,
                "flags": [name for k, name in enumerate(INDICATORS) if found.flags[i, k]],
                "longstring": found.longstring[i],
                "irv": found.irv[i],
                "mahalanobis": found.mahalanobis[i],
                "seconds_per_item": found.seconds_per_item[i],
            }
            for i in rows[:MOST_ROWS]
        ],
        "without": None,
    }  # fmt: skip
    for k, entry in enumerate(section["indicators"]):
        entry["n_flagged"] = int(found.flags[:, k].sum())
    return section, found
