"""What a worker kept of the answers to a large survey is what a count of all of them gives, whatever has happened
to them since; and is not read again while nothing has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, select, update

from instruments.loader import BUILT_IN
from surveyapp.installation import Installation
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.corrections import correct
from surveyapp.responses.erasures import erase
from surveyapp.responses.flags import Flag, flag
from surveyapp.responses.prepared import Prepared
from surveyapp.results.answers import kept_answers
from surveyapp.results.answers.answer_counts import answer_counts, unread
from surveyapp.results.answers.kept_answers import keep_due
from surveyapp.results.facets import UNFLAGGED, WITH_FLAGGED, Facets
from surveyapp.results.journey import ground
from surveyapp.results.scope import ALL_TIME, Period, period
from surveyapp.store.db import Store
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.models import AnswerCounting, KeptAnswers, Response, Segment, SurveyRow
from tests.installations import installation_on
from tests.responses.makers import NOW, SECRET, as_survey, make_journey, make_segment, make_survey

ITEMS = ("nps.nps", "emotion.emotion", "effort-causes.effort_causes")
FEELINGS = ("delighted", "neutral", "frustrated")
CAUSES = ([], ["waiting"], ["waiting", "repeating"])
PERIODS = (ALL_TIME, period(NOW.date(), NOW.date()))
SEAL = EpochKeys(Path("/nowhere"), SECRET).seal
Told = dict[tuple[str, int, Period, Facets], Counter[Any]]


@pytest.fixture
def installation(store: Store, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setattr(kept_answers, "FEW", 20)
    return installation_on(store)


@pytest.fixture(params=["pseudonymous", "anonymous"])
def survey(store: Store, request: pytest.FixtureRequest) -> SurveyRow:
    with store.writing() as session:
        make_segment(session, "north", "region = North")
        journey = make_journey(session)
        journey.zone = "Europe/Helsinki"  # its March begins in UTC's February
        row = make_survey(
            session,
            asks=("nps", "emotion", "effort-causes"),
            journey=journey,
            at_end=True,
            anonymity=request.param,
        )
    add(store, row, 60)
    return row


def add(store: Store, survey: SurveyRow, n: int, *, first: int = 0) -> None:
    prepared = [
        Prepared(
            {
                "nps": {"nps": number * 7 % 11},
                "emotion": {"emotion": FEELINGS[number % 3]},
                "effort-causes": {"effort_causes": CAUSES[number % 3]},
            },
            NOW - timedelta(hours=11 * number),
            {"region": "North" if number % 2 else "South"},
            language=("en", "fi")[number % 5 == 0],
            paradata={"way": "kiosk"} if number % 4 == 0 else {},
        )
        for number in range(first, first + n)
    ]
    with store.writing() as session:
        store_bulk(session, as_survey(session, survey), prepared, source="link", library=BUILT_IN)


def counted(store: Store, survey: SurveyRow) -> Told:
    """What pages ask for: by question, segment, period and facets how many gave which answer."""
    with store.reading() as session:
        base = ground(session, survey.journey_id, library=BUILT_IN)
        counts = answer_counts(session, base, [survey.id], library=BUILT_IN)
        found: Told = {}
        for item in ITEMS:
            for when in PERIODS:
                for facets in (UNFLAGGED, WITH_FLAGGED, Facets("kiosk"), Facets(language="fi")):
                    given = counts.given(item, when, facets)
                    for segment in (0, *base.segments):
                        own = found[item, segment, when, facets] = Counter()
                        for (segments, answer), n in given.items():
                            own[answer] += n if segment in segments else 0
            assert sum(each.n for each in counts.answered(item)) == sum(
                found[item, 0, ALL_TIME, WITH_FLAGGED].values()
            )
    return found


def anew(store: Store, survey: SurveyRow) -> Told:
    """The same where nothing is kept."""
    with store.writing() as session:
        kept = [
            {name: getattr(row, name) for name in dict(row.__mapper__.columns)}
            for table in (AnswerCounting, KeptAnswers)
            for row in session.scalars(select(table))
        ]
        session.execute(delete(AnswerCounting))
        session.execute(delete(KeptAnswers))
    found = counted(store, survey)
    with store.writing() as session:
        session.add_all((KeptAnswers if "month" in row else AnswerCounting)(**row) for row in kept)
    return found


def waiting(store: Store, survey: SurveyRow) -> int:
    with store.reading() as session:
        base = ground(session, survey.journey_id, library=BUILT_IN)
        return unread(session, base, [survey.id], library=BUILT_IN)


def numbers(store: Store) -> list[int]:
    with store.reading() as session:
        return list(session.scalars(select(Response.id).order_by(Response.id)))


def comes(store: Store, survey: SurveyRow) -> None:
    add(store, survey, 5, first=60)


def is_erased(store: Store, survey: SurveyRow) -> None:
    with store.writing() as session:
        own = as_survey(session, survey)
        erase(session, own, numbers(store)[3], now=NOW, secret_key=SECRET)


def is_replaced(store: Store, survey: SurveyRow) -> None:
    """One of the same segments, channel, language and month, with another answer, for one that goes."""
    is_erased(store, survey)
    add(store, survey, 1, first=23)


def is_corrected(store: Store, survey: SurveyRow) -> None:
    with store.writing() as session:
        raw = {
            "nps": {"nps": "0"},
            "emotion": {"emotion": "delighted"},
            "effort-causes": {"effort_causes": ["waiting"]},
        }
        own = as_survey(session, survey)
        assert correct(session, own, numbers(store)[5], raw, now=NOW, library=BUILT_IN) is None


def is_flagged(store: Store, survey: SurveyRow) -> None:
    number = numbers(store)[7]
    with store.writing() as session:
        session.execute(update(Response).where(Response.id == number).values(submission_key="k"))
    with store.writing() as session:
        flag(session.connection(), ["k"], Flag.BURST, SEAL)


CHANGES: tuple[Callable[[Store, SurveyRow], None], ...] = (
    *(comes, is_erased, is_replaced, is_corrected, is_flagged),
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_is_kept_with_what_came_since_is_a_count_of_all(
    installation: Installation, survey: SurveyRow, change: Callable[[Store, SurveyRow], None]
):
    store = installation.store
    before = counted(store, survey)
    assert waiting(store, survey) == 60
    keep_due(installation, NOW)
    assert waiting(store, survey) == 0
    assert counted(store, survey) == before
    change(store, survey)
    expected = anew(store, survey)
    assert expected != before
    assert waiting(store, survey) > 0
    assert counted(store, survey) == expected
    keep_due(installation, NOW)
    assert waiting(store, survey) == 0
    assert counted(store, survey) == expected


def test_kept_months_are_read_instead_of_responses(installation: Installation, survey: SurveyRow):
    store = installation.store
    keep_due(installation, NOW)
    add(store, survey, 2, first=60)
    read: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM responses" in statement and "answers" in statement:
            read.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        counted(store, survey)
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
    assert len(read) == 1
    narrow = "responses.submitted_at >=" if survey.anonymity == "anonymous" else "responses.id >"
    assert narrow in read[0]


def test_other_segments_are_not_counted_by_what_is_kept(
    installation: Installation, survey: SurveyRow
):
    store = installation.store
    keep_due(installation, NOW)
    with store.writing() as session:
        session.scalars(select(Segment)).one().rule = "region = South"
    assert waiting(store, survey) == 60


def test_of_a_survey_that_has_few_answers_again_nothing_is_kept(
    installation: Installation, survey: SurveyRow, monkeypatch: pytest.MonkeyPatch
):
    keep_due(installation, NOW)
    monkeypatch.setattr(kept_answers, "FEW", 1_000)
    keep_due(installation, NOW)
    with installation.store.reading() as session:
        assert session.scalars(select(KeptAnswers)).all() == []
        assert session.scalars(select(AnswerCounting)).all() == []
    assert waiting(installation.store, survey) == 60
