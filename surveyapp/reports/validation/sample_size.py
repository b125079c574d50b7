"""The reasoning on sample size, which stands in the method chapter."""

from __future__ import annotations

from typing import Any

from analysis.scale.sections.sample_size import POWER, SampleSizeSection
from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.validation.part import Part

PARTS: tuple[Part[Any], ...] = ()  # ``sample`` sets the sentences


def sentences(section: SampleSizeSection) -> str:
    """Cases a parameter, and the power of the test of close fit."""
    said = (
        f"The confirmatory model has {section.parameters:,} free parameters and {section.df:,} degrees "
        f"of freedom; with n = {section.n:,} there are {apa.number(section.per_parameter, 1)} "
        "respondents to a parameter."
    )
    if section.power is None:
        return said
    power = "above .999" if section.power > 0.9995 else f"of {apa.bounded(section.power, 3)}"
    needed = "" if section.needed is None else (
        f"; a power of {apa.bounded(POWER)} needs {section.needed:,} respondents"
    )  # fmt: skip
    return (
        f"{said} The test of close fit (RMSEA of {apa.bounded(section.close)} at most) has a power "
        f"{power} to reject a model whose RMSEA is {apa.bounded(section.actual)}, at a level of "
        f"{apa.bounded(section.alpha)}{needed} {cited('maccallum-1996')}."
    )
