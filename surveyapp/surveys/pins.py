"""The wordings that a survey in the field keeps, whatever becomes of its instruments' texts.

An ask of a survey holds them as ``pinned``, {language: wording id}. A survey that has not been
opened holds none ({}) and shows the current words. An ask without the key was published before
wordings were pinned, when each language still had its first wording.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from instruments.schema import Instrument, Wording

Pins = tuple[tuple[str, str], ...]


def pins(instrument: Instrument, chosen: str | None) -> dict[str, str]:
    """The wording ids to publish with, by language; ``chosen`` is the one that staff chose, if any."""
    worded = _worded(instrument, chosen, ())
    return {wording.language: wording.id for wording in worded.wordings.values()}


def worded(instrument: Instrument, ask: Mapping[str, Any]) -> Instrument:
    """The instrument with one wording a language: those that this ask of a survey reads."""
    held = ask.get("pinned")
    return _worded(
        instrument, ask.get("wording"), None if held is None else tuple(sorted(held.items()))
    )


@lru_cache(maxsize=512)  # asked for by every page shown and every answer read
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
