"""What a comment can be on: a cell of the map, a record of the journey, or the journey as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.errors import NotFound
from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.map_lanes import LANES, OWN, Grain
from surveyapp.journeys.map_own_lanes import own_lanes
from surveyapp.store.models import Insight, Journey, MapComment, Opportunity, PainPoint
from surveyapp.whole import whole_number

JOURNEY, STAGE, TOUCHPOINT = "journey", "stage", "touchpoint"
_RECORDS: Mapping[str, tuple[type[PainPoint] | type[Insight] | type[Opportunity], str]] = (
    MappingProxyType(
        {
            "pain_point": (PainPoint, "Pain point"),
            "insight": (Insight, "Insight"),
            "opportunity": (Opportunity, "Opportunity"),
        }
    )
)
_LARGEST = 2**31 - 1
_GONE = "There is no such place on this journey's map; somebody may have removed it."


@dataclass(frozen=True)
class CommentPlace:
    """``id`` is the number of the stage, touchpoint or record; ``lane`` the field of a cell."""

    kind: str
    id: int = 0
    lane: str = ""
    lane_id: int = 0

    @property
    def key(self) -> str:
        """A name of its own on the map, the one that its cell has there."""
        parts = [self.kind, self.id or "", self.lane, self.lane_id or ""]
        return "-".join(str(part) for part in parts if part)

    @classmethod
    def of(cls, comment: MapComment) -> CommentPlace:
        """Where a comment is; without a number where that was removed."""
        own = {
            STAGE: comment.stage_id,
            TOUCHPOINT: comment.touchpoint_id,
            "pain_point": comment.pain_point_id,
            "insight": comment.insight_id,
            "opportunity": comment.opportunity_id,
        }
        return cls(comment.kind, own.get(comment.kind) or 0, comment.lane, comment.lane_id or 0)

    @property
    def columns(self) -> dict[str, Any]:
        """The place as columns of a comment."""
        own = {f"{self.kind}_id": self.id} if self.id else {}
        return {"kind": self.kind, "lane": self.lane, "lane_id": self.lane_id or None, **own}


def read_place(key: str) -> CommentPlace:
    """The place of a key. Raises NotFound for a text that is none."""
    kind, *rest = key.split("-")
    if kind == JOURNEY and not rest:
        return CommentPlace(JOURNEY)
    numbers = [whole_number(each, largest=_LARGEST) for each in (rest[:1] + rest[2:3])]
    cell = kind in (STAGE, TOUCHPOINT)
    wanted = (3 if rest[1:2] == [OWN] else 2) if cell else 1
    if (cell or kind in _RECORDS) and len(rest) == wanted and all(numbers):
        own = numbers[1] if len(numbers) > 1 else 0
        return CommentPlace(kind, numbers[0] or 0, rest[1] if cell else "", own or 0)
    raise NotFound(_GONE)


class CommentPlaces:
    """Every place of a journey that can be commented on, by key, with its title."""

    def __init__(self, session: Session, journey: Journey) -> None:
        self._session, self.journey = session, journey
        self.cells: dict[str, str] = {}
        own = [(OWN, each.name, each.id) for each in own_lanes(session, journey.id)]
        for stage in journey.stages:
            for lane, title, number in (("name", "Stage", 0), *_lanes(Grain.STAGE), *own):
                key = CommentPlace(STAGE, stage.id, lane, number).key
                self.cells[key] = f"{stage.name}: {title}"
            for point in stage.touchpoints:
                for lane, title, number in _lanes(Grain.TOUCHPOINT):
                    said = "Touchpoint" if lane == "name" else title
                    key = CommentPlace(TOUCHPOINT, point.id, lane, number).key
                    self.cells[key] = f"{stage.name}, {point.name}: {said}"

    @classmethod
    def of_journey(cls, session: Session, journey_id: int) -> CommentPlaces:
        return cls(session, whole_map(session, journey_id))

    def title(self, place: CommentPlace) -> str:
        """What a place is called. Raises NotFound for one that the journey does not have."""
        if place.kind == JOURNEY:
            return "The journey as a whole"
        if place.kind in _RECORDS:
            table, noun = _RECORDS[place.kind]
            row: Any = self._session.get(table, place.id)
            if row is not None and row.journey_id == self.journey.id:
                return f"{noun}: {row.title}"
        elif place.key in self.cells:
            return self.cells[place.key]
        raise NotFound(_GONE)

    def title_or_removed(self, place: CommentPlace) -> str:
        """The same of a place where comments are, which may have been removed since."""
        try:
            return self.title(place)
        except NotFound:
            return f"A {place.kind.replace('_', ' ')} that was removed"

    def beside(self, place: CommentPlace) -> dict[str, str]:
        """The cells of the same stage or touchpoint, or what the whole map offers, by key."""
        if place.kind in (STAGE, TOUCHPOINT):
            head = CommentPlace(place.kind, place.id).key
            return {key: said for key, said in self.cells.items() if _is_of(key, head)}
        whole = {JOURNEY: "The journey as a whole"}
        if place.kind != JOURNEY:
            whole = {place.key: self.title(place)}
        return {**whole, **{key: said for key, said in self.cells.items() if _is_head(key)}}


def _lanes(grain: Grain) -> Iterator[tuple[str, str, int]]:
    for lane in LANES:
        if lane.grain is grain:
            yield lane.field, lane.title, 0


def _is_of(key: str, head: str) -> bool:
    return key.split("-")[:2] == head.split("-")


def _is_head(key: str) -> bool:
    return key.split("-")[2:] == ["name"]
