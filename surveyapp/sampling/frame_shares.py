"""How large the groups of customers are among those that surveys might have asked: the contact frame.

In it is who had an event that a survey of the journey covers, asked or not, whatever the reason. Answers that
are weighted to these shares make up for unequal sampling and for non-response by group at once: a group's
weight is the inverse of the share of it that was sampled, times that of the sampled that answered.

Reference: Kalton, G., & Flores-Cervantes, I. (2003). Weighting methods. Journal of Official Statistics, 19, 81-97.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict
from surveyapp.sampling.reasons import Reason
from surveyapp.store.models import Decision, Interaction, SurveyRow


@dataclass(frozen=True)
class FrameShares:
    """Customers of the frame by the value of an attribute, as their newest event has it; ``without``: those
    whose value is not known.
    """

    customers: Mapping[str, int]
    without: int

    @property
    def total(self) -> int:
        """How many have a value."""
        return sum(self.customers.values())

    @property
    def shares(self) -> dict[str, float]:
        """The share of each value, 0 to 1."""
        return {value: n / self.total for value, n in self.customers.items()}


def frame_shares(session: Session, journey_id: int, attribute: str, *, minimum: int) -> FrameShares:
    """The customers of a journey's contact frame by an attribute. Raises Conflict where nobody in it has one,
    or fewer than ``minimum`` have a value: nobody is told apart by a count.
    """
    covered = (
        select(func.max(Interaction.id))
        .join(Decision, Decision.interaction_id == Interaction.id)
        .join(SurveyRow, SurveyRow.id == Decision.survey_id)
        .where(SurveyRow.journey_id == journey_id, Decision.reason != Reason.NOT_TRIGGERED)
        .group_by(Interaction.customer_ref)
    )
    written = cast(Interaction.attributes, Text)
    rows = session.execute(
        select(written, func.count()).where(Interaction.id.in_(covered)).group_by(written)
    )
    customers: Counter[str] = Counter()
    without = 0
    for known, n in rows:
        value = value_text((json.loads(known) or {}).get(attribute))
        if value:
            customers[value] += n
        else:
            without += n
    if not customers:
        raise Conflict(
            f"No customer of the contact frame has the attribute {attribute}; import events with it, or"
            " enter the shares from another source."
        )
    few = sorted(value for value, n in customers.items() if n < minimum)
    if few:
        raise Conflict(
            f"Fewer than {minimum} customers of the contact frame have {attribute} {', '.join(few[:5])};"
            " join small groups, and enter the shares by hand."
        )
    return FrameShares(dict(customers), without)


def value_text(value: object) -> str:
    """A value of an attribute as population shares name it; empty for none.

    >>> value_text(True), value_text(3.0), value_text("North")
    ('true', '3', 'North')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
