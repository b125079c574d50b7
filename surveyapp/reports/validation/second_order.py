"""The second-order model."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.second_order import SecondOrderSection
from surveyapp.i18n.words import msg
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import Block, Callout, Column, Look, Table, filled, italic
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import fit_text, name
from surveyapp.results.analyses.validation_phrases import clause


def _table(section: SecondOrderSection, study: ValidationStudy, number: Numbers) -> Iterator[Block]:
    words, write = study.words, Apa(study.words)
    if section.inadmissible:
        yield Callout(
            words.say("Second-order model"),
            words.say("The solution is {reason}.", reason=clause(section.inadmissible, words)),
        )
    note = words.say(
        "{fit}. Omega of the general factor: {all} of the sum of all items, {factors} of the sum of the"
        " factors, {partial} of the items' sum without what belongs to single factors. With three factors"
        " the fit equals that of the correlated factors.",
        fit="{fit}",
        all=write.bounded(section.omega_l1),
        factors=write.bounded(section.omega_l2),
        partial=write.bounded(section.partial_omega_l1),
    )
    yield Table(
        number=next(number),
        title=words.say("Second-Order Model: Loadings of the Factors"),
        columns=[
            Column(words.say("Factor"), 0.36),
            Column(words.say("Standardised"), 0.18, write.bounded),
            Column(italic("SE"), 0.14, write.bounded),
            Column(apa.P, 0.16, write.pvalue),
            Column((*italic("R"), "²"), 0.16, write.bounded),
        ],
        cells=[
            [name(row.factor, words), row.std_all, row.std_se, row.pvalue, row.r_squared]
            for row in section.loadings
        ],
        note=filled(note, fit=fit_text(section.fit, words)),
        look=Look.APA,
    )


PARTS = (Part(SecondOrderSection, Chapter.VALIDITY, 80, _table, under=msg("A general factor")),)
