"""The outbox: messages that are due leave, each once where nothing breaks, and never not at all.

A message is claimed in one short transaction, sent outside of any, and what became of it is written
in another. Where the worker is killed between sending and writing, the claim grows old and the one
message that was under way is sent a second time, under the same Message-ID; the other way round it
might never arrive. Any number of workers may do this at once.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from surveyapp.distribution import reminders
from surveyapp.distribution.checks import obstacle
from surveyapp.distribution.outgoing import TO_CUSTOMERS, Outgoing, outgoing, written
from surveyapp.distribution.transports import Transports
from surveyapp.installation import Installation
from surveyapp.store.models import Contact, Decision, Invitation, OutgoingMessage
from surveyapp.store.postbox import MailServerAway, Outcome, Posted

log = logging.getLogger(__name__)

# A claim older than this was left by a killed worker: sending takes a few minutes at the very worst.
STALE = timedelta(minutes=10)
# How long to wait after each attempt that failed for a while; after the last, it has failed.
PAUSES = tuple(timedelta(minutes=each) for each in (1, 5, 30, 120, 480))
_MINUTE = timedelta(minutes=1)
_A_ROUND = 200  # messages over one connection, then it is looked anew whether there is work
_ROUND_SECONDS = 20.0
_LOOKED_AT = 50  # messages that are no longer wanted, in one transaction
_LONGEST_ERROR = 300


def send_due(installation: Installation, now: datetime) -> int:
    """Send what is due at ``now``, some messages a round; how many were handed on or given up."""
    with installation.store.reading() as session:
        channels = _due_channels(session, now)
    if not channels:
        return 0
    begun, done = monotonic(), 0
    with Transports(installation) as transports:
        while done < _A_ROUND and (passed := monotonic() - begun) < _ROUND_SECONDS:
            ready = _ready(installation, transports, channels)
            if not ready:
                break
            moment = now + timedelta(seconds=passed)
            with installation.store.writing() as session:
                found, others = claim(session, ready, installation, now=moment)
            if found is None and others:
                continue
            if found is None:
                break
            posted = _sent(installation, transports, found)
            with installation.store.writing() as session:
                note(session, found.message.id, posted, now=moment)
            done += 1
    return done


def claim(
    session: Session,
    channels: Collection[str],
    installation: Installation,
    *,
    now: datetime,
) -> tuple[Outgoing | None, bool]:
    """Take the message that has been due for longest, for this worker alone; None when there is none,
    or when enough were sent in this minute.

    What is no longer wanted is cancelled on the way. The second value is True when that was so much
    that there may be others, to be looked at in another transaction.
    """
    settings, secret_key = installation.settings, installation.secret_key
    recent = select(func.count()).where(OutgoingMessage.claimed_at > now - _MINUTE)
    if (session.scalar(recent) or 0) >= settings.mails_a_minute:
        return None, False
    for _ in range(_LOOKED_AT):
        message = _oldest(session, channels, now)
        if message is None:
            return None, False
        found = outgoing(session, message)
        against = obstacle(
            session, found, secret_key=secret_key, time_zone=settings.time_zone, now=now
        )
        if against is None and message.attempts <= len(PAUSES):
            message.state, message.claimed_at = "sending", now
            message.attempts += 1
            return found, False
        if against is None:
            message.state, message.error = "failed", "The worker stopped during each attempt."
        elif against.until is not None:
            message.state, message.due_at = "waiting", against.until
        else:
            _cancel(found, against.reason)
        session.flush()
    return None, True


def note(session: Session, message_id: int, posted: Posted, *, now: datetime) -> None:
    """Write down what became of a message that was sent."""
    message = session.get(OutgoingMessage, message_id)
    if message is None:  # answered anonymously in this very moment, and gone with its invitation
        return
    if posted.outcome is Outcome.SENT:
        # The invitation before its message, as an answer that takes both away does it, too: the other
        # way round the two could wait for each other.
        _note_asked(session, message, now)
    message.error = posted.reason[:_LONGEST_ERROR]
    if posted.outcome is Outcome.SENT:
        message.state, message.sent_at = "sent", now
    elif posted.outcome is Outcome.AGAIN and message.attempts <= len(PAUSES):
        message.state, message.due_at = "waiting", now + PAUSES[message.attempts - 1]
    else:
        message.state = "failed"
    if posted.bad_address and message.customer_ref:
        session.execute(
            update(Contact)
            .where(Contact.customer_ref == message.customer_ref, Contact.bounced_at.is_(None))
            .values(bounced_at=now, bounce_reason=posted.reason[:200])
        )


def _note_asked(session: Session, message: OutgoingMessage, now: datetime) -> None:
    """The customer has been asked: the invitation and the decision behind it know when."""
    if message.kind not in TO_CUSTOMERS or message.invitation_id is None:
        return
    number = message.invitation_id
    session.execute(
        update(Invitation)
        .where(Invitation.id == number, Invitation.sent_at.is_(None))
        .values(sent_at=now)
    )
    session.execute(
        update(Decision)
        .where(Decision.invitation_id == number, Decision.sent_at.is_(None))
        .values(sent_at=now)
    )
    if message.kind == "invitation":
        reminders.plan(session, message, outgoing(session, message).asked, now=now)


def _cancel(found: Outgoing, reason: str) -> None:
    found.message.state, found.message.error = "cancelled", reason
    invitation = found.invitation
    if invitation is None or invitation.sent_at is not None:
        return
    if found.message.kind == "invitation" and invitation.state == "created":
        invitation.state, invitation.not_sent_reason = "suppressed", reason


def _oldest(session: Session, channels: Collection[str], now: datetime) -> OutgoingMessage | None:
    """A stale claim, else the message that has been due for longest. Other workers pass it by."""
    for due, order in (
        (
            (_state("sending"), OutgoingMessage.claimed_at <= now - STALE),
            OutgoingMessage.claimed_at,
        ),
        ((_state("waiting"), OutgoingMessage.due_at <= now), OutgoingMessage.due_at),
    ):
        found = session.scalar(
            select(OutgoingMessage)
            .where(*due, OutgoingMessage.channel.in_(channels))
            .order_by(order, OutgoingMessage.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if found is not None:
            return found
    return None


def _due_channels(session: Session, now: datetime) -> set[str]:
    """By which ways there is something to send; read without the lock of who writes."""
    return set(
        session.scalars(
            select(OutgoingMessage.channel)
            .where(
                or_(
                    _state("waiting") & (OutgoingMessage.due_at <= now),
                    _state("sending") & (OutgoingMessage.claimed_at <= now - STALE),
                )
            )
            .distinct()
        )
    )


def _state(name: str) -> ColumnElement[bool]:
    return OutgoingMessage.state == name


def _ready(
    installation: Installation, transports: Transports, channels: Collection[str]
) -> set[str]:
    """Those of the ways that are open. An outage is written where staff look, and costs no attempt."""
    ready = set()
    for channel in channels:
        try:
            if transports.open(channel):
                ready.add(channel)
        except MailServerAway as away:
            log.warning("%s", away)
            _note_outage(installation, channel, str(away))
    return ready


def _note_outage(installation: Installation, channel: str, reason: str) -> None:
    oldest = (
        select(OutgoingMessage.id)
        .where(_state("waiting"), OutgoingMessage.channel == channel)
        .order_by(OutgoingMessage.due_at, OutgoingMessage.id)
        .limit(1)
        .scalar_subquery()
    )
    with installation.store.writing() as session:
        session.execute(
            update(OutgoingMessage)
            .where(OutgoingMessage.id == oldest)
            .values(error=reason[:_LONGEST_ERROR])
        )


def _sent(installation: Installation, transports: Transports, found: Outgoing) -> Posted:
    """Hand a message on. One that cannot be made must not stand in the way of all others."""
    number = found.message.id
    try:
        made = written(found, installation)
    except Exception:
        log.exception("message %s could not be written", number)
        return Posted(
            Outcome.REFUSED,
            f"The message could not be composed; see the log for message {number}.",
        )
    try:
        return transports.send(found.message.channel, made)
    except MailServerAway as away:
        return Posted(Outcome.AGAIN, str(away))
