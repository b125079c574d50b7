"""The JSON of a scale validation: what ``ScaleValidation.to_dict`` gives, section by section.

Everything is plain JSON: no NaN, no infinity (None instead), numbers at full precision. A section
that could not be computed is None, and ``warnings`` says why under the section's name. ``format``
changes when a reader of the old shape would fail.
"""

from __future__ import annotations

from typing import TypedDict

FORMAT = "scale-validation/1"

Number = float | None  # None: undefined for these data
Matrix = list[list[Number]]  # rows as in the section's names, full and symmetric unless said


class WarningRow(TypedDict):
    """A warning: the section that it concerns, and one sentence."""

    step: str
    message: str


class Factor(TypedDict):
    name: str
    items: list[str]


class Sample(TypedDict):
    """``n_complete``: rows with every item of the model answered."""

    n_rows: int
    n_complete: int
    n_items: int
    n_factors: int
    factors: list[Factor]


class ItemMissingRow(TypedDict):
    item: str
    missing: int
    share: float


class PatternRow(TypedDict):
    missing: list[str]
    n: int


class Missing(TypedDict):
    """The 20 most frequent patterns (``missing``: the items absent in it), of ``n_patterns``."""

    cells: int
    missing_cells: int
    share: float
    n_complete: int
    n_empty: int
    items: list[ItemMissingRow]
    n_patterns: int
    patterns: list[PatternRow]


class Bar(TypedDict):
    value: float
    n: int


class ItemRow(TypedDict):
    """skew b1 and excess kurtosis b2 (type 3, R psych); floor, ceiling: shares 0..1."""

    item: str
    factor: str
    n: int
    missing: int
    mean: Number
    sd: Number
    median: Number
    skew: Number
    kurtosis: Number
    minimum: Number
    maximum: Number
    lowest: Number
    highest: Number
    floor: Number
    ceiling: Number
    histogram: list[Bar]


class MsaRow(TypedDict):
    item: str
    msa: Number


class Bartlett(TypedDict):
    chisq: Number
    df: int
    pvalue: Number


class AdequacySection(TypedDict):
    n: int
    kmo: Number
    msa: list[MsaRow]
    bartlett: Bartlett


class Eigenvalues(TypedDict):
    """One entry an eigenvalue, descending; ``suggested``: how many exceed ``threshold``."""

    observed: list[Number]
    random_mean: list[Number]
    threshold: list[Number]
    suggested: int


class Map(TypedDict):
    """Average squared partial correlation after 0, 1, 2, ... components."""

    averages: list[Number]
    suggested: int


class FactorCount(TypedDict):
    n: int
    draws: int
    percentile: float
    seed: int
    components: Eigenvalues
    factors: Eigenvalues
    map: Map


class EfaItem(TypedDict):
    item: str
    factor: str  # the hypothesised one
    loadings: list[Number]
    communality: Number


class Efa(TypedDict):
    """Pattern loadings on ``names`` (F1, F2, ...); ``phi`` correlates the factors;
    ``variance`` is each factor's share of the items' variance."""

    n: int
    method: str
    rotation: str
    names: list[str]
    items: list[EfaItem]
    phi: Matrix
    variance: list[Number]
    chisq: Number
    df: int
    pvalue: Number
    residual_rms: Number


class LoadingRow(TypedDict):
    """``se``, ``z``, ``pvalue`` are None for the marker item, fixed at 1."""

    factor: str
    item: str
    est: Number
    se: Number
    z: Number
    pvalue: Number
    std_all: Number
    r_squared: Number
    residual: Number


class CfaSection(TypedDict):
    """``fit`` by lavaan's fitMeasures names with underscores: chisq, df, pvalue, cfi, tli, rmsea,
    rmsea_ci_lower, rmsea_ci_upper, rmsea_pvalue, srmr, gfi, agfi, nfi, ifi, aic, bic, ...
    ``residual_correlations``: observed minus implied, in the order of ``loadings``."""

    n: int
    dropped: int
    estimator: str
    likelihood: str
    engine: str
    converged: bool
    model_text: str
    fit: dict[str, Number]
    loadings: list[LoadingRow]
    factors: list[str]
    factor_correlations: Matrix
    items: list[str]
    residual_correlations: Matrix


class Rival(TypedDict):
    """A model beside the hypothesised one (first row, ``kind`` "hypothesised"). Kinds: null,
    one_factor, merged (two factors as one; with three factors these are the two-factor models).
    ``delta_chisq`` etc. compare with the hypothesised; None where that cannot be."""

    name: str
    kind: str
    n_factors: int
    fit: dict[str, Number]
    delta_chisq: Number
    delta_df: Number
    delta_pvalue: Number


class ReliabilityItem(TypedDict):
    item: str
    item_rest_correlation: Number
    alpha_if_dropped: Number


class ReliabilityRow(TypedDict):
    """One factor. omega: model-implied total variance; omega_observed: observed (McDonald 1999
    gives both); cr and ave from standardised loadings. All None for a single item."""

    factor: str
    n: int
    n_items: int
    alpha: Number
    alpha_lower: Number
    alpha_upper: Number
    alpha_level: float
    alpha_standardised: Number
    mean_correlation: Number
    omega: Number
    omega_observed: Number
    cr: Number
    ave: Number
    items: list[ReliabilityItem]


class FornellLarcker(TypedDict):
    """sqrt(AVE) on the diagonal (None for a single item), factor correlations off it."""

    factors: list[str]
    matrix: Matrix
    holds: list[bool | None]


class Htmt(TypedDict):
    factors: list[str]
    htmt: Matrix
    htmt2: Matrix


class Settings(TypedDict):
    """What was asked for; with the data of ``fingerprint`` it gives the same numbers again."""

    instrument: str | None
    instrument_version: str | None
    key: str | None
    model: list[Factor]
    reversed: list[str]
    likelihood: str
    efa_method: str
    efa_rotation: str
    seed: int
    draws: int


class ScaleValidationDocument(TypedDict):
    """The whole, in the order of a scale-validation article."""

    format: str
    sample: Sample
    missing: Missing
    items: list[ItemRow]
    adequacy: AdequacySection | None
    factor_count: FactorCount | None
    efa: Efa | None
    cfa: CfaSection | None
    rivals: list[Rival] | None
    reliability: list[ReliabilityRow]
    fornell_larcker: FornellLarcker | None
    htmt: Htmt | None
    warnings: list[WarningRow]
    settings: Settings
    versions: dict[str, str]
    fingerprint: str
