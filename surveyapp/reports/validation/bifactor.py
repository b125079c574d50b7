"""The bifactor model: may one total be reported?"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.bifactor import BifactorSection
from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import Cell, Column, Look, Paragraph, Styled, Table
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import fit_text, indented, name

_MOSTLY = 0.80  # of omega hierarchical, Reise, Scheines, Widaman & Haviland 2013


def _total(section: BifactorSection, _: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    if section.inadmissible:
        yield Paragraph(
            "A bifactor model gives no answer to whether one total can be reported: its solution is "
            f"{section.inadmissible}."
        )
    if section.omega_hierarchical is None:
        return
    share = 100 * section.omega_hierarchical
    said = f"A total score hides differences: only {share:.0f}%"
    if section.omega_hierarchical >= _MOSTLY:
        said = f"A total score can be reported: {share:.0f}%"
    of = "of the variance of the sum of all items is common to all of them."
    yield Paragraph((Styled(f"{said} {of}"),))


def _table(section: BifactorSection, _: ValidationStudy, number: Numbers) -> Iterator[Table]:
    rows: list[list[Cell]] = []
    groups = []
    omega = {row.factor: row.omega for row in section.omega_hierarchical_subscale}
    factor = None
    for row in section.items:
        if row.factor != factor:
            factor = row.factor
            groups.append(len(rows))
            rows.append([f"{name(factor)}, own omega {apa.bounded(omega[factor])}", "", ""])
        rows.append([indented(row.item), row.general, row.group])
    ended = " The solution is not admissible; do not interpret it." if section.inadmissible else ""
    yield Table(
        number=next(number),
        title="Bifactor Model: Standardised Loadings",
        columns=[
            Column("Item", 0.5),
            Column("General factor", 0.25, apa.bounded),
            Column("Own factor", 0.25, apa.bounded),
        ],
        cells=rows,
        groups=frozenset(groups),
        note=(
            *fit_text(section.fit),
            f". Omega hierarchical {apa.bounded(section.omega_hierarchical)}, omega total "
            f"{apa.bounded(section.omega_total)}, explained common variance "
            f"{apa.bounded(section.ecv)}, share of correlations between factors "
            f"{apa.bounded(section.puc)} {cited('rodriguez-2016')}.{ended}",
        ),
        look=Look.APA,
    )


PARTS = (
    Part(BifactorSection, Chapter.VALIDITY, 60, _total, under="A general factor"),
    Part(BifactorSection, Chapter.VALIDITY, 90, _table, under="A general factor"),
)
