"""Who does not want to be asked: kept by keyed hashes of reference and address, for good."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.inserts import insert
from surveyapp.store.models import OptOut
from surveyapp.surveys.links import pseudonym

SOURCES = ("link", "staff", "import", "api", "bounce")
_OPT_OUTS = cast(Table, OptOut.__table__)


def address_key(secret_key: str, address: str) -> str:
    """What stands for an e-mail address or a telephone number; capitals do not count."""
    return pseudonym(secret_key, address.strip().lower())


def opt_out(
    session: Session, keys: Collection[str], *, source: str, user_id: int | None = None
) -> int:
    """Never ask again who has one of ``keys``: a customer's pseudonym, an ``address_key``.

    How many were new. What waits to be sent to them is not sent, as that is looked up when it is.
    """
    if source not in SOURCES:
        raise Invalid(f"{source!r} is not an opt-out source; use {', '.join(SOURCES)}.")
    rows = [{"key": key, "source": source, "created_at": utc_now()} for key in sorted(set(keys))]
    if not rows:
        return 0
    connection = session.connection()
    adding = insert(_OPT_OUTS, connection.dialect.name).on_conflict_do_nothing()
    added = len(connection.execute(adding.returning(_OPT_OUTS.c.key), rows).all())
    if added and user_id is not None:
        record(session, user_id, "opt a customer out", "contacts", keys=added)
    return added


def is_opted_out(session: Session, keys: Collection[str]) -> bool:
    """Whether one of these keys opted out."""
    query = select(OptOut.key).where(OptOut.key.in_(sorted(set(keys)))).limit(1)
    return session.scalar(query) is not None


def opt_out_of(session: Session, keys: Collection[str]) -> OptOut | None:
    """The first opt-out of one of these keys; None where there is none."""
    query = select(OptOut).where(OptOut.key.in_(sorted(set(keys))))
    return session.scalar(query.order_by(OptOut.created_at).limit(1))


def remove(session: Session, keys: Collection[str], *, user_id: int | None) -> int:
    """Take opt-outs back, because the customer wishes it; how many there were."""
    gone = select(OptOut).where(OptOut.key.in_(sorted(set(keys))))
    found = [each.key for each in session.scalars(gone)]
    if found:
        session.execute(delete(OptOut).where(OptOut.key.in_(found)))
        record(session, user_id, "take back an opt-out", "contacts", keys=len(found))
    return len(found)
