"""What cognitive interviews show about items: where answering goes wrong, how badly, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.scale_development.item_log import appended
from surveyapp.scale_development.pool import note, one_line, paragraphs
from surveyapp.store.models import InterviewFinding, ScaleDevelopment, ScaleItem

LONGEST_PARTICIPANT, LONGEST_FINDING = 40, 2_000
MOST_FINDINGS = 200  # of one item
_WRITTEN = ("participant", "problem", "severity", "finding", "change", "wording")
# The steps of answering of Tourangeau (1984), in which something can go wrong.
PROBLEMS: Mapping[str, str] = {
    "none": "No problem",
    "comprehension": "Comprehension: understood in another way, or not at all",
    "retrieval": "Retrieval: cannot be remembered, or was never experienced",
    "judgement": "Judgement: cannot be judged, or is judged by another standard",
    "response": "Response: fits no answer option, or is answered as seems expected",
}
SEVERITIES: Mapping[str, str] = {
    "none": "None",
    "minor": "Minor: answered as meant all the same",
    "major": "Major: answered as something else was meant",
    "critical": "Critical: cannot be answered",
}


@dataclass(frozen=True)
class FindingWanted:
    """What somebody notes of one participant and one item."""

    participant: str
    problem: str
    severity: str
    finding: str
    change: str = ""


def add_finding(
    session: Session,
    scale: ScaleDevelopment,
    item: ScaleItem,
    wanted: FindingWanted,
    *,
    user_id: int | None,
    now: datetime,
) -> InterviewFinding:
    """Note a finding with the wording that it is about. Raises Invalid with the field, Conflict for one
    too many.
    """
    if wanted.problem not in PROBLEMS:
        raise Invalid(f"{wanted.problem[:20]!r} is no known problem.", field="problem")
    if wanted.severity not in SEVERITIES:
        raise Invalid(f"{wanted.severity[:20]!r} is no known severity.", field="severity")
    if (wanted.problem == "none") != (wanted.severity == "none"):
        raise Invalid("A problem has a severity, and no problem has none.", field="severity")
    row = InterviewFinding(
        item_id=item.id,
        participant=one_line(wanted.participant, "participant", LONGEST_PARTICIPANT, least=1),
        problem=wanted.problem,
        severity=wanted.severity,
        finding=paragraphs(wanted.finding, "finding", LONGEST_FINDING, least=1),
        change=paragraphs(wanted.change, "change", LONGEST_FINDING),
        wording=item.text,
        noted_by=user_id,
        noted_at=now,
    )
    row, is_new = appended(
        session, item, row, written=_WRITTEN, most=MOST_FINDINGS, rows="findings"
    )
    if is_new:
        note(
            session, user_id, "add interview finding", scale, item=item.code, severity=row.severity
        )
    return row
