"""Whether a message is still wanted, asked at the very moment before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from surveyapp.auth import password_resets
from surveyapp.distribution.bounces import CAME_BACK
from surveyapp.distribution.outgoing import REPLY, TEST, TO_CUSTOMERS, Outgoing
from surveyapp.errors import Invalid
from surveyapp.sampling.opt_outs import address_key, is_opted_out
from surveyapp.sampling.quiet_hours import quiet_hours_of
from surveyapp.surveys.survey import Survey

_LATER = timedelta(hours=1)


@dataclass(frozen=True)
class Obstacle:
    """Why a message is not sent; ``until`` when it is only too early."""

    reason: str
    until: datetime | None = None


def obstacle(
    session: Session, found: Outgoing, *, secret_key: str, time_zone: str, now: datetime
) -> Obstacle | None:
    """What stands against sending this now; None when nothing does.

    ``time_zone`` is that of customers whose own is not known.
    """
    kind = found.message.kind
    if kind in (*TO_CUSTOMERS, TEST) and found.survey is None:
        return Obstacle("The survey no longer exists.")
    if kind in TO_CUSTOMERS:
        try:
            return (
                _of_invitation(found, now)
                or _of_survey(found.survey, now)
                or _of_customer(session, found, secret_key)
                or _of_the_hour(found, time_zone, now)
            )
        except Invalid as error:  # settings that cannot be read must not hold up all others
            return Obstacle(str(error))
    if kind == REPLY:
        return _of_customer(session, found, secret_key)
    if kind == password_resets.KIND and found.message.created_at + password_resets.LIFETIME <= now:
        return Obstacle("The link has expired.")
    return None if found.recipient else Obstacle("The message has no recipient.")


def _of_invitation(found: Outgoing, now: datetime) -> Obstacle | None:
    invitation = found.invitation
    if invitation is None or invitation.token_seed is None:
        return Obstacle("The invitation no longer exists.")
    if invitation.state == "completed":
        return Obstacle("The customer has already answered.")
    if invitation.state == "suppressed":
        return Obstacle(invitation.not_sent_reason or "The invitation was withdrawn.")
    if invitation.expires_at is not None and invitation.expires_at <= now:
        return Obstacle("The link has expired.")
    return None


def _of_survey(survey: Survey | None, now: datetime) -> Obstacle | None:
    if survey is None or survey.state == "closed":
        return Obstacle("The survey is closed.")
    if survey.closes_at is not None and survey.closes_at <= now:
        return Obstacle("The survey has ended.")
    if survey.opens_at is not None and survey.opens_at > now:
        return Obstacle("The survey is not open yet.", until=survey.opens_at)
    if survey.state == "draft":
        return Obstacle("The survey is a draft.", until=now + _LATER)
    return None


def _of_customer(session: Session, found: Outgoing, secret_key: str) -> Obstacle | None:
    message, contact = found.message, found.contact
    email = contact.email if contact is not None else ""
    keys = [message.customer_ref] if message.customer_ref else []
    if email:
        keys.append(address_key(secret_key, email))
    if is_opted_out(session, keys):
        return Obstacle("The customer has opted out of surveys.")
    if not found.recipient:
        what = "email address" if message.channel == "email" else "phone number"
        return Obstacle(f"The customer's {what} is not known.")
    if message.channel == "email" and contact is not None and contact.bounced_at is not None:
        return Obstacle(CAME_BACK)
    return None


def _of_the_hour(found: Outgoing, time_zone: str, now: datetime) -> Obstacle | None:
    """Quiet hours hold for reminders, too, and for what an outage delayed into the night."""
    quiet = quiet_hours_of(found.asked.sampling)
    zone = (found.contact.zone if found.contact else "") or time_zone
    if quiet is None or not quiet.covers(now, ZoneInfo(zone)):
        return None
    return Obstacle(
        "It is quiet hours in the customer's time zone.",
        until=quiet.next_allowed(now, ZoneInfo(zone)),
    )
