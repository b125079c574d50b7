"""The closed loop's rule of one survey: which score is low, who looks after it, by when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.errors import Invalid
from surveyapp.results.definitions import Scored, scored
from surveyapp.store.audit import record
from surveyapp.store.models import SurveyRow, User

LONGEST_DUE = 365  # days
_KEYS = frozenset(
    {"scale", "at_most", "due_days", "owner_id", "follow_up_survey_id", "working_days"}
)
_SATURDAY = 5


@dataclass(frozen=True)
class LoopRule:
    """A response whose score on ``scale`` is ``at_most`` or lower opens a case.

    ``at_most`` is in the scale's own points (0 to 10 for NPS), of which a high one is always the
    better. The case is ``owner_id``'s and due after ``due_days`` days, of which Saturdays and Sundays
    are none where only ``working_days`` count. ``follow_up_survey_id`` asks the customer the same
    again once the case has been worked on.
    """

    scale: str
    at_most: float
    due_days: int = 2
    owner_id: int | None = None
    follow_up_survey_id: int | None = None
    working_days: bool = False

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


def read_loop(raw: Mapping[str, Any]) -> LoopRule | None:
    """The rule in a survey's document, None where there is none.

    Raises Invalid, naming the field, for a key that no rule has or a value that none can have.
    """
    if not raw:
        return None
    unknown = sorted(set(raw) - _KEYS)
    if unknown:
        raise Invalid(f"A case rule has no setting {', '.join(unknown)}.", field=unknown[0])
    scale = raw.get("scale")
    if not isinstance(scale, str) or not scale:
        raise Invalid("Choose the score that opens a case.", field="scale")
    return LoopRule(
        scale=scale,
        at_most=_number(raw.get("at_most")),
        due_days=_days(raw.get("due_days", 2)),
        owner_id=_id(raw.get("owner_id"), "owner_id"),
        follow_up_survey_id=_id(raw.get("follow_up_survey_id"), "follow_up_survey_id"),
        working_days=_is_on(raw.get("working_days", False), "working_days"),
    )


def change_loop(
    session: Session,
    survey: SurveyRow,
    raw: Mapping[str, Any],
    *,
    user_id: int | None,
    library: Library,
) -> LoopRule | None:
    """Set the survey's rule, or take it away with an empty ``raw``.

    It holds for responses from now on. Raises Invalid for a score that the survey does not ask,
    a limit outside its points, an owner without an account, a follow-up that cannot be compared.
    """
    rule = read_loop(raw)
    if rule is not None:
        _check(session, survey, rule, library)
    stored = {} if rule is None else asdict(rule)
    if stored != survey.closed_loop:
        survey.closed_loop = stored
        record(session, user_id, "change case rule", f"survey {survey.code}"[:120], **stored)
    return rule


def watchable(survey: SurveyRow, *, library: Library) -> dict[str, Scored]:
    """The scores that a rule or an alert of this survey may look at, by id."""
    return scored([survey], library=library)


def _check(session: Session, survey: SurveyRow, rule: LoopRule, library: Library) -> None:
    if survey.anonymity == "anonymous":
        raise Invalid(
            "This survey is anonymous: a low score cannot be traced to a customer, so"
            " it cannot open cases. Use an alert instead.",
            field="scale",
        )
    known = watchable(survey, library=library)
    if rule.scale not in known:
        raise Invalid(
            f"{rule.scale[:60]!r} is not a score of this survey; its scores are"
            f" {', '.join(known) or 'none'}.",
            field="scale",
        )
    scale = known[rule.scale].scale
    if not scale.minimum <= rule.at_most < scale.maximum:
        raise Invalid(
            f"The score ranges from {scale.minimum} to {scale.maximum}; the limit must"
            f" be below its maximum, and {rule.at_most:g} is not.",
            field="at_most",
        )
    owner = session.get(User, rule.owner_id) if rule.owner_id is not None else None
    if rule.owner_id is not None and (owner is None or not owner.active):
        raise Invalid("The owner has no active account; choose someone else.", field="owner_id")
    if rule.follow_up_survey_id is not None:
        _check_follow_up(session, survey, rule, library)


def _check_follow_up(session: Session, survey: SurveyRow, rule: LoopRule, library: Library) -> None:
    following = session.get(SurveyRow, rule.follow_up_survey_id)
    if following is None or following.journey_id != survey.journey_id:
        reason = "does not belong to this journey"
    elif following.id == survey.id:
        reason = "is this survey itself; create a separate survey for the follow-up"
    elif following.anonymity == "anonymous":
        reason = "is anonymous, so its answers could not be linked to a case"
    elif rule.scale not in watchable(following, library=library):
        reason = "does not ask for the same score, so before and after could not be compared"
    else:
        return
    raise Invalid(f"The follow-up survey {reason}.", field="follow_up_survey_id")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Invalid("Enter the highest score that opens a case, as a number.", field="at_most")
    return float(value)


def _days(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LONGEST_DUE:
        raise Invalid(
            f"A case is due after 0 to {LONGEST_DUE} days; enter a whole number.", field="due_days"
        )
    return value


def _is_on(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid("Use true or false.", field=name)
    return value


def _id(value: Any, name: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Invalid("Choose from the list.", field=name)
    return value
