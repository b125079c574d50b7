"""Old messages lose what they said and to whom; that there was one, and what became of it, stays.

A message to staff is deleted, as nothing counts it. One to a customer stays as a row without words,
attributes and pseudonym, because response rates are counted from it. Of a list the pseudonym stays a
year at least: how often a customer is asked in a year is looked up by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, Text, cast, delete, func, literal, or_, select, update
from sqlalchemy.orm import Session

from surveyapp.asking.asked import BY_LIST
from surveyapp.asking.rest import YEAR
from surveyapp.sending.parcel import TO_CUSTOMERS
from surveyapp.store.models import OutgoingMessage
from surveyapp.store.storage import Storage

BATCH = 500  # rows of a kind that one transaction changes
_OVER = OutgoingMessage.state.in_(("sent", "failed", "cancelled"))
_BY_LIST = OutgoingMessage.key.startswith(BY_LIST)


def forget(storage: Storage, now: datetime) -> int:
    """Take a batch of old messages' contents away; how many messages that were."""
    days = storage.settings.keep_messages_days
    before = now - timedelta(days=days)
    remembered = max(timedelta(days=max(days, storage.settings.rest_days)), YEAR)
    with storage.store.reading() as session:
        to_staff = _some(session, OutgoingMessage.kind.not_in(TO_CUSTOMERS), before)
        to_customers = _some(session, OutgoingMessage.kind.in_(TO_CUSTOMERS) & _says(), before)
        known = OutgoingMessage.customer_ref.is_not(None) & _BY_LIST
        by_list = _some(session, known, now - remembered)
    if to_staff or to_customers or by_list:
        with storage.store.writing() as session:
            _delete(session, to_staff)
            _empty(session, to_customers)
            _unname(session, by_list)
    return len(to_staff) + len(to_customers) + len(by_list)


def _some(session: Session, which: ColumnElement[bool], before: datetime) -> list[int]:
    """Messages of this kind that were over before this moment; the latest first, as these are new
    among the old ones.
    """
    query = select(OutgoingMessage.id).where(_OVER, OutgoingMessage.due_at < before, which)
    return list(session.scalars(query.order_by(OutgoingMessage.due_at.desc()).limit(BATCH)))


def _says() -> ColumnElement[bool]:
    """Whether there is a content, or somebody's name that nothing is looked up by."""
    content = cast(OutgoingMessage.content, Text) != "{}"
    return or_(content, OutgoingMessage.customer_ref.is_not(None) & ~_BY_LIST)


def _delete(session: Session, numbers: Sequence[int]) -> None:
    session.execute(delete(OutgoingMessage).where(OutgoingMessage.id.in_(numbers)))


def _empty(session: Session, numbers: Sequence[int]) -> None:
    own = update(OutgoingMessage).where(OutgoingMessage.id.in_(numbers), _OVER)
    session.execute(own.values(content={}))
    session.execute(own.where(~_BY_LIST).values(customer_ref=None))


def _unname(session: Session, numbers: Sequence[int]) -> None:
    """The key of a list's message ends with the pseudonym; its number makes it as unique."""
    key, nobody = OutgoingMessage.key, literal("kept-") + cast(OutgoingMessage.id, String)
    session.execute(
        update(OutgoingMessage)
        .where(OutgoingMessage.id.in_(numbers), _OVER)
        .values(key=func.replace(key, OutgoingMessage.customer_ref, nobody), customer_ref=None)
    )
