"""What has happened since to the answers that stored analyses were made from.

An analysis keeps numbers, not answers: when customers change or erase theirs, it stays as it was, and
its page says how many did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.journeys.segments import parse
from surveyapp.responses.erasures import Reason
from surveyapp.results.analyses.actions import STUDY_INSTRUMENTS
from surveyapp.store.models import Analysis, Erasure, Response
from surveyapp.surveys.queries import surveys_in
from surveyapp.surveys.survey import Survey


@dataclass(frozen=True)
class Staleness:
    """How many answers under an analysis were changed and erased after it had read them.

    ``at_most``: of what was erased nobody knows any more to which segment it belonged.
    """

    corrected: int = 0
    erased: int = 0
    at_most: bool = False

    def __bool__(self) -> bool:
        return bool(self.corrected or self.erased)

    @property
    def text(self) -> str:
        """In words: "2 answers changed, 1 erased"."""
        parts = []
        if self.corrected:
            parts.append(f"{self.corrected:,} answer{'s' if self.corrected > 1 else ''} changed")
        if self.erased:
            noun = "" if parts else f" answer{'s' if self.erased > 1 else ''}"
            parts.append(f"{'at most ' if self.at_most else ''}{self.erased:,}{noun} erased")
        return ", ".join(parts)


def staleness(session: Session, analyses: Sequence[Analysis]) -> dict[int, Staleness]:
    """What happened since to the answers under each finished analysis of one journey, by its number."""
    finished = [each for each in analyses if each.result is not None]
    if not finished:
        return {}
    places = surveys_in(session, {each.journey_id for each in finished})
    since = min(_read_at(each) for each in finished)
    corrections = session.execute(
        select(
            Response.survey_id,
            Response.submitted_at,
            Response.corrected_at,
            Response.attributes,
        ).where(
            Response.survey_id.in_([place.id for place in places]),
            Response.corrected_at > since,
        )
    ).all()
    # Counted by the database: with an import thousands may have gone.
    moment = (Erasure.survey_id, Erasure.answered_on, Erasure.erased_at, Erasure.reason)
    erasures = session.execute(
        select(*moment, func.count().label("responses"))
        .where(Erasure.survey_id.in_([place.id for place in places]), Erasure.erased_at > since)
        .group_by(*moment)
    ).all()
    found = {}
    for each in finished:
        read_at = _read_at(each)
        ids = {place.id for place in places if _uses(each, place)}
        rule = parse(each.segment.rule) if each.segment else None
        found[each.id] = Staleness(
            sum(
                row.survey_id in ids
                and row.submitted_at <= read_at < row.corrected_at
                and (rule is None or rule.matches(row.attributes))
                for row in corrections
            ),
            sum(
                gone.responses
                for gone in erasures
                if gone.survey_id in ids
                and gone.erased_at > read_at
                # Anonymised answers are in no segment any more, and count otherwise as before.
                and (rule is not None or gone.reason != Reason.ANONYMISED)
                and (gone.answered_on is None or gone.answered_on <= read_at.date())
            ),
            at_most=rule is not None,
        )
    return found


def _read_at(analysis: Analysis) -> datetime:
    """When its answers were read: the job reads them when it begins."""
    job = analysis.job
    return job.started_at if job is not None and job.started_at else analysis.created_at


def _uses(analysis: Analysis, survey: Survey) -> bool:
    """Whether the analysis is made of this survey's answers."""
    if analysis.survey_id is not None:
        return analysis.survey_id == survey.id
    wanted = {*STUDY_INSTRUMENTS} if analysis.kind == "sjq_study" else {analysis.instrument}
    asked = {ask.instrument for ask in survey.asks}
    return analysis.journey_id == survey.journey_id and not wanted.isdisjoint(asked)
