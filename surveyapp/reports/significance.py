"""What became of significant correlations once a marker variable is partialled out."""

from __future__ import annotations

from collections.abc import Sequence

from surveyapp.i18n.words import ENGLISH, Words

SIGNIFICANT = 0.05


def kept_significant(stay: bool, pvalues: Sequence[float], words: Words = ENGLISH) -> str:
    """What became of the significant correlations; none can stay where there was none."""
    if not any(p < SIGNIFICANT for p in pvalues):
        return words.say("no correlation of the scores was significant before either")
    if all(p < SIGNIFICANT for p in pvalues):
        if stay:
            return words.say("all correlations of the scores stay significant")
        return words.say("all correlations of the scores do not all stay significant")
    if stay:
        return words.say("the significant correlations of the scores stay significant")
    return words.say("the significant correlations of the scores do not all stay significant")
