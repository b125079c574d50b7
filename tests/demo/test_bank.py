"""The demonstration bank is made by one call, and the report finds what is true of its population."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.auth.passwords import matches
from surveyapp.comments.bands import bands_of
from surveyapp.comments.code_book import codes_of
from surveyapp.demo.make import EMAIL, make
from surveyapp.responses.rollups import recount
from surveyapp.results.comments.causes import causes
from surveyapp.results.comments.coding_agreement import agreement_by_code
from surveyapp.results.comments.proposals import newest_proposals
from surveyapp.store.models import (
    Analysis,
    Comment,
    Job,
    Journey,
    JourneyInvariance,
    Report,
    Response,
    SavedView,
    ShareLink,
    User,
)
from surveyapp.surveys.queries import surveys_of

pytestmark = pytest.mark.xdist_group("demo")  # the bank takes seconds to make: once is enough


def texts(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def test_about_as_many_responses_are_there_as_were_asked_for_and_every_rollup_is_right(bank):
    installation, _ = bank
    with installation.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == pytest.approx(
            3000, rel=0.15
        )
        assert recount(session) == []
        assert session.scalars(select(Job.state).distinct()).all() == ["done"]


def test_the_managers_report_finds_the_effects_that_were_put_in(bank):
    benchmark = " ".join(texts(bank[1].reports[0]).split())
    assert "Apply scores lowest on CSAT" in benchmark
    # Put in, too, and of too few answers to be called a difference of what is measured.
    assert "needs 100 complete answers on either side to be tested" in benchmark
    assert "Region North scores lower on Seamlessness" not in benchmark
    assert "First sign-in to the app has risen" in benchmark
    assert "Identity check by video" in benchmark


def test_the_test_between_journeys_finds_the_question_that_is_answered_lower(bank):
    with bank[0].store.reading() as session:
        result = session.scalars(select(JourneyInvariance.result)).one()
    assert result["verdict"] == "partial scalar"
    assert [each["parameter"] for each in result["ladder"]["releases"]] == ["coh3~1"]


def test_the_researchers_report_confirms_three_factors(bank):
    validation = " ".join(texts(bank[1].reports[1]).split())
    assert "Scale validation report" in validation
    assert "Personalization" in validation


def test_the_printed_password_opens_the_account_once_and_a_second_run_makes_only_a_new_one(bank):
    installation, made = bank
    with installation.store.reading() as session:
        user = session.scalars(select(User).where(User.email == EMAIL)).one()
        before = _counts(session)
    assert user.must_change_password
    assert matches(user.password_hash, made.password)
    again = make(installation, responses=3000, progress=lambda _percent, _step: None)
    assert again.password != made.password
    assert again.reports == made.reports
    with installation.store.reading() as session:
        assert _counts(session) == before


def _counts(session: Session) -> list[int | None]:
    tables = (Response, Analysis, Report, Job)
    return [session.scalar(select(func.count()).select_from(table)) for table in tables]


def test_comments_are_coded_and_their_proposed_themes_measured(bank):
    installation, _ = bank
    with installation.store.reading() as session:
        journey = session.scalars(select(Journey).where(Journey.code == "account")).one()
        surveys = surveys_of(session, journey.id)
        ids = [each.id for each in surveys]
        book = codes_of(session, journey.id)
        bands = bands_of(surveys, installation.library)
        found = causes(session, ids, book, bands, minimum=5)
        agreement = agreement_by_code(session, ids, book)
        job = newest_proposals(session, journey.id)
        masked = session.scalars(select(Comment.text).where(Comment.text.contains("[phone]"))).all()
    assert found.coded > 150 and len(found.causes) == 5
    csat = {each.name: each for each in found.impacts["csat"]}
    assert csat["Friendly staff"].mention.difference > 0 and csat["Friendly staff"].is_significant
    (theme,) = found.themes["csat"]
    assert theme.name == "Self-service" and theme.mention.difference < 0
    assert all(each.agreement.estimate > 0.6 for each in agreement)
    assert job is not None and job.result["measured"]
    assert job.result["sentiment"][0]["low"] > 0.5
    languages = {each["language"]: each for each in job.result["codes"]["languages"]}
    assert languages["fi"]["apart"]["recall"]["estimate"] > 50  # from what is coded in the others
    assert job.result["codes"]["proposed"] > 200
    assert masked


def test_a_view_is_saved_and_a_page_can_be_read_without_an_account(bank):
    installation, made = bank
    assert f"Read without an account   {made.shared}" in made.told()
    with installation.store.reading() as session:
        # However often it was made: the last link takes the place of those before.
        link = session.scalars(select(ShareLink).where(ShareLink.revoked_at.is_(None))).one()
        view, weighted = session.scalars(select(SavedView).order_by(SavedView.id)).all()
    assert (link.page, view.page, view.shared) == ("overview", "results", True)
    assert view.arguments.startswith("segment=")
    assert (weighted.page, weighted.arguments) == ("overview", "period=all&weighted=yes")
