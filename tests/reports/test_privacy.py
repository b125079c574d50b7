"""The data-protection report says what the settings are, and leaves blank what nobody told it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from attrs import evolve

from instruments.loader import BUILT_IN
from surveyapp.i18n.report_languages import REPORT_LANGUAGES, written_in
from surveyapp.i18n.words import Words
from surveyapp.reports.document import Document, Heading, Paragraph, Table, plain
from surveyapp.reports.privacy.assessment import risks
from surveyapp.reports.privacy.content import content
from surveyapp.reports.privacy.facts import Facts, facts_of
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.retention_rules import KeepRule, Method, set_rule
from surveyapp.settings import read
from surveyapp.store.db import Store
from surveyapp.store.models import ApiKey, Journey, User, Webhook
from tests.grants import on_all_journeys
from tests.installations import installation_on
from tests.reports.test_languages import Marked, english, left_over, texts
from tests.responses.makers import NOW, SECRET, as_survey, make_survey, some_prepared


@pytest.fixture
def facts(store: Store) -> Facts:
    installation = installation_on(store, now=lambda: NOW)
    with store.writing() as session:
        row = make_survey(
            session,
            asks=("nps",),
            consent="We use your answers to improve.",
            consent_version="3",
        )
        survey = as_survey(session, row)
        store_bulk(session, survey, some_prepared(6), library=BUILT_IN)
        user = User(email="a@b.example", name="Ann", role="researcher", password_hash="")
        session.add(user)
        session.flush()
        on_all_journeys(session, user)
        journey = session.get_one(Journey, survey.journey_id)
        for name, journey_id, revoked in (("CRM", None, None), ("Old", journey.id, NOW)):
            key = ApiKey(name=name, prefix=name, key_hash=name, scopes=["read responses"])
            key.journey_id, key.revoked_at = journey_id, revoked
            session.add(key)
        hook = Webhook(name="Desk", url="https://desk.example/secret-path", seed="s")
        hook.events = ["response"]
        session.add(hook)
        set_rule(session, survey, KeepRule(24, Method.ANONYMISE), user_id=None, now=NOW)
    with store.reading() as session:
        return facts_of(session, as_survey(session, survey), installation)


def words(document: Document) -> str:
    said = []
    for block in document.blocks:
        if isinstance(block, Heading):
            said.append(block.text)
        elif isinstance(block, Paragraph):
            said.append(plain(block.text))
        elif isinstance(block, Table):
            said += [" | ".join(map(plain, row)) for row in block.rows]
    return "\n".join(said)


def test_it_names_what_is_collected_who_gets_it_and_for_how_long(facts: Facts):
    said = words(content(facts))
    assert "region, tenure" in said and "free text" in said
    assert "recommend" in said and "{provider}" not in said
    assert "We use your answers to improve." in said and "3, text only, without a box" in said
    assert "Webhook to desk.example | is told of: response" in said and "secret-path" not in said
    assert "API key CRM | read responses; of all journeys" in said and "Old" not in said
    assert "1 person (" in said and "Ann" not in said and SECRET not in said
    assert "24 full months after the month of the answer, then anonymised" in said
    assert "not encrypted: the public address is no https address" in said
    assert "Answers stored | 6, " in said


def test_what_it_cannot_know_is_a_blank(facts: Facts):
    said = words(content(facts))
    for what in ("controller", "Article 6(1)", "likelihood, severity", "country; safeguard"):
        assert "[To be filled in: " in said and what in said
    legal = next(line for line in said.splitlines() if line.startswith("Legal basis |"))
    assert legal.startswith("Legal basis | [To be filled in: ")


def test_guards_are_named_only_where_they_are_in_force(facts: Facts):
    open_ones = {each.what: each.open for each in risks(facts)}
    assert open_ones["Answers are read on their way"] == "the public address is not encrypted"
    assert open_ones["An account of staff is taken over"] == "1 of 1 person without a second factor"
    settings = read(
        {}, secret_key=SECRET, base_url="https://x.example", second_factor_roles="researcher"
    )
    staff = replace(facts.staff, with_second_factor=1)
    safe = {each.what: each for each in risks(replace(facts, settings=settings, staff=staff))}
    assert safe["Answers are read on their way"].guard == "HTTPS"
    assert safe["An account of staff is taken over"].open == ""
    assert "the master key is not in it" in words(content(facts))
    assert "masked before they are stored" in safe["Free texts name people"].guard
    documents = {**facts.survey.documents, "comments": {"mask": False}}
    unmasked = replace(facts, survey=evolve(facts.survey, documents=documents))
    written = {each.what: each for each in risks(unmasked)}["Free texts name people"]
    assert (written.guard, written.open) == (
        "open answers need a grant of their own",
        "what is written is stored as it is",
    )
    none = {each.what: each for each in risks(replace(facts, rule=None))}
    assert none["Answers are kept longer than needed"].open == "no retention rule is set"


def test_an_anonymous_survey_says_that_nobody_can_be_told_apart(store: Store):
    installation = installation_on(store, now=lambda: NOW)
    with store.writing() as session:
        survey = as_survey(session, make_survey(session, asks=("nps",), anonymity="anonymous"))
    with store.reading() as session:
        said = words(content(facts_of(session, survey, installation)))
    assert "not possible for stored answers" in said and "none stored" in said
    assert "the day of release" in said and "released 5 or more at a time" in said
    assert "The survey shows no consent text." in said


def test_every_word_of_it_is_a_message(facts: Facts):
    """In a language that marks what it says, names, scopes and addresses alone stand outside the marks."""
    made = content(facts, Words("fi", catalogue=Marked()))
    survey = facts.survey
    known = {survey.name, survey.code, survey.provider, survey.journey, survey.touchpoint}
    known |= {survey.consent or "", "HTTPS", "SQLite", "PostgreSQL", "CRM", "desk.example"}
    known |= {facts.settings.base_url, "localhost", *facts.attributes, "maaliskuuta"}
    known |= {each for item in facts.items for each in (item.questionnaire, item.text)}
    assert left_over(made, known - {""}) == []


def test_no_english_is_left_in_another_language(facts: Facts):
    for language in (each for each in REPORT_LANGUAGES if each != "en"):
        made = content(facts, written_in(language))
        text = " | ".join(texts(made))
        assert [each for each in english("privacy") if each in text] == [], language
        assert made.language == language
