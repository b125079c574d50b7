"""The fit of the hypothesised model beside that of its rivals."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.cfa import robust
from analysis.scale.sections.rivals import Rival, RivalsSection
from surveyapp.i18n.words import Words, msg
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import Cell, Column, Interval, Look, Table
from surveyapp.reports.validation.part import (
    NUMBER_OF_FACTORS,
    Chapter,
    Criterion,
    Form,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import (
    interval_column,
    interval_of_three_digits,
    name,
    of_one_decimal,
    of_three_digits,
    plain,
)

_MODELS = {
    "hypothesised": msg("Hypothesised"),
    "null": msg("No common factor"),
    "one_factor": msg("One factor"),
}


def _named(row: Rival, words: Words) -> str:
    """A model's name; one that joins two factors has both of theirs."""
    if words.is_english or row.kind not in (*_MODELS, "merged"):
        return name(row.name, words)
    if row.kind in _MODELS:
        return words.say(_MODELS[row.kind])
    first, _, second = row.name.partition(" + ")
    return words.begin(f"{name(first, words)} + {plain(second, words)}")


def _fits(section: RivalsSection, study: ValidationStudy, number: Numbers) -> Iterator[Table]:
    if not section.rows:
        return
    words, write = study.words, Apa(study.words)
    one, three = of_one_decimal(words), of_three_digits(words)
    rows: list[list[Cell]] = []
    for row in section.rows:
        fit = row.fit
        rows.append(
            [
                _named(row, words),
                robust(fit, "chisq"),
                fit["df"],
                robust(fit, "cfi"),
                robust(fit, "tli"),
                robust(fit, "rmsea"),
                Interval(robust(fit, "rmsea_ci_lower"), robust(fit, "rmsea_ci_upper")),
                fit.get("srmr"),
                row.delta_chisq,
                row.delta_df,
            ]
        )
    note = words.say(
        "CI = confidence interval. Δ compares with the hypothesised model, in the first row."
    )
    if section.rows[0].fit.get("chisq_scaled") is not None:
        scaled = words.say(
            "Statistics and their differences are scaled; CFI, TLI and RMSEA are the robust ones where"
            " they exist."
        )
        note = f"{note} {scaled}"
    ends = interval_of_three_digits(words)
    yield Table(
        number=next(number),
        title=words.say("Fit of the Hypothesised Model and Its Rivals"),
        columns=[
            Column(words.say("Model"), 0.25),
            Column(apa.CHI, 0.095, one),
            Column(apa.DF, 0.055, write.count),
            Column("CFI", 0.07, three),
            Column("TLI", 0.07, three),
            Column("RMSEA", 0.08, three),
            interval_column(0.145, ends, words, level=0.90, of="RMSEA"),
            Column("SRMR", 0.07, three),
            Column(apa.DELTA_CHI, 0.105, one),
            Column(("Δ", *apa.DF), 0.06, write.count),
        ],
        cells=rows,
        note=note,
        look=Look.APA,
        strong=frozenset({0}),
    )


PARTS = (Part(RivalsSection, Chapter.CONFIRMATORY, 30, _fits),)
CRITERIA = (
    Criterion(
        "bic_of_best_rival_minus_own",
        msg("BIC of the best rival minus own"),
        NUMBER_OF_FACTORS,
        20,
        Form.FREE,
    ),
)
