"""What a scale is called in the language of a document; in English as its survey calls it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analysis import scoring
from instruments.loader import InstrumentError, Library
from surveyapp.i18n.words import Words
from surveyapp.results.view_models import AskedInstrument, Definition
from surveyapp.store.models import RESPONSE_RATE


def label(definition: Definition, words: Words) -> str:
    """ "Net Promoter Score (NPS)"; as the definition has it where the library has no title in the
    language, as of a questionnaire of one's own that was never translated.
    """
    title = words.scales.get(definition.scale, definition.label)
    # In English as it is: names within its sentences were isolated by whoever wrote them.
    return title if words.is_english else words.name(title)


def short(definition: Definition, words: Words) -> str:
    """ "NPS": an acronym is the same in every language."""
    if definition.short != definition.label:
        return definition.short
    return label(definition, words)


def instrument_title(asked: AskedInstrument, words: Words) -> str:
    """What a questionnaire is called."""
    return words.instruments.get(asked.instrument, asked.title)


def in_library(words: Words, library: Library, asked: Iterable[AskedInstrument]) -> Words:
    """The words with the titles of these questionnaires and their scales, where they have the language."""
    scales = {RESPONSE_RATE: words.say("Response rate")}
    titles: dict[str, str] = {}
    for code, version in {(each.instrument, each.version): None for each in asked}:
        instrument = library.load(code, version)
        wording = instrument.wording(words.language)
        if wording.language != words.language:
            continue
        titles.setdefault(code, wording.title)
        for key in (None, *instrument.keys):
            for scale in scoring.scales(instrument, key):
                if title := wording.dimensions.get(scale.code):
                    scales.setdefault(scale.id, title)
    return replace(words, scales=scales, instruments=titles)


def with_dimensions(words: Words, library: Library, codes: Iterable[str]) -> Words:
    """The words with the titles of these questionnaires' dimensions by their codes alone, as a study names
    its constructs.
    """
    if words.is_english:
        return words
    titles: dict[str, str] = {}
    for code in codes:
        try:
            wording = library.load(code).wording(words.language)
        except InstrumentError:
            continue  # no longer installed
        if wording.language == words.language:
            titles |= wording.dimensions
    return replace(words, scales={**words.scales, **titles})
