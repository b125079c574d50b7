"""Answers to the questionnaires whose scores are compared only where a test says that they mean the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from analysis.scale.plan import Plan, plan_of
from instruments.loader import Library
from instruments.schema import Instrument
from surveyapp.results.invariance.ladder import measure_of
from surveyapp.results.invariance.segment_verdicts import gated_instruments
from surveyapp.results.journey import Ground, Place
from surveyapp.surveys.survey import Survey


@dataclass(frozen=True)
class GatedAnswers:
    """The items of one questionnaire at one place, with what ``read`` has put beside them."""

    place: Place
    instrument: str
    plan: Plan
    version: str
    data: pd.DataFrame


@dataclass(frozen=True)
class Asked:
    """A questionnaire as one survey asks it."""

    survey: Survey
    instrument: Instrument
    plan: Plan


def gated_answers(
    base: Ground, read: Callable[[Asked], pd.DataFrame], *, library: Library
) -> list[GatedAnswers]:
    """The answers to each questionnaire that is tested, at each place where it is asked.

    Surveys that ask other items of it than most do are left out. ``read`` gives the rows of one survey.
    """
    found = []
    for place, code in gated_instruments(base):
        asked = [
            Asked(survey, instrument, plan_of(instrument, key=ask.key))
            for survey in base.surveys
            if survey.touchpoint_id == place
            for ask in survey.asks
            if ask.instrument == code
            for instrument in [library.load(code, ask.version)]
        ]
        [(usual, _)] = Counter(measure_of(each.plan) for each in asked).most_common(1)
        alike = [each for each in asked if measure_of(each.plan) == usual]
        plan, version = alike[-1].plan, alike[-1].instrument.version
        data = pd.concat(map(read, alike), ignore_index=True)
        found.append(GatedAnswers(place, code, plan, version, data))
    return found
