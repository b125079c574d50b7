"""The second-order model."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.second_order import SecondOrderSection
from surveyapp.reports import apa
from surveyapp.reports.document import Block, Callout, Column, Look, Table, italic
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import fit_text, name


def _table(section: SecondOrderSection, _: ValidationStudy, number: Numbers) -> Iterator[Block]:
    if section.inadmissible:
        yield Callout("Second-order model", f"The solution is {section.inadmissible}.")
    yield Table(
        number=next(number),
        title="Second-Order Model: Loadings of the Factors",
        columns=[
            Column("Factor", 0.36),
            Column("Standardised", 0.18, apa.bounded),
            Column(italic("SE"), 0.14, apa.bounded),
            Column(apa.P, 0.16, apa.pvalue),
            Column((*italic("R"), "²"), 0.16, apa.bounded),
        ],
        cells=[
            [name(row.factor), row.std_all, row.std_se, row.pvalue, row.r_squared]
            for row in section.loadings
        ],
        note=(
            *fit_text(section.fit),
            f". Omega of the general factor: {apa.bounded(section.omega_l1)} of the sum of all items, "
            f"{apa.bounded(section.omega_l2)} of the sum of the factors, "
            f"{apa.bounded(section.partial_omega_l1)} of the items' sum without what belongs to "
            "single factors. With three factors the fit equals that of the correlated factors.",
        ),
        look=Look.APA,
    )


PARTS = (Part(SecondOrderSection, Chapter.VALIDITY, 80, _table, under="A general factor"),)
