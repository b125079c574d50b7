"""Translations: staff write their texts in every language that is offered, and see what is missing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from surveyapp.installation import Installation
from surveyapp.store.models import SurveyRow
from surveyapp.surveys.texts import said
from tests.responses.makers import as_survey
from tests.web.respondents import opened, parsed

MAIN = {"introduction": "Hello.", "consent": "We <keep> it.", "consent_version": "1"}
FINNISH = {"introduction-fi": "Hei.", "consent-fi": "Säilytämme sen.", "touchpoint-fi": "hakemus"}


@pytest.fixture
def client(world, sign_in) -> FlaskClient:
    return sign_in(world.users["researcher"])


@pytest.fixture
def url(world, installation: Installation) -> str:
    with installation.store.writing() as session:
        offered = {"languages": ["en", "fi", "ar"], **MAIN}
        session.execute(
            update(SurveyRow).where(SurveyRow.id == world.here.survey_id).values(**offered)
        )
    return f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}"


def stored(installation: Installation, world) -> SurveyRow:
    with installation.store.reading() as session:
        return session.get_one(SurveyRow, world.here.survey_id)


def summaries(page: str) -> list[str]:
    """What each language's heading says, in order."""
    found = re.findall(r"<summary>(.*?)</summary>", page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", each).split()) for each in found]


def test_each_language_stands_beside_the_text_and_says_what_is_missing(
    client, url, installation, world
):
    empty = opened(client, f"{url}/translations")
    nothing = "Not translated: customers see it in English"
    assert summaries(empty) == [f"Suomi {nothing}", f"العربية {nothing}"]
    assert empty.count("We &lt;keep&gt; it.") == 2
    assert "Not listed because not written yet: prize" in empty
    areas = parsed(empty).all("textarea", id="consent-ar")
    assert (areas[0].attributes["lang"], areas[0].attributes["dir"]) == ("ar", "rtl")

    answer = client.post(f"{url}/translations", data=FINNISH, follow_redirects=True)
    assert "Saved. The consent text is now version 2 in every language." in answer.text
    assert summaries(answer.text) == ["Suomi All 3 translated", f"العربية {nothing}"]
    page = parsed(opened(client, f"/s/{stored(installation, world).link}?lang=fi"))
    assert page.all("p", **{"class": "lead"})[0].text.strip() == "Hei."
    assert client.post(f"{url}/translations", data=FINNISH, follow_redirects=True).text.count(
        "Saved. New visitors see the changes at once."
    )
    assert "Hei." in opened(client, f"{url}/theme/preview?lang=fi")
    assert 'lang="en" dir="ltr">Hello.' in opened(client, f"{url}/theme/preview?lang=ar")


def test_pages_of_the_texts_tell_where_they_are_translated_and_what_is_behind(
    client, url, installation
):
    client.post(f"{url}/translations", data=FINNISH)
    channels, theme = (plain(opened(client, f"{url}/{each}")) for each in ("channels", "theme"))
    for page in (channels, theme):
        assert "Translated into Suomi. Shown in English to customers who choose العربية." in page
    assert "Suomi: Säilytämme sen." in channels
    client.post(f"{url}/channels/consent", data={"text": "We sell it."})
    assert "Changed since it was translated into Suomi." in plain(opened(client, f"{url}/channels"))
    page = opened(client, f"{url}/translations")
    assert summaries(page)[0] == "Suomi 3 of 3 translated, 1 to review"
    assert len(parsed(page).all("input", type="checkbox")) == 1
    ticked = {**FINNISH, "right-consent-fi": "y"}
    client.post(f"{url}/translations", data=ticked)
    # Who had the page open before that has the box still, and is not turned away for it.
    assert client.post(f"{url}/translations", data=ticked).status_code == 303
    assert summaries(opened(client, f"{url}/translations"))[0] == "Suomi All 3 translated"


def test_the_overview_says_who_reads_the_texts_in_another_language(client, url, installation):
    assert "in Suomi, العربية: translate them" in plain(opened(client, url))
    client.post(f"{url}/translations", data=FINNISH)
    page = plain(opened(client, url))
    assert "English, Suomi, العربية. Your texts have no up-to-date translation in " in page
    assert "in العربية: translate them" in page
    client.post(f"{url}/translations", data={**FINNISH, "introduction-ar": "x", "consent-ar": "x"})
    assert "translate them" not in opened(client, url)


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page).split())


@pytest.mark.parametrize(
    ("changes", "control", "words"),
    [
        ({"introduction-fi": "{attribute:x}"}, "introduction-fi", "has no text for when"),
        ({"consent-ar": "x" * 5001}, "consent-ar", "5000"),
        ({"touchpoint-ar": "x" * 201}, "touchpoint-ar", "200"),
    ],
)
def test_a_fault_stands_beside_its_field_with_all_that_was_typed(
    client, url, installation, world, changes: dict[str, Any], control, words
):
    answer = client.post(f"{url}/translations", data={**FINNISH, **changes})
    assert answer.status_code == 422
    assert f'href="#{control}"' in answer.text
    assert words in answer.text
    assert "Säilytämme sen." in answer.text
    assert stored(installation, world).texts == {}


def test_a_text_in_a_language_that_is_not_offered_is_refused(client, url, installation, world):
    for field in ("introduction-de", "introduction-en", "draw-fi", "name-fi"):
        answer = client.post(f"{url}/translations", data={**FINNISH, field: "x"})
        assert answer.status_code == 422
        assert "has no field" in answer.text
    assert stored(installation, world).texts == {}


def test_a_survey_in_one_language_has_nothing_to_translate(client, url, installation, world):
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(languages=["en"]))
    page = opened(client, f"{url}/translations")
    assert "English only" in page
    assert "textarea" not in page
    assert client.post(f"{url}/translations", data={}).status_code == 303


def test_what_staff_type_is_text_on_every_page(client, url, installation, world):
    script = "<script>alert(1)</script>"
    client.post(f"{url}/translations", data=dict.fromkeys(FINNISH, script))
    survey = stored(installation, world)
    assert said(as_survey(installation, survey), "consent", "fi").text == script
    shown = [
        f"{url}/translations",
        f"{url}/channels",
        f"{url}/theme",
        f"{url}/theme/preview?lang=fi",
    ]
    for address in (*shown, f"/s/{survey.link}?lang=fi"):
        page = opened(client, address)
        assert script not in page, address
