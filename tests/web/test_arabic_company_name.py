"""A Latin company name in an Arabic survey: its last mark stays at its end on every page and in mail."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from surveyapp.distribution.message import message_of
from surveyapp.distribution.outgoing import message_context
from surveyapp.installation import Installation
from surveyapp.store.models import SurveyRow
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.settings.distribution import Distribution
from tests.responses.makers import make_journey, make_survey
from tests.web.respondents import opened, sent, single_use

NAME = "Northbank (UK) Ltd."
# The name alone between its isolates or in its own element, whose direction is its own.
_ISOLATED = re.compile(rf"(?:<bdi>|\u2068){re.escape(NAME)}(?:</bdi>|\u2069)")
_IN_ATTRIBUTE = re.compile(rf'(?:alt|aria-label)="{re.escape(NAME)}"')


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    with installation.store.writing() as session:
        journey = make_journey(session)
        journey.provider = NAME
        return make_survey(session, journey=journey, language="ar")


def isolated_everywhere(text: str) -> bool:
    rest = _IN_ATTRIBUTE.sub("", _ISOLATED.sub("", text))
    return NAME in text and NAME not in rest


def test_on_every_page_of_the_customers(
    client: FlaskClient, installation: Installation, survey: SurveyRow
):
    (path,) = single_use(installation, survey)
    pages = [opened(client, f"{path}?lang=ar")]
    answer = sent(client, f"{path}?lang=ar")
    pages += [opened(client, answer.location), opened(client, f"{path}/mine?lang=ar")]
    pages.append(opened(client, f"{path}/mine/erase?lang=ar"))
    for page in pages:
        assert isolated_everywhere(page), page


def test_in_the_message_that_asks(installation: Installation, survey: SurveyRow):
    with installation.store.reading() as session:
        asked = survey_of(session.get_one(SurveyRow, survey.id))
        context = message_context(
            asked, "ar", "https://a/s", "https://a/u", installation.library, {}
        )
        made = message_of(Distribution(), context)
    for text in (made.subject, made.text, made.html):
        assert isolated_everywhere(text), text
