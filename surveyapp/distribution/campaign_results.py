"""What became of the lists that were asked: counted from their messages and invitations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from surveyapp.sampling.funnel import BOUNCE_TAKES, Counts
from surveyapp.store.models import (
    Campaign,
    CampaignRecipient,
    Contact,
    Invitation,
    OutgoingMessage,
)
from surveyapp.surveys.survey import Survey

MOST = 50  # campaigns on a page


@dataclass(frozen=True)
class CampaignLine:
    """One list on the day on which it was asked; those it left out are ``skipped`` by reason."""

    day: date
    counts: Counts


def campaign_summaries(session: Session, survey: Survey) -> list[CampaignLine]:
    """The lists that were asked for this survey, the newest first, MOST at most.

    Of an anonymous one the messages of who answered are gone with their invitations: as many as the
    campaign asked, and no message is there of, have answered.
    """
    own = select(Campaign).where(Campaign.survey_id == survey.id)
    latest = session.scalars(
        own.order_by(Campaign.day.desc(), Campaign.id.desc()).limit(MOST)
    ).all()
    stages = _stages([campaign.id for campaign in latest])
    rows = {number: counts for number, *counts in session.execute(stages)}
    returned = _returned(session, survey)
    anonymous = survey.anonymity == "anonymous"
    found = []
    for campaign in latest:
        there, sent, opened, started, completed, held_back = map(
            int, rows.get(campaign.id, (0,) * 6)
        )
        gone = max(0, campaign.asked - there) if anonymous else 0
        counts = Counts(
            asked=there + gone,
            sent=sent + gone,
            opened=opened + gone,
            started=started + gone,
            completed=completed + gone,
            held_back=held_back,
            returned=returned[campaign.id],
            skipped=campaign.left_out,
        )
        found.append(CampaignLine(campaign.day, counts))
    return found


def _stages(campaigns: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """By campaign: how many messages there are, and how many of them came how far."""
    asked, recipient = Invitation, CampaignRecipient
    completed = asked.completed_at.is_not(None)
    started = completed | asked.started_at.is_not(None)
    opened = started | asked.opened_at.is_not(None)
    return (
        select(
            recipient.campaign_id,
            func.count(),
            *(
                func.sum(case((reached, 1), else_=0))
                for reached in (
                    *(asked.sent_at.is_not(None), opened, started, completed),
                    (asked.state == "suppressed") & asked.sent_at.is_(None),
                )
            ),
        )
        .select_from(recipient)
        .join(OutgoingMessage, OutgoingMessage.id == recipient.message_id)
        .join(asked, asked.id == OutgoingMessage.invitation_id)
        .where(recipient.campaign_id.in_(campaigns))
        .group_by(recipient.campaign_id)
    )


def _returned(session: Session, survey: Survey) -> Counter[int]:
    """How many messages came back, by campaign: a bounce is of the last one that was sent before it."""
    rows = session.execute(
        select(
            CampaignRecipient.campaign_id,
            CampaignRecipient.customer_ref,
            OutgoingMessage.sent_at,
            Contact.bounced_at,
        )
        .join(Campaign, Campaign.id == CampaignRecipient.campaign_id)
        .join(OutgoingMessage, OutgoingMessage.id == CampaignRecipient.message_id)
        .join(Contact, Contact.customer_ref == CampaignRecipient.customer_ref)
        .where(Campaign.survey_id == survey.id, Contact.bounced_at.is_not(None))
        .order_by(OutgoingMessage.sent_at)
    )
    last: dict[str | None, int] = {}
    for number, ref, sent, bounced in rows:
        if sent and bounced and timedelta() <= bounced - sent <= BOUNCE_TAKES:
            last[ref] = number
    return Counter(last.values())
