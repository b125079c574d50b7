"""Old messages lose what they said and to whom; that there was one, and what became of it, stays.

A message to staff is deleted, as nothing counts it. One to a customer stays as a row without words,
attributes and pseudonym, because response rates are counted from it. The recipients of a campaign keep
the pseudonym a year at least: how often a customer is asked in a year is looked up by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Text, cast, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from surveyapp.distribution.campaigns import SAME
from surveyapp.distribution.outgoing import TO_CUSTOMERS
from surveyapp.installation import Installation
from surveyapp.sampling.contact_frequency import YEAR
from surveyapp.store.models import Campaign, CampaignRecipient, OutgoingMessage

BATCH = 200  # rows that one transaction changes: customers who answer meanwhile wait for its end
LAST = 2**63 - 1  # no message has a higher number
Change = Callable[[Session, Sequence[int]], None]
_OVER = OutgoingMessage.state.in_(("sent", "failed", "cancelled"))
_NAMED = exists().where(
    CampaignRecipient.message_id == OutgoingMessage.id, CampaignRecipient.customer_ref.is_not(None)
)


def forget(installation: Installation, now: datetime) -> int:
    """Take old messages' contents away, a batch in a transaction; how many messages that were."""
    days = installation.settings.keep_messages_days
    before = now - timedelta(days=days)
    remembered = now - max(timedelta(days=max(days, installation.settings.rest_days)), YEAR)
    to_customers = OutgoingMessage.kind.in_(TO_CUSTOMERS)
    _drop_digests(installation, now)
    return (
        _all(installation, OutgoingMessage.kind.not_in(TO_CUSTOMERS), before, _delete)
        + _all(installation, to_customers & _says(), before, _empty)
        + _all(installation, _NAMED, remembered, _unname)
    )


def _all(
    installation: Installation, which: ColumnElement[bool], before: datetime, change: Change
) -> int:
    """Change all messages of a kind that were over before this moment. Each batch begins where the
    one before ended, so that what is done already is not looked at again and again.
    """
    own = select(OutgoingMessage.id).where(_OVER, OutgoingMessage.due_at < before, which)
    query = own.order_by(OutgoingMessage.id.desc()).limit(BATCH)
    done, last = 0, LAST
    while True:
        with installation.store.reading() as session:
            numbers = list(session.scalars(query.where(OutgoingMessage.id < last)))
        if not numbers:
            return done
        if done:
            installation.store.give_way()
        with installation.store.writing() as session:
            change(session, numbers)
        done, last = done + len(numbers), numbers[-1]


def _says() -> ColumnElement[bool]:
    """Whether there is a content or somebody's name."""
    content = cast(OutgoingMessage.content, Text) != "{}"
    return or_(content, OutgoingMessage.customer_ref.is_not(None))


def _delete(session: Session, numbers: Sequence[int]) -> None:
    session.execute(delete(OutgoingMessage).where(OutgoingMessage.id.in_(numbers)))


def _empty(session: Session, numbers: Sequence[int]) -> None:
    own = update(OutgoingMessage).where(OutgoingMessage.id.in_(numbers), _OVER)
    session.execute(own.values(content={}, customer_ref=None))


def _unname(session: Session, numbers: Sequence[int]) -> None:
    over = select(OutgoingMessage.id).where(OutgoingMessage.id.in_(numbers), _OVER)
    theirs = CampaignRecipient.message_id.in_(over)
    session.execute(update(CampaignRecipient).where(theirs).values(customer_ref=None))


def _drop_digests(installation: Installation, now: datetime) -> None:
    """Drop what the same list is recognised by, once it coming again is another wave."""
    day = (now - SAME).date() - timedelta(days=1)  # the last message of a day may be a day younger
    old = (Campaign.day < day, Campaign.list_digest.is_not(None))
    with installation.store.reading() as session:
        if session.scalar(select(Campaign.id).where(*old).limit(1)) is None:
            return  # without waiting for the lock of who writes
    with installation.store.writing() as session:
        session.execute(update(Campaign).where(*old).values(list_digest=None))
