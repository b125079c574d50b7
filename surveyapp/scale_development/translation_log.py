"""The translation of items: forward, back, compared with the source, decided. Each turn stays on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.i18n.languages import OWN_NAMES
from surveyapp.scale_development.item_log import appended
from surveyapp.scale_development.pool import LONGEST_REASON, LONGEST_TEXT, note, one_line
from surveyapp.store.models import ItemTranslation, ScaleDevelopment, ScaleItem

LONGEST_TRANSLATOR = 80
MOST_TURNS = 200  # of one item
_WRITTEN = (
    *("language", "source", "forward", "forward_by", "back", "back_by"),
    *("comparison", "decision", "note"),
)
ACCEPTED, OPEN = "accepted", "open"
COMPARISONS: Mapping[str, str] = {
    "same": "Same meaning",
    "minor": "Slightly different",
    "different": "Different meaning",
}
DECISIONS: Mapping[str, str] = {
    OPEN: "Open",
    ACCEPTED: "Accepted",
    "revise": "To be revised",
}


@dataclass(frozen=True)
class TurnWanted:
    """What somebody writes of one turn of an item's translation."""

    language: str
    forward: str
    forward_by: str = ""
    back: str = ""
    back_by: str = ""
    comparison: str = "same"
    decision: str = OPEN
    note: str = ""


def add_turn(
    session: Session,
    scale: ScaleDevelopment,
    item: ScaleItem,
    wanted: TurnWanted,
    *,
    user_id: int | None,
    now: datetime,
) -> ItemTranslation:
    """Add a turn, which holds from now on in the place of the last one of its language.

    A translation is accepted only with a back-translation that does not mean something else. Raises
    Invalid with the field, Conflict for one turn too many.
    """
    if wanted.language not in OWN_NAMES or wanted.language == scale.language:
        raise Invalid("Choose another language than that of the items.", field="language")
    if wanted.comparison not in COMPARISONS or wanted.decision not in DECISIONS:
        raise Invalid("Choose a comparison and a decision.", field="decision")
    row = ItemTranslation(
        item_id=item.id,
        language=wanted.language,
        source=item.text,
        forward=one_line(wanted.forward, "forward", LONGEST_TEXT, least=1, name="translation"),
        forward_by=one_line(wanted.forward_by, "forward_by", LONGEST_TRANSLATOR, name="translator"),
        back=one_line(wanted.back, "back", LONGEST_TEXT, name="back-translation"),
        back_by=one_line(wanted.back_by, "back_by", LONGEST_TRANSLATOR, name="translator"),
        comparison=wanted.comparison,
        decision=wanted.decision,
        note=one_line(wanted.note, "note", LONGEST_REASON),
        noted_by=user_id,
        noted_at=now,
    )
    if row.decision == ACCEPTED and (not row.back or row.comparison == "different"):
        raise Invalid(
            "A translation is accepted with a back-translation that does not mean something else.",
            field="decision",
        )
    row, is_new = appended(session, item, row, written=_WRITTEN, most=MOST_TURNS, rows="turns")
    if is_new:
        said = {"item": item.code, "language": row.language, "decision": row.decision}
        note(session, user_id, "add item translation", scale, **said)
    return row


def is_current(turn: ItemTranslation, item: ScaleItem) -> bool:
    """Whether the turn translates what the item says now."""
    return turn.source == item.text
