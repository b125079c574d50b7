"""A survey in the field keeps the words that it was published with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN, load_folder
from surveyapp.responses.actions import submit
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import Response, SurveyRow
from surveyapp.surveys import actions
from surveyapp.surveys.asks import Ask
from surveyapp.surveys.pins import pins, worded
from surveyapp.surveys.queries import survey_at
from surveyapp.web.respond.content import content
from tests.responses.makers import as_survey, make_journey, some_answers

LIBRARY = Path(__file__).parents[2] / "instruments" / "library"
OLD = "{provider} made it easy for me to do what I came to do."
NEW = "{provider} made it easy for me to get done what I wanted."
LATER = "It was easy."


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """The texts of an instrument of our own, ``ease``: those of ces, earlier ones and all."""
    folder = shutil.copytree(LIBRARY / "ces", tmp_path / "ease")
    definition = folder / "instrument.toml"
    definition.write_text(definition.read_text("utf-8").replace('code = "ces"', 'code = "ease"', 1))
    return folder / "texts"


def reword(texts: Path) -> None:
    """Change the English words once more, as the README tells."""
    text = (texts / "en.toml").read_text("utf-8")
    (texts / "en@en-2.toml").write_text(text, "utf-8")
    (texts / "en.toml").write_text(text.replace("en-2", "en-3").replace(NEW, LATER), "utf-8")


def said(texts: Path, ask: dict, language: str = "en") -> str:
    """What the ask shows, with the texts as they are now."""
    return (
        worded(load_folder(texts.parent), Ask.read({"instrument": "ease", **ask}))
        .wording(language)
        .items["ces"]
    )


def test_words_that_change_after_publishing_change_no_survey(texts: Path):
    held = {"pinned": pins(load_folder(texts.parent), None)}
    before, draft = {}, {"pinned": {}}
    assert [said(texts, ask) for ask in (held, before, draft)] == [NEW, OLD, NEW]
    reword(texts)
    assert [said(texts, ask) for ask in (held, before, draft)] == [NEW, OLD, LATER]
    # What is a language's second edition to a new survey is its first to the one of before.
    assert said(texts, before, "fi").startswith("{provider} teki helpoksi")
    assert said(texts, held, "fi").startswith("{provider} teki asiani")


def test_a_language_that_came_after_publishing_stays_at_its_first_words(texts: Path):
    held = {"pinned": {"en": "en-2"}}
    assert said(texts, held, "fi").startswith("{provider} teki helpoksi")


def test_a_wording_that_staff_chose_stands_in_for_its_language_alone(texts: Path):
    instrument = load_folder(texts.parent)
    chosen = pins(instrument, "en-1")
    assert (chosen["en"], chosen["fi"]) == ("en-1", "fi-2")
    assert said(texts, {"pinned": {}, "wording": "en-1"}) == OLD


def test_a_pin_whose_text_is_gone_shows_the_first_words(texts: Path):
    assert said(texts, {"pinned": {"en": "en-77"}}) == OLD


def page(store: Store, survey: SurveyRow) -> str:
    """The question as customers read it."""
    with store.reading() as session:
        survey = survey_at(session.connection(), survey.link)
    assert survey is not None
    return next(q.text for q in content(survey, "en", BUILT_IN).questions if q.name == "ces-ces")


def make(store: Store, **options) -> SurveyRow:
    with store.writing() as session:
        options = {
            "name": "Survey",
            "asks": [{"instrument": "ces"}],
            "library": BUILT_IN,
            **options,
        }
        return actions.create_survey(session, make_journey(session), user_id=None, **options)


def of_before(store: Store, survey: SurveyRow) -> None:
    """Make it one that was published before wordings were pinned."""
    with store.writing() as session:
        row = session.get_one(SurveyRow, survey.id)
        row.asks = [{k: v for k, v in ask.items() if k != "pinned"} for ask in row.asks]


def test_a_survey_of_before_shows_and_stores_its_old_words(store: Store):
    survey = make(store)
    assert "get done what I wanted" in page(store, survey)
    of_before(store, survey)
    assert "do what I came to do" in page(store, survey)
    with store.writing() as session:
        row = session.get_one(SurveyRow, survey.id)
        raw = some_answers(1, asks=("ces",))
        submit(
            session,
            as_survey(session, row),
            raw,
            submission_key="k1",
            attributes={},
            now=utc_now(),
            library=BUILT_IN,
        )
    with store.reading() as session:
        assert session.scalars(select(Response.wordings)).one() == {"ces": "en-1"}


def test_closing_and_opening_again_keeps_the_words(store: Store):
    survey = make(store)
    of_before(store, survey)
    with store.writing() as session:
        row = session.get_one(SurveyRow, survey.id)
        actions.close_survey(session, row, user_id=None)
        actions.open_survey(session, row, user_id=None, library=BUILT_IN)
    assert "do what I came to do" in page(store, survey)


def test_a_draft_is_given_the_words_of_the_day_on_which_it_is_opened(store: Store):
    survey = make(store, state="draft")
    assert survey.asks[0]["pinned"] == {}
    with store.writing() as session:
        row = session.get_one(SurveyRow, survey.id)
        actions.open_survey(session, row, user_id=None, library=BUILT_IN)
    assert row.asks[0]["pinned"] == {
        w.language: w.id for w in BUILT_IN.load("ces").current_wordings
    }
