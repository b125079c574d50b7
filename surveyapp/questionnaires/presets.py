"""Answer scales and answers that come with their labels: those of the library's instruments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from instruments.loader import BUILT_IN
from instruments.schema import Scale

YES_NO = ("fcr", "fcr")  # instrument and item whose answers are offered for a question of the kind
EMOTION = ("emotion", "emotion")
# Instruments whose scales are offered, in this order.
_OFFERED = ("csat", "ces", "loyalty", "nps")


@dataclass(frozen=True)
class ScalePreset:
    """An answer scale with its labels by language, then point."""

    scale: Scale
    labels: Mapping[str, Mapping[int, str]]


@cache
def scale_presets() -> Mapping[str, ScalePreset]:
    """The offered scales by code."""
    found = {}
    for code in _OFFERED:
        instrument = BUILT_IN.load(code)
        for item in instrument.items:
            if item.scale is not None:
                labels = {
                    each.language: each.labels[item.scale.code]
                    for each in instrument.current_wordings
                }
                found[item.scale.code] = ScalePreset(item.scale, labels)
    return found


@cache
def answers(kind: tuple[str, str]) -> tuple[tuple[str, ...], Mapping[str, Mapping[str, str]]]:
    """The codes of the answers that a kind begins with, and their labels by language."""
    code, item = kind
    instrument = BUILT_IN.load(code)
    found = next(each for each in instrument.items if each.code == item)
    return found.choices, {
        each.language: each.choices[item] for each in instrument.current_wordings
    }
