"""Common-method variance: its tests, with and without a marker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.scale.sections.method_variance import (
    LatentMethodPart,
    MarkerPart,
    MarkerSequencePart,
    MethodComparisonRow,
    MethodVarianceSection,
)
from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import Block, Cell, Column, Look, Paragraph, Styled, Table, italic
from surveyapp.reports.significance import kept_significant
from surveyapp.reports.validation.part import (
    METHOD_VARIANCE,
    Chapter,
    Criterion,
    Form,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import name, pair, preferred

_MODELS = {
    "CFA": "Factors and marker correlate",
    "Baseline": "Baseline: marker apart from the factors",
    "Method-C": "Method-C: marker on all items, equally",
    "Method-U": "Method-U: marker on all items, freely",
    "Method-R": "Method-R: factor correlations as in baseline",
    "without": "Without a method factor",
    "with": "With a method factor",
}


def _method(method: MethodVarianceSection, _: ValidationStudy, number: Numbers) -> Iterator[Block]:
    harman, collinear = method.harman, method.full_collinearity
    if harman:
        said = "more" if harman.dominated else "not more"
        yield Paragraph(
            "Harman's first component accounts for"
            f" {apa.percent(harman.first_share)} of the variance, {said} than half;"
            " dimensions of one concept share variance by nature, so this test alone"
            " is not conclusive."
        )
    if collinear:
        values = [f"{name(row.factor)} {apa.number(row.vif)}" for row in collinear]
        yield Paragraph(
            f"Full-collinearity variance inflation factors: {', '.join(values)}."
            f" Values above 3.3 indicate common method variance {cited('kock-2015')}."
        )
    if method.marker:
        yield from _marker(method.marker, number)
    if method.marker_sequence:
        sequence = method.marker_sequence
        yield Paragraph(_sequence(sequence))
        yield _models(
            "Marker Variable in the Confirmatory Model", sequence, sequence.comparisons, next(number)
        )  # fmt: skip
    latent = method.latent_method_factor
    if latent and latent.inadmissible:
        yield Paragraph(
            "An unmeasured latent method factor gives no share of variance and no test "
            f"{cited('podsakoff-2003')}: {latent.inadmissible}."
        )
    elif latent:
        yield Paragraph(
            "An unmeasured latent method factor explains "
            f"{apa.percent(latent.method_share)} of the items' variance on average, their own factors "
            f"{apa.percent(latent.substantive_share)} {cited('podsakoff-2003')}. It takes up real "
            "variance too where the factors are closely related."
        )
    if latent:
        yield _models("Unmeasured Latent Method Factor", latent, (latent.comparison,), next(number))


def _marker(marker: MarkerPart, number: Numbers) -> Iterator[Block]:
    pvalues = [row.pvalue for row in marker.correlations if row.pvalue is not None]
    kept = kept_significant(marker.still_significant, pvalues)
    yield Paragraph(
        f"With the marker variable ({', '.join(marker.items)}; r = "
        f"{apa.bounded(marker.r_marker)}) partialled out, {kept} {cited('lindell-2001')}."
    )
    yield Table(
        number=next(number),
        title="Correlations Before and After the Marker Variable",
        columns=[
            Column("Scores", 0.48),
            Column(italic("r"), 0.12, apa.bounded),
            Column(apa.P, 0.13, apa.pvalue),
            Column("Adjusted", 0.14, apa.bounded),
            Column(apa.P, 0.13, apa.pvalue),
        ],
        cells=[
            [
                pair(row.first, row.second),
                row.r,
                row.pvalue,
                row.r_adjusted,
                row.pvalue_adjusted,
            ]
            for row in marker.correlations
        ],
        note=(Styled("n", "italic"), f" = {marker.n:,}; marker correlation: {marker.rule}."),
        look=Look.APA,
    )


def _sequence(found: MarkerSequencePart) -> str:
    if found.method_variance is None or (found.method_variance and found.biased is None):
        return (
            f"The marker in the confirmatory model gives no finding {cited('williams-2010')}: "
            f"{found.inadmissible}."
        )
    if not found.method_variance:
        return (
            "The marker's factor does not explain the answers significantly "
            f"{cited('williams-2010')}."
        )
    how = "unequally" if found.unequal else "all alike"
    if found.unequal is None:
        how = "whether unequally is not known"
    bias = (
        "and it biases the correlations of the factors"
        if found.biased
        else "but it does not bias the correlations of the factors"
    )
    return (
        f"The marker's factor explains answers, {how} ({apa.percent(found.share)} of an item's "
        f"variance on average), {bias} {cited('williams-2010')}."
    )


SCALED = " Statistics and their differences are scaled, CFI and RMSEA robust or scaled."


def _models(
    title: str,
    found: MarkerSequencePart | LatentMethodPart,
    tests: Sequence[MethodComparisonRow],
    number: int,
) -> Table:
    # Each model stands against the one before it; Method-R constrains a later one.
    tested = {row.constrained if row.constrained == "Method-R" else row.free: row for row in tests}
    rows: list[list[Cell]] = []
    for model in found.models:
        test = tested.get(model.name)
        against = ""
        if test:
            against = test.constrained if test.free == model.name else test.free
        rows.append(
            [
                _MODELS.get(model.name, model.name)
                + ("" if model.admissible else " (not admissible)"),
                preferred(model, "chisq"),
                model.df,
                preferred(model, "cfi"),
                preferred(model, "rmsea"),
                model.srmr,
                against[:1].upper() + against[1:],
                *((test.delta_chisq, test.delta_df, test.pvalue) if test else ("", "", "")),
            ]
        )
    return Table(
        number=number,
        title=title,
        columns=[
            Column("Model", 0.29),
            Column(apa.CHI, 0.085, apa.NUMBER_1),
            Column(apa.DF, 0.065, apa.count),
            Column("CFI", 0.07, apa.BOUNDED_3),
            Column("RMSEA", 0.085, apa.BOUNDED_3),
            Column("SRMR", 0.08, apa.BOUNDED_3),
            Column("Against", 0.115),
            Column(apa.DELTA_CHI, 0.085, apa.NUMBER_1),
            Column(("Δ", *apa.DF), 0.06, apa.count),
            Column(apa.P, 0.075, apa.pvalue),
        ],
        cells=rows,
        note=(
            Styled("n", "italic"),
            f" = {found.n:,}.",
            SCALED if any(model.chisq_scaled is not None for model in found.models) else "",
        ),
        look=Look.APA,
    )


PARTS = (Part(MethodVarianceSection, Chapter.THREATS, 10, _method, under="Common method variance"),)
CRITERIA = (
    Criterion("harman_first_share", "Share of Harman's first component", METHOD_VARIANCE, 10),
    Criterion("full_collinearity_vif", "Full-collinearity VIF", METHOD_VARIANCE, 20, Form.FREE),
)
