"""The confirmatory model beside ESEM, where it was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from analysis.errors import ModelError
from analysis.json_values import filled
from analysis.scale.esem import esem_comparison
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.sections.rivals import MEASURES, SCALED
from analysis.scale.study import Fit, Number, Section, Study


@dataclass(frozen=True)
class EsemRow:
    """An item with its own factor and its standardised loadings on all of them, in their order."""

    item: str
    factor: str
    loadings: tuple[Number, ...]


@dataclass(frozen=True)
class EsemPair:
    """The correlation of two factors in both models."""

    first: str
    second: str
    cfa: Number
    esem: Number


@dataclass(frozen=True)
class EsemSection(Section, percent=43, title="ESEM"):
    """All cross-loadings free and rotated to the confirmatory model as target, beside that model: only
    where it was asked for. ``bifactor_fit``: of the ESEM with a general factor, None where that has no
    proper solution. ``delta_*`` test the confirmatory model against ESEM. ``reached``: of ``starts``
    rotations those at the best of ``optima``. ``inadmissible``: why the solution is not to be
    interpreted."""

    n: int
    factors: tuple[str, ...]
    items: tuple[EsemRow, ...]
    correlations: tuple[EsemPair, ...]
    cfa_fit: Fit
    fit: Fit
    bifactor_fit: Fit | None
    delta_chisq: Number
    delta_df: Number
    delta_pvalue: Number
    starts: int
    reached: int
    optima: int
    inadmissible: str = ""

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        if not study.choices.esem or study.found(CfaSection) is None:
            return None
        confirmatory = study.fitted.sem
        if confirmatory is None:
            raise ModelError("an ESEM needs a fit of this package's own engine")
        found = esem_comparison(
            study.source,
            study.model,
            confirmatory,
            estimator=study.choices.estimator,
            missing=study.choices.missing,
            likelihood=study.choices.likelihood,
        )
        study.warn(cls, found.warnings)
        return filled(
            cls,
            found,
            cfa_fit=_measures(found.cfa_fit),
            fit=_measures(found.fit),
            bifactor_fit=_measures(found.bifactor_fit) if found.bifactor_fit else None,
        )


def _measures(fit: Mapping[str, float]) -> dict[str, Number]:
    scaled: dict[str, Number] = {measure: fit[measure] for measure in SCALED if measure in fit}
    return scaled | {measure: fit.get(measure) for measure in MEASURES}
