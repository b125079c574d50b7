"""Sections of a validation document that every analysis of a scale has: items to HTMT."""

from __future__ import annotations

from typing import TypedDict

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


class Little(TypedDict):
    """Little's test (1988) that answers are missing completely at random."""

    n: int
    patterns: int
    chisq: Number
    df: int
    pvalue: Number


class Missing(TypedDict):
    """The 20 most frequent patterns (``missing``: the items absent in it), of ``n_patterns``.
    ``little`` is None when nothing is missing or the test cannot be had."""

    cells: int
    missing_cells: int
    share: float
    n_complete: int
    n_empty: int
    items: list[ItemMissingRow]
    n_patterns: int
    patterns: list[PatternRow]
    little: Little | None


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


class Normality(TypedDict):
    """Mardia's multivariate skewness b1p (chi-square) and kurtosis b2p (z; normal: p (p + 2))."""

    n: int
    skew: Number
    skew_chisq: Number
    skew_df: int
    skew_pvalue: Number
    kurtosis: Number
    kurtosis_z: Number
    kurtosis_pvalue: Number


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
    std_se: Number
    r_squared: Number
    residual: Number


class CorrelationInterval(TypedDict):
    """Correlation of two factors with its 95 % interval. By its upper limit two factors are hard
    to tell apart a little (.80 to .90), moderately (.90 to 1), severely (1) (Ronkko & Cho 2022)."""

    first: str
    second: str
    r: Number
    se: Number
    lower: Number
    upper: Number


class CfaSection(TypedDict):
    """``fit`` by lavaan's fitMeasures names with underscores: chisq, df, pvalue, cfi, tli, rmsea,
    rmsea_ci_lower, rmsea_ci_upper, rmsea_pvalue, srmr, gfi, agfi, nfi, ifi, aic, bic, ...
    ``residual_correlations``: observed minus implied, in the order of ``loadings``."""

    n: int
    dropped: int
    estimator: str
    missing: str
    likelihood: str
    engine: str
    converged: bool
    model_text: str
    fit: dict[str, Number]
    loadings: list[LoadingRow]
    factors: list[str]
    factor_correlations: Matrix
    factor_correlation_intervals: list[CorrelationInterval]
    items: list[str]
    residual_correlations: Matrix


class IndependentCheck(TypedDict):
    """The CFA estimated again by another program: the largest absolute difference of standardised
    estimates, whose it is, and the relative difference of chi-square."""

    program: str
    version: str
    largest_difference: Number
    of: str
    chisq: Number
    chisq_difference: Number
    agrees: bool


class AlphaCheck(TypedDict):
    """Cronbach's alpha computed again by another program: the largest absolute difference and the
    factor of which it is."""

    program: str
    version: str
    largest_difference: Number
    of: str
    agrees: bool


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
    """One factor. alpha_ordinal: from polychoric correlations, None for items with more than ten
    different answers. omega: model-implied total variance; omega_observed: observed (McDonald 1999
    gives both); cr and ave from standardised loadings. All None for a single item."""

    factor: str
    n: int
    n_items: int
    alpha: Number
    alpha_ordinal: Number
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
