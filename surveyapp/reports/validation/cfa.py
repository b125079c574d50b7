"""The confirmatory model: fit, estimates, correlations of factors, residuals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from analysis.scale.sections.cfa import CfaSection, CorrelationInterval, robust
from analysis.scale.study import Fit, Number
from surveyapp.design_tokens import TEXT_WIDTH
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.charts import research_charts
from surveyapp.reports.charts.path_diagram import path_diagram
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
    filled,
    indented,
    italic,
)
from surveyapp.reports.projects.measured_models import label
from surveyapp.reports.validation import charts
from surveyapp.reports.validation.cfa_diagram import cfa_diagram
from surveyapp.reports.validation.part import (
    CONVERGENT,
    DISCRIMINANT,
    FIT,
    PAIRS,
    Chapter,
    Criterion,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import (
    interval_column,
    interval_of_three_digits,
    name,
    of_three_digits,
    pair,
)

_MOST_DRAWN = 40  # items; more are a page of hairs
_MOST_MAPPED = 60
_LARGE = 0.10  # Kline 2016: of a residual correlation
_LOW = 0.70  # the usual cut-off of a standardised loading


def _fit(cfa: CfaSection, study: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    fit, words, write = cfa.fit, study.words, Apa(study.words)
    indices = words.say(
        _kind(fit),
        test="{test}",
        cfi=write.bounded(robust(fit, "cfi"), 3),
        tli=write.bounded(robust(fit, "tli"), 3),
        rmsea=write.bounded(robust(fit, "rmsea"), 3),
        ends=write.between(robust(fit, "rmsea_ci_lower"), robust(fit, "rmsea_ci_upper"), 3),
        srmr=write.bounded(fit["srmr"], 3),
        gfi=write.bounded(fit["gfi"], 3),
    )
    said = words.say_count(
        "The model of {n} correlated factor ({sample} = {size}) has {fit}.",
        "The model of {n} correlated factors ({sample} = {size}) has {fit}.",
        n=len(cfa.factors),
        sample="{sample}",
        size=words.number(cfa.n),
        fit=indices,
    )
    test = write.chi_square(robust(fit, "chisq"), fit["df"], robust(fit, "pvalue"))
    yield Paragraph((*filled(said, sample=write.symbol("n"), test=test), *_unscaled(fit, words)))


def _kind(fit: Fit) -> str:
    """What kind of indices follow the test."""
    if fit.get("chisq_scaled") is None:
        return msg(
            "{test}, CFI = {cfi}, TLI = {tli}, RMSEA = {rmsea} 90% CI {ends}, SRMR = {srmr}, GFI = {gfi}"
        )
    if fit.get("cfi_robust") is not None:
        return msg(
            "{test} (scaled); robust CFI = {cfi}, TLI = {tli}, RMSEA = {rmsea} 90% CI {ends}, SRMR ="
            " {srmr}, GFI = {gfi}"
        )
    return msg(
        "{test} (scaled); scaled CFI = {cfi}, TLI = {tli}, RMSEA = {rmsea} 90% CI {ends}, SRMR = {srmr},"
        " GFI = {gfi}"
    )


def _unscaled(fit: Fit, words: Words) -> tuple[str | Styled, ...]:
    """The plain test and indices beside robust ones."""
    if fit.get("chisq_scaled") is None:
        return ()
    write = Apa(words)
    said = words.say(
        "Not corrected for the data's distribution: {test}; CFI = {cfi}, TLI = {tli}, RMSEA = {rmsea}.",
        test="{test}",
        cfi=write.bounded(fit["cfi"], 3),
        tli=write.bounded(fit["tli"], 3),
        rmsea=write.bounded(fit["rmsea"], 3),
    )
    test = write.chi_square(fit["chisq"], fit["df"], fit["pvalue"])
    return (" ", *filled(said, test=test))


def _estimates(cfa: CfaSection, study: ValidationStudy, number: Numbers) -> Iterator[Block]:
    yield from loadings(cfa, study.words)
    yield from model(cfa, study.words)
    yield _table(cfa, next(number), study.words)
    yield from residuals(cfa, study.words)


def loadings(cfa: CfaSection, words: Words = ENGLISH) -> Iterator[Chart]:
    """Standardised loadings with their intervals."""
    rows = [
        (label(row.factor, words), row.item, row.std_all, row.std_se)
        for row in cfa.loadings
        if row.std_all is not None
    ]
    if not rows:
        return
    below = [item for _, item, value, _ in rows if value < _LOW]
    title = words.say_count(
        "All {n} items load at {cut} or above on their factor",
        "All {n} items load at {cut} or above on their factor",
        n=len(rows),
        cut=Apa(words).bounded(_LOW),
    )
    if below:
        title = words.say_count(
            "{n} of {total} items loads below {cut}: {items}",
            "{n} of {total} items load below {cut}: {items}",
            n=len(below),
            total=words.number(len(rows)),
            cut=Apa(words).bounded(_LOW),
            items=words.joined([words.name(item) for item in below]),
        )
    yield Chart(
        title,
        charts.loadings(rows, cut=_LOW, words=words),
        words.say(
            "Standardised loadings with 95% intervals; the dashed line is the usual cut-off of {cut}.",
            cut=Apa(words).bounded(_LOW),
        ),
    )


def model(cfa: CfaSection, words: Words = ENGLISH) -> Iterator[Chart]:
    """The confirmatory model with its estimates; nothing for a model too large to read."""
    if len(cfa.items) > _MOST_DRAWN:
        return
    yield Chart(
        _model_title(cfa, words),
        path_diagram(cfa_diagram(cfa, words), words=words),
        words.say(
            "Standardised estimates, n = {n}. Ellipses: factors; boxes: items; arcs: correlations."
            " Dashed: not significant (.05).",
            n=words.number(cfa.n),
        ),
        width=TEXT_WIDTH * 0.88,  # room for the table of loadings on the same page
    )


def _model_title(cfa: CfaSection, words: Words) -> str:
    between = [row.r for row in cfa.factor_correlation_intervals if row.r is not None]
    numbers = {"items": words.number(len(cfa.items)), "factors": words.number(len(cfa.factors))}
    if len(cfa.factors) == 1:
        return words.say("{items} items show one factor", items=numbers["items"])
    if not between:
        return words.say("{items} items show {factors} factors", **numbers)
    low, high = (Apa(words).bounded(end(between)) for end in (min, max))
    span = low if low == high else words.between(low, high)
    return words.say(
        "{items} items show {factors} factors that correlate {span}", span=span, **numbers
    )


def _table(cfa: CfaSection, number: int, words: Words) -> Table:
    write = Apa(words)
    rows: list[list[Cell]] = []
    groups = []
    factor = None
    for row in cfa.loadings:
        if row.factor != factor:
            factor = row.factor
            groups.append(len(rows))
            rows.append([name(factor, words), "", "", "", "", "", ""])
        std, se = row.std_all, row.std_se
        ends = (None, None) if std is None or se is None else (std - 1.96 * se, std + 1.96 * se)
        rows.append(
            [indented(row.item), row.est, row.se, row.pvalue, std, Interval(*ends), row.r_squared]
        )
    return Table(
        number=number,
        title=words.say("Confirmatory Factor Analysis: Loadings"),
        columns=[
            Column(words.say("Item"), 0.24),
            Column(italic("b"), 0.11, write.number),
            Column(italic("SE"), 0.11, write.number),
            Column(apa.P, 0.12, write.pvalue),
            Column(words.say("Standardised"), 0.15, partial(write.beside, bound=_LOW)),
            interval_column(0.17, write.interval, words),
            Column((*italic("R"), "²"), 0.10, write.bounded),
        ],
        cells=rows,
        groups=frozenset(groups),
        note=words.say("The first loading of each factor is fixed at 1 and has no standard error."),
        look=Look.APA,
    )


def residuals(cfa: CfaSection, words: Words = ENGLISH) -> Iterator[Chart]:
    """What the confirmatory model leaves unexplained between two items."""
    matrix = cfa.residual_correlations
    if not 1 < len(cfa.items) <= _MOST_MAPPED:
        return
    large = sum(abs(value or 0.0) >= _LARGE for i, row in enumerate(matrix) for value in row[:i])
    pairs = len(matrix) * (len(matrix) - 1) // 2
    cut = Apa(words).bounded(_LARGE)
    title = (
        words.say("No residual correlation is {cut} or more", cut=cut)
        if not large
        else words.say_count(
            "{n} of {total} residual correlations is {cut} or more",
            "{n} of {total} residual correlations are {cut} or more",
            n=large,
            total=words.number(pairs),
            cut=cut,
        )
    )
    yield Chart(
        title,
        research_charts.residual_map(cfa.items, matrix, words),
        words.say(
            "Observed minus implied correlations: blue where two items share more than the model implies,"
            " orange where less; full colour at {full}. Figures are shown from {cut} {work}.",
            full=Apa(words).bounded(0.20),
            cut=cut,
            work=cited("kline-2016"),
        ),
    )


def _correlations(cfa: CfaSection, study: ValidationStudy, number: Numbers) -> Iterator[Table]:
    """Each pair of factors: how closely the model says that they go together."""
    if cfa.factor_correlation_intervals:
        yield correlations(cfa.factor_correlation_intervals, next(number), study.words)


def correlations(rows: Sequence[CorrelationInterval], number: int, words: Words = ENGLISH) -> Table:
    """The table of the factors' correlations."""
    three = of_three_digits(words)
    return Table(
        number=number,
        title=words.say("Correlations of the Factors With Their Intervals"),
        columns=[
            Column(words.say("Factors"), 0.39),
            Column(italic("r"), 0.11, three),
            Column(italic("SE"), 0.11, three),
            interval_column(0.19, interval_of_three_digits(words), words),
            Column(words.say("Lack of distinctness"), 0.20),
        ],
        cells=[
            [
                pair(row.first, row.second, words),
                row.r,
                row.se,
                Interval(row.lower, row.upper),
                _overlap(row.upper, words),
            ]
            for row in rows
        ],
        note=words.say(
            "Of the confirmatory model. The last column classes the interval's upper end {work}: a little"
            " from .80, moderately from .90, severely from 1.",
            work=cited("ronkko-2022"),
        ),
        look=Look.APA,
    )


_OVERLAPS = (
    (1.0, msg("severely")),
    (0.9, msg("moderately")),
    (0.8, msg("a little")),
    (float("-inf"), msg("no")),
)


def _overlap(upper: Number, words: Words) -> str:
    if upper is None:
        return apa.DASH
    return words.say(next(said for least, said in _OVERLAPS if upper >= least))


PARTS = (
    Part(CfaSection, Chapter.CONFIRMATORY, 10, _fit, explained=True),
    Part(CfaSection, Chapter.CONFIRMATORY, 40, _estimates),
    Part(CfaSection, Chapter.VALIDITY, 40, _correlations),
)
CRITERIA = (
    Criterion("cfi", msg("CFI"), FIT, 10),
    Criterion("tli", msg("TLI"), FIT, 20),
    Criterion("rmsea", msg("RMSEA"), FIT, 30),
    Criterion("srmr", msg("SRMR"), FIT, 40),
    Criterion("lowest_loading", msg("Lowest loading"), CONVERGENT, 10),
    Criterion(
        "factor_correlation_upper",
        msg("Correlation of factors, upper end of its interval"),
        DISCRIMINANT,
        30,
        subjects=PAIRS,
    ),
)
