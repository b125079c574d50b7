"""Common-method variance: how much of what the items share is the way of asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd

from analysis.errors import AnalysisError
from analysis.json_values import filled
from analysis.scale.conclusions import Conclusion
from analysis.scale.method_factor import latent_method_factor, marker_sequence
from analysis.scale.method_variance import full_collinearity_vif, harman, marker_test
from analysis.scale.study import Number, Section, Sections, Study


@dataclass(frozen=True)
class HarmanPart:
    """Unrotated components: eigenvalues, shares of variance, how many eigenvalues exceed 1."""

    n: int
    eigenvalues: tuple[Number, ...]
    shares: tuple[Number, ...]
    components: int
    first_share: Number
    dominated: bool


@dataclass(frozen=True)
class VifRow:
    factor: str
    vif: Number


@dataclass(frozen=True)
class MarkerOfFactor:
    factor: str
    r: Number


@dataclass(frozen=True)
class MarkerPair:
    first: str
    second: str
    r: Number
    pvalue: Number
    r_adjusted: Number
    t: Number
    df: int
    pvalue_adjusted: Number


@dataclass(frozen=True)
class MarkerPart:
    """Lindell & Whitney: r_A = (r - r_M) / (1 - r_M); ``rule`` says how r_M was chosen."""

    items: tuple[str, ...]
    n: int
    rule: str
    r_marker: Number
    marker_correlations: tuple[MarkerOfFactor, ...]
    correlations: tuple[MarkerPair, ...]
    still_significant: bool


@dataclass(frozen=True)
class MethodModelRow:
    name: str
    chisq: Number
    df: int
    cfi: Number
    rmsea: Number
    srmr: Number
    chisq_scaled: Number = None
    cfi_robust: Number = None
    rmsea_robust: Number = None
    admissible: bool = True


@dataclass(frozen=True)
class MethodComparisonRow:
    """Likelihood-ratio test, or the scaled difference of MLR and MLM; a small p speaks against the constrained model."""

    constrained: str
    free: str
    delta_chisq: Number
    delta_df: int
    pvalue: Number


@dataclass(frozen=True)
class MethodLoading:
    item: str
    loading: Number


@dataclass(frozen=True)
class MarkerSequencePart:
    """Williams, Hartman & Cavazotte 2010: CFA, Baseline, Method-C, Method-U, Method-R.
    ``method_variance``: the marker explains answers; ``unequal``: unequally; ``biased``: factor
    correlations change. ``share``: mean squared standardised method loading. ``inadmissible``: which
    models are not to be interpreted, why, and what was tried; what rests on them is None."""

    n: int
    models: tuple[MethodModelRow, ...]
    comparisons: tuple[MethodComparisonRow, ...]
    method_variance: bool | None
    unequal: bool | None
    biased: bool | None
    share: Number
    loadings: tuple[MethodLoading, ...]
    inadmissible: str = ""


@dataclass(frozen=True)
class LatentMethodPart:
    """A method factor without a measure of its own; mean shares of the items' variance, None where the
    solution is ``inadmissible`` (why, and what was tried)."""

    n: int
    models: tuple[MethodModelRow, ...]
    comparison: MethodComparisonRow
    substantive_share: Number
    method_share: Number
    loadings: tuple[MethodLoading, ...]
    inadmissible: str = ""


@dataclass(frozen=True)
class MethodVarianceSection(Section, percent=70, title="common-method variance"):
    """``marker`` and ``marker_sequence`` need marker items. Each test on its own complete rows;
    one that could not be computed is None with a warning."""

    harman: HarmanPart | None
    full_collinearity: tuple[VifRow, ...] | None
    marker: MarkerPart | None
    marker_sequence: MarkerSequencePart | None = None
    latent_method_factor: LatentMethodPart | None = None

    @classmethod
    def compute(cls, study: Study) -> Self:
        found: dict[str, Any] = {"marker": None, "marker_sequence": None}
        said = []
        for name, test in _tests(study).items():
            try:
                found[name], warnings = test()
            except AnalysisError as error:
                found[name], warnings = None, (str(error),)
            said += [f"{name.replace('_', ' ')}: {text}" for text in warnings]
        study.warn(cls, said)
        return cls(**found)

    def conclude(self, found: Sections) -> Iterator[Conclusion]:
        if self.harman is not None:
            share, source = self.harman.first_share, "Podsakoff & Organ 1986"
            yield self.against("harman_first_share", share, "<=", 0.50, source)
        for row in self.full_collinearity or ():
            yield self.against("full_collinearity_vif", row.vif, "<=", 3.3, "Kock 2015", row.factor)


def _tests(study: Study) -> Mapping[str, Callable[[], tuple[Any, tuple[str, ...]]]]:
    """Each test by its field: what it finds, and its warnings."""
    everything = study.data
    if study.marker is not None:
        everything = pd.concat([study.data, study.marker], axis=1)
    estimator = study.choices.estimator

    def components() -> tuple[HarmanPart, tuple[str, ...]]:
        return filled(HarmanPart, harman(everything)), ()

    def collinearity() -> tuple[tuple[VifRow, ...], tuple[str, ...]]:
        vif = full_collinearity_vif(study.data, study.model)
        return tuple(filled(VifRow, factor=factor, vif=vif[factor]) for factor in vif), ()

    def latent() -> tuple[LatentMethodPart, tuple[str, ...]]:
        rows = study.moments() if estimator == "ML" else study.data
        found = latent_method_factor(rows, study.model, estimator=estimator)
        return filled(LatentMethodPart, found, loadings=_loadings(found.loadings)), found.warnings

    tests: dict[str, Callable[[], tuple[Any, tuple[str, ...]]]] = {
        "harman": components,
        "full_collinearity": collinearity,
        "latent_method_factor": latent,
    }
    if study.marker is None:
        return tests
    items = list(study.marker.columns)

    def marker() -> tuple[MarkerPart, tuple[str, ...]]:
        found = marker_test(everything, study.model, items)
        of_factors = [{"factor": factor, "r": r} for factor, r in found.marker_correlations.items()]
        return filled(MarkerPart, found, items=items, marker_correlations=of_factors), ()

    def sequence() -> tuple[MarkerSequencePart, tuple[str, ...]]:
        found = marker_sequence(everything, study.model, items, estimator=estimator)
        return filled(MarkerSequencePart, found, loadings=_loadings(found.loadings)), found.warnings

    return {**tests, "marker": marker, "marker_sequence": sequence}


def _loadings(found: Mapping[str, float]) -> list[dict[str, Any]]:
    return [{"item": item, "loading": loading} for item, loading in found.items()]
