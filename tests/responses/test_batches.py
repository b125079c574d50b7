"""Each import is a batch that can be looked at and removed whole, with all that was made of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from instruments.loader import BUILT_IN
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.responses import batches, rollups, sorting
from surveyapp.responses.actions import Stored, submit
from surveyapp.responses.erasures import Reason, Removal, remove, removed_by_staff
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import (
    AuditEntry,
    Case,
    CaseNote,
    Erasure,
    Event,
    ImportBatch,
    JourneyRun,
    Response,
    Rollup,
    Score,
    SurveyRow,
)
from tests.installations import installation_on
from tests.responses.makers import SECRET, as_survey, make_segment, make_survey
from tests.responses.test_imports import bring, kept

HEADINGS = "id,nps,region,customer_ref,submitted_at"


@pytest.fixture
def survey(store: Store, monkeypatch) -> SurveyRow:
    monkeypatch.setattr("surveyapp.store.db._GIVE_WAY_SECONDS", 0.0)
    monkeypatch.setattr(batches, "AT_ONCE", 40)
    with store.writing() as session:
        return make_survey(session, asks=("nps",))


def rows(first: int, count: int, month: int = 1) -> str:
    return "\n".join(
        f"r{k},{k % 11},{'North' if k % 2 else 'South'},c{k % 7},2026-{month:02}-{k % 28 + 1:02} 10:00"
        for k in range(first, first + count)
    )


def count(store: Store, table: type) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def removed(store: Store, number: int) -> int:
    installation = installation_on(store)
    with store.writing() as session:
        batches.begin_removal(session, number, user_id=None, now=utc_now())
    return batches.remove_batch(installation, number)


def test_an_import_says_what_it_stored_of_which_months_and_in_which_wording(store, survey):
    text = f"{HEADINGS}\n{rows(0, 20)}\n{rows(20, 20, month=3)}\nr40,12,North,c1,2026-01-01\n"
    report = bring(store, survey, text, name="quarter.csv")
    again = bring(store, survey, f"{HEADINGS}\n{rows(30, 12, month=3)}\n")
    with store.reading() as session:
        second, first = batches.batches_of(session, survey.id)
        assert (first.id, second.id) == (report.batch_id, again.batch_id)
        assert (first.file_name, first.state, first.count_in) == ("quarter.csv", "done", 41)
        assert (first.stored, first.already, first.refused) == (40, 0, 1)
        assert (second.stored, second.already) == (2, 10)
        assert f"{first.first_at:%Y-%m} {first.last_at:%Y-%m}" == "2026-01 2026-03"
        assert first.wordings == {"nps": ["en-1"]}
        assert first.notes == report.notes
        assert (batches.left_in(session, first.id), batches.left_in(session, second.id)) == (40, 2)


@pytest.mark.parametrize("anonymity", ["pseudonymous", "anonymous"])
def test_a_batch_goes_with_scores_rollups_and_runs_and_nothing_else(
    store: Store, anonymity: str, monkeypatch
):
    monkeypatch.setattr("surveyapp.store.db._GIVE_WAY_SECONDS", 0.0)
    monkeypatch.setattr(batches, "AT_ONCE", 40)
    with store.writing() as session:
        survey = make_survey(session, asks=("nps",), anonymity=anonymity)
        segment = make_segment(session, "north", "region = North")
        sorting.sort_batch(session, segment.id)
    bring(store, survey, f"{HEADINGS}\n{rows(0, 40)}\n")
    # A row that was updated may come at the end, where no order is asked for.
    spans = select(JourneyRun.started_at, JourneyRun.last_at).order_by(JourneyRun.started_at)
    with store.reading() as session:
        before = session.execute(select(Rollup.__table__).order_by("scale", "day", "segment_id"))
        first = [tuple(row) for row in before]
        runs = session.execute(spans).all()
    batch = bring(store, survey, f"{HEADINGS}\n{rows(100, 100, month=2)}\n").batch_id
    assert removed(store, batch) == 100
    assert {response.import_batch_id for response in kept(store)} == {batch - 1}
    assert count(store, Score) == 40
    with store.reading() as session:
        after = session.execute(select(Rollup.__table__).order_by("scale", "day", "segment_id"))
        assert [tuple(row) for row in after] == first
        assert session.execute(spans).all() == runs
        gone = session.scalars(select(Erasure)).all()
        assert len(gone) == 100
        assert {(each.reason, each.import_batch_id) for each in gone} == {("import", batch)}
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "remove import")
        ).one()
        assert (entry.detail["import"], entry.detail["responses"]) == (batch, 100)
        events = session.scalars(select(Event.kind)).all()
        if anonymity == "anonymous":
            assert {each.response_id for each in gone} == {None} and events == []
        else:
            assert sorted(each.place for each in gone) == list(range(1, 101))
            assert events == ["response.erased"] * 100
        left = session.get_one(ImportBatch, batch)
        assert (left.state, left.removed, left.content, left.sample) == ("removed", 100, None, [])
    with pytest.raises(Conflict, match="removed already"):
        removed(store, batch)
    # The same file is a new one from now on.
    assert bring(store, survey, f"{HEADINGS}\n{rows(100, 100, month=2)}\n").stored == 100


def test_a_run_shrinks_to_what_is_left_in_it(store, survey):
    bring(store, survey, f"{HEADINGS}\na,9,North,c1,2026-02-01 10:00\n")
    wrong = bring(
        store,
        survey,
        f"{HEADINGS}\nb,9,North,c1,2026-01-20 10:00\nc,1,North,c1,2026-02-09 10:00\n",
    )
    removed(store, wrong.batch_id)
    with store.reading() as session:
        run = session.scalars(select(JourneyRun)).one()
    moment = datetime(2026, 2, 1, 10, tzinfo=UTC)
    assert (run.started_at, run.last_at) == (moment, moment)


def test_a_removal_that_was_killed_goes_on_where_it_stopped(store, survey, monkeypatch):
    batch = bring(store, survey, f"{HEADINGS}\n{rows(0, 100)}\n").batch_id

    class Killed(BaseException):
        pass

    def die(_store: Store) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr("surveyapp.store.db.Store.give_way", die)
        with pytest.raises(Killed):
            removed(store, batch)
    assert len(kept(store)) == 60
    with store.reading() as session:
        half = session.get_one(ImportBatch, batch)
        assert (half.state, half.removed) == ("removing", 40)
        assert batches.state_of(session, half) == "unfinished"
    # Meanwhile a file could find rows that are on their way out.
    with pytest.raises(Conflict, match=f"Import {batch} is being removed"):
        bring(store, survey, "id,nps\nz,9\n")
    assert removed(store, batch) == 100
    assert kept(store) == []


def test_an_import_whose_batch_is_removed_stops(store, survey, monkeypatch):
    monkeypatch.setattr("surveyapp.responses.imports.BATCH", 10)

    def undo(_percent: int, step: str) -> None:
        if step.startswith("20 "):
            removed(store, 1)

    with pytest.raises(Conflict, match="removed or finished meanwhile"):
        bring(store, survey, f"{HEADINGS}\n{rows(0, 45)}\n", progress=undo)
    assert kept(store) == []


def test_an_import_by_the_worker_goes_on_as_the_same_batch(store, survey, monkeypatch):
    monkeypatch.setattr("surveyapp.responses.imports.BATCH", 10)
    text = f"nps,region\n{chr(10).join(f'{k % 11},r{k}' for k in range(44))}\n12,x\n"
    with store.writing() as session:
        choices = batches.ImportChoices()
        batch = batches.begin_batch(
            session, as_survey(session, survey), file_name="a.csv", choices=choices, user_id=None
        ).id

    class Stopped(Exception):
        pass

    def stop(_percent: int, step: str) -> None:
        if step.startswith("20 "):
            raise Stopped

    with pytest.raises(Stopped):
        bring(store, survey, text, batch_id=batch, progress=stop)
    report = bring(store, survey, text, batch_id=batch)
    assert (report.count_in, report.stored, report.already) == (45, 44, 0)
    assert [refusal.value for refusal in report.refused] == ['"12"']
    assert len(kept(store)) == 44
    with store.reading() as session:
        found = session.scalars(select(ImportBatch)).one()
        assert (found.stored, found.refused, found.state) == (44, 1, "done")


def answered(store: Store, survey: SurveyRow) -> int:
    with store.writing() as session:
        stored = submit(
            session,
            as_survey(session, survey),
            {"nps": {"nps": "3"}},
            submission_key="k",
            customer_ref="c1",
            attributes={"region": "North"},
            now=utc_now(),
            library=BUILT_IN,
        )
        assert isinstance(stored, Stored) and stored.response_id is not None
        case = Case(
            response_id=stored.response_id,
            survey_id=survey.id,
            scale="nps",
            value=3,
            due_at=utc_now(),
            notes=[CaseNote(text="Ada called.")],
        )
        session.add(case)
        return stored.response_id


def test_staff_remove_a_response_with_a_reason_that_stays_with_its_tombstone(store, survey):
    number = answered(store, survey)
    with store.writing() as session:
        public = session.get_one(Response, number).public_id
        removal = Removal(Reason.OTHER, None, "Typed in by a trainee.")
        remove(
            session, as_survey(session, survey), number, removal, now=utc_now(), secret_key=SECRET
        )
    assert kept(store) == []
    assert count(store, Score) == count(store, JourneyRun) == 0
    with store.reading() as session:
        gone = session.scalars(select(Erasure)).one()
        assert (gone.reason, gone.note) == ("other", "Typed in by a trainee.")
        assert (gone.response, gone.response_id) == (number, public)
        assert removed_by_staff(session, [survey.id]) == {"other": 1}
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "remove response")
        ).one()
        # The log is never changed, so it holds nothing that somebody may have written of a customer.
        assert entry.detail["reason"] == "other" and "note" not in entry.detail
        notes = session.scalars(select(CaseNote.text)).all()
        assert notes == ["The response was removed; what was noted about the customer is deleted."]
    with pytest.raises(NotFound), store.writing() as session:
        remove(
            session, as_survey(session, survey), number, removal, now=utc_now(), secret_key=SECRET
        )


def test_no_reason_is_not_enough_and_an_anonymous_response_stays(store, survey):
    number = answered(store, survey)
    with pytest.raises(Invalid) as refused, store.writing() as session:
        remove(
            session,
            as_survey(session, survey),
            number,
            Removal(Reason.OTHER, None, " "),
            now=utc_now(),
            secret_key=SECRET,
        )
    assert refused.value.field == "note"
    with store.writing() as session:
        session.get_one(SurveyRow, survey.id).anonymity = "anonymous"
    with pytest.raises(Conflict, match="would show the answers"), store.writing() as session:
        remove(
            session,
            as_survey(session, survey),
            number,
            Removal(Reason.SPAM, None),
            now=utc_now(),
            secret_key=SECRET,
        )
    assert len(kept(store)) == 1
    with store.reading() as session:
        assert rollups.recount(session) == []
