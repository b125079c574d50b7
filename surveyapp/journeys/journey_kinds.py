"""Kinds of journey: what each map shows, and with which lanes and stages it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.journeys import actions
from surveyapp.journeys.map_lanes import LANES, Lane
from surveyapp.store.audit import record
from surveyapp.store.models import Journey

JOURNEY, DAY, BLUEPRINT = "journey", "day", "blueprint"


@dataclass(frozen=True)
class JourneyKind:
    """``begins``: codes of the lanes that stand first; ``stages`` those that an empty map begins with."""

    code: str
    title: str
    said: str
    begins: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


KINDS: tuple[JourneyKind, ...] = (
    JourneyKind(JOURNEY, "Journey", "stages by what the customer wants"),
    JourneyKind(
        DAY,
        "Day in the life",
        "times of day as stages, also without us",
        stages=("Early morning", "Morning", "Midday", "Afternoon", "Evening", "Night"),
    ),
    JourneyKind(
        BLUEPRINT,
        "Service blueprint",
        "first what customers see and what lies behind it",
        begins=("name", "channel", "actions", "front_stage", "backstage", "support"),
    ),
)
_BY_CODE = {each.code: each for each in KINDS}


def kind_of(journey: Journey) -> JourneyKind:
    """The journey's kind."""
    return _BY_CODE[journey.kind]


def lanes_of(journey: Journey) -> Sequence[Lane]:
    """The lanes that every map has, in the order of the journey's kind."""
    begins = kind_of(journey).begins
    first = [each for code in begins for each in LANES if each.code == code]
    return (*first, *(each for each in LANES if each.code not in begins))


def set_kind(session: Session, journey: Journey, kind: str, *, user_id: int | None) -> None:
    """Give a journey its kind; an empty map gets the stages that the kind begins with. Raises Invalid."""
    if kind not in _BY_CODE:
        known = ", ".join(_BY_CODE)
        raise Invalid(f"{kind[:40]!r} is no kind of journey; use {known}.", field="kind")
    if kind == journey.kind:
        return
    journey.kind = kind
    record(session, user_id, "set kind of journey", f"journey {journey.code}", kind=kind)
    if not journey.stages:
        for name in kind_of(journey).stages:
            actions.add_stage(session, journey, name=name, user_id=user_id)
