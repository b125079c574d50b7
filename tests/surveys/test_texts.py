"""A text is read in the customer's language; a translation knows which text it is of."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, SurveyRow
from surveyapp.surveys.consents import change_consent
from surveyapp.surveys.design import change_page
from surveyapp.surveys.prize_draws import change_draw
from surveyapp.surveys.queries import survey_at, survey_of
from surveyapp.surveys.texts import Said, Spread, said, spread
from surveyapp.surveys.translations import others, translate
from tests.responses.makers import make_survey

OTHERS = ("fi", "sv", "ar")
FINNISH = {
    "introduction": "Hei!",
    "consent": "Suostumus.",
    "draw": "Voita!",
    "touchpoint": " haku\r\nlomake ",
}


@pytest.fixture
def made(store: Store) -> SurveyRow:
    """Detached: each test loads it anew by its id."""
    with store.writing() as session:
        made = make_survey(session, introduction="Hello!", consent="Consent.")
        made.languages, made.draw = ["en", *OTHERS], "Win!"
        return made


def test_each_text_is_read_where_it_is_written_and_else_in_the_main_language(store: Store, made):
    with store.writing() as session:
        survey = session.get_one(SurveyRow, made.id)
        assert others(survey_of(survey), library=BUILT_IN) == OTHERS
        assert translate(
            session,
            survey,
            {"fi": FINNISH, "sv": {"draw": "Vinn!"}},
            user_id=None,
            library=BUILT_IN,
        )
        for what in (survey_of(survey), survey_at(session.connection(), survey.link)):
            assert what is not None
            read = {n: [said(what, n, each) for each in ("en", "fi", "sv")] for n in FINNISH}
            assert read == {
                "introduction": [Said("Hello!", "en"), Said("Hei!", "fi"), Said("Hello!", "en")],
                "consent": [
                    Said("Consent.", "en"),
                    Said("Suostumus.", "fi"),
                    Said("Consent.", "en"),
                ],
                "draw": [Said("Win!", "en"), Said("Voita!", "fi"), Said("Vinn!", "sv")],
                "touchpoint": [
                    Said("the application form", "en"),
                    Said("haku lomake", "fi"),
                    Said("the application form", "en"),
                ],
            }
    assert [Said("", each).direction for each in ("en", "ar", "he-IL")] == ["ltr", "rtl", "rtl"]


def test_a_survey_at_the_end_is_about_its_journey(store: Store):
    with store.writing() as session:
        made = make_survey(session, at_end=True)
        made.languages = ["en", "fi"]
        translate(
            session, made, {"fi": {"touchpoint": "tilin avaaminen"}}, user_id=None, library=BUILT_IN
        )
        read = [said(survey_of(made), "touchpoint", each).text for each in ("en", "fi")]
        assert read == ["Open an account", "tilin avaaminen"]


def test_a_translation_is_behind_from_the_change_of_its_text_until_somebody_looks(store, made):
    with store.writing() as session:
        survey = session.get_one(SurveyRow, made.id)

        def now(name: str) -> Spread:
            return spread(survey_of(survey), name, OTHERS)

        translate(
            session,
            survey,
            {"fi": FINNISH, "sv": {"consent": "Samtycke."}},
            user_id=None,
            library=BUILT_IN,
        )
        assert now("consent") == Spread(("fi", "sv"), (), ("ar",))
        change_consent(session, survey, text="Consent, too.", box=False, user_id=None)
        change_draw(session, survey, text="Win more!", user_id=None)
        assert survey.touchpoint is not None
        survey.touchpoint.name = "the form"
        assert now("consent") == Spread((), ("fi", "sv"), ("ar",))
        assert (now("draw").behind, now("introduction").behind) == (("fi",), ())
        assert now("touchpoint").behind == ("fi",)
        # Another text is up to date; one that was looked at, too; saving alone says nothing.
        changes = {"fi": {**FINNISH, "draw": "Voita enemmän!"}, "sv": {"consent": "Samtycke."}}
        right = [("consent", "sv"), ("touchpoint", "fi")]
        version = survey.consent_version
        assert not translate(session, survey, changes, right=right, user_id=None, library=BUILT_IN)
        assert now("consent") == Spread(("sv",), ("fi",), ("ar",))
        assert now("draw").behind == now("touchpoint").behind == ()
        assert survey.consent_version == version


def test_what_a_browser_makes_of_a_lines_end_is_no_change(store: Store, made):
    with store.writing() as session:
        survey = session.get_one(SurveyRow, made.id)
        for text in ("One\nline.", "One\r\nline. "):
            change_draw(session, survey, text=text, user_id=None)
            translate(
                session, survey, {"fi": {"draw": "Yksi\nrivi."}}, user_id=None, library=BUILT_IN
            )
            assert spread(survey_of(survey), "draw", OTHERS).behind == ()
        survey.draw = "One\r\nline."  # as it was kept before there were translations
        assert spread(survey_of(survey), "draw", OTHERS).behind == ()


def test_without_the_text_there_is_nothing_to_translate(store: Store, made):
    with store.writing() as session:
        survey = session.get_one(SurveyRow, made.id)
        translate(session, survey, {"fi": FINNISH}, user_id=None, library=BUILT_IN)
        change_draw(session, survey, text="", user_id=None)
        change_page(
            session,
            survey,
            introduction="",
            paging="page",
            auto_advance=False,
            languages=survey.languages,
            user_id=None,
            library=BUILT_IN,
        )
        assert set(survey.texts["fi"]) == {"consent", "touchpoint", "of"}
        change_draw(session, survey, text="Win again!", user_id=None)
        assert said(survey_of(survey), "draw", "fi") == Said("Win again!", "en")


@pytest.mark.parametrize(
    ("written", "field", "words"),
    [
        ({"de": {"draw": "x"}}, "texts", "not translated into 'de'"),
        ({"en": {"draw": "x"}}, "texts", "not translated into 'en'"),
        ({"fi": {"name": "x"}}, "texts", "no text 'name'"),
        ({"fi": {"introduction": "{attribute:x}"}}, "introduction-fi", "has no text for when"),
        ({"fi": {"introduction": "x" * 5001}}, "introduction-fi", "5,001 characters"),
        ({"sv": {"draw": "x" * 1001}}, "draw-sv", "1,001 characters"),
        ({"sv": {"touchpoint": "x" * 201}}, "touchpoint-sv", "201 characters"),
        ({"fi": {"draw": "x"}, "ar": {"consent": "x" * 5001}}, "consent-ar", "5,001 characters"),
    ],
)
def test_what_cannot_be_a_translation_is_refused_with_all_others(
    store, made, written, field, words
):
    with pytest.raises(Invalid, match=words) as error, store.writing() as session:
        translate(
            session, session.get_one(SurveyRow, made.id), written, user_id=None, library=BUILT_IN
        )
    assert error.value.field == field
    with store.reading() as session:
        assert session.get_one(SurveyRow, made.id).texts == {}


def test_texts_of_a_language_that_is_no_longer_offered_are_kept_and_each_change_is_noted(
    store, made
):
    with store.writing() as session:
        survey = session.get_one(SurveyRow, made.id)
        translate(session, survey, {"fi": FINNISH}, user_id=None, library=BUILT_IN)
        survey.languages = ["en", "sv"]
        translate(session, survey, {"sv": {"draw": "Vinn!"}}, user_id=None, library=BUILT_IN)
        translate(session, survey, {"sv": {"draw": "Vinn!"}}, user_id=None, library=BUILT_IN)
        assert said(survey_of(survey), "draw", "fi").text == "Voita!"
        translations = select(AuditEntry).where(AuditEntry.action == "translate")
        noted = session.scalars(translations.order_by(AuditEntry.id))
        assert [(each.detail["text"], each.detail["languages"]) for each in noted] == [
            ("introduction", ["fi"]),
            ("draw", ["fi"]),
            ("touchpoint", ["fi"]),
            ("draw", ["fi", "sv"]),
        ]
