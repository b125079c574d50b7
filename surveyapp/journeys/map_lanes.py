"""The lanes of a journey's map: its rows, from the customer's goals down to the systems behind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from surveyapp.i18n.words import msg


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
    Lane(
        "goal", msg("Customer goals"), _STAGE, group="Customer", hint="What the customer wants here"
    ),
    Lane(
        "actions", msg("Customer actions"), _STAGE, group="Customer", hint="What the customer does"
    ),
    Lane("thoughts", msg("Thoughts and questions"), _STAGE, group="Customer"),
    Lane("name", msg("Touchpoints"), _POINT, group="Touchpoints"),
    Lane("channel", msg("Channel"), _POINT, Kind.LINE, "Touchpoints", "Branch, app, phone ..."),
    Lane("ownership", msg("Run by"), _POINT, Kind.CHOICE, "Touchpoints"),
    Lane("partner", msg("Partner"), _POINT, Kind.LINE, "Touchpoints"),
    Lane("moment_of_truth", msg("Moment of truth"), _POINT, Kind.BOX, "Touchpoints"),
    Lane("emotion", msg("Emotion line"), _POINT, Kind.SHOWN, "Emotions"),
    Lane("assumed_feeling", msg("Assumed feeling"), _POINT, Kind.CHOICE, "Emotions"),
    Lane("stage_feeling", msg("Assumed feeling, stage"), _STAGE, Kind.CHOICE, "Emotions"),
    Lane("pain_points", msg("Pain points"), _STAGE, Kind.SHOWN, "Findings"),
    Lane("opportunities", msg("Opportunities"), _STAGE, Kind.SHOWN, "Findings"),
    Lane("front_stage", msg("Front stage"), _POINT, group="Service", hint="What the customer sees"),
    Lane(
        "backstage", msg("Backstage"), _POINT, group="Behind", hint="What happens behind the scenes"
    ),
    Lane(
        "support",
        msg("Support systems"),
        _STAGE,
        group="Behind",
        hint="Systems and teams behind it",
    ),
    Lane(
        "evidence",
        msg("Evidence"),
        _STAGE,
        group="Management",
        hint="Pictures, documents, studies: a link a line",
    ),
    Lane("owner", msg("Owner"), _STAGE, Kind.LINE, "Management", "Who answers for the stage"),
    Lane("kpis", msg("KPIs and targets"), _POINT, Kind.SHOWN, "Management"),
)
# Those whose texts are cells of their own; the others' stand with the stage or touchpoint itself.
CELL_LANES = ("actions", "thoughts", "support", "evidence", "owner")
OWN = "own"  # the lane of every cell in a lane that staff named themselves
# Front stage above it, backstage below: what the customer sees, and does not.
LINE_OF_VISIBILITY_BEFORE = "backstage"
FEELINGS: tuple[tuple[int, str], ...] = (
    (2, msg("delighted")),
    (1, msg("pleased")),
    (0, msg("neutral")),
    (-1, msg("irritated")),
    (-2, msg("frustrated")),
)


def lane(code: str) -> Lane | None:
    """A lane that every map has; None for no such one."""
    return next((each for each in LANES if each.code == code), None)
