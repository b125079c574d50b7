"""Rows that are only ever added about an item: findings of interviews, turns of its translation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict
from surveyapp.store.models import InterviewFinding, ItemTranslation, ScaleItem

Row = TypeVar("Row", InterviewFinding, ItemTranslation)


def appended(
    session: Session, item: ScaleItem, row: Row, *, written: Sequence[str], most: int, rows: str
) -> tuple[Row, bool]:
    """The row, and whether it was added: one that says the same in ``written`` as the item's last one was
    sent twice, and that one is given back.

    Raises Conflict where the item has ``most`` of them, which ``rows`` calls.
    """
    kind = type(row)
    of_item = kind.item_id == item.id
    count = session.scalar(select(func.count()).select_from(kind).where(of_item)) or 0
    if count >= most:
        raise Conflict(f"{item.code} has {count} {rows}, as many as may be.")
    last = session.scalar(select(kind).where(of_item).order_by(kind.id.desc()).limit(1))
    if last is not None and all(getattr(last, x) == getattr(row, x) for x in written):
        return last, False
    session.add(row)
    session.flush()
    return row, True
