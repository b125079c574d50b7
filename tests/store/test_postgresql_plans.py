"""What PostgreSQL reads of many rows, by its plans: an index's range, and no table from end to end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select, text, update
from sqlalchemy.orm import Session

from surveyapp.responses import flags
from surveyapp.results.funnels import decision_kinds
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import Decision, DecisionKinds, Interaction, Response, Segment
from tests.installations import installation_on
from tests.responses.makers import as_survey, make_journey, make_survey

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

_DAYS, _A_DAY = 60, 50
_FIRST = utc_now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=_DAYS)
_FILL = """
INSERT INTO interactions (id, touchpoint_id, customer_ref, at, outcome, channel, language, source,
                          attributes, received_at, decided_at)
SELECT n, :touchpoint, 'c' || n, m, 'done', 'web', 'en', 'api',
       jsonb_build_object('region', CASE WHEN n % 2 = 0 THEN 'North' ELSE 'South' END,
                          'note', repeat('what was bought ', 90)), m, m
FROM generate_series(1, :n) n, LATERAL (SELECT CAST(:first AS timestamptz) + n / :daily * interval '1 day'
                                               + interval '1 hour' AS m) moment;
INSERT INTO decisions (id, interaction_id, survey_id, customer_ref, outcome, reason, detail, decided_at)
SELECT id, id, :survey, customer_ref, CASE WHEN id % 5 = 0 THEN 'ask' ELSE 'skip' END,
       CASE WHEN id % 5 = 0 THEN '' WHEN id % 5 = 1 THEN 'no_address' ELSE 'resting' END, '', at
FROM interactions
"""


@pytest.fixture
def filled(store: Store) -> Store:
    """A journey's decisions of two months, 50 a day."""
    with store.writing() as session:
        journey = make_journey(session)
        survey = make_survey(session, journey=journey)
        session.add(Segment(code="north", name="north", rule="region = North"))
        session.flush()
        touchpoint = journey.stages[0].touchpoints[0].id
        number = survey.id
        values = {
            "touchpoint": touchpoint,
            "survey": number,
            "n": _DAYS * _A_DAY - 1,
            "daily": _A_DAY,
            "first": _FIRST,
        }
        for statement in _FILL.split(";"):
            session.execute(text(statement), values)
    return store


def plans(store: Store, ask: Callable[[], object], about: str) -> list[str]:
    """How PostgreSQL reads what ``ask`` asks for in statements about this table."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if f" {about}" in statement and statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
    with store.engine.connect() as connection:
        return [
            "\n".join(line for (line,) in connection.exec_driver_sql(f"EXPLAIN {each}", values))
            for each, values in asked
        ]


def test_decisions_by_segment_cost_the_days_that_changed(
    filled: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(decision_kinds, "FEW", 100)
    store = filled
    installation = installation_on(store)
    while DECISIONS.add_up(installation, utc_now()):
        pass
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")

    def count() -> None:
        while decision_kinds.count_due(installation, utc_now()):
            pass

    first = plans(store, count, "interactions")
    assert len(first) == _DAYS
    for plan in first:
        assert "Seq Scan on decisions" not in plan, plan
        assert "Index Scan using pk_interactions on interactions" in plan, plan
        assert "ix_decisions_survey" in plan, plan
        assert "decided_at >=" in plan, plan
    assert plans(store, count, "interactions") == []  # nothing has changed
    with store.writing() as session:
        of_day = select(func.max(Decision.id)).where(Decision.outcome == "ask").scalar_subquery()
        session.execute(update(Decision).where(Decision.id == of_day).values(sent_at=utc_now()))
    assert len(plans(store, count, "interactions")) == 1
    with store.reading() as session:
        [months] = session.scalars(select(DecisionKinds.months)).all()
    kinds = [kind for month in months.values() for kind in month["kinds"]]
    assert sum(sum((asked, skipped)) for _, asked, *_, skipped in kinds) == _DAYS * _A_DAY - 1
    assert sum(sent for _, _, sent, *_ in kinds) == 1
    with store.reading() as session:
        assert session.scalar(select(func.count(Interaction.id))) == _DAYS * _A_DAY - 1


def test_few_responses_are_expected_to_be_flagged(store: Store):
    with store.writing() as session:
        survey = make_survey(session, journey=make_journey(session))
        number = survey.id
        rows = [
            {
                "source": "link",
                "answers": {},
                "language": "en",
                "survey_id": number,
                "submitted_at": _FIRST + timedelta(minutes=each),
                "paradata": {"way": "page", "seconds": each}
                | ({"flags": ["burst"]} if each % 300 == 0 else {}),
            }
            for each in range(3000)
        ]
        session.execute(insert(Response), rows)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE responses")

    def pattern() -> None:
        with store.reading() as session:
            assert (
                sum(each.answers for each in flags.pattern(session, [as_survey(session, survey)]))
                == 10
            )

    def unflagged() -> None:
        with store.reading() as session:
            _ids(session)

    [few] = plans(store, pattern, "responses")
    assert "ix_responses_flagged" in few
    [most] = plans(store, unflagged, "responses")
    assert int(most.partition(" rows=")[2].split()[0]) > 2000, most


def _ids(session: Session) -> None:
    assert len(session.scalars(select(Response.id).where(flags.unflagged())).all()) == 2990
