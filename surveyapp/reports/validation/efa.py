"""The pattern loadings of the exploratory factor analysis."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.digits import digits_beside
from analysis.scale.sections.efa import EfaSection
from analysis.scale.study import Number
from surveyapp.i18n.words import Words
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import (
    Block,
    Callout,
    Cell,
    Column,
    Look,
    Quantity,
    Styled,
    Table,
    Text,
    filled,
    italic,
)
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import name
from surveyapp.results.analyses.validation_phrases import clause

_SALIENT = 0.40  # loadings that are set in semibold


def _table(section: EfaSection, study: ValidationStudy, number: Numbers) -> Iterator[Block]:
    names, words, write = list(section.names), study.words, Apa(study.words)
    rows: list[list[Cell]] = []
    for row in section.items:
        loads = [_loading(value, write) for value in row.loadings]
        rows.append([row.item, name(row.factor, words), *loads, row.communality])
    if section.inadmissible:
        yield Callout(
            words.say("Exploratory solution"),
            words.say("The solution is {reason}.", reason=clause(section.inadmissible, words)),
        )
    else:
        rows.append([words.say("Share of variance"), "", *section.variance, ""])
    share = 0.54 / (len(names) + 1)
    yield Table(
        number=next(number),
        title=words.say(
            "Exploratory Factor Analysis: Pattern Loadings ({method}, {rotation})",
            method=words.name(section.method),
            rotation=words.name(section.rotation),
        ),
        columns=[
            Column(words.say("Item"), 0.20),
            Column(words.say("Intended factor"), 0.26),
            *(Column(each, share, write.bounded) for each in names),
            Column((*italic("h"), "²"), share, write.bounded),
        ],
        cells=rows,
        note=_note(section, words),
        look=Look.APA,
    )


def _loading(value: Number, write: Apa) -> Cell:
    """A loading; one that counts in semibold."""
    if value is None:
        return value
    shown = write.bounded(value, digits_beside(abs(value), _SALIENT, 2))
    return Quantity(value, (Styled(shown),) if abs(value) >= _SALIENT else shown)


def _note(section: EfaSection, words: Words) -> Text:
    write = Apa(words)
    said = words.say(
        "{n} = {size}. Loadings of .40 or more in size are in semibold. {fit} Root mean square of the"
        " residual correlations {residual}.",
        n="{n}",
        size=words.number(section.n),
        fit=words.say("No test of fit: the solution is not admissible.")
        if section.inadmissible
        else words.say("Fit: {test}.", test="{test}"),
        residual=write.bounded(section.residual_rms, 3),
    )
    test = write.chi_square(section.chisq, section.df, section.pvalue)
    return filled(said, n=write.symbol("n"), test=test)


PARTS = (Part(EfaSection, Chapter.DIMENSIONALITY, 30, _table, explained=True),)
