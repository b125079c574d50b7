"""Old messages lose what they said and to whom; that there was one, and what became of it, stays.

A message to staff is deleted, as nothing counts it. One to a customer stays as a row without words,
attributes and pseudonym, because response rates are counted from it. Of a list the pseudonym stays a
year at least: how often a customer is asked in a year is looked up by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, Text, cast, delete, func, literal, or_, select, update
from sqlalchemy.orm import Session

from surveyapp.asking.asked import BY_LIST
from surveyapp.asking.rest import YEAR
from surveyapp.sending.parcel import TO_CUSTOMERS
from surveyapp.store.models import OutgoingMessage
from surveyapp.store.storage import Storage

BATCH = 200  # rows that one transaction changes: customers who answer meanwhile wait for its end
LAST = 2**63 - 1  # no message has a higher number
Change = Callable[[Session, Sequence[int]], None]
_OVER = OutgoingMessage.state.in_(("sent", "failed", "cancelled"))
_BY_LIST = OutgoingMessage.key.startswith(BY_LIST)


def forget(storage: Storage, now: datetime) -> int:
    """Take old messages' contents away, a batch in a transaction; how many messages that were."""
    days = storage.settings.keep_messages_days
    before = now - timedelta(days=days)
    remembered = now - max(timedelta(days=max(days, storage.settings.rest_days)), YEAR)
    to_customers = OutgoingMessage.kind.in_(TO_CUSTOMERS)
    named = OutgoingMessage.customer_ref.is_not(None) & _BY_LIST
    return (
        _all(storage, OutgoingMessage.kind.not_in(TO_CUSTOMERS), before, _delete)
        + _all(storage, to_customers & _says(), before, _empty)
        + _all(storage, named, remembered, _unname)
    )


def _all(storage: Storage, which: ColumnElement[bool], before: datetime, change: Change) -> int:
    """Change all messages of a kind that were over before this moment. Each batch begins where the
    one before ended, so that what is done already is not looked at again and again.
    """
    own = select(OutgoingMessage.id).where(_OVER, OutgoingMessage.due_at < before, which)
    query = own.order_by(OutgoingMessage.id.desc()).limit(BATCH)
    done, last = 0, LAST
    while True:
        with storage.store.reading() as session:
            numbers = list(session.scalars(query.where(OutgoingMessage.id < last)))
        if not numbers:
            return done
        if done:
            storage.store.give_way()
        with storage.store.writing() as session:
            change(session, numbers)
        done, last = done + len(numbers), numbers[-1]


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
