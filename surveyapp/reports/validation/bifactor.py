"""The bifactor model: may one total be reported?"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.bifactor import BifactorSection
from surveyapp.i18n.words import msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import (
    Cell,
    Column,
    Look,
    Paragraph,
    Styled,
    Table,
    filled,
    indented,
)
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import fit_text, name
from surveyapp.results.analyses.validation_phrases import clause

_MOSTLY = 0.80  # of omega hierarchical, Reise, Scheines, Widaman & Haviland 2013


def _total(section: BifactorSection, study: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    words = study.words
    if section.inadmissible:
        yield Paragraph(
            words.say(
                "A bifactor model gives no answer to whether one total can be reported: its solution is"
                " {reason}.",
                reason=clause(section.inadmissible, words),
            )
        )
    if section.omega_hierarchical is None:
        return
    said = (
        msg(
            "A total score can be reported: {share} of the variance of the sum of all items is common to"
            " all of them."
        )
        if section.omega_hierarchical >= _MOSTLY
        else msg(
            "A total score hides differences: only {share} of the variance of the sum of all items is"
            " common to all of them."
        )
    )
    share = words.percent(100 * section.omega_hierarchical)
    yield Paragraph((Styled(words.say(said, share=share)),))


def _table(section: BifactorSection, study: ValidationStudy, number: Numbers) -> Iterator[Table]:
    words, write = study.words, Apa(study.words)
    rows: list[list[Cell]] = []
    groups = []
    omega = {row.factor: row.omega for row in section.omega_hierarchical_subscale}
    factor = None
    for row in section.items:
        if row.factor != factor:
            factor = row.factor
            groups.append(len(rows))
            head = words.say(
                "{factor}, own omega {omega}",
                factor=name(factor, words),
                omega=write.bounded(omega[factor]),
            )
            rows.append([head, "", ""])
        rows.append([indented(row.item), row.general, row.group])
    note = words.say(
        "{fit}. Omega hierarchical {hierarchical}, omega total {total}, explained common variance {ecv},"
        " share of correlations between factors {puc} {work}.",
        fit="{fit}",
        hierarchical=write.bounded(section.omega_hierarchical),
        total=write.bounded(section.omega_total),
        ecv=write.bounded(section.ecv),
        puc=write.bounded(section.puc),
        work=cited("rodriguez-2016"),
    )
    if section.inadmissible:
        note = f"{note} {words.say('The solution is not admissible; do not interpret it.')}"
    yield Table(
        number=next(number),
        title=words.say("Bifactor Model: Standardised Loadings"),
        columns=[
            Column(words.say("Item"), 0.5),
            Column(words.say("General factor"), 0.25, write.bounded),
            Column(words.say("Own factor"), 0.25, write.bounded),
        ],
        cells=rows,
        groups=frozenset(groups),
        note=filled(note, fit=fit_text(section.fit, words)),
        look=Look.APA,
    )


_UNDER = msg("A general factor")
PARTS = (
    Part(BifactorSection, Chapter.VALIDITY, 60, _total, under=_UNDER),
    Part(BifactorSection, Chapter.VALIDITY, 90, _table, under=_UNDER),
)
