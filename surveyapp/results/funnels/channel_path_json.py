"""Scores by channel path as a JSON document, and what stands beside the table in words."""

from __future__ import annotations

from typing import Any

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results.figure_json import definition_to_json, figure_to_json
from surveyapp.results.funnels.channel_paths import (
    ARROW,
    ONE,
    OTHERS,
    SEVERAL,
    ChannelPaths,
    PathRow,
)

BASIS = msg(
    "Of all customers and all months, without flagged answers, whatever else is chosen. By the channels of"
    " a customer's events on the journey up to the answer at its end; several channels by the first"
    " hand-over from one to another. Rare paths are hidden together."
)


def corrected_said(found: ChannelPaths, words: Words = ENGLISH) -> str:
    """How the differences were tested."""
    return words.say_count(
        "Each row against all other customers whose path is known: significant where the 95% interval of"
        " the difference excludes zero and p < .05 after Holm correction for one difference. Scores of"
        " several questions are not called different, as no test of measurement invariance compares paths.",
        "Each row against all other customers whose path is known: significant where the 95% interval of"
        " the difference excludes zero and p < .05 after Holm correction for {n} differences. Scores of"
        " several questions are not called different, as no test of measurement invariance compares paths.",
        n=found.tested,
    )


def path_said(label: str, words: Words) -> str:
    """A path's label; the names of channels are those of the events."""
    parts = label.split(ARROW)
    known = (ONE, SEVERAL, OTHERS)
    return ARROW.join(words.say(each) if each in known else words.name(each) for each in parts)


def channel_paths_to_json(found: ChannelPaths | None, *, few: int) -> dict[str, Any] | None:
    """Every path with its scores; None where no path is known."""
    if found is None:
        return None
    return {
        "basis": BASIS,
        "comparisons": found.tested,
        "scores": [definition_to_json(each) for each in found.definitions],
        "known": _row(found.everybody, few),
        "paths": [_row(row, few) for row in found.rows],
        "unknown": _row(found.unknown, few),
    }


def _row(row: PathRow, few: int) -> dict[str, Any]:
    return {
        "path": row.label,
        "part_of_the_row_above": row.within,
        "figures": [figure_to_json(each, few=few) for each in row.figures],
    }
