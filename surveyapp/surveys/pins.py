"""The wordings that a survey in the field keeps, whatever becomes of its instruments' texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from instruments.loader import Library
from instruments.schema import Instrument, Wording
from surveyapp.surveys.asks import Ask, Pins

Asked = Sequence[tuple[Instrument, str | None]]  # instruments with the key that names their items


def pins(instrument: Instrument, chosen: str | None) -> dict[str, str]:
    """The wording ids to publish with, by language; ``chosen`` is the one that staff chose, if any."""
    worded = _worded(instrument, chosen, ())
    return {wording.language: wording.id for wording in worded.wordings.values()}


@lru_cache(maxsize=512)  # asked for by every page shown and every answer read
def asked(asks: tuple[Ask, ...], library: Library) -> Asked:
    """Each instrument with its key, in one wording a language: those that the survey reads."""
    return tuple((asked_instrument(ask, library), ask.key) for ask in asks)


@lru_cache(maxsize=512)
def asked_instrument(ask: Ask, library: Library) -> Instrument:
    """The very version that a survey asks, with one wording a language: those that it reads."""
    return worded(library.load(ask.instrument, ask.version), ask)


def worded(instrument: Instrument, ask: Ask) -> Instrument:
    """The instrument with one wording a language: those that this ask of a survey reads."""
    return _worded(instrument, ask.wording, ask.pinned)


def _worded(instrument: Instrument, chosen: str | None, held: Pins | None) -> Instrument:
    languages = dict.fromkeys(each.language for each in instrument.current_wordings)
    kept = [_kept(instrument, language, chosen, held) for language in languages]
    # To this survey they are current, whatever has replaced them since.
    by_id = {each.id: replace(each, replaced_by="") for each in kept}
    return replace(instrument, wordings=MappingProxyType(by_id))


def _kept(instrument: Instrument, language: str, chosen: str | None, held: Pins | None) -> Wording:
    own = instrument.wordings.get(chosen or "")
    if own is not None and own.language == language:
        return own
    if held == ():
        return instrument.wording(language)
    pinned = instrument.wordings.get(dict(held or ()).get(language, ""))
    # A language that came after publishing stays at its first wording, too.
    return pinned or instrument.first_wording(language)
