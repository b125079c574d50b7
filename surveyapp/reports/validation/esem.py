"""The confirmatory model beside ESEM: fit, loadings and factor correlations."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.digits import digits_beside
from analysis.scale.sections.cfa import robust
from analysis.scale.sections.esem import EsemRow, EsemSection
from analysis.scale.study import Fit, Number
from surveyapp.i18n.words import Words, msg
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import (
    Block,
    Cell,
    Column,
    Interval,
    Look,
    Paragraph,
    Quantity,
    Styled,
    Table,
    indented,
)
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import (
    interval_column,
    interval_of_three_digits,
    name,
    of_one_decimal,
    of_three_digits,
    pair,
    plain,
)
from surveyapp.results.analyses.validation_phrases import clause

_CFI, _RMSEA = 0.010, 0.015  # a difference that counts, as between steps of invariance
_SALIENT = 0.30  # of a cross-loading
_MODELS = {
    "cfa_fit": msg("Confirmatory model"),
    "fit": "ESEM",  # the same in every language
    "bifactor_fit": msg("ESEM with a general factor"),
}


def _drawn(section: EsemSection, study: ValidationStudy, number: Numbers) -> Iterator[Block]:
    words = study.words
    yield _fits(section, words, number)
    yield _loadings(section, words, number)
    yield _correlations(section, words, number)
    yield Paragraph((_reading(section, words),))


def _fits(section: EsemSection, words: Words, number: Numbers) -> Table:
    write, one, three = Apa(words), of_one_decimal(words), of_three_digits(words)
    rows: list[list[Cell]] = []
    for key, said in _MODELS.items():
        fit: Fit | None = getattr(section, key)
        if fit is None:
            continue
        differences: list[Cell] = (
            [section.delta_chisq, section.delta_df] if key == "fit" else [None, None]
        )
        rows.append(
            [
                words.name(said) if said == "ESEM" else words.say(said),
                robust(fit, "chisq"),
                fit["df"],
                robust(fit, "cfi"),
                robust(fit, "tli"),
                robust(fit, "rmsea"),
                Interval(robust(fit, "rmsea_ci_lower"), robust(fit, "rmsea_ci_upper")),
                fit.get("srmr"),
                *differences,
            ]
        )
    return Table(
        number=next(number),
        title=words.say("Fit of the Confirmatory Model and of ESEM"),
        columns=[
            Column(words.say("Model"), 0.25),
            Column(apa.CHI, 0.095, one),
            Column(apa.DF, 0.055, write.count),
            Column("CFI", 0.07, three),
            Column("TLI", 0.07, three),
            Column("RMSEA", 0.08, three),
            interval_column(0.145, interval_of_three_digits(words), words, level=0.90, of="RMSEA"),
            Column("SRMR", 0.07, three),
            Column(apa.DELTA_CHI, 0.105, one),
            Column(("Δ", *apa.DF), 0.06, write.count),
        ],
        cells=rows,
        note=words.say(
            "ESEM = exploratory structural equation model: each item loads on all factors {work}. Δ"
            " compares the confirmatory model with it.",
            work=cited("asparouhov-2009"),
        ),
        look=Look.APA,
    )


def _loadings(section: EsemSection, words: Words, number: Numbers) -> Table:
    write = Apa(words)
    rows: list[list[Cell]] = []
    groups = []
    factor = None
    for row in section.items:
        if row.factor != factor:
            factor = row.factor
            groups.append(len(rows))
            rows.append([name(factor, words), *[""] * len(section.factors)])
        cells = zip(section.factors, row.loadings, strict=True)
        rows.append([indented(row.item), *(_loading(row, at, value, write) for at, value in cells)])
    note = words.say(
        "Loadings on an item's own factor are in semibold. The others are rotated towards zero (target"
        " rotation); {reached} of {starts} random starts reached this solution.",
        reached=words.number(section.reached),
        starts=words.number(section.starts),
    )
    if section.inadmissible:
        note = f"{note} {words.say('The solution is not admissible; do not interpret it.')}"
    return Table(
        number=next(number),
        title=words.say("ESEM: Standardised Loadings"),
        columns=[
            Column(words.say("Item"), 0.28),
            *(
                Column(name(each, words), 0.72 / len(section.factors), write.bounded)
                for each in section.factors
            ),
        ],
        cells=rows,
        groups=frozenset(groups),
        note=note,
        look=Look.APA,
    )


def _loading(row: EsemRow, factor: str, value: Number, write: Apa) -> Cell:
    """A loading; one on the item's own factor in semibold."""
    if value is None or row.factor != factor:
        return value
    return Quantity(value, (Styled(write.bounded(value, digits_beside(abs(value), _SALIENT, 2))),))


def _correlations(section: EsemSection, words: Words, number: Numbers) -> Table:
    write = Apa(words)
    return Table(
        number=next(number),
        title=words.say("Factor Correlations of the Confirmatory Model and of ESEM"),
        columns=[
            Column(words.say("Factors"), 0.5),
            Column(words.say("Confirmatory model"), 0.25, write.bounded),
            Column("ESEM", 0.25, write.bounded),
        ],
        cells=[
            [pair(one.first, one.second, words), one.cfa, one.esem] for one in section.correlations
        ],
        look=Look.APA,
    )


def _reading(section: EsemSection, words: Words) -> str:
    """What the numbers support: fit, factor correlations, cross-loadings."""
    if section.inadmissible:
        return words.say(
            "ESEM gives no answer to whether cross-loadings matter: its solution is not admissible"
            " ({reason}).",
            reason=clause(section.inadmissible, words),
        )
    said = [
        *_of_fit(section, words),
        *_of_correlations(section, words),
        *_of_loadings(section, words),
    ]
    return " ".join(said)


def _of_fit(section: EsemSection, words: Words) -> Iterator[str]:
    write = Apa(words)
    own = {measure: robust(section.cfa_fit, measure) for measure in ("cfi", "rmsea")}
    free = {measure: robust(section.fit, measure) for measure in ("cfi", "rmsea")}
    if None in own.values() or None in free.values():
        return
    gained = (free["cfi"] or 0) - (own["cfi"] or 0) >= _CFI
    gained = gained or (own["rmsea"] or 0) - (free["rmsea"] or 0) >= _RMSEA
    said = (
        msg(
            "With all cross-loadings free the model fits better: CFI {esem_cfi} instead of {cfi}, RMSEA"
            " {esem_rmsea} instead of {rmsea}."
        )
        if gained
        else msg(
            "With all cross-loadings free the model fits no better by the usual steps (CFI .010, RMSEA"
            " .015): CFI {esem_cfi} and {cfi}, RMSEA {esem_rmsea} and {rmsea}. The confirmatory model is"
            " the simpler one."
        )
    )
    yield words.say(
        said,
        esem_cfi=write.bounded(free["cfi"], 3),
        cfi=write.bounded(own["cfi"], 3),
        esem_rmsea=write.bounded(free["rmsea"], 3),
        rmsea=write.bounded(own["rmsea"], 3),
    )


def _of_correlations(section: EsemSection, words: Words) -> Iterator[str]:
    pairs = [
        (abs(one.cfa), abs(one.esem))
        for one in section.correlations
        if one.cfa is not None and one.esem is not None
    ]
    if not pairs:
        return
    own, free = (sum(side) / len(pairs) for side in zip(*pairs, strict=True))
    write = Apa(words)
    yield words.say(
        "The factors correlate {esem} on average in ESEM and {cfa} in the confirmatory model.",
        esem=write.bounded(free),
        cfa=write.bounded(own),
    )


def _of_loadings(section: EsemSection, words: Words) -> Iterator[str]:
    write = Apa(words)
    across = [
        (abs(value), row.item, factor, value)
        for row in section.items
        for factor, value in zip(section.factors, row.loadings, strict=True)
        if factor != row.factor and value is not None
    ]
    if not across:
        return
    _, item, factor, value = max(across)
    yield words.say(
        "Cross-loadings of {limit} or more: {n} of {all}; the largest is that of {item} on {factor}"
        " ({value}).",
        limit=write.bounded(_SALIENT),
        n=words.number(sum(size >= _SALIENT for size, *_ in across)),
        all=words.number(len(across)),
        item=words.name(item),
        factor=plain(factor, words),
        value=write.bounded(value, digits_beside(abs(value), _SALIENT, 2)),
    )
    strangers = [row.item for row in section.items if _elsewhere(section, row)]
    if strangers:
        yield words.say(
            "Items that load higher on another factor than on their own: {items}.",
            items=words.listed([words.name(item) for item in strangers]),
        )
    else:
        yield words.say("Every item loads highest on its own factor.")


def _elsewhere(section: EsemSection, row: EsemRow) -> bool:
    sizes = {
        factor: abs(value or 0.0)
        for factor, value in zip(section.factors, row.loadings, strict=True)
    }
    return max(sizes.values()) > sizes[row.factor]


PARTS = (Part(EsemSection, Chapter.CONFIRMATORY, 50, _drawn),)
