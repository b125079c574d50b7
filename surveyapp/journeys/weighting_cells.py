"""The cells that a journey's answers are weighted by: one for each combination of values with known shares.

A cell is counted as a segment is, in rollups of its own, so that weights cost the number of months and
not of answers. It is known by its rule, which follows from the values: other percentages change no cell.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from itertools import product

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from surveyapp.jobs.kinds import SORT_SEGMENT, SegmentPayload
from surveyapp.store.models import (
    NOTHING_SORTED,
    Job,
    MonthlyRollup,
    PopulationShares,
    Rollup,
    WeightingCell,
)

MOST_CELLS = 60  # each costs rollups as a segment does
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")

Values = tuple[str, ...]  # one of each attribute, in the order of their names


def cell_rules(shares: Sequence[PopulationShares]) -> dict[Values, str]:
    """The rule of each combination of values, of attributes in this order; nothing where there are no
    attributes, or more combinations than are counted.

    >>> cell_rules([PopulationShares(attribute="region", shares={"North": 0.5, "3": 0.5})])
    {('3',): '"region" in ("3", 3)', ('North',): '"region" in ("North")'}
    """
    if not shares or combinations(shares) > MOST_CELLS:
        return {}
    named = [
        [(value, _rule(each.attribute, value)) for value in sorted(each.shares)] for each in shares
    ]
    return {
        tuple(value for value, _ in chosen): " and ".join(rule for _, rule in chosen)
        for chosen in product(*named)
    }


def combinations(shares: Sequence[PopulationShares]) -> int:
    """How many combinations of values there are."""
    found = 1
    for each in shares:
        found *= len(each.shares)
    return found


def weighting_cells(session: Session, journey_id: int) -> Mapping[str, WeightingCell]:
    """The stored cells of a journey by rule."""
    query = select(WeightingCell).where(WeightingCell.journey_id == journey_id)
    return {cell.rule: cell for cell in session.scalars(query.order_by(WeightingCell.id))}


def count_cells(
    session: Session, journey_id: int, shares: Sequence[PopulationShares], *, user_id: int | None
) -> Job | None:
    """Have the cells of these shares counted, and no others; the job that sorts the responses so far, None
    where every cell is counted already or there are none.
    """
    stored, wanted = weighting_cells(session, journey_id), set(cell_rules(shares).values())
    gone = [cell.id for rule, cell in stored.items() if rule not in wanted]
    if gone:
        for table in (Rollup, MonthlyRollup):
            session.execute(delete(table).where(table.segment_id.in_(gone)))
        session.execute(delete(WeightingCell).where(WeightingCell.id.in_(gone)))
    missing = [rule for rule in sorted(wanted) if rule not in stored]
    cells = [
        WeightingCell(
            code=f"weights:{journey_id}:{hashlib.sha256(rule.encode()).hexdigest()[:20]}",
            name="",
            rule=rule,
            sorted_to=NOTHING_SORTED,
            journey_id=journey_id,
        )
        for rule in missing
    ]
    session.add_all(cells)
    session.flush()
    if not cells:
        return None
    first = SegmentPayload(cells[0].id)  # those that are sorted equally far are sorted with it
    return SORT_SEGMENT.ask(session, first, journey_id=journey_id, user_id=user_id)


def _rule(attribute: str, value: str) -> str:
    """A number or truth value is also told by its text, as files have it."""
    known = [_quoted(value)]
    if _NUMBER.fullmatch(value) or value in ("true", "false"):
        known.append(value)
    return f"{_quoted(attribute)} in ({', '.join(known)})"


def _quoted(text: str) -> str:
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}"'
