"""Responses become frames and moments; a wish for a validation becomes a stored result."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.moments import moments
from analysis.scale.careless import INDICATORS
from analysis.scale.sections.careless import CarelessSection
from instruments.loader import BUILT_IN
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.exports.chosen import Chosen
from surveyapp.exports.responses import responses_table
from surveyapp.results.analyses import compute, frames
from surveyapp.results.analyses.actions import ask_validation
from surveyapp.results.analyses.queries import latest_validation
from surveyapp.results.analyses.validations import read_validation
from surveyapp.results.scope import Scope
from surveyapp.store.db import Store
from surveyapp.store.models import CARELESS_SIGNS, Analysis, AuditEntry, CarelessFlag, Job
from tests.installations import installation_on
from tests.results import bank

SJQ = BUILT_IN.load("sjq")


def test_a_frame_holds_each_response_once_and_only_those_of_the_segment(store: Store):
    with store.writing() as session:
        made = bank.filled(session)
    north = made.segments["north"]
    with store.reading() as session:
        whole = frames.frame(session, SJQ, journey_id=made.journey)
        part = frames.frame(session, SJQ, journey_id=made.journey, segment_id=north)
        elsewhere = frames.frame(
            session, SJQ, journey_id=made.journey, survey_id=made.surveys["app"]
        )
    assert list(whole.columns) == [item.code for item in SJQ.items]
    assert len(whole) == 180
    assert 0 < len(part) < 180
    assert elsewhere.empty
    # per1 and per2 are not asked with the key sjq-16.
    assert whole["per1"].isna().all()
    assert not whole[list(SJQ.keys["sjq-16"].items)].isna().to_numpy().any()


def test_streamed_moments_equal_those_of_the_whole_frame(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    with store.writing() as session:
        made = bank.filled(session)
    names = SJQ.keys["sjq-16"].items
    monkeypatch.setattr(frames, "_CHUNK", 17)
    with store.reading() as session:
        streamed = frames.streamed(session, SJQ, names, journey_id=made.journey)
        whole = moments(frames.frame(session, SJQ, journey_id=made.journey), names)
    assert streamed.n == whole.n == 180
    np.testing.assert_allclose(streamed.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(streamed.cov, whole.cov, rtol=1e-10)


def test_a_validation_asked_for_is_computed_stored_and_repeatable(store: Store):
    with store.writing() as session:
        made = bank.filled(session)
        ids = [
            ask_validation(
                session, journey_id=made.journey, survey_id=made.surveys["end"],
                instrument="sjq", key="sjq-16", segment_id=None, seed=11, user_id=None,
            ).id
            for _ in range(2)
        ]  # fmt: skip
    steps: list[int] = []
    for number in ids:
        compute.run_validation(
            installation_on(store), number, progress=lambda percent, _step: steps.append(percent)
        )
    with store.reading() as session:
        first, second = (session.get_one(Analysis, number) for number in ids)
        assert first.result is not None
        assert first.result == second.result
        assert first.result["sample"]["n_complete"] == 180
        assert first.result["fieldwork"]["n"] == 180
        assert {each["name"] for each in first.result["fieldwork"]["characteristics"]} >= {"region"}
        assert first.fingerprint == first.result["fingerprint"]
        assert first.versions["python"]
        job = session.scalars(select(Job).order_by(Job.id)).first()
        assert job is not None
        assert (job.kind, job.parameters) == ("validate_scale", {"analysis_id": ids[0]})
        assert session.scalars(select(AuditEntry.action)).first() == "ask validation"
        newest = latest_validation(session, made.journey, "sjq")
        assert newest is not None
        assert newest.id == ids[1]
        _assert_flagged(session, made, second)
    assert max(steps) == 98
    assert steps[0] == 0


def _assert_flagged(session: Session, made: bank.Bank, analysis: Analysis) -> None:
    """Every response of the analysis has its signs, in the table and in an export; what is corrected
    has none any more.
    """
    flags = session.scalars(select(CarelessFlag)).all()
    assert len(flags) == 180
    assert {(each.instrument, each.analysis_id) for each in flags} == {("sjq", analysis.id)}
    section = read_validation(analysis.result or {})[CarelessSection]
    counted = {each.indicator: each.n_flagged for each in section.indicators}
    assert tuple(counted) == CARELESS_SIGNS == INDICATORS
    assert sum(counted.values()) > 0
    table = responses_table(session, Chosen(Scope(made.journey)), library=BUILT_IN)
    rows = [dict(zip(table.headings, row, strict=True)) for row in table.rows]
    assert table.headings[-5:] == [
        *(f"careless.sjq.{sign}" for sign in CARELESS_SIGNS),
        "careless.sjq.validation",
    ]
    exported = Counter(sign for row in rows for sign in counted if row[f"careless.sjq.{sign}"])
    assert exported == {sign: count for sign, count in counted.items() if count}
    listed = section.rows[0]
    its = [row for row in rows if row["careless.sjq.validation"]][listed.row - 1]
    assert {sign for sign in counted if its[f"careless.sjq.{sign}"]} == set(listed.flags)
    assert {row["careless.sjq.validation"] for row in rows} == {analysis.id, None}
    without = Chosen(Scope(made.journey), careless=False)
    assert (
        len(responses_table(session, without, library=BUILT_IN).headings) == len(table.headings) - 5
    )


def test_what_is_not_asked_there_cannot_be_validated(store: Store):
    with store.writing() as session:
        made = bank.make_journey(session)
        wish = {
            "journey_id": made.journey,
            "key": None,
            "segment_id": None,
            "seed": 1,
            "user_id": None,
        }
        end, app = made.surveys["end"], made.surveys["app"]
        with pytest.raises(Invalid, match="loyalty is not part of this survey"):
            ask_validation(session, survey_id=end, instrument="loyalty", **wish)
        with pytest.raises(Invalid, match="sjq is not part of this survey"):
            ask_validation(session, survey_id=app, instrument="sjq", **wish)
        with pytest.raises(NotFound, match="survey number 999"):
            ask_validation(session, survey_id=999, instrument="sjq", **wish)
        with pytest.raises(NotFound, match="segment number 999"):
            ask_validation(session, survey_id=end, instrument="sjq", **{**wish, "segment_id": 999})


def test_a_validation_of_too_few_answers_is_refused(store: Store):
    with store.writing() as session:
        made = bank.make_journey(session)
        wish = ask_validation(
            session, journey_id=made.journey, survey_id=None, instrument="sjq",
            key="sjq-16", segment_id=None, seed=1, user_id=None,
        )  # fmt: skip
    with pytest.raises(Conflict, match="sjq has fewer than 5 answers"):
        compute.run_validation(
            installation_on(store), wish.id, progress=lambda _percent, _step: None
        )
    with pytest.raises(NotFound, match="999"):
        compute.run_validation(installation_on(store), 999, progress=lambda _percent, _step: None)
