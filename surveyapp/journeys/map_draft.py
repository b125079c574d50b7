"""A map that is put together cell by cell from a file: stages, touchpoints, lanes, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from surveyapp.errors import Invalid
from surveyapp.journeys.actions import OWNERSHIPS, check_touchpoint
from surveyapp.journeys.codes import read_code
from surveyapp.journeys.map_lanes import FEELINGS, LANES, Grain, Kind, Lane
from surveyapp.journeys.map_own_lanes import MOST_LANES
from surveyapp.journeys.map_snapshots import MapSnapshot, SnapshotLane, SnapshotPoint, SnapshotStage
from surveyapp.journeys.refused_cells import RefusedCell

MOST_STAGES, MOST_POINTS = 60, 400
OWN_MARK = "own:"  # before the name of an own lane that a lane of every map has, too
_LONGEST_NAME, _LONGEST_TEXT = 200, 5000
_FEELING, _TRUTH, _OWNERSHIP = "assumed_feeling", "moment_of_truth", "ownership"
_YES, _NO = ("yes", "true", "x", "1"), ("", "no", "false", "0")
# What other programs and workshops call lanes that every map has.
_ALSO: Mapping[str, str] = MappingProxyType(
    {
        "goals": "goal",
        "customer goal": "goal",
        "thoughts": "thoughts",
        "questions": "thoughts",
        "customer actions": "actions",
        "touchpoint": "name",
        "step": "name",
        "steps": "name",
        "channels": "channel",
        "emotion": _FEELING,
        "emotions": _FEELING,
        "feeling": _FEELING,
        "feelings": _FEELING,
        "frontstage": "front_stage",
        "back stage": "backstage",
        "support processes": "support",
    }
)


@dataclass(frozen=True)
class LaneName:
    """A lane that a file names: the ``field`` of one that every map has, or the title of an own one.

    ``grains`` are what it has cells for.
    """

    field: str = ""
    own: str = ""
    grains: frozenset[Grain] = frozenset({Grain.STAGE})
    kind: Kind = Kind.TEXT


def lane_named(text: str) -> LaneName:
    """The lane of a name: by code, title or a usual other name; any other one is an own lane."""
    text = " ".join(text.split())
    folded = text.casefold()
    if folded.startswith(OWN_MARK):
        return LaneName(own=text[len(OWN_MARK) :].strip())
    field_of = _ALSO.get(folded) or _ALSO.get(folded.replace("_", " "))
    fits = [each for each in _TYPED if folded in (each.code, each.title.casefold())]
    fits = [each for each in _TYPED if each.field == field_of] if field_of else fits
    if not fits:
        return LaneName(own=text)
    same = [each for each in _TYPED if each.field == fits[0].field]
    return LaneName(same[0].field, "", frozenset(each.grain for each in same), same[0].kind)


def is_known_lane(text: str) -> bool:
    """Whether an own lane of this name would be taken for one that every map has."""
    return not lane_named(text).own


def own_lane_said(name: str) -> str:
    """The name of an own lane as a file says it, so that it is read as one."""
    return name if lane_named(name).own == name else f"{OWN_MARK} {name}"


_TYPED: tuple[Lane, ...] = tuple(each for each in LANES if each.kind is not Kind.SHOWN)


@dataclass
class DraftPoint:
    name: str
    code: str
    texts: dict[str, str] = field(default_factory=dict)


@dataclass
class DraftStage:
    name: str
    code: str
    texts: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    points: list[DraftPoint] = field(default_factory=list)


class MapDraft:
    """Stages in the order in which they were first named."""

    def __init__(self) -> None:
        self.stages: list[DraftStage] = []
        self.lanes: list[str] = []
        self.refused: list[RefusedCell] = []

    def refuse(self, place: str, column: str, value: str, reason: str, cure: str = "") -> None:
        self.refused.append(RefusedCell(place, column, value[:200], reason, cure))

    def stage(self, name: str, code: str, place: str) -> DraftStage | None:
        """The stage of this code, else name, which is added when it is new; None where it is refused."""
        for each in self.stages:
            if (code and each.code == code) or (not code and _same(each.name, name)):
                return each
        checked = self._named(name, code, place, "stage")
        if checked is None:
            return None
        if len(self.stages) == MOST_STAGES:
            raise Invalid(f"The file has more than {MOST_STAGES} stages.", field="file")
        self.stages.append(DraftStage(*checked))
        return self.stages[-1]

    def point(self, stage: DraftStage, name: str, code: str, place: str) -> DraftPoint | None:
        """The same for a touchpoint of a stage."""
        for each in stage.points:
            if (code and each.code == code) or (not code and _same(each.name, name)):
                return each
        checked = self._named(name, code, place, "touchpoint")
        if checked is None:
            return None
        if sum(len(each.points) for each in self.stages) == MOST_POINTS:
            raise Invalid(f"The file has more than {MOST_POINTS} touchpoints.", field="file")
        stage.points.append(DraftPoint(*checked))
        return stage.points[-1]

    def lane(self, lane: LaneName, place: str) -> bool:
        """Whether the lane is one; an own one is added when it is new."""
        if lane.field or any(_same(lane.own, each) for each in self.lanes):
            return True
        fault, cure = "", ""
        if not 1 <= len(lane.own) <= _LONGEST_NAME or "\x00" in lane.own:
            fault = f"The lane's name has {len(lane.own)} characters."
            cure = f"Use 1 to {_LONGEST_NAME}."
        elif len(self.lanes) == MOST_LANES:
            fault = f"A map has at most {MOST_LANES} lanes of its own."
            cure = "Leave some out, or put their texts together."
        if fault:
            self.refuse(place, "lane", lane.own, fault, cure)
            return False
        self.lanes.append(lane.own)
        return True

    def write(
        self, stage: DraftStage, point: DraftPoint | None, lane: LaneName, text: str, place: str
    ) -> None:
        """Write a cell; one that cannot be is refused."""
        text = "\n".join(line.rstrip() for line in text.strip().splitlines())
        if not self.lane(lane, place) or not text:
            return
        grain = Grain.STAGE if point is None else Grain.TOUCHPOINT
        if grain not in lane.grains:
            self.refuse(place, "lane", lane.field or lane.own, *_WRONG_GRAIN[grain])
            return
        if lane.field == "name":
            if point is not None and not _same(text, point.name):
                self.refuse(place, "text", text, f"The touchpoint is named {point.name}.")
            return
        try:
            text = _value(lane, text)
        except Invalid as error:
            self.refuse(place, "text", text, str(error))
            return
        texts = (point or stage).texts if lane.field else stage.own
        key = lane.field or next(each for each in self.lanes if _same(each, lane.own))
        if text and texts.get(key, text) != text:
            self.refuse(
                place,
                "text",
                text,
                "Another text stands in this cell already.",
                "Keep one of them.",
            )
        elif text:
            texts[key] = text

    def snapshot(self) -> MapSnapshot:
        """The map; touchpoints whose channel, ownership or partner cannot be lose these, by name."""
        lanes = tuple(SnapshotLane(at, name) for at, name in enumerate(self.lanes, 1))
        numbers = {lane.name: lane.id for lane in lanes}
        number, stages = 0, []
        for stage in self.stages:
            points = []
            for point in stage.points:
                number += 1
                self._settle(stage, point)
                points.append(SnapshotPoint(number, point.code, point.name, point.texts))
            own = {numbers[name]: text for name, text in stage.own.items()}
            stages.append(SnapshotStage(stage.code, stage.name, stage.texts, own, tuple(points)))
        return MapSnapshot(tuple(stages), lanes)

    def _settle(self, stage: DraftStage, point: DraftPoint) -> None:
        said = {name: point.texts.get(name, "") for name in ("channel", "partner")}
        ownership = point.texts.get(_OWNERSHIP, "provider")
        fault = check_touchpoint(
            {**said, "name": point.name, "ownership": ownership}, moment_of_truth=False
        )
        if fault is not None and fault.field in point.texts:
            value = point.texts.pop(fault.field)
            self.refuse(f"{stage.name}, {point.name}", fault.field, value, str(fault))

    def _named(self, name: str, code: str, place: str, noun: str) -> tuple[str, str] | None:
        name = " ".join(name.split())
        if not 1 <= len(name) <= _LONGEST_NAME or "\x00" in name:
            self.refuse(
                place,
                noun,
                name,
                f"The {noun} has no name that can be.",
                "Use 1 to 200 characters.",
            )
            return None
        try:
            return name, read_code(code) if code else ""
        except Invalid as error:
            self.refuse(place, f"{noun}_code", code, str(error))
            return None


_WRONG_GRAIN: Mapping[Grain, tuple[str, str]] = MappingProxyType(
    {
        Grain.STAGE: (
            "This lane has a cell for each touchpoint, and the row names none.",
            "Name the touchpoint.",
        ),
        Grain.TOUCHPOINT: (
            "This lane has one cell a stage, and the row names a touchpoint.",
            "Leave the touchpoint empty.",
        ),
    }
)


def _value(lane: LaneName, text: str) -> str:
    """A text as its lane holds it. Raises Invalid."""
    if "\x00" in text:
        raise Invalid("The text contains a NUL character; remove it.")
    if len(text) > _LONGEST_TEXT:
        raise Invalid(f"The text has {len(text)} characters; use at most {_LONGEST_TEXT}.")
    if lane.field == _FEELING:
        return _feeling(text)
    if lane.field == _OWNERSHIP:
        if text.lower() in OWNERSHIPS:
            return text.lower()
        raise Invalid(f"{text[:40]!r} is no ownership; use {', '.join(OWNERSHIPS)}.")
    if lane.field == _TRUTH:
        if text.casefold() in (*_YES, *_NO):
            return "yes" if text.casefold() in _YES else ""
        raise Invalid(f"{text[:40]!r} is neither yes nor no.")
    return ", ".join(text.splitlines()) if lane.kind is Kind.LINE else text


def _feeling(text: str) -> str:
    for value, word in FEELINGS:
        if text.casefold() in (str(value), f"{value:+d}", word, f"{value:+d} {word}"):
            return str(value)
    raise Invalid(f"{text[:40]!r} is no feeling; use whole numbers from -2 to 2.")


def _same(first: str, second: str) -> bool:
    return " ".join(first.split()).casefold() == " ".join(second.split()).casefold()
