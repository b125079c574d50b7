"""Rows and answers for tests."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from instruments.schema import ItemKind
from surveyapp.installation import Installation
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.tally import MONTH_KEY, SUMS
from surveyapp.store.models import (
    Journey,
    MonthlyRollup,
    Rollup,
    Segment,
    Stage,
    SurveyRow,
    Touchpoint,
)
from surveyapp.surveys import queries
from surveyapp.surveys.actions import create_survey
from surveyapp.surveys.survey import DOCUMENTS, Survey

NOW = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)
SECRET = "a secret key of thirty-two characters or more"
FULL = ("sjq", "csat", "nps", "ces")  # 19 scored items and three open ones


def make_journey(session: Session, code: str = "account") -> Journey:
    journey = Journey(code=code, name="Open an account", provider="Northbank")
    stage = Stage(code="apply", name="Apply", position=0)
    stage.touchpoints.append(Touchpoint(code="form", name="the application form", position=0))
    journey.stages.append(stage)
    session.add(journey)
    session.flush()
    return journey


def make_survey(
    session: Session,
    *,
    asks: tuple[str, ...] = FULL,
    journey: Journey | None = None,
    at_end: bool = False,
    **options: Any,
) -> SurveyRow:
    journey = journey or make_journey(session)
    options = {"name": "Account survey", "user_id": None, "library": BUILT_IN, **options}
    options.setdefault("paging", "page")
    return create_survey(
        session,
        journey,
        touchpoint=None if at_end else journey.stages[0].touchpoints[0],
        asks=[{"instrument": code} for code in asks],
        **options,
    )


def as_survey(at: Session | Installation, row: SurveyRow | Survey) -> Survey:
    """The survey of a row, which need not be in a session any more, as everybody reads it."""
    if isinstance(at, Installation):
        with at.store.reading() as session:
            return queries.survey(session, row.id)
    return queries.surveys(at, [row.id])[row.id]


def unstored_survey(asks: tuple[str, ...]) -> Survey:
    """A survey at a journey's end that no database holds, as everybody reads it."""
    documents: dict[str, Any] = {name: {} for name in DOCUMENTS}
    documents["asks"] = [{"instrument": code} for code in asks]
    return Survey(
        id=1,
        journey_id=1,
        touchpoint_id=None,
        code="survey",
        name="Survey",
        language="en",
        languages=(),
        introduction="",
        consent="",
        consent_version="",
        consent_box=False,
        draw="",
        paging="page",
        auto_advance=False,
        anonymity="pseudonymous",
        open_link=True,
        link="link",
        state="open",
        opens_at=None,
        closes_at=None,
        documents=documents,
        provider="Northbank",
        journey="Open an account",
        journey_code="account",
        stage=None,
        stage_code=None,
        touchpoint_code=None,
        touchpoint="Open an account",
        told=False,
    )


def make_segment(session: Session, code: str, rule: str) -> Segment:
    segment = Segment(code=code, name=code.title(), rule=rule)
    session.add(segment)
    session.flush()
    return segment


def some_answers(seed: int, asks: tuple[str, ...] = FULL) -> dict[str, dict[str, Any]]:
    """One person's complete answers; random, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - seeded on purpose
    answers: dict[str, dict[str, Any]] = {}
    for code in asks:
        given = answers[code] = {}
        for item in BUILT_IN.load(code).asked():
            if item.scale is not None:
                given[item.code] = chance.randint(item.scale.minimum, item.scale.maximum)
            elif item.kind is ItemKind.OPEN_TEXT:
                given[item.code] = f"reason {seed}"
            else:
                given[item.code] = item.choices[0]
    return answers


def some_prepared(count: int, *, first: int = 0) -> Iterator[Prepared]:
    for seed in range(first, first + count):
        yield Prepared(
            some_answers(seed),
            NOW - timedelta(hours=7 * seed),
            attributes={"region": ("North", "South")[seed % 2], "tenure": seed % 11},
            customer_ref=f"customer {seed % 40}",
            external_id=f"row {seed}",
        )


def count_months(session: Session) -> None:
    """Sum the rollups up by month, where a test has written them itself."""
    months: dict[tuple[Any, ...], Counter[str]] = {}
    for row in session.scalars(select(Rollup)):
        month = row.day.year * 100 + row.day.month
        place = (row.survey_id, row.generation, row.segment_id, row.scale, month, row.facet)
        months.setdefault(place, Counter()).update({name: getattr(row, name) for name in SUMS})
    session.execute(delete(MonthlyRollup))
    session.execute(
        insert(MonthlyRollup),
        [dict(zip(MONTH_KEY, place, strict=True)) | sums for place, sums in months.items()],
    )
