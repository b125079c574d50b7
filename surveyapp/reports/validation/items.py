"""The items' descriptive statistics."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.items import ItemsSection
from surveyapp.i18n.words import Words
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import told
from surveyapp.reports.document import Column, Look, Table
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import name, of_one_decimal

_MANY = 0.15  # of the answers at one end; of total scores, the rule of Terwee et al. 2007


def _table(section: ItemsSection, study: ValidationStudy, number: Numbers) -> Iterator[Table]:
    rows, words, write = section.rows, study.words, Apa(study.words)
    one = of_one_decimal(words)
    yield Table(
        number=next(number),
        title=words.say("Descriptive Statistics of the Items"),
        columns=[
            Column(words.say("Item"), 0.14),
            Column(apa.N, 0.09, write.count),
            Column(apa.M, 0.10, write.number),
            Column(apa.SD, 0.10, write.number),
            Column(words.say("Median"), 0.11, write.count),
            Column(words.say("Skew"), 0.11, write.number),
            Column(words.say("Kurtosis"), 0.12, write.number),
            Column(words.say("Floor %"), 0.11, one),
            Column(words.say("Ceiling %"), 0.12, one),
        ],
        cells=[
            [
                row.item,
                row.n,
                row.mean,
                row.sd,
                row.median,
                row.skew,
                row.kurtosis,
                None if row.floor is None else 100 * row.floor,
                None if row.ceiling is None else 100 * row.ceiling,
            ]
            for row in rows
        ],
        note=_note(section, words),
        look=Look.APA,
    )


def _note(section: ItemsSection, words: Words) -> str:
    flagged = [row.item for row in section.rows if max(row.floor or 0, row.ceiling or 0) > _MANY]
    kind = words.say("Kurtosis is excess kurtosis; skew and kurtosis are of type 3 (b).")
    many = (
        words.say(
            "More than 15% of the answers are at one end of the scale of {items}.",
            items=words.joined([words.name(item) for item in flagged]),
        )
        if flagged
        else words.say("More than 15% of the answers are at one end of the scale of no item.")
    )
    rule = words.say(
        "The 15% of {work} are a rule for total scores; for single items they only say where to look.",
        work=told("terwee-2007", words),
    )
    return f"{kind} {many} {rule}"


def _wordings(section: ItemsSection, study: ValidationStudy, number: Numbers) -> Iterator[Table]:
    """What was asked; nothing for a model of one's own, whose wording is not known."""
    settings, words = study.document.settings, study.words
    if settings.instrument is None:
        return
    instrument = study.library.load(settings.instrument, settings.instrument_version)
    wording = next(iter(instrument.wordings.values()))
    if not words.is_english:
        wording = instrument.wording(words.language)
    turned = set(settings.reversed)

    def asked(item: str) -> str:
        said = wording.items.get(item, "")
        return words.say("{wording} (reversed)", wording=said) if item in turned else said

    yield Table(
        number=next(number),
        title=words.say("Wording of the Items"),
        columns=[
            Column(words.say("Item"), 0.12),
            Column(words.say("Factor"), 0.2),
            Column(words.say("Wording"), 0.68),
        ],
        cells=[[row.item, name(row.factor, words), asked(row.item)] for row in section.rows],
        note=words.say(
            "{instrument}, {language}. What stands in braces is filled in for each survey; wordings in"
            " other languages are the instrument's.",
            instrument=words.name(f"{instrument.code} {instrument.version}"),
            language=wording.language,
        ),
        look=Look.APA,
    )


PARTS = (
    Part(ItemsSection, Chapter.ITEMS, 10, _table),
    Part(ItemsSection, Chapter.ANNEX, 5, _wordings),
)
