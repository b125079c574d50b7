"""Which responses an export is made of, and how they are read: in steps, oldest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from surveyapp.journeys.queries import segment
from surveyapp.journeys.segments import Rule, parse
from surveyapp.results.answered import answered_in
from surveyapp.results.scope import Scope
from surveyapp.store.models import JourneyRun, Response
from surveyapp.surveys.queries import surveys_of
from surveyapp.surveys.survey import Survey

_BATCH = 1000
# Columns instead of entities: nothing is kept in the session, and a batch costs a third.
_READ = (
    *(Response.id, Response.public_id, Response.survey_id, Response.source, Response.language),
    *(Response.wordings, Response.consent_version, Response.started_at, Response.submitted_at),
    *(Response.corrected_at, Response.paradata, Response.attributes, Response.answers),
    *(
        Response.import_batch_id,
        Response.journey_run_id,
        JourneyRun.customer_ref,
        JourneyRun.started_at.label("run_started"),
    ),
)


@dataclass(frozen=True)
class Chosen:
    """Which responses: the scope's, of one survey where it is named; with what joins a customer's."""

    scope: Scope
    survey_id: int | None = None
    customers: bool = False

    def rule(self, session: Session) -> Rule | None:
        """The segment's rule; None for everybody. Raises NotFound for an unknown segment."""
        if self.scope.of_everybody:
            return None
        return parse(segment(session, self.scope.segment_id).rule)


def chosen_surveys(session: Session, wanted: Chosen) -> list[Survey]:
    """The surveys whose responses are chosen."""
    every = surveys_of(session, wanted.scope.journey_id)
    return [each for each in every if wanted.survey_id in (None, each.id)]


@dataclass(frozen=True)
class ChosenQuery:
    """The chosen responses, oldest first: rows of ``select`` that obey the segment's rule."""

    select: Select[Any]
    rule: Rule | None

    @classmethod
    def of(cls, session: Session, wanted: Chosen, survey_ids: Sequence[int]) -> ChosenQuery:
        query = (
            select(*_READ)
            .outerjoin(JourneyRun, JourneyRun.id == Response.journey_run_id)
            .where(Response.survey_id.in_(survey_ids))
            .where(*answered_in(session, wanted.scope.journey_id, wanted.scope.period))
        )
        return cls(query.order_by(Response.id), wanted.rule(session))

    def batches(self, session: Session) -> Iterator[list[Row[Any]]]:
        with session.execute(self.select.execution_options(yield_per=_BATCH)) as found:
            for batch in found.partitions():
                yield [each for each in batch if self._holds(each.attributes)]

    def rows(self, session: Session) -> Iterator[Row[Any]]:
        for batch in self.batches(session):
            yield from batch

    def attributes(self, session: Session) -> Iterator[Mapping[str, Any]]:
        """What is known of whoever gave each response; nothing else of it is read."""
        query = self.select.with_only_columns(Response.attributes, maintain_column_froms=True)
        query = query.order_by(None).execution_options(yield_per=_BATCH)
        return (each for each in session.scalars(query) if self._holds(each))

    def _holds(self, attributes: Mapping[str, Any]) -> bool:
        return self.rule is None or self.rule.matches(attributes)
