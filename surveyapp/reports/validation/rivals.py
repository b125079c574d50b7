"""The fit of the hypothesised model beside that of its rivals."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.cfa import robust
from analysis.scale.sections.rivals import RivalsSection
from surveyapp.reports import apa
from surveyapp.reports.document import Look, Table, Text
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
    rows: list[list[Text]] = []
    for row in section.rows:
        fit = row.fit
        lower, upper = robust(fit, "rmsea_ci_lower"), robust(fit, "rmsea_ci_upper")
        interval = apa.between(lower, upper, 3)
        rows.append(
            [
                name(row.name),
                apa.number(robust(fit, "chisq"), 1),
                apa.count(fit["df"]),
                apa.bounded(robust(fit, "cfi"), 3),
                apa.bounded(robust(fit, "tli"), 3),
                apa.bounded(robust(fit, "rmsea"), 3),
                interval,
                apa.bounded(fit.get("srmr"), 3),
                apa.number(row.delta_chisq, 1),
                apa.count(row.delta_df),
            ]
        )
    yield Table(
        number=next(number),
        title="Fit of the Hypothesised Model and Its Rivals",
        head=["Model", apa.CHI, apa.DF, "CFI", "TLI", "RMSEA", "90% CI", "SRMR", apa.DELTA_CHI, ("Δ", *apa.DF)],
        rows=rows,
        align="lrrrrrrrrr",
        widths=[0.25, 0.095, 0.055, 0.07, 0.07, 0.08, 0.145, 0.07, 0.105, 0.06],
        note="CI = confidence interval. Δ compares with the hypothesised model, in the first row."
        + (SCALED if section.rows[0].fit.get("chisq_scaled") is not None else ""),
        look=Look.APA,
        strong=frozenset({0}),
    )  # fmt: skip


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
