"""The same id with other answers: listed, and then kept, replaced as a correction, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from surveyapp.errors import Invalid
from surveyapp.responses.batches import begin_removal, remove_batch
from surveyapp.responses.erasures import Reason, Removal, erase, remove
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import Erasure, Event, ImportBatch, SurveyRow
from tests.installations import installation_on
from tests.responses.makers import SECRET, as_survey, make_journey, make_survey
from tests.responses.test_imports import bring, kept

FIRST = "id,nps,nps_reason,region\na,9,Fast,North\nb,3,Slow,South\nc,5,,North\n"
SECOND = "id,nps,region\na,2,North\nb,3,South\nd,8,North\n"


@pytest.fixture
def survey(store: Store) -> SurveyRow:
    with store.writing() as session:
        made = make_survey(session, asks=("nps",))
    assert bring(store, made, FIRST).stored == 3
    return made


def scores(store: Store) -> dict[str | None, object]:
    return {each.external_id: each.answers["nps"] for each in kept(store)}


def test_a_file_with_other_answers_is_refused_whole_unless_somebody_chooses(store, survey):
    with pytest.raises(Invalid) as refused:
        bring(store, survey, SECOND)
    assert refused.value.field == "conflicts"
    assert "row 2 (a): nps is 9, in the file 2" in str(refused.value)
    assert len(kept(store)) == 3
    with store.reading() as session:
        assert len(session.scalars(select(ImportBatch)).all()) == 1


def test_stored_answers_are_kept_where_that_is_chosen(store, survey):
    report = bring(store, survey, SECOND, conflicts="keep")
    assert (report.stored, report.already, report.corrected) == (1, 2, 0)
    assert scores(store)["a"] == {"nps": 9, "nps_reason": "Fast"}


def test_answers_are_replaced_as_a_correction_that_other_programs_hear_of(store, survey):
    report = bring(store, survey, SECOND, conflicts="replace")
    assert (report.stored, report.already, report.corrected) == (1, 1, 1)
    # What the file has no column for stays; scores and rollups follow (``kept`` recounts them).
    assert scores(store)["a"] == {"nps": 2, "nps_reason": "Fast"}
    changed = [each for each in kept(store) if each.corrected_at]
    assert [(each.external_id, each.correction) for each in changed] == [("a", 1)]
    with store.reading() as session:
        events = session.scalars(select(Event)).all()
        assert [(each.kind, each.subject["response_id"]) for each in events] == [
            ("response.corrected", changed[0].id)
        ]
    # Now the file says what is stored.
    again = bring(store, survey, SECOND)
    assert (again.stored, again.already) == (0, 3)


def test_of_two_rows_with_one_id_and_other_answers_the_later_is_refused(store, survey, monkeypatch):
    text = "id,nps\nx,9\nx,9\nx,4\ny,1\n"
    report = bring(store, survey, text)
    assert (report.stored, report.already) == (2, 1)
    assert [(r.place, r.value) for r in report.refused] == [("A4", "x")]
    monkeypatch.setattr("surveyapp.responses.imports.BATCH", 2)
    report = bring(store, survey, text.replace("x,", "z,").replace("y,", "w,"))
    assert (report.stored, report.already) == (2, 1)
    assert [(r.place, r.value) for r in report.refused] == [("A4", "z")]


def test_nothing_is_compared_in_an_anonymous_survey(store: Store):
    """Who knows an id could find out its answers, by trying."""
    with store.writing() as session:
        anonymous = make_survey(session, asks=("nps",), anonymity="anonymous")
    assert bring(store, anonymous, FIRST).stored == 3
    report = bring(store, anonymous, SECOND)
    assert (report.stored, report.already, report.refused_rows) == (1, 2, 0)
    with pytest.raises(Invalid, match="never corrected"):
        bring(store, anonymous, SECOND, conflicts="replace")


def test_what_was_erased_does_not_come_back_by_the_agencys_own_id(store, survey):
    """The id itself is kept nowhere. In another survey it is another's, and what went with its whole
    import may come again.
    """
    [first] = {each.import_batch_id for each in kept(store)}
    numbers = {each.external_id: each.id for each in kept(store)}
    options: dict[str, Any] = {"now": utc_now(), "secret_key": SECRET}
    with store.writing() as session:
        own = as_survey(session, session.get_one(SurveyRow, survey.id))
        erase(session, own, numbers["a"], **options)
        remove(session, own, numbers["b"], Removal(Reason.SPAM, None), **options)
        other = make_survey(session, asks=("nps",), journey=make_journey(session, "loan"), code="x")
    report = bring(store, survey, FIRST)
    assert (report.stored, report.already) == (0, 1)
    told = [(each.place, each.value, each.cure) for each in report.refused]
    assert told == [
        (place, own, "Remove the row from the file.") for place, own in (("A2", "a"), ("A3", "b"))
    ]
    with store.reading() as session:
        hashes = set(session.scalars(select(Erasure.external_hash)))
    assert len(hashes) == 2 and all(len(each or "") == 32 for each in hashes)
    assert bring(store, other, FIRST).stored == 3
    with store.writing() as session:
        begin_removal(session, first or 0, user_id=None, now=utc_now())
    assert remove_batch(installation_on(store), first or 0) == 1
    again = bring(store, survey, FIRST)
    assert (again.stored, again.refused_rows) == (1, 2)
