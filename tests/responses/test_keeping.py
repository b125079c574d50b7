"""Several submissions in one transaction: kept as if each had come alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from instruments.loader import BUILT_IN
from surveyapp.responses import rollups
from surveyapp.responses.actions import Stored, keep
from surveyapp.responses.submission import Submission, read_submission
from surveyapp.store.db import Store
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.models import (
    Invitation,
    Journey,
    JourneyRun,
    MonthlyRollup,
    Response,
    Rollup,
    Score,
    SurveyRow,
)
from surveyapp.surveys import links
from surveyapp.surveys.actions import invite
from surveyapp.surveys.queries import survey_at
from surveyapp.surveys.survey import Survey
from tests.installations import installation_on, released
from tests.responses.makers import (
    NOW,
    SECRET,
    as_survey,
    make_journey,
    make_segment,
    make_survey,
    some_answers,
)


def make_read(store: Store, **options: Any) -> Survey:
    """A survey of the one journey, as the customer's way reads it."""
    with store.writing() as session:
        journey = session.scalar(select(Journey)) or make_journey(session)
        made = make_survey(session, journey=journey, **options)
    with store.reading() as session:
        found = survey_at(session.connection(), made.link)
    assert found is not None
    return found


def sent(survey: Survey, key: str, seed: int = 1, **options: Any) -> Submission:
    given = {"attributes": {}, "now": NOW, "library": BUILT_IN, **options}
    found = read_submission(survey, some_answers(seed), submission_key=key, **given)
    assert isinstance(found, Submission)
    return found


def kept(store: Store, *submissions: Submission, keys: EpochKeys | None = None) -> list[Stored]:
    with store.writing_rows() as rows:
        return keep(rows, submissions, keys)


def everything(store: Store) -> dict[str, Any]:
    """What stands in the store, without the numbers that depend on the order of coming."""
    with store.reading() as session:
        own = select(Response.submission_key, Response.answers, Response.attributes)
        scores = select(Response.submission_key, Score.scale, Score.value).join_from(
            Response, Score, Score.response_id == Response.id
        )
        rolled = select(Rollup.segment_id, Rollup.scale, Rollup.day, Rollup.n, Rollup.total)
        return {
            "responses": sorted(tuple(row) for row in session.execute(own)),
            "scores": sorted(tuple(row) for row in session.execute(scores)),
            "rollups": sorted(tuple(row) for row in session.execute(rolled)),
            "runs": session.scalar(select(func.count()).select_from(JourneyRun)),
            "faults": rollups.recount(session),
        }


def test_together_comes_to_the_same_as_one_after_the_other(store: Store):
    with store.writing() as session:
        make_segment(session, "north", "region in (North)")
    first = make_read(store)
    people = [
        {"attributes": {"region": ("North", "South")[k % 2]}, "customer_ref": f"c{k % 3}"}
        for k in range(7)
    ]
    for k, person in enumerate(people):
        kept(store, sent(first, f"alone {k}", k, **person))
    alone = everything(store)
    with store.writing() as session:
        for table in (Score, Rollup, MonthlyRollup, Response, JourneyRun):
            session.query(table).delete()
    together = kept(
        store, *(sent(first, f"alone {k}", k, **person) for k, person in enumerate(people))
    )
    assert [each.new for each in together] == [True] * 7
    assert everything(store) == alone
    assert alone["faults"] == []


def test_the_same_form_twice_in_one_transaction_is_one_response(store: Store):
    survey = make_read(store)
    found = kept(store, sent(survey, "k", 1), sent(survey, "other", 2), sent(survey, "k", 3))
    assert [each.new for each in found] == [True, True, False]
    assert found[0].response_id == found[2].response_id != found[1].response_id
    assert len(everything(store)["responses"]) == 2
    assert everything(store)["faults"] == []


@pytest.mark.parametrize("anonymity", ["pseudonymous", "anonymous"])
def test_two_forms_of_one_invitation_in_one_transaction_are_one_response(
    store: Store, anonymity: str, tmp_path: Path
):
    survey = make_read(store, anonymity=anonymity)
    installation = installation_on(store, epoch_keys=str(tmp_path))
    with store.writing() as session:
        [issued] = invite(
            session,
            as_survey(session, session.get_one(SurveyRow, survey.id)),
            [{"customer_ref": "ada", "attributes": {}}],
            installation=installation,
            user_id=None,
        )
    signed = issued.url.rsplit("/", 1)[1]
    ticket = links.read_ticket(SECRET, survey.link, signed, now=NOW)
    assert ticket is not None
    found = kept(
        store,
        sent(survey, "first tab", 1, invitation=ticket, customer_ref=ticket.customer_ref),
        sent(survey, "second tab", 2, invitation=ticket, customer_ref=ticket.customer_ref),
        keys=installation.epoch_keys,
    )
    assert [each.new for each in found] == [True, False]
    assert found[1].response_id is None
    released(installation)
    with store.reading() as session:
        [response] = session.scalars(select(Response))
        left = list(session.scalars(select(Invitation.state)))
    assert response.source == "invitation"
    assert left == ([] if anonymity == "anonymous" else ["completed"])


def test_submissions_of_several_surveys_may_go_together(store: Store):
    first, secret = make_read(store), make_read(store, anonymity="anonymous")
    installation = installation_on(store, epoch_keys="/nowhere")
    both = (sent(first, "a", 1), sent(secret, "b", 2), sent(first, "c", 3))
    found = kept(store, *both, keys=installation.epoch_keys)
    assert all(each.new for each in found)
    released(installation)
    with store.reading() as session:
        by_key = {r.submission_key: r for r in session.scalars(select(Response))}
        assert rollups.recount(session) == []
    assert by_key["b"].survey_id == secret.id
    assert (by_key["b"].submitted_at.hour, by_key["b"].submitted_at.minute) == (0, 0)
    assert by_key["c"].id == by_key["a"].id + 1
    assert by_key["b"].id > by_key["c"].id
