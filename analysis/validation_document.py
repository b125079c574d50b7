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
    """Correlation of two factors with its 95 % interval; an upper limit below .85 speaks for two
    different factors (Ronkko & Cho 2022)."""

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


class HtmtPair(TypedDict):
    first: str
    second: str
    estimate: Number
    mean: Number
    se: Number
    lower: Number
    upper: Number


class HtmtIntervals(TypedDict):
    """Percentile bootstrap intervals of HTMT at ``level``; inadmissible resamples are left out."""

    level: float
    reps: int
    inadmissible: int
    pairs: list[HtmtPair]


class GeneralFactorItem(TypedDict):
    """Orthogonal loadings on the general factor and on each group factor."""

    item: str
    factor: str
    general: Number
    group: list[Number]


class GeneralFactor(TypedDict):
    """Schmid-Leiman; ecv: the general factor's share of the common variance."""

    n: int
    omega_hierarchical: Number
    omega_total: Number
    ecv: Number
    items: list[GeneralFactorItem]


class SecondOrderLoading(TypedDict):
    factor: str
    std_all: Number
    std_se: Number
    pvalue: Number
    r_squared: Number


class SecondOrder(TypedDict):
    """One general factor above the factors (three or more; with three it fits as they do alone).
    omega_l1: its share of the variance of the sum of all items; omega_l2: of the sum of the
    factors; partial_omega_l1: of the items' sum without what belongs to single factors."""

    n: int
    loadings: list[SecondOrderLoading]
    fit: dict[str, Number]
    omega_l1: Number
    omega_l2: Number
    partial_omega_l1: Number


class PurificationStep(TypedDict):
    """``before``, ``after``: chisq, df, cfi, tli, rmsea, srmr, bic of the model."""

    step: int
    item: str
    factor: str
    loading: Number
    reason: str
    alpha_before: Number
    alpha_after: Number
    before: dict[str, Number]
    after: dict[str, Number]


class Purification(TypedDict):
    """A proposal, never carried out: nothing else in the document has items left out."""

    loading_cut: float
    fewest_items: int
    steps: list[PurificationStep]
    model: list[Factor]
    kept_below_cut: list[str]


class Harman(TypedDict):
    """Unrotated components: eigenvalues, shares of variance, how many eigenvalues exceed 1."""

    n: int
    eigenvalues: list[Number]
    shares: list[Number]
    components: int
    first_share: Number
    dominated: bool


class Vif(TypedDict):
    factor: str
    vif: Number


class MarkerOfFactor(TypedDict):
    factor: str
    r: Number


class MarkerPair(TypedDict):
    first: str
    second: str
    r: Number
    pvalue: Number
    r_adjusted: Number
    t: Number
    df: int
    pvalue_adjusted: Number


class Marker(TypedDict):
    """Lindell & Whitney: r_A = (r - r_M) / (1 - r_M); ``rule`` says how r_M was chosen."""

    items: list[str]
    n: int
    rule: str
    r_marker: Number
    marker_correlations: list[MarkerOfFactor]
    correlations: list[MarkerPair]
    still_significant: bool


class MethodModel(TypedDict):
    name: str
    chisq: Number
    df: int
    cfi: Number
    rmsea: Number
    srmr: Number


class MethodComparison(TypedDict):
    """Likelihood-ratio test; a small p speaks against the constrained model."""

    constrained: str
    free: str
    delta_chisq: Number
    delta_df: int
    pvalue: Number


class MethodLoading(TypedDict):
    item: str
    loading: Number


class MarkerSequence(TypedDict):
    """Williams, Hartman & Cavazotte 2010: CFA, Baseline, Method-C, Method-U, Method-R.
    ``method_variance``: the marker explains answers; ``unequal``: unequally; ``biased``: factor
    correlations change. ``share``: mean squared standardised method loading."""

    n: int
    models: list[MethodModel]
    comparisons: list[MethodComparison]
    method_variance: bool
    unequal: bool
    biased: bool
    share: Number
    loadings: list[MethodLoading]


class LatentMethodFactor(TypedDict):
    """A method factor without a measure of its own; mean shares of the items' variance."""

    n: int
    models: list[MethodModel]
    comparison: MethodComparison
    substantive_share: Number
    method_share: Number
    loadings: list[MethodLoading]


class MethodVariance(TypedDict):
    """``marker`` and ``marker_sequence`` need marker items."""

    harman: Harman | None
    full_collinearity: list[Vif] | None
    marker: Marker | None
    marker_sequence: MarkerSequence | None
    latent_method_factor: LatentMethodFactor | None


class ConclusionRow(TypedDict):
    """``value`` ``relation`` ``cut``, a convention of ``source``; ``holds`` None: unknown."""

    step: str
    measure: str
    subject: str | None
    value: Number
    relation: str
    cut: float
    source: str
    holds: bool | None


class CarelessIndicator(TypedDict):
    indicator: str
    cut: Number
    unit: str
    source: str
    n_flagged: int


class CarelessRow(TypedDict):
    """``row`` counts from 1 in the order of the data."""

    row: int
    flags: list[str]
    longstring: Number
    irv: Number
    mahalanobis: Number
    seconds_per_item: Number


class WithoutFlagged(TypedDict):
    """The headline results computed again without the flagged rows."""

    n_complete: int
    fit: dict[str, Number] | None
    reliability: list[ReliabilityRow]
    conclusions: list[ConclusionRow]
    warnings: list[WarningRow]


class Careless(TypedDict):
    """Flags are proposals; nobody is left out elsewhere. At most 1000 ``rows`` are listed.
    ``without`` is None when nobody is flagged."""

    n: int
    n_flagged: int
    share_flagged: float
    indicators: list[CarelessIndicator]
    rows: list[CarelessRow]
    without: WithoutFlagged | None


class Settings(TypedDict):
    """What was asked for; with the data of ``fingerprint`` it gives the same numbers again."""

    instrument: str | None
    instrument_version: str | None
    key: str | None
    model: list[Factor]
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
    rivals: list[Rival] | None
    reliability: list[ReliabilityRow]
    fornell_larcker: FornellLarcker | None
    htmt: Htmt | None
    htmt_intervals: HtmtIntervals | None
    general_factor: GeneralFactor | None
    second_order: SecondOrder | None
    purification: Purification | None
    method_variance: MethodVariance | None
    careless: Careless | None
    conclusions: list[ConclusionRow]
    warnings: list[WarningRow]
    settings: Settings
    r_script: str  # the same numbers from lavaan, semTools and psych, for "answers.csv"
    versions: dict[str, str]
    fingerprint: str
