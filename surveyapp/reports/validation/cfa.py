"""The confirmatory model: fit, estimates, correlations of factors, residuals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from analysis.scale.sections.cfa import CfaSection, CorrelationInterval, robust
from analysis.scale.study import Fit, Number
from surveyapp.design_tokens import TEXT_WIDTH
from surveyapp.reports import apa, research_charts
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import (
    Block,
    Cell,
    Chart,
    Column,
    Interval,
    Look,
    Paragraph,
    Styled,
    Table,
    italic,
)
from surveyapp.reports.measured_models import label
from surveyapp.reports.path_diagram import path_diagram
from surveyapp.reports.validation import charts
from surveyapp.reports.validation.cfa_diagram import cfa_diagram
from surveyapp.reports.validation.part import (
    CONVERGENT,
    DISCRIMINANT,
    FIT,
    Chapter,
    Criterion,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import indented, name, pair

_MOST_DRAWN = 40  # items; more are a page of hairs
_MOST_MAPPED = 60
_LARGE = 0.10  # Kline 2016: of a residual correlation
_LOW = 0.70  # the usual cut-off of a standardised loading


def _fit(cfa: CfaSection, _: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    fit = cfa.fit
    yield Paragraph(
        (
            f"The model of {len(cfa.factors)} correlated factors (",
            Styled("n", "italic"),
            f" = {cfa.n:,}) has ",
            *apa.chi_square(robust(fit, "chisq"), fit["df"], robust(fit, "pvalue")),
            f"{_kind(fit)} CFI = {apa.bounded(robust(fit, 'cfi'), 3)}, TLI = "
            f"{apa.bounded(robust(fit, 'tli'), 3)}, RMSEA = {apa.bounded(robust(fit, 'rmsea'), 3)} "
            "90% CI "
            f"{apa.between(robust(fit, 'rmsea_ci_lower'), robust(fit, 'rmsea_ci_upper'), 3)}, SRMR = "
            f"{apa.bounded(fit['srmr'], 3)}, GFI = {apa.bounded(fit['gfi'], 3)}.",
            *_unscaled(fit),
        )
    )


def _kind(fit: Fit) -> str:
    """What kind of indices follow the test."""
    if fit.get("chisq_scaled") is None:
        return ","
    return " (scaled); robust" if fit.get("cfi_robust") is not None else " (scaled); scaled"


def _unscaled(fit: Fit) -> tuple[str | Styled, ...]:
    """The plain test and indices beside robust ones."""
    if fit.get("chisq_scaled") is None:
        return ()
    return (
        " Not corrected for the data's distribution: ",
        *apa.chi_square(fit["chisq"], fit["df"], fit["pvalue"]),
        f"; CFI = {apa.bounded(fit['cfi'], 3)}, TLI = {apa.bounded(fit['tli'], 3)}, RMSEA = "
        f"{apa.bounded(fit['rmsea'], 3)}.",
    )


def _estimates(cfa: CfaSection, _: ValidationStudy, number: Numbers) -> Iterator[Block]:
    yield from loadings(cfa)
    yield from model(cfa)
    yield _table(cfa, next(number))
    yield from residuals(cfa)


def loadings(cfa: CfaSection) -> Iterator[Chart]:
    """Standardised loadings with their intervals."""
    rows = [
        (label(row.factor), row.item, row.std_all, row.std_se)
        for row in cfa.loadings
        if row.std_all is not None
    ]
    if not rows:
        return
    below = [item for _, item, value, _ in rows if value < _LOW]
    title = f"All {len(rows)} items load at .70 or above on their factor"
    if below:
        title = f"{len(below)} of {len(rows)} items load below .70: {', '.join(below)}"
    yield Chart(
        title,
        charts.loadings(rows, cut=_LOW),
        "Standardised loadings with 95% intervals; the dashed line is the usual cut-off of .70.",
    )


def model(cfa: CfaSection) -> Iterator[Chart]:
    """The confirmatory model with its estimates; nothing for a model too large to read."""
    if len(cfa.items) > _MOST_DRAWN:
        return
    between = [row.r for row in cfa.factor_correlation_intervals if row.r is not None]
    title = f"{len(cfa.items)} items show {len(cfa.factors)} factors"
    if len(cfa.factors) == 1:
        title = f"{len(cfa.items)} items show one factor"
    elif between:
        title += f" that correlate {_span(between)}"
    yield Chart(
        title,
        path_diagram(cfa_diagram(cfa)),
        f"Standardised estimates, n = {cfa.n:,}. Ellipses: factors; boxes: items; arcs: "
        "correlations. Dashed: not significant (.05).",
        width=TEXT_WIDTH * 0.88,  # room for the table of loadings on the same page
    )


def _span(values: list[float]) -> str:
    low, high = apa.bounded(min(values)), apa.bounded(max(values))
    return low if low == high else f"{low} to {high}"


def _table(cfa: CfaSection, number: int) -> Table:
    rows: list[list[Cell]] = []
    groups = []
    factor = None
    for row in cfa.loadings:
        if row.factor != factor:
            factor = row.factor
            groups.append(len(rows))
            rows.append([name(factor), "", "", "", "", "", ""])
        std, se = row.std_all, row.std_se
        ends = (None, None) if std is None or se is None else (std - 1.96 * se, std + 1.96 * se)
        rows.append(
            [indented(row.item), row.est, row.se, row.pvalue, std, Interval(*ends), row.r_squared]
        )
    return Table(
        number=number,
        title="Confirmatory Factor Analysis: Loadings",
        columns=[
            Column("Item", 0.24),
            Column(italic("b"), 0.11, apa.number),
            Column(italic("SE"), 0.11, apa.number),
            Column(apa.P, 0.12, apa.pvalue),
            Column("Standardised", 0.15, partial(apa.beside, bound=_LOW)),
            Column("95% CI", 0.17, apa.interval),
            Column((*italic("R"), "²"), 0.10, apa.bounded),
        ],
        cells=rows,
        groups=frozenset(groups),
        note="The first loading of each factor is fixed at 1 and has no standard error.",
        look=Look.APA,
    )


def residuals(cfa: CfaSection) -> Iterator[Chart]:
    """What the confirmatory model leaves unexplained between two items."""
    matrix = cfa.residual_correlations
    if not 1 < len(cfa.items) <= _MOST_MAPPED:
        return
    large = sum(abs(value or 0.0) >= _LARGE for i, row in enumerate(matrix) for value in row[:i])
    pairs = len(matrix) * (len(matrix) - 1) // 2
    title = (
        "No residual correlation is .10 or more"
        if not large
        else f"{large} of {pairs} residual correlations {'is' if large == 1 else 'are'} .10 or more"
    )
    yield Chart(
        title,
        research_charts.residual_map(cfa.items, matrix),
        "Observed minus implied correlations: blue where two items share more than"
        " the model implies, orange where less; full colour at .20. Figures are shown"
        f" from .10 {cited('kline-2016')}.",
    )


def _correlations(cfa: CfaSection, _: ValidationStudy, number: Numbers) -> Iterator[Table]:
    """Each pair of factors: how closely the model says that they go together."""
    if cfa.factor_correlation_intervals:
        yield correlations(cfa.factor_correlation_intervals, next(number))


def correlations(rows: Sequence[CorrelationInterval], number: int) -> Table:
    return Table(
        number=number,
        title="Correlations of the Factors With Their Intervals",
        columns=[
            Column("Factors", 0.39),
            Column(italic("r"), 0.11, apa.BOUNDED_3),
            Column(italic("SE"), 0.11, apa.BOUNDED_3),
            Column("95% CI", 0.19, apa.INTERVAL_3),
            Column("Lack of distinctness", 0.20),
        ],
        cells=[
            [
                pair(row.first, row.second),
                row.r,
                row.se,
                Interval(row.lower, row.upper),
                _overlap(row.upper),
            ]
            for row in rows
        ],
        note="Of the confirmatory model. The last column classes the interval's upper end "
        f"{cited('ronkko-2022')}: a little from .80, moderately from .90, severely from 1.",
        look=Look.APA,
    )


def _overlap(upper: Number) -> str:
    if upper is None:
        return apa.DASH
    return next(
        word
        for least, word in ((1.0, "severely"), (0.9, "moderately"), (0.8, "a little"), (-9.0, "no"))
        if upper >= least
    )


PARTS = (
    Part(CfaSection, Chapter.CONFIRMATORY, 10, _fit, explained=True),
    Part(CfaSection, Chapter.CONFIRMATORY, 40, _estimates),
    Part(CfaSection, Chapter.VALIDITY, 40, _correlations),
)
CRITERIA = (
    Criterion("cfi", "CFI", FIT, 10),
    Criterion("tli", "TLI", FIT, 20),
    Criterion("rmsea", "RMSEA", FIT, 30),
    Criterion("srmr", "SRMR", FIT, 40),
    Criterion("lowest_loading", "Lowest loading", CONVERGENT, 10),
    Criterion(
        "factor_correlation_upper",
        "Correlation of factors, upper end of its interval",
        DISCRIMINANT,
        30,
        subjects="pairs",
    ),
)
