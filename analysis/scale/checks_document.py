"""Sections of a validation document around the core: groups, method, careless answers."""

from __future__ import annotations

from typing import TypedDict

from analysis.scale.core_document import Factor, Number, ReliabilityRow, WarningRow


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


class BifactorItem(TypedDict):
    """Standardised loadings on the general factor and on the item's own."""

    item: str
    factor: str
    general: Number
    group: Number


class SubscaleOmega(TypedDict):
    factor: str
    omega: Number


class Bifactor(TypedDict):
    """A general factor beside orthogonal group factors. omega_hierarchical: the general factor's
    share of the variance of the items' sum, omega_total all common factors', by subscale its own
    factor's; ecv: the general factor's share of the common variance; puc: the share of correlations
    between items of different factors. Three or more factors of three or more items only."""

    n: int
    converged: bool
    items: list[BifactorItem]
    fit: dict[str, Number]
    omega_hierarchical: Number
    omega_total: Number
    omega_hierarchical_subscale: list[SubscaleOmega]
    ecv: Number
    puc: Number


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


class GroupSize(TypedDict):
    label: str
    n: int


class InvarianceStep(TypedDict):
    """configural, metric, scalar or strict; ``d_``: change against the step before, None at the
    first. ``because``: the verdict's reason with its bounds."""

    step: str
    chisq: Number
    df: Number
    pvalue: Number
    cfi: Number
    tli: Number
    rmsea: Number
    srmr: Number
    aic: Number
    bic: Number
    d_chisq: Number
    d_df: Number
    d_pvalue: Number
    d_cfi: Number
    d_rmsea: Number
    d_srmr: Number
    holds: bool
    because: str


class ScoreTest(TypedDict):
    """An equality over groups: what chi-square would lose if it were freed."""

    name: str
    x2: Number
    df: Number
    pvalue: Number
    epc: Number


class Release(TypedDict):
    """A proposal on the way to partial invariance."""

    step: str
    parameter: str
    x2: Number
    pvalue: Number
    cfi: Number
    holds: bool


class LatentMean(TypedDict):
    """A factor's mean in a group, the first group's being 0; d: in pooled standard deviations."""

    factor: str
    group: str
    est: Number
    se: Number
    z: Number
    pvalue: Number
    ci_lower: Number
    ci_upper: Number
    d: Number


class InvarianceSection(TypedDict):
    """The ladder over one grouping column. ``reached``: the last step that holds with all before
    it (None: not even the configural one); ``rules``: the bounds applied."""

    group: str
    groups: list[GroupSize]
    reached: str | None
    rules: dict[str, float]
    steps: list[InvarianceStep]
    score_tests: list[ScoreTest]
    releases: list[Release]
    latent_means: list[LatentMean]


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
