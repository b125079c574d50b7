"""The second-order model."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.second_order import SecondOrderSection
from surveyapp.reports import apa
from surveyapp.reports.document import Look, Table, italic
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import fit_text, name


def _table(section: SecondOrderSection, _: ValidationStudy, number: Numbers) -> Iterator[Table]:
    yield Table(
        number=next(number),
        title="Second-Order Model: Loadings of the Factors",
        head=["Factor", "Standardised", italic("SE"), apa.P, (*italic("R"), "²")],
        rows=[
            [
                name(row.factor),
                apa.bounded(row.std_all),
                apa.bounded(row.std_se),
                apa.pvalue(row.pvalue),
                apa.bounded(row.r_squared),
            ]
            for row in section.loadings
        ],
        align="lrrrr",
        widths=[0.36, 0.18, 0.14, 0.16, 0.16],
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
