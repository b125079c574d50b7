"""The reasoning on sample size, which stands in the method chapter."""

from __future__ import annotations

from typing import Any

from analysis.scale.sections.sample_size import POWER, SampleSizeSection
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.validation.part import Part

PARTS: tuple[Part[Any], ...] = ()  # ``sample`` sets the sentences
_POWER = msg(
    "The test of close fit (RMSEA of {close} at most) has a power of {power} to reject a model whose RMSEA"
    " is {actual}, at a level of {alpha} {work}."
)
_NEEDED = msg(
    "The test of close fit (RMSEA of {close} at most) has a power of {power} to reject a model whose RMSEA"
    " is {actual}, at a level of {alpha}; a power of {wanted} needs {needed} respondents {work}."
)
_ABOVE = msg(
    "The test of close fit (RMSEA of {close} at most) has a power above {power} to reject a model whose"
    " RMSEA is {actual}, at a level of {alpha} {work}."
)
_ABOVE_NEEDED = msg(
    "The test of close fit (RMSEA of {close} at most) has a power above {power} to reject a model whose"
    " RMSEA is {actual}, at a level of {alpha}; a power of {wanted} needs {needed} respondents {work}."
)


def sentences(section: SampleSizeSection, words: Words = ENGLISH) -> str:
    """Cases a parameter, and the power of the test of close fit."""
    write = Apa(words)
    said = words.say(
        "The confirmatory model has {parameters} free parameters and {df} degrees of freedom; with n = {n}"
        " there are {ratio} respondents to a parameter.",
        parameters=words.number(section.parameters),
        df=words.number(section.df),
        n=words.number(section.n),
        ratio=write.number(section.per_parameter, 1),
    )
    if section.power is None:
        return said
    above = section.power > 0.9995
    values = {
        "close": write.bounded(section.close),
        "power": write.bounded(0.999 if above else section.power, 3),
        "actual": write.bounded(section.actual),
        "alpha": write.bounded(section.alpha),
        "work": cited("maccallum-1996"),
    }
    if section.needed is None:
        power = words.say(_ABOVE if above else _POWER, **values)
    else:
        power = words.say(
            _ABOVE_NEEDED if above else _NEEDED,
            wanted=write.bounded(POWER),
            needed=words.number(section.needed),
            **values,
        )
    return f"{said} {power}"
