"""The worker's duty of counting the answers to large surveys, so that pages need not."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Table, delete, func, select
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.journeys.portfolio import listed
from surveyapp.results.answers.answer_counts import Kept, keep
from surveyapp.results.answers.counted_answers import to_document
from surveyapp.results.cells import RESPONSES, sums
from surveyapp.results.facets import WITH_FLAGGED
from surveyapp.results.journey import ground
from surveyapp.store.inserts import insert
from surveyapp.store.models import EVERYBODY, AnswerCounting, KeptAnswers

FEW = 5_000  # responses to a survey: counted in some 50 ms, on each page
_COUNTINGS = cast(Table, AnswerCounting.__table__)
_MONTHS = cast(Table, KeptAnswers.__table__)


def keep_due(installation: Installation, _now: datetime) -> int:
    """Count what has changed in the answers to large surveys."""
    with installation.store.reading() as session:
        journeys = [each.id for each in listed(session) if each.state != "archived"]
    for journey in journeys:
        for survey, is_large in _surveys(installation, journey):
            kept = _counted(installation, journey, survey) if is_large else None
            if kept is not None:
                with installation.store.writing() as session:
                    _store(session, kept)
            elif not is_large and _is_kept(installation, survey):
                with installation.store.writing() as session:
                    _forget(session, survey)
            installation.store.give_way()
    return 0  # nothing is left to do at once


def _surveys(installation: Installation, journey: int) -> list[tuple[int, bool]]:
    """The journey's surveys, and whether each has many answers."""
    with installation.store.reading() as session:
        ids = ground(session, journey, library=installation.library).ids
        counted = sums(session, ids, [EVERYBODY], facets=WITH_FLAGGED)[EVERYBODY]
    n = {survey: own.n for (survey, scale), own in counted.items() if scale == RESPONSES}
    return [(survey, n.get(survey, 0) > FEW) for survey in ids]


def _counted(installation: Installation, journey: int, survey: int) -> Kept | None:
    with installation.store.reading(may_use_replica=False) as session:
        base = ground(session, journey, library=installation.library)
        return keep(session, base, survey, library=installation.library)


def _is_kept(installation: Installation, survey: int) -> bool:
    with installation.store.reading(may_use_replica=False) as session:
        own = select(func.count()).where(_COUNTINGS.c.survey_id == survey)
        return bool(session.scalar(own))


def _store(session: Session, kept: Kept) -> None:
    connection = session.connection()
    dialect = connection.dialect.name
    for (year, month), (counts, corrected) in sorted(kept.months.items()):
        row = insert(_MONTHS, dialect).values(
            survey_id=kept.survey_id,
            month=year * 100 + month,
            corrected=corrected,
            counts=to_document(counts),
        )
        values = {name: row.excluded[name] for name in ("corrected", "counts")}
        key = [_MONTHS.c.survey_id, _MONTHS.c.month]
        connection.execute(row.on_conflict_do_update(index_elements=key, set_=values))
    gone = [year * 100 + month for year, month in kept.gone]
    own = _MONTHS.c.survey_id == kept.survey_id
    connection.execute(delete(_MONTHS).where(own, _MONTHS.c.month.in_(gone)))
    row = insert(_COUNTINGS, dialect).values(
        survey_id=kept.survey_id,
        rules=kept.rules,
        counted_to=kept.counted_to,
        erased_at=kept.erased_at,
    )
    values = {name: row.excluded[name] for name in ("rules", "counted_to", "erased_at")}
    connection.execute(
        row.on_conflict_do_update(index_elements=[_COUNTINGS.c.survey_id], set_=values)
    )


def _forget(session: Session, survey: int) -> None:
    for table in (_MONTHS, _COUNTINGS):
        session.execute(delete(table).where(table.c.survey_id == survey))
