"""What was sent to a survey -> answers, or everything that is wrong with them. Stores nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from instruments.answers import Answers, Fault, Faults, read
from instruments.loader import Library
from surveyapp.surveys.logic import Applied
from surveyapp.surveys.survey import Survey


@dataclass(frozen=True)
class Faulty:
    """Nothing was kept; ``faults`` says why, by instrument code."""

    faults: Mapping[str, Faults]


def read_answers(
    survey: Survey,
    raw: Mapping[str, object],
    *,
    partial: bool = False,
    optional: Collection[str] = (),
    library: Library,
) -> dict[str, dict[str, Any]] | Faulty:
    """The answers document of a survey, or everything that is wrong with it.

    ``partial`` and ``optional`` (names, ``<instrument>-<item>``) let answers be absent.
    """
    answers: dict[str, dict[str, Any]] = {}
    faults: dict[str, Faults] = {}
    for instrument, key in survey.asked(library):
        found = read(
            instrument,
            raw.get(instrument.code, {}),
            key=key,
            partial=partial,
            optional=_items_of(instrument.code, optional),
        )
        if isinstance(found, Answers):
            answers[instrument.code] = dict(found.values_by_item)
        else:
            faults[instrument.code] = found
    for code in raw:
        if code not in answers and code not in faults:
            reason = f"{code[:60]!r} is not asked here."
            fault = Fault("", code[:60], "not_asked", reason, "Leave it out.")
            faults[code] = Faults([fault])
    return Faulty(faults) if faults else answers


def _items_of(instrument: str, names: Collection[str]) -> frozenset[str]:
    """The items of this instrument among names of the form."""
    if not names:
        return frozenset()
    split = (name.rpartition("-") for name in names)
    return frozenset(item for code, _, item in split if code == instrument)


def with_attention_missing(survey: Survey, applied: Applied, library: Library) -> Faulty:
    """What is wrong with a submission that left the check of attention empty."""
    found = read_answers(survey, applied.raw, optional=applied.optional, library=library)
    faults = dict(found.faults) if isinstance(found, Faulty) else {}
    instrument, _, item = applied.attention_name.rpartition("-")
    reason = "This question has no answer."
    fault = Fault(item, "", "required", reason, "Give an answer.")
    faults[instrument] = Faults([*faults.get(instrument, ()), fault])
    return Faulty(faults)
