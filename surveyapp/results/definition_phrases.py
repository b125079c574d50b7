"""How a score is summed up and its interval made, in the language of a document."""

from __future__ import annotations

import re

from instruments.schema import Metric
from surveyapp.i18n.words import Words, msg
from surveyapp.results.view_models import Definition

_NUMBER = re.compile(r"\d+")
_MEANINGS = {
    Metric.NPS: msg(
        "Percentage answering {a} to {b} (promoters) minus percentage answering {c} to {d} (detractors)."
    ),
    Metric.CSAT: msg("Percentage satisfied: answers {a} to {b} on a scale from {c} to {d}."),
    Metric.CES: msg("Percentage finding it easy: answers {a} to {b} on a scale from {c} to {d}."),
    Metric.SHARE: msg("Percentage answering yes."),
}
_OF_ONE = msg("Mean of one item, answered from {a} to {b}, rescaled to 0 (worst) to 100 (best).")
_OF_ITEMS = msg("Mean of {a} items, answered from {b} to {c}, rescaled to 0 (worst) to 100 (best).")
_OF_DIMENSIONS = msg(
    "Mean of the dimensions' means ({a} items), answered from {b} to {c}, rescaled to 0 (worst) to 100"
    " (best)."
)
_INTERVALS = {
    "adjusted Wald (Rocks 2016), 95%": msg("adjusted Wald (Rocks 2016), 95%"),
    "Wilson score interval, 95%": msg("Wilson score interval, 95%"),
    "t interval, 95%": msg("t interval, 95%"),
}


def meaning(definition: Definition, words: Words) -> str:
    """What an estimate counts, with the numbers of its definition."""
    if words.is_english:
        return definition.text
    numbers = [words.number(int(found)) for found in _NUMBER.findall(definition.text)]
    if definition.metric is Metric.INDEX:
        if "dimensions" in definition.text:
            said = _OF_DIMENSIONS
        else:
            said = _OF_ONE if "one item" in definition.text else _OF_ITEMS
    else:
        said = _MEANINGS[definition.metric]
    return words.say(said, **dict(zip("abcd", numbers, strict=False)))


def interval_named(definition: Definition, words: Words) -> str:
    """The method of an estimate's interval and its confidence."""
    if definition.interval not in _INTERVALS:
        return definition.interval
    return words.say(_INTERVALS[definition.interval])
