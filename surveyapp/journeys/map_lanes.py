"""The lanes of a journey's map: its rows, from the customer's goals down to the systems behind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grain(StrEnum):
    """What a lane has a cell for."""

    STAGE = "stage"
    TOUCHPOINT = "touchpoint"


class Kind(StrEnum):
    """What stands in a lane's cells."""

    TEXT = "text"
    LINE = "line"  # a text without line breaks
    CHOICE = "choice"
    BOX = "box"
    SHOWN = "shown"  # made of records and answers; nothing is typed there


@dataclass(frozen=True)
class Lane:
    """``code`` is the name of what its cells hold, ``group`` the part of the map that it belongs to."""

    code: str
    title: str
    grain: Grain
    kind: Kind = Kind.TEXT
    group: str = ""
    hint: str = ""

    @property
    def field(self) -> str:
        """What its cells are called where they are stored."""
        return "assumed_feeling" if self.code == "stage_feeling" else self.code


_STAGE, _POINT = Grain.STAGE, Grain.TOUCHPOINT
LANES: tuple[Lane, ...] = (
    Lane("goal", "Customer goals", _STAGE, group="Customer", hint="What the customer wants here"),
    Lane("actions", "Actions", _STAGE, group="Customer", hint="What the customer does"),
    Lane("thoughts", "Thoughts and questions", _STAGE, group="Customer"),
    Lane("name", "Touchpoints", _POINT, group="Touchpoints"),
    Lane("channel", "Channel", _POINT, Kind.LINE, "Touchpoints", "Branch, app, phone ..."),
    Lane("ownership", "Run by", _POINT, Kind.CHOICE, "Touchpoints"),
    Lane("partner", "Partner", _POINT, Kind.LINE, "Touchpoints"),
    Lane("moment_of_truth", "Moment of truth", _POINT, Kind.BOX, "Touchpoints"),
    Lane("emotion", "Emotion line", _POINT, Kind.SHOWN, "Emotions"),
    Lane("assumed_feeling", "Assumed feeling", _POINT, Kind.CHOICE, "Emotions"),
    Lane("stage_feeling", "Assumed feeling, stage", _STAGE, Kind.CHOICE, "Emotions"),
    Lane("pain_points", "Pain points", _STAGE, Kind.SHOWN, "Findings"),
    Lane("opportunities", "Opportunities", _STAGE, Kind.SHOWN, "Findings"),
    Lane("front_stage", "Front stage", _POINT, group="Service", hint="What the customer sees"),
    Lane("backstage", "Backstage", _POINT, group="Behind", hint="What happens behind the scenes"),
    Lane("support", "Support systems", _STAGE, group="Behind", hint="Systems and teams behind it"),
    Lane(
        "evidence",
        "Evidence",
        _STAGE,
        group="Management",
        hint="Pictures, documents, studies: a link a line",
    ),
    Lane("owner", "Owner", _STAGE, Kind.LINE, "Management", "Who answers for the stage"),
    Lane("kpis", "KPIs and targets", _POINT, Kind.SHOWN, "Management"),
)
# Those whose texts are cells of their own; the others' stand with the stage or touchpoint itself.
CELL_LANES = ("actions", "thoughts", "support", "evidence", "owner")
OWN = "own"  # the lane of every cell in a lane that staff named themselves
# Front stage above it, backstage below: what the customer sees, and does not.
LINE_OF_VISIBILITY_BEFORE = "backstage"
FEELINGS: tuple[tuple[int, str], ...] = (
    (2, "delighted"),
    (1, "pleased"),
    (0, "neutral"),
    (-1, "irritated"),
    (-2, "frustrated"),
)


def lane(code: str) -> Lane | None:
    """A lane that every map has; None for no such one."""
    return next((each for each in LANES if each.code == code), None)
