"""Judging rounds: begun with the pool as it is, answered by judges through links, closed.

A link stands for one judge. Its token is shown once and kept as a hash; whether it opens is asked anew
each time: of its own date, of the round, and of the scale.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.scale_development.pool import (
    DIMENSION,
    DRAFT,
    JUDGING,
    KEPT_ITEM,
    note,
    one_line,
    set_state,
)
from surveyapp.scale_development.queries import (
    constructs_of,
    items_of,
    judges_of,
    rounds_of,
)
from surveyapp.store.models import Judge, JudgingRound, ScaleDevelopment

TOKEN_BYTES = 32
MOST_ROUNDS, MOST_JUDGES, MOST_JUDGED = 50, 60, 100
LONGEST_LABEL, LONGEST_REMARK = 80, 500
USUAL_DAYS, MOST_DAYS = 30, 365
UNSURE = "none"  # of a sort: fits no construct, or several
GONE = "This link is not valid any more. Ask whoever sent it for a new one."


class RoundKind(StrEnum):
    """What judges are asked about each item."""

    SORT = "sort"
    RELEVANCE = "relevance"
    ESSENTIAL = "essential"


class JudgeState(StrEnum):
    """Where a judge's link stands."""

    OPEN = "open"
    BEGUN = "begun"
    SUBMITTED = "submitted"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Judged:
    """What a judge sent: an answer and a remark by the item's id."""

    answers: Mapping[str, str]
    remarks: Mapping[str, str]


def begin_round(
    session: Session, scale: ScaleDevelopment, kind: str, *, user_id: int | None, now: datetime
) -> JudgingRound:
    """A round of the items that are not dropped; drafts become items in judging. The same round asked for
    twice, before a judge is invited, is one.

    Raises Invalid for an unknown kind or a pool that cannot be judged, Conflict for a round too many.
    """
    if kind not in set(RoundKind):
        raise Invalid(f"{kind[:20]!r} is no kind of round.", field="kind")
    items = items_of(session, scale.id, DRAFT, JUDGING, KEPT_ITEM)
    constructs = constructs_of(session, scale.id)
    if not items:
        raise Invalid("The pool has no items to judge; add some first.", field="kind")
    if len(items) > MOST_JUDGED:
        raise Invalid(
            f"The pool has {len(items)} items that are not dropped; judges get at most"
            f" {MOST_JUDGED}. Drop some first.",
            field="kind",
        )
    if kind == RoundKind.SORT and len(constructs) < 2:
        raise Invalid(
            "Sorting needs at least two constructs; add a dimension or a neighbour.", field="kind"
        )
    known = rounds_of(session, scale.id)
    if len(known) >= MOST_ROUNDS:
        raise Conflict(f"This scale has {len(known)} judging rounds, as many as may be.")
    row = JudgingRound(
        scale_id=scale.id,
        kind=kind,
        items=[
            {
                "id": each.id,
                "code": each.code,
                "text": each.text,
                "construct": each.construct.code,
            }
            for each in items
        ],
        constructs=[
            {"code": each.code, "name": each.name, "definition": each.definition}
            for each in constructs
            if kind == RoundKind.SORT or each.kind == DIMENSION
        ],
        created_by=user_id,
        created_at=now,
    )
    if known and _is_untouched(session, known[0], row):
        return known[0]
    session.add(row)
    session.flush()
    note(session, user_id, "begin judging round", scale, round=row.id, kind=kind, items=len(items))
    for each in items:
        if each.state == DRAFT:
            set_state(session, scale, each, JUDGING, "", user_id=user_id, now=now)
    return row


def invite_judges(
    session: Session,
    row: JudgingRound,
    labels: Sequence[str],
    *,
    days: int,
    user_id: int | None,
    now: datetime,
) -> list[tuple[Judge, str]]:
    """A link for each label with its token, which is stored nowhere.

    Raises Invalid with the field for labels that are empty, too long, repeated or too many, Conflict
    for a round that is closed.
    """
    _refuse_closed(row)
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"{days} days: use 1 to {MOST_DAYS}.", field="days")
    wanted = [one_line(each, "labels", LONGEST_LABEL, name="label") for each in labels]
    wanted = [each for each in wanted if each]
    known = {each.label.casefold() for each in judges_of(session, row.id)}
    twice = next(
        (
            each
            for at, each in enumerate(wanted)
            if each.casefold() in known | {other.casefold() for other in wanted[:at]}
        ),
        None,
    )
    if twice is not None:
        raise Invalid(f"{twice} has a link already; use another label.", field="labels")
    if not wanted:
        raise Invalid("Enter a label for each judge, one per line.", field="labels")
    if len(known) + len(wanted) > MOST_JUDGES:
        raise Invalid(f"A round has at most {MOST_JUDGES} judges.", field="labels")
    made = []
    for label in wanted:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        judge = Judge(
            round_id=row.id,
            label=label,
            token_hash=_hash(token),
            expires_at=now + timedelta(days=days),
            answers={},
            remarks={},
        )
        session.add(judge)
        made.append((judge, token))
    session.flush()
    note(session, user_id, "invite judges", row.scale, round=row.id, judges=len(made), days=days)
    return made


def judging_url(base_url: str, token: str) -> str:
    """The address of a judge's form."""
    return f"{base_url.rstrip('/')}/judging/{token}"


def opened_judge(session: Session, token: str, *, now: datetime, to_change: bool = False) -> Judge:
    """The judge with this token. Raises NotFound for one that is unknown, expired or revoked, whose round
    is closed or whose scale was removed, without telling which.
    """
    query = select(Judge).where(Judge.token_hash == _hash(token))
    if to_change:
        query = query.with_for_update(of=Judge)
    judge = session.scalar(query)
    if (
        judge is None
        or judge.revoked_at is not None
        or judge.expires_at <= now
        or judge.round.closed_at is not None
        or judge.round.scale.removed_at is not None
    ):
        raise NotFound(GONE)
    return judge


def save_judgement(
    session: Session, judge: Judge, sent: Judged, *, final: bool, now: datetime
) -> list[str]:
    """Keep what a judge sent in the place of what they sent before; the codes of items left open.

    ``final`` hands it in where no item is open. What was handed in stays so when it is changed. Raises
    Invalid for an item or an answer that the round does not have.
    """
    row = judge.round
    known = {str(each["id"]): each for each in row.items}
    allowed = allowed_answers(row)
    answers = {item: value for item, value in sent.answers.items() if value}
    if unknown := (answers.keys() | sent.remarks.keys()) - known.keys():
        raise Invalid(f"This form has no item {sorted(unknown)[0][:20]!r}; nothing was saved.")
    wrong = next((value for value in answers.values() if value not in allowed), None)
    if wrong is not None:
        raise Invalid(f"{wrong[:20]!r} is no answer of this form; nothing was saved.")
    remarks = {
        item: one_line(text, f"remark-{item}", LONGEST_REMARK, name="remark")
        for item, text in sent.remarks.items()
    }
    judge.answers = answers
    judge.remarks = {item: text for item, text in remarks.items() if text}
    judge.saved_at = now
    open_items = [each["code"] for item, each in known.items() if item not in answers]
    if final and not open_items:
        if judge.submitted_at is None:
            note(session, None, "submit judgement", row.scale, round=row.id, judge=judge.id)
        judge.submitted_at = now
    return open_items


def ordered_items(judge: Judge) -> list[dict[str, Any]]:
    """The round's items in an order of the judge's own, the same each time: in that of the pool, items of
    one construct would stand together and give it away.
    """
    return sorted(judge.round.items, key=lambda item: _hash(f"{judge.id} {item['id']}"))


def allowed_answers(row: JudgingRound) -> tuple[str, ...]:
    """What can be answered about an item: codes of constructs, or numbers."""
    if row.kind == RoundKind.SORT:
        return (*(each["code"] for each in row.constructs), UNSURE)
    return (
        ("1", "2", "3", "4") if row.kind == RoundKind.RELEVANCE else ("essential", "useful", "no")
    )


def revoke_judge(
    session: Session, row: JudgingRound, judge_id: int, *, user_id: int | None, now: datetime
) -> Judge:
    """End a judge's link; what they handed in stays. A second time changes nothing. Raises NotFound."""
    judge = session.get(Judge, judge_id)
    if judge is None or judge.round_id != row.id:
        raise NotFound("There is no such judge in this round.")
    if judge.revoked_at is None:
        judge.revoked_at, judge.revoked_by = now, user_id
        note(session, user_id, "revoke judge", row.scale, round=row.id, judge=judge.id)
    return judge


def close_round(session: Session, row: JudgingRound, *, user_id: int | None, now: datetime) -> None:
    """End all links of a round. A second time changes nothing."""
    if row.closed_at is None:
        row.closed_at = now
        note(session, user_id, "close judging round", row.scale, round=row.id)


def state_of(judge: Judge, now: datetime) -> JudgeState:
    """Where a judge's link stands; what was handed in counts whatever came of the link."""
    if judge.submitted_at is not None:
        return JudgeState.SUBMITTED
    if judge.revoked_at is not None:
        return JudgeState.REVOKED
    if judge.expires_at <= now:
        return JudgeState.EXPIRED
    return JudgeState.OPEN if judge.saved_at is None else JudgeState.BEGUN


def _is_untouched(session: Session, last: JudgingRound, wanted: JudgingRound) -> bool:
    """Whether the last round is the wanted one and nobody was invited to it."""
    same = all(getattr(last, x) == getattr(wanted, x) for x in ("kind", "items", "constructs"))
    return same and last.closed_at is None and not judges_of(session, last.id)


def _refuse_closed(row: JudgingRound) -> None:
    if row.closed_at is not None:
        raise Conflict("This round is closed; begin a new one.")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
