"""What became of the lists that were asked: counted from their messages and invitations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from surveyapp.asking.asked import BY_LIST
from surveyapp.asking.funnel import BOUNCE_TAKES, Counts
from surveyapp.sending.campaign import ASKED
from surveyapp.store.models import AuditEntry, Contact, Deployment, Invitation, OutgoingMessage

MOST = 50  # lists on a page
_DIGEST, _DAY = 16, 10  # signs of a list's name that say who stands in it, and when it was asked


@dataclass(frozen=True)
class Campaign:
    """One list on the day on which it was asked; those it left out are ``skipped`` by reason."""

    day: date
    counts: Counts


def campaigns(session: Session, deployment: Deployment) -> list[Campaign]:
    """The lists that were asked for this deployment, the newest first, MOST at most.

    Of an anonymous one the messages of who answered are gone with their invitations: as many as the
    log knows to have been asked, and no message is there of, have answered.
    """
    asked = _asked(session, deployment)
    rows = {name: stages for name, *stages in session.execute(_stages_by_list(deployment))}
    returned = _returned(session, deployment)
    names = sorted({*asked, *rows}, key=lambda name: (name[-_DAY:], name), reverse=True)[:MOST]
    anonymous = deployment.anonymity == "anonymous"
    found = []
    for name in names:
        known, skipped = asked.get(name, (0, {}))
        there, sent, opened, started, completed, held_back = map(int, rows.get(name, (0,) * 6))
        gone = max(0, known - there) if anonymous else 0
        counts = Counts(
            asked=there + gone,
            sent=sent + gone,
            opened=opened + gone,
            started=started + gone,
            completed=completed + gone,
            held_back=held_back,
            returned=returned[name],
            skipped=skipped,
        )
        found.append(Campaign(date.fromisoformat(name[-_DAY:]), counts))
    return found


def _asked(session: Session, deployment: Deployment) -> dict[str, tuple[int, Mapping[str, int]]]:
    """By list how many were asked and how many not, by reason; the log knows as many as there were."""
    query = select(AuditEntry.detail).where(
        AuditEntry.action == ASKED, AuditEntry.subject == f"deployment {deployment.code}"
    )
    query = query.order_by(AuditEntry.id)
    found: dict[str, tuple[int, Mapping[str, int]]] = {}
    for detail in session.scalars(query):
        if "list" in detail:
            before, _ = found.get(detail["list"], (0, {}))
            # Asked once more on one day, those are left out who are so now.
            found[detail["list"]] = (before + detail["asked"], detail["reasons"])
    return found


def _stages_by_list(deployment: Deployment) -> Select[*tuple[Any, ...]]:
    """By list: how many messages there are, and how many of them came how far."""
    asked, message = Invitation, OutgoingMessage
    completed = asked.completed_at.is_not(None)
    started = completed | asked.started_at.is_not(None)
    opened = started | asked.opened_at.is_not(None)
    name = _name(deployment)
    return (
        select(
            name,
            func.count(),
            *(
                func.sum(case((reached, 1), else_=0))
                for reached in (
                    *(asked.sent_at.is_not(None), opened, started, completed),
                    (asked.state == "suppressed") & asked.sent_at.is_(None),
                )
            ),
        )
        .select_from(message)
        .join(asked, asked.id == message.invitation_id)
        .where(*_first_messages(deployment))
        .group_by(name)
    )


def _returned(session: Session, deployment: Deployment) -> Counter[str]:
    """How many messages came back, by list: a bounce is of the last one that was sent before it."""
    rows = session.execute(
        select(
            _name(deployment),
            OutgoingMessage.customer_ref,
            OutgoingMessage.sent_at,
            Contact.bounced_at,
        )
        .join(Contact, Contact.customer_ref == OutgoingMessage.customer_ref)
        .where(*_first_messages(deployment), Contact.bounced_at.is_not(None))
        .order_by(OutgoingMessage.sent_at)
    )
    last: dict[str | None, str] = {}
    for name, ref, sent, bounced in rows:
        if sent and bounced and timedelta() <= bounced - sent <= BOUNCE_TAKES:
            last[ref] = name
    return Counter(last.values())


def _first_messages(deployment: Deployment) -> tuple[ColumnElement[bool], ...]:
    message = OutgoingMessage
    return (
        message.deployment_id == deployment.id,
        message.kind == "invitation",
        message.key.startswith(f"{BY_LIST}{deployment.id} "),
    )


def _name(deployment: Deployment) -> ColumnElement[str]:
    """A list's name: what the keys of its messages begin with."""
    length = len(f"{BY_LIST}{deployment.id} ") + _DIGEST + 1 + _DAY
    return func.substr(OutgoingMessage.key, 1, length).label("list")
