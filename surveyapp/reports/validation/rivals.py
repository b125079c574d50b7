"""The fit of the hypothesised model beside that of its rivals."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.cfa import robust
from analysis.scale.sections.rivals import RivalsSection
from surveyapp.reports import apa
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
from surveyapp.reports.validation.wording import name

SCALED = (
    " Statistics and their differences are scaled; CFI, TLI and RMSEA are the robust ones where they"
    " exist."
)


def _fits(section: RivalsSection, _: ValidationStudy, number: Numbers) -> Iterator[Table]:
    if not section.rows:
        return
    rows: list[list[Cell]] = []
    for row in section.rows:
        fit = row.fit
        rows.append(
            [
                name(row.name),
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
    yield Table(
        number=next(number),
        title="Fit of the Hypothesised Model and Its Rivals",
        columns=[
            Column("Model", 0.25),
            Column(apa.CHI, 0.095, apa.NUMBER_1),
            Column(apa.DF, 0.055, apa.count),
            Column("CFI", 0.07, apa.BOUNDED_3),
            Column("TLI", 0.07, apa.BOUNDED_3),
            Column("RMSEA", 0.08, apa.BOUNDED_3),
            Column("90% CI", 0.145, apa.INTERVAL_3, name="RMSEA 90% CI"),
            Column("SRMR", 0.07, apa.BOUNDED_3),
            Column(apa.DELTA_CHI, 0.105, apa.NUMBER_1),
            Column(("Δ", *apa.DF), 0.06, apa.count),
        ],
        cells=rows,
        note="CI = confidence interval. Δ compares with the hypothesised model, in the first row."
        + (SCALED if section.rows[0].fit.get("chisq_scaled") is not None else ""),
        look=Look.APA,
        strong=frozenset({0}),
    )


PARTS = (Part(RivalsSection, Chapter.CONFIRMATORY, 30, _fits),)
CRITERIA = (
    Criterion(
        "bic_of_best_rival_minus_own",
        "BIC of the best rival minus own",
        NUMBER_OF_FACTORS,
        20,
        Form.FREE,
    ),
)
