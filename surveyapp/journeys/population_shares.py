"""Known shares of a journey's customers by attribute: read, set, changed and removed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.journeys.weighting_cells import MOST_CELLS, combinations, count_cells
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, PopulationShares

MOST_ATTRIBUTES = 3
MOST_VALUES = 12
LONGEST_NAME = 120
LONGEST_SOURCE = 300
_LINE = re.compile(r"(?P<value>.*\S)(?:[\s:=;]|,\s)+(?P<percent>\d{1,3}(?:[.,]\d{1,9})?)\s*%?")
_NEAR = 1e-6


def population_shares(session: Session, journey_id: int) -> list[PopulationShares]:
    """The known shares of a journey's customers, by the name of the attribute."""
    query = select(PopulationShares).where(PopulationShares.journey_id == journey_id)
    return list(session.scalars(query.order_by(PopulationShares.attribute)))


def journeys_with_shares(session: Session, journeys: Collection[int]) -> bool:
    """Whether shares are known of any of these journeys."""
    known = session.scalars(select(PopulationShares.journey_id).distinct())
    return not set(journeys).isdisjoint(known)


def shares_row(session: Session, journey_id: int, shares_id: int) -> PopulationShares:
    """The shares of one attribute, to change them; NotFound also when they are another journey's."""
    found = session.get(PopulationShares, shares_id)
    if found is None or found.journey_id != journey_id:
        raise NotFound("There are no such shares of this journey; they may have been removed.")
    return found


def set_shares(
    session: Session,
    journey: Journey,
    *,
    attribute: str,
    lines: str,
    source: str,
    counted_on: date,
    user_id: int | None,
) -> PopulationShares:
    """Set the shares of one more attribute, and have its answers counted by value. Raises Invalid as
    ``read_shares``, and where there would be too many combinations of values; Conflict where the attribute
    has shares already, or so many have that no more can be met.
    """
    shares, name = read_shares(lines), attribute.strip()
    # Two who set the same at once: the second waits here, and finds the first one's.
    session.refresh(journey, with_for_update=True)
    there = [each.attribute for each in population_shares(session, journey.id)]
    if name in there:
        raise Conflict(f"The shares of {name} are known already; change those instead.")
    if len(there) >= MOST_ATTRIBUTES:
        raise Conflict(
            f"Answers are weighted by at most {MOST_ATTRIBUTES} attributes together; remove one first."
        )
    row = PopulationShares(
        journey_id=journey.id,
        attribute=name,
        shares=shares,
        source=source.strip(),
        counted_on=counted_on,
        set_by=user_id,
    )
    _refuse_many([*population_shares(session, journey.id), row])
    session.add(row)
    session.flush()
    count_cells(session, journey.id, population_shares(session, journey.id), user_id=user_id)
    record(session, user_id, "set population shares", f"journey {journey.code}", **_said(row))
    return row


def change_shares(
    session: Session,
    journey: Journey,
    row: PopulationShares,
    *,
    lines: str,
    source: str,
    counted_on: date,
    user_id: int | None,
) -> None:
    """Give an attribute other shares, or another source. Raises Invalid as ``read_shares``."""
    before = _said(row)
    session.refresh(journey, with_for_update=True)
    row.shares = read_shares(lines)
    _refuse_many(population_shares(session, journey.id))
    row.source, row.counted_on, row.set_by = source.strip(), counted_on, user_id
    session.flush()
    count_cells(session, journey.id, population_shares(session, journey.id), user_id=user_id)
    subject = f"journey {journey.code}"
    record(session, user_id, "change population shares", subject, **_said(row), before=before)


def remove_shares(
    session: Session, journey: Journey, row: PopulationShares, *, user_id: int | None
) -> None:
    """Remove the shares of an attribute; answers are no longer weighted by it."""
    record(session, user_id, "remove population shares", f"journey {journey.code}", **_said(row))
    session.refresh(journey, with_for_update=True)
    session.delete(row)
    session.flush()
    count_cells(session, journey.id, population_shares(session, journey.id), user_id=user_id)


def read_shares(lines: str) -> dict[str, float]:
    """Shares by value, 0 to 1, of lines such as "North 25 %". Raises Invalid: for a line without a value or
    percentage, a value twice or alone, and percentages that are not above 0 and together 100.

    >>> read_shares("North 25\\nSouth: 75 %")
    {'North': 0.25, 'South': 0.75}
    """
    found: dict[str, float] = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise _refused(
                f"{line[:60]!r} is not a value with its percentage; write it as North 25."
            )
        value, percent = parts["value"].rstrip(" :=;,"), float(parts["percent"].replace(",", "."))
        if not value or len(value) > LONGEST_NAME:
            raise _refused(
                f"The value of {line[:60]!r} has {len(value)} characters; give it 1 to {LONGEST_NAME}."
            )
        if value in found:
            raise _refused(f"{value} stands there twice; give each value one share.")
        if not percent > 0:
            raise _refused(
                f"The share of {value} is 0; leave the value out, or join it with another one."
            )
        found[value] = percent / 100
    if not 2 <= len(found) <= MOST_VALUES:
        raise _refused(
            f"These are {len(found)} values; give 2 to {MOST_VALUES}, and join small groups before."
        )
    together = 100 * sum(found.values())
    if abs(together - 100) > 100 * _NEAR:
        raise _refused(f"The shares add up to {together:.6g}%; give shares that are together 100%.")
    return found


def shares_as_lines(shares: Mapping[str, float]) -> str:
    """What ``read_shares`` reads, the largest share first."""
    return "\n".join(f"{value} {100 * share:.10g}" for value, share in by_size(shares))


def by_size(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    """Values and shares, the largest first."""
    return sorted(shares.items(), key=lambda each: (-each[1], each[0]))


def _refuse_many(shares: Sequence[PopulationShares]) -> None:
    found = combinations(shares)
    if found > MOST_CELLS:
        names = " and ".join(each.attribute for each in shares)
        raise _refused(
            f"{names} have {found} combinations of values together; answers are weighted by at most"
            f" {MOST_CELLS}. Join values, or leave out an attribute."
        )


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, field="lines")


def _said(row: PopulationShares) -> dict[str, object]:
    return {
        "attribute": row.attribute,
        "shares": dict(by_size(row.shares)),
        "source": row.source,
        "counted_on": row.counted_on.isoformat(),
    }
