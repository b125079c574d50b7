"""What may lie behind a low score: a suggestion for whoever looks after the case, with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.closed_loop.rules import watchable
from surveyapp.comments.coding import effective
from surveyapp.store.models import Case, Comment, CommentCode, PainPoint, Score
from surveyapp.surveys.queries import survey_of

_LOW = 0.5  # of the scale's range, above which a score is no cause


@dataclass(frozen=True)
class SuggestedCause:
    """A cause in a few words, and why it is suggested."""

    cause: str
    reason: str


def suggested_causes(session: Session, case: Case, *, library: Library) -> list[SuggestedCause]:
    """From how the customer's own comments were coded and the pain points of the codes' themes; without
    those, from the lowest of their other scores. Nothing of a response that was erased.
    """
    if case.response_id is None:
        return []
    return _of_comments(session, case) or _of_scores(session, case, library)


def _of_comments(session: Session, case: Case) -> list[SuggestedCause]:
    coded = effective(session, [case.survey_id], Comment.response_id == case.response_id)
    numbers = {number for codes in coded.values() for number in codes}
    codes = session.scalars(
        select(CommentCode).where(CommentCode.id.in_(numbers)).order_by(CommentCode.name)
    ).all()
    themes = {code.theme for code in codes if code.theme}
    points = session.scalars(
        select(PainPoint)
        .where(
            PainPoint.journey_id == case.survey.journey_id,
            PainPoint.state == "open",
            PainPoint.removed_at.is_(None),
            PainPoint.theme.in_(themes),
        )
        .order_by(PainPoint.id)
    )
    by_theme: dict[str, list[PainPoint]] = {}
    for point in points:
        by_theme.setdefault(point.theme, []).append(point)
    found = []
    for code in codes:
        found.append(SuggestedCause(code.name, "the customer's comment is coded so"))
        for point in by_theme.pop(code.theme, []):
            root = point.whys[-1] if point.whys else ""
            said = f"{point.title}: {root}" if root else point.title
            found.append(
                SuggestedCause(said, f"an open pain point of the comment's theme, {code.theme}")
            )
    return found


def _of_scores(session: Session, case: Case, library: Library) -> list[SuggestedCause]:
    """The lowest of the response's other scores, each on its own range; those that tie with it, too."""
    known = watchable(survey_of(case.survey), library=library)
    values = session.execute(
        select(Score.scale, Score.value).where(
            Score.response_id == case.response_id, Score.scale != case.scale
        )
    )
    found = []
    for scale, value in values:
        if scale in known:
            low, high = known[scale].scale.minimum, known[scale].scale.maximum
            found.append(((value - low) / (high - low), scale, value))
    lowest = min((share for share, *_ in found), default=1.0)
    if lowest >= _LOW:
        return []
    return [
        SuggestedCause(
            known[scale].definition.label,
            f"the lowest of the customer's other scores: {value:g} from"
            f" {known[scale].scale.minimum} to {known[scale].scale.maximum}",
        )
        for share, scale, value in sorted(found)
        if share == lowest
    ]
