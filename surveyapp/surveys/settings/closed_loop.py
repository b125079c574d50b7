"""The closed loop's rule of one survey: which score is low, who looks after it, by when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from attrs import Attribute, field, frozen

from surveyapp.errors import Invalid
from surveyapp.surveys.settings.document import Document, about, limited

_SATURDAY = 5


def _limit(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Invalid("Enter the highest score that opens a case, as a number.", field="at_most")
    return float(value)


def _is_score(_instance: Any, _attribute: Attribute[str], scale: str) -> None:
    if not scale:
        raise Invalid("Choose the score that opens a case.", field="scale")


def _is_listed(_instance: Any, attribute: Attribute[Any], number: int | None) -> None:
    if number is not None and number < 1:
        raise Invalid(f"{number} is no id; choose from the list.", field=attribute.name)


@frozen
class CaseRule(Document):
    """A response whose score on ``scale`` is ``at_most`` or lower opens a case.

    ``at_most`` is in the scale's own points (0 to 10 for NPS), of which a high one is always the
    better. The case is ``owner_id``'s and due after ``due_days`` days, of which Saturdays and Sundays
    are none where only ``working_days`` count. ``follow_up_survey_id`` asks the customer the same
    again once the case has been worked on.
    """

    title: ClassVar[str] = "A case rule"

    scale: str = field(validator=_is_score, metadata=about("Score"))
    at_most: float = field(
        metadata=about("Open a case at or below", "In points of the answer scale.", read=_limit)
    )
    due_days: int = field(
        default=2,
        validator=limited,
        metadata=about("Days until due", "{limits}; 0 is the same day.", least=0, most=365),
    )
    owner_id: int | None = field(
        default=None,
        validator=_is_listed,
        metadata=about("Owner", "Is notified of every case."),
    )
    follow_up_survey_id: int | None = field(
        default=None,
        validator=_is_listed,
        metadata=about(
            "Follow-up survey",
            "Asks for the same score again. Use a survey at a touchpoint of its own; otherwise its"
            " answers are mixed with those they are compared with.",
        ),
    )
    working_days: bool = field(
        default=False, metadata=about("Count working days only (no Saturdays or Sundays)")
    )

    def catches(self, value: float) -> bool:
        """Whether this score is a low one."""
        return value <= self.at_most

    def due_at(self, opened_at: datetime) -> datetime:
        """When a case is due: the last second of its UTC day, as it is not late before that is over."""
        day, left = opened_at.astimezone(UTC), self.due_days
        while left or self._is_off(day):
            day += timedelta(days=1)
            if left and not self._is_off(day):
                left -= 1
        return day.replace(hour=23, minute=59, second=59, microsecond=0)

    def _is_off(self, day: datetime) -> bool:
        return self.working_days and day.weekday() >= _SATURDAY


def read_case_rule(raw: Mapping[str, Any]) -> CaseRule | None:
    """The rule in a survey's document; an empty one holds none. Raises Invalid as ``read`` does."""
    return CaseRule.read(raw) if raw else None
