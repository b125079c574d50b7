"""A comment is masked once, where it comes in; what is stored, and hence read anywhere, is masked."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.comments.actions import change_comment_settings
from surveyapp.comments.remasking import run_masking
from surveyapp.exports.chosen import Chosen
from surveyapp.exports.responses import responses_table
from surveyapp.jobs.kinds import MASK_COMMENTS, SurveyPayload
from surveyapp.responses import corrections
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.results.scope import Scope
from surveyapp.store.models import AuditEntry, Comment, CommentOriginal, Job, Response, SurveyRow
from tests.comments.conftest import Commented
from tests.installations import installation_on
from tests.responses.makers import NOW, as_survey

SAID = "Call me on +358 40 123 4567, says Virtanen"
MASKED = "Call me on [phone], says Virtanen"


def texts(commented: Commented, table: type = Comment) -> list[str]:
    with commented.store.reading() as session:
        return list(session.scalars(select(table.text).order_by(table.response_id)))


def answered(commented: Commented, number: int) -> object:
    with commented.store.reading() as session:
        return session.get_one(Response, number).answers["nps"]["nps_reason"]


def test_what_is_stored_and_exported_is_masked_and_the_original_is_destroyed(
    commented: Commented,
):
    number = commented.say(SAID, way="kiosk", quote=True)
    assert (answered(commented, number), texts(commented)) == (MASKED, [MASKED])
    assert texts(commented, CommentOriginal) == []
    with commented.store.reading() as session:
        table = responses_table(session, Chosen(Scope(commented.row.journey_id)), library=BUILT_IN)
        rows = [cell for row in table.rows for cell in row]
        row = session.scalars(select(Comment)).one()
    assert MASKED in rows and SAID not in rows
    assert (row.channel, row.may_quote, row.language, row.item) == (
        *("kiosk", True, "en"),
        "nps-nps_reason",
    )


def test_a_survey_that_does_not_mask_keeps_what_was_written(commented: Commented):
    commented.settle(mask=False)
    assert answered(commented, commented.say(SAID)) == SAID


def test_originals_are_kept_where_the_survey_says_so_and_never_of_an_anonymous_one(
    commented: Commented,
):
    commented.settle(keep_originals=True, names=["Virtanen"])
    number = commented.say(SAID)
    assert answered(commented, number) == "Call me on [phone], says [name]"
    assert texts(commented, CommentOriginal) == [SAID]
    rain = Prepared({"nps": {"nps": 3, "nps_reason": "Rain"}}, NOW)
    kept = replace(rain, originals={"nps-nps_reason": "Rain, says Virtanen"})
    with commented.store.writing() as session:  # of a file
        store_bulk(session, as_survey(session, commented.row), [kept], library=BUILT_IN)
    assert texts(commented, CommentOriginal) == [SAID, "Rain, says Virtanen"]
    with commented.store.writing() as session:
        session.get_one(SurveyRow, commented.row.id).anonymity = "anonymous"
    with commented.store.writing() as session:
        store_bulk(session, as_survey(session, commented.row), [rain], library=BUILT_IN)
    assert texts(commented, CommentOriginal) == [SAID, "Rain, says Virtanen"]


def test_a_correction_replaces_the_comment_and_an_unchanged_one_keeps_its_row(
    commented: Commented,
):
    commented.settle(keep_originals=True)
    number = commented.say(SAID)
    for said, stored, kept in (
        (MASKED, [MASKED], [SAID]),  # as the customer's own page shows it, sent again
        ("Write to a@b.example", ["Write to [email]"], ["Write to a@b.example"]),
        ("", [], []),
    ):
        with commented.store.writing() as session:
            raw = {"nps": {"nps": "9", "nps_reason": said}}
            survey = as_survey(session, commented.row)
            assert (
                corrections.correct(session, survey, number, raw, now=NOW, library=BUILT_IN) is None
            )
        assert (texts(commented), texts(commented, CommentOriginal)) == (stored, kept)


def test_changed_settings_mask_what_is_stored_and_destroy_what_is_no_longer_kept(
    commented: Commented,
):
    commented.settle(mask=False)
    number = commented.say(SAID)
    commented.settle(keep_originals=True, names=["Virtanen"], mask=True)
    at, told = installation_on(commented.store), []
    payload = SurveyPayload(commented.row.id)
    run_masking(at, payload, progress=lambda *step: told.append(step))
    assert answered(commented, number) == "Call me on [phone], says [name]"
    assert texts(commented, CommentOriginal) == [SAID]
    with commented.store.writing() as session:
        row = session.get_one(SurveyRow, commented.row.id)
        job = change_comment_settings(session, row, {"names": ["Virtanen"]}, user_id=None)
        assert job is not None
        same = change_comment_settings(session, row, {"names": ["Virtanen"]}, user_id=None)
        assert same is None
    with commented.store.reading() as session:
        assert session.scalars(select(Job.kind)).all() == [MASK_COMMENTS.name]
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "change comment settings")
        ).one()
    assert entry.detail == {"names": 1}  # how many, never which
    run_masking(at, payload, progress=lambda *step: None)
    assert texts(commented, CommentOriginal) == []


def test_an_erased_response_takes_its_comments_along(commented: Commented):
    number = commented.say(SAID)
    with commented.store.writing() as session:
        session.delete(session.get_one(Response, number))
    assert texts(commented) == []
