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
from surveyapp.i18n.words import Words, msg
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import Block, Cell, Column, Look, Paragraph, Table, filled, italic
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
from surveyapp.reports.validation.wording import (
    SCALED,
    name,
    of_one_decimal,
    of_three_digits,
    pair,
    preferred,
)
from surveyapp.results.analyses.validation_phrases import clause

_MODELS = {
    "CFA": msg("Factors and marker correlate"),
    "Baseline": msg("Baseline: marker apart from the factors"),
    "Method-C": msg("Method-C: marker on all items, equally"),
    "Method-U": msg("Method-U: marker on all items, freely"),
    "Method-R": msg("Method-R: factor correlations as in baseline"),
    "without": msg("Without a method factor"),
    "with": msg("With a method factor"),
}
# The same where another model is tested against them.
_AGAINST = {
    "CFA": msg("CFA"),
    "Baseline": msg("Baseline"),
    "Method-C": msg("Method-C"),
    "Method-U": msg("Method-U"),
    "Method-R": msg("Method-R"),
    "without": msg("Without"),
    "with": msg("With"),
}


def _method(
    method: MethodVarianceSection, study: ValidationStudy, number: Numbers
) -> Iterator[Block]:
    words, write = study.words, Apa(study.words)
    harman, collinear = method.harman, method.full_collinearity
    if harman:
        said = (
            msg(
                "Harman's first component accounts for {share} of the variance, more than half; dimensions"
                " of one concept share variance by nature, so this test alone is not conclusive."
            )
            if harman.dominated
            else msg(
                "Harman's first component accounts for {share} of the variance, not more than half;"
                " dimensions of one concept share variance by nature, so this test alone is not conclusive."
            )
        )
        yield Paragraph(words.say(said, share=write.percent(harman.first_share)))
    if collinear:
        values = [
            words.begin(f"{name(row.factor, words)} {write.number(row.vif)}") for row in collinear
        ]
        yield Paragraph(
            words.say(
                "Full-collinearity variance inflation factors: {values}. Values above {cut} indicate common"
                " method variance {work}.",
                values=words.joined(values),
                cut=words.number(3.3, 1),
                work=cited("kock-2015"),
            )
        )
    if method.marker:
        yield from _marker(method.marker, number, words)
    if method.marker_sequence:
        sequence = method.marker_sequence
        yield Paragraph(_sequence(sequence, words))
        title = words.say("Marker Variable in the Confirmatory Model")
        yield _models(title, sequence, sequence.comparisons, next(number), words)
    latent = method.latent_method_factor
    if latent:
        yield Paragraph(_latent(latent, words))
        title = words.say("Unmeasured Latent Method Factor")
        yield _models(title, latent, (latent.comparison,), next(number), words)


def _latent(latent: LatentMethodPart, words: Words) -> str:
    write = Apa(words)
    if latent.inadmissible:
        return words.say(
            "An unmeasured latent method factor gives no share of variance and no test {work}: {reason}.",
            work=cited("podsakoff-2003"),
            reason=clause(latent.inadmissible, words),
        )
    return words.say(
        "An unmeasured latent method factor explains {method} of the items' variance on average, their own"
        " factors {own} {work}. It takes up real variance too where the factors are closely related.",
        method=write.percent(latent.method_share),
        own=write.percent(latent.substantive_share),
        work=cited("podsakoff-2003"),
    )


_RULES = {"smallest": msg("smallest"), "mean": msg("mean")}


def _marker(marker: MarkerPart, number: Numbers, words: Words) -> Iterator[Block]:
    write = Apa(words)
    pvalues = [row.pvalue for row in marker.correlations if row.pvalue is not None]
    yield Paragraph(
        words.say(
            "With the marker variable ({items}; r = {r}) partialled out, {kept} {work}.",
            items=words.joined([words.name(item) for item in marker.items]),
            r=write.bounded(marker.r_marker),
            kept=kept_significant(marker.still_significant, pvalues, words),
            work=cited("lindell-2001"),
        )
    )
    note = words.say(
        "{n} = {size}; marker correlation: {rule}.",
        n="{n}",
        size=words.number(marker.n),
        rule=words.say(_RULES[marker.rule]) if marker.rule in _RULES else marker.rule,
    )
    yield Table(
        number=next(number),
        title=words.say("Correlations Before and After the Marker Variable"),
        columns=[
            Column(words.say("Scores"), 0.48),
            Column(italic("r"), 0.12, write.bounded),
            Column(apa.P, 0.13, write.pvalue),
            Column(words.say("Adjusted"), 0.14, write.bounded),
            Column(apa.P, 0.13, write.pvalue),
        ],
        cells=[
            [
                pair(row.first, row.second, words),
                row.r,
                row.pvalue,
                row.r_adjusted,
                row.pvalue_adjusted,
            ]
            for row in marker.correlations
        ],
        note=filled(note, n=write.symbol("n")),
        look=Look.APA,
    )


# By whether answers depend on the marker unequally, and whether it biases the factors' correlations.
_EXPLAINED = {
    (True, True): msg(
        "The marker's factor explains answers, unequally ({share} of an item's variance on average), and"
        " it biases the correlations of the factors {work}."
    ),
    (True, False): msg(
        "The marker's factor explains answers, unequally ({share} of an item's variance on average), but"
        " it does not bias the correlations of the factors {work}."
    ),
    (False, True): msg(
        "The marker's factor explains answers, all alike ({share} of an item's variance on average), and"
        " it biases the correlations of the factors {work}."
    ),
    (False, False): msg(
        "The marker's factor explains answers, all alike ({share} of an item's variance on average), but"
        " it does not bias the correlations of the factors {work}."
    ),
    (None, True): msg(
        "The marker's factor explains answers, whether unequally is not known ({share} of an item's"
        " variance on average), and it biases the correlations of the factors {work}."
    ),
    (None, False): msg(
        "The marker's factor explains answers, whether unequally is not known ({share} of an item's"
        " variance on average), but it does not bias the correlations of the factors {work}."
    ),
}


def _sequence(found: MarkerSequencePart, words: Words) -> str:
    work = cited("williams-2010")
    if found.method_variance is None or (found.method_variance and found.biased is None):
        return words.say(
            "The marker in the confirmatory model gives no finding {work}: {reason}.",
            work=work,
            reason=clause(found.inadmissible, words),
        )
    if not found.method_variance:
        return words.say(
            "The marker's factor does not explain the answers significantly {work}.", work=work
        )
    return words.say(
        _EXPLAINED[found.unequal, bool(found.biased)],
        share=Apa(words).percent(found.share),
        work=work,
    )


def _models(
    title: str,
    found: MarkerSequencePart | LatentMethodPart,
    tests: Sequence[MethodComparisonRow],
    number: int,
    words: Words,
) -> Table:
    write, one, three = Apa(words), of_one_decimal(words), of_three_digits(words)
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
                _named(model.name, words, admissible=model.admissible),
                preferred(model, "chisq"),
                model.df,
                preferred(model, "cfi"),
                preferred(model, "rmsea"),
                model.srmr,
                words.say(_AGAINST[against]) if against in _AGAINST else against,
                *((test.delta_chisq, test.delta_df, test.pvalue) if test else ("", "", "")),
            ]
        )
    note = words.say("{n} = {size}.", n="{n}", size=words.number(found.n))
    if any(model.chisq_scaled is not None for model in found.models):
        note = f"{note} {words.say(SCALED)}"
    return Table(
        number=number,
        title=title,
        columns=[
            Column(words.say("Model"), 0.29),
            Column(apa.CHI, 0.085, one),
            Column(apa.DF, 0.065, write.count),
            Column("CFI", 0.07, three),
            Column("RMSEA", 0.085, three),
            Column("SRMR", 0.08, three),
            Column(words.say("Against"), 0.115),
            Column(apa.DELTA_CHI, 0.085, one),
            Column(("Δ", *apa.DF), 0.06, write.count),
            Column(apa.P, 0.075, write.pvalue),
        ],
        cells=rows,
        note=filled(note, n=write.symbol("n")),
        look=Look.APA,
    )


def _named(model: str, words: Words, *, admissible: bool) -> str:
    said = words.say(_MODELS[model]) if model in _MODELS else model
    return said if admissible else words.say("{model} (not admissible)", model=said)


PARTS = (
    Part(MethodVarianceSection, Chapter.THREATS, 10, _method, under=msg("Common method variance")),
)
CRITERIA = (
    Criterion("harman_first_share", msg("Share of Harman's first component"), METHOD_VARIANCE, 10),
    Criterion(
        "full_collinearity_vif", msg("Full-collinearity VIF"), METHOD_VARIANCE, 20, Form.FREE
    ),
)
