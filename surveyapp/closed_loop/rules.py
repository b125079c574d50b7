"""Changes to the rule by which a survey's low scores open cases, and the scores it may look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.errors import Invalid
from surveyapp.results.definitions import Scored, scored
from surveyapp.store.audit import record
from surveyapp.store.models import SurveyRow, User
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.settings.closed_loop import CaseRule, read_case_rule
from surveyapp.surveys.survey import Survey


def change_case_rule(
    session: Session,
    row: SurveyRow,
    raw: Mapping[str, Any],
    *,
    user_id: int | None,
    library: Library,
) -> CaseRule | None:
    """Set the survey's rule, or take it away with an empty ``raw``.

    It holds for responses from now on. Raises Invalid for a score that the survey does not ask,
    a limit outside its points, an owner without an account, a follow-up that cannot be compared.
    """
    rule = read_case_rule(raw)
    if rule is not None:
        _check(session, survey_of(row), rule, library)
    stored = {} if rule is None else rule.written()
    if stored != row.closed_loop:
        row.closed_loop = stored
        record(session, user_id, "change case rule", f"survey {row.code}"[:120], **stored)
    return rule


def watchable(survey: Survey, *, library: Library) -> dict[str, Scored]:
    """The scores that a rule or an alert of this survey may look at, by id."""
    return scored([survey], library=library)


def _check(session: Session, survey: Survey, rule: CaseRule, library: Library) -> None:
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


def _check_follow_up(session: Session, survey: Survey, rule: CaseRule, library: Library) -> None:
    row = session.get(SurveyRow, rule.follow_up_survey_id)
    following = None if row is None else survey_of(row)
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
