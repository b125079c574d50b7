"""The JSON of a scale validation: what ``ScaleValidation.to_dict`` gives, section by section.

Everything is plain JSON: no NaN, no infinity (None instead), numbers at full precision. A section
that could not be computed is None, and ``warnings`` says why under the section's name. ``format``
changes when a reader of the old shape would fail.
"""

from __future__ import annotations

from typing import TypedDict

from analysis.scale.checks_document import (
    Bifactor,
    Careless,
    ConclusionRow,
    GeneralFactor,
    HtmtIntervals,
    InvarianceSection,
    MethodVariance,
    Purification,
    SecondOrder,
)
from analysis.scale.core_document import (
    AdequacySection,
    AlphaCheck,
    CfaSection,
    Efa,
    Factor,
    FactorCount,
    FornellLarcker,
    Htmt,
    IndependentCheck,
    ItemRow,
    Missing,
    Normality,
    ReliabilityRow,
    Rival,
    Sample,
    WarningRow,
)

FORMAT = "scale-validation/1"


class SettingsDocument(TypedDict):
    """What was asked for; with the data of ``fingerprint`` it gives the same numbers again."""

    instrument: str | None
    instrument_version: str | None
    key: str | None
    model: list[Factor]
    group: list[str]
    marker: list[str]
    seconds: str | None
    reversed: list[str]
    estimator: str
    missing: str
    likelihood: str
    efa_method: str
    efa_rotation: str
    seed: int
    draws: int
    reps: int


class ScaleValidationDocument(TypedDict):
    """The whole, in the order of a scale-validation article."""

    format: str
    sample: Sample
    missing: Missing
    items: list[ItemRow]
    normality: Normality | None
    adequacy: AdequacySection | None
    factor_count: FactorCount | None
    efa: Efa | None
    cfa: CfaSection | None
    check: IndependentCheck | None
    alpha_check: AlphaCheck | None
    rivals: list[Rival] | None
    reliability: list[ReliabilityRow]
    fornell_larcker: FornellLarcker | None
    htmt: Htmt | None
    htmt_intervals: HtmtIntervals | None
    general_factor: GeneralFactor | None
    second_order: SecondOrder | None
    bifactor: Bifactor | None
    purification: Purification | None
    invariance: list[InvarianceSection]
    method_variance: MethodVariance | None
    careless: Careless | None
    conclusions: list[ConclusionRow]
    warnings: list[WarningRow]
    settings: SettingsDocument
    r_script: str  # the same numbers from lavaan, semTools and psych, for "answers.csv"
    versions: dict[str, str]
    fingerprint: str
