"""Registered changes as trends mark them: by letters that are the same on every chart of a journey."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase

from sqlalchemy.orm import Session

from surveyapp.journeys.change_queries import changes
from surveyapp.results.journey import Place
from surveyapp.results.view_models import Marker
from surveyapp.store.models import Journey, RegisteredChange


@dataclass(frozen=True)
class Placed:
    """A change and the touchpoints that it is at; none for a change of the journey as a whole."""

    change: RegisteredChange
    marker: Marker
    touchpoints: frozenset[int]

    def concerns(self, place: Place) -> bool:
        """Whether the scores of a place may be looked at for it; those of the journey's end always."""
        return place is None or not self.touchpoints or place in self.touchpoints


def placed_changes(session: Session, journey: Journey) -> list[Placed]:
    """The journey's changes in the order in which they happened."""
    stages = {stage.id: [point.id for point in stage.touchpoints] for stage in journey.stages}
    found = []
    for at, change in enumerate(reversed(changes(session, journey.id))):
        marker = Marker(_letter(at), change.title, change.started_on, change.ended_on)
        found.append(Placed(change, marker, frozenset(_touchpoints(change, stages))))
    return found


def _letter(at: int) -> str:
    """A to Z, then A2 to Z2."""
    again, place = divmod(at, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(again + 1) if again else "")


def _touchpoints(change: RegisteredChange, stages: dict[int, list[int]]) -> list[int]:
    """Those named, and all of a stage that is."""
    named = [each.touchpoint_id for each in change.places if each.touchpoint_id]
    return named + [
        number for each in change.places if each.stage_id for number in stages[each.stage_id]
    ]
