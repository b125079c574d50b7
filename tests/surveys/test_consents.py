"""A consent text that somebody has read stays as it was; a new one follows it."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry
from surveyapp.surveys.consents import change_consent, text_of, translate_consent, versions
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.texts import Said, said
from tests.responses.makers import as_survey, make_survey


def consent_entries(session: Session) -> list[AuditEntry]:
    """What the audit log says of changes of a consent, the oldest first."""
    changes = select(AuditEntry).where(AuditEntry.action == "change consent")
    return list(session.scalars(changes.order_by(AuditEntry.id)))


def test_each_text_is_a_version_of_its_own_and_the_old_ones_stay(store: Store):
    with store.writing() as session:
        made = make_survey(session, consent="First.", consent_version="1")
        assert [each.text for each in versions(session, as_survey(session, made))] == ["First."]
        assert change_consent(session, made, text="Second.", box=True, user_id=None)
        assert change_consent(session, made, text=" Third. ", box=True, user_id=None)
        assert (made.consent, made.consent_version, made.consent_box) == ("Third.", "3", True)
        known = [(each.version, each.text) for each in versions(session, as_survey(session, made))]
        assert known == [("3", "Third."), ("2", "Second."), ("1", "First.")]
        assert [text_of(session, made.id, each, "en").text for each in ("1", "2", "3", "4")] == [
            "First.",
            "Second.",
            "Third.",
            "",
        ]
        entries = consent_entries(session)
        assert [entry.detail["version"] for entry in entries] == ["2", "3"]


def test_the_same_text_again_is_no_new_version_and_neither_is_a_box(store: Store):
    with store.writing() as session:
        made = make_survey(session, consent="First.", consent_version="1")
        assert not change_consent(session, made, text="First.\r\n", box=False, user_id=None)
        assert not change_consent(session, made, text="First.", box=True, user_id=None)
        assert (made.consent_version, made.consent_box) == ("1", True)


def test_a_version_is_never_used_twice(store: Store):
    with store.writing() as session:
        made = make_survey(session, consent="Of spring.", consent_version="2026-03")
        change_consent(session, made, text="Two.", box=False, user_id=None)
        change_consent(session, made, text="", box=False, user_id=None)
        assert (made.consent, made.consent_version) == ("", "")
        change_consent(session, made, text="Three.", box=False, user_id=None)
        names = [each.version for each in versions(session, as_survey(session, made))]
        assert names == ["3", "2", "2026-03"]
        assert text_of(session, made.id, "", "en") == Said("", "en")


def test_a_box_needs_a_text_and_a_text_has_an_end(store: Store):
    with store.writing() as session:
        made = make_survey(session)
        for text, box in (("", True), ("x" * 5001, False)):
            with pytest.raises(Invalid) as error:
                change_consent(session, made, text=text, box=box, user_id=None)
            assert error.value.field == "text"
        assert versions(session, as_survey(session, made)) == []


def test_another_wording_in_one_language_is_another_version_in_all(store: Store):
    """Version and language tell the very words; what was not translated was read as it is."""
    with store.writing() as session:
        made = make_survey(session, consent="First.", consent_version="1")
        assert translate_consent(session, made, {"fi": "Eka.", "sv": ""}, user_id=None)
        assert translate_consent(session, made, {"fi": "Eka.", "sv": "Ett."}, user_id=None)
        assert not translate_consent(session, made, {"fi": " Eka.\r\n", "sv": "Ett."}, user_id=None)
        assert made.consent_version == "3"
        change_consent(session, made, text="Second.", box=False, user_id=None)
        read = {
            (version, language): text_of(session, made.id, version, language)
            for version in ("1", "2", "3", "4")
            for language in ("en", "fi", "sv")
        }
        assert {key: each.text for key, each in read.items() if each.language != "en"} == {
            ("2", "fi"): "Eka.",
            ("3", "fi"): "Eka.",
            ("3", "sv"): "Ett.",
            ("4", "fi"): "Eka.",
            ("4", "sv"): "Ett.",
        }
        assert {read[version, "en"].text for version in ("1", "2", "3")} == {"First."}
        assert (read["2", "sv"], read["4", "en"].text) == (Said("First.", "en"), "Second.")
        entries = consent_entries(session)
        translated = [entry.detail["translations"] for entry in entries]
        assert translated == [["fi"], ["fi", "sv"], ["fi", "sv"]]


def test_where_nothing_is_to_be_agreed_to_there_is_no_translation_of_it(store: Store):
    with store.writing() as session:
        made = make_survey(session, consent="First.", consent_version="1")
        translate_consent(session, made, {"fi": "Eka."}, user_id=None)
        change_consent(session, made, text="", box=False, user_id=None)
        assert (made.texts, said(survey_of(made), "consent", "fi").text) == ({}, "")
        with pytest.raises(Invalid, match="no consent text") as error:
            translate_consent(session, made, {"fi": "Eka."}, user_id=None)
        assert error.value.field == "consent-fi"
        change_consent(session, made, text="Second.", box=False, user_id=None)
        assert said(survey_of(made), "consent", "fi") == Said("Second.", "en")
        assert text_of(session, made.id, "2", "fi") == Said("Eka.", "fi")
        with pytest.raises(Invalid, match="5001 characters") as error:
            translate_consent(session, made, {"fi": "x" * 5001}, user_id=None)
        assert error.value.field == "consent-fi"
