"""What staff write for customers is read in the customer's language, or marked with its own."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from surveyapp.i18n.languages import texts
from surveyapp.installation import Installation
from surveyapp.store.models import Response, SurveyRow
from surveyapp.surveys.consents import change_consent, translate_consent
from tests.responses.makers import make_survey
from tests.web.respondents import Parsed, opened, parsed, sent, single_use

FINNISH = {
    "introduction": "Hei, {attribute:first_name|asiakas}!",
    "draw": "Voita lahjakortti.",
    "touchpoint": "hakulomake",
}
MAIN = {"introduction": "Hello.", "draw": "Win a voucher.", "languages": ["en", "fi", "ar"]}


@pytest.fixture
def client(app) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    with installation.store.writing() as session:
        made = make_survey(session, consent="Used to improve.")
        for name, value in {**MAIN, "texts": {"fi": FINNISH}}.items():
            setattr(made, name, value)
        translate_consent(session, made, {"fi": "Parannamme palvelua."}, user_id=None)
        return made


def said(page: Parsed, tag: str, kind: str) -> tuple[str, str, str]:
    """The first such text with the language and direction that it is marked with."""
    found = page.all(tag, **{"class": kind})[0]
    return found.text.strip(), found.attributes.get("lang", ""), found.attributes.get("dir", "")


@pytest.mark.parametrize("way", ["s", "e", "k"])
def test_every_way_in_has_the_texts_in_the_pages_language_or_marked_with_theirs(
    client, installation, survey, way
):
    with installation.store.writing() as session:
        channels = {"embed_origins": ["https://shop.example"], "kiosk": True}
        session.execute(update(SurveyRow).values(channels=channels))
    url = f"/{way}/{survey.link}"
    pages = {each: opened(client, f"{url}?lang={each}") for each in ("en", "fi", "ar")}
    read = {
        language: (said(parsed(page), "p", "lead"), said(parsed(page), "p", "consent"))
        for language, page in pages.items()
    }
    assert read == {
        "en": (("Hello.", "", ""), ("Used to improve.", "", "")),
        "fi": (("Hei, asiakas!", "", ""), ("Parannamme palvelua.", "", "")),
        "ar": (("Hello.", "en", "ltr"), ("Used to improve.", "en", "ltr")),
    }
    assert "seuraavaan: hakulomake?" in pages["fi"]
    assert "the application form" in pages["ar"]


def test_a_text_in_a_language_from_right_to_left_is_marked_so(client, installation):
    with installation.store.writing() as session:
        made = make_survey(session, language="ar", introduction="Northbank مرحبا")
        made.languages = ["ar", "en"]
    page = parsed(opened(client, f"/s/{made.link}?lang=en"))
    assert said(page, "p", "lead") == ("Northbank مرحبا", "ar", "rtl")
    # It begins with a Latin word, from which a browser would guess wrong.
    page = parsed(opened(client, f"/s/{made.link}"))
    assert said(page, "p", "lead") == ("Northbank مرحبا", "", "")


def test_who_answered_sees_the_consent_as_it_was_read_whatever_was_written_since(
    client, installation, survey
):
    finnish, arabic = single_use(installation, survey, {"customer_ref": "a"}, {"customer_ref": "b"})
    assert sent(client, f"{finnish}?lang=fi").status_code == 303
    assert sent(client, f"{arabic}?lang=ar").status_code == 303
    with installation.store.writing() as session:
        made = session.get_one(SurveyRow, survey.id)
        change_consent(session, made, text="Used and sold.", box=False, user_id=None)
        translate_consent(session, made, {"fi": "Myydään.", "ar": "نبيعها"}, user_id=None)
        rows = session.execute(select(Response.language, Response.consent_version))
        assert {tuple(row) for row in rows} == {("fi", "2"), ("ar", "2")}
    read = parsed(opened(client, f"{finnish}/mine"))
    assert said(read, "dd", "consent") == ("Parannamme palvelua.", "", "")
    read = parsed(opened(client, f"{arabic}/mine"))
    assert said(read, "dd", "consent") == ("Used to improve.", "en", "ltr")
    data = client.get(f"{finnish}/mine/answers.json").json
    wanted = {"version": "2", "text": "Parannamme palvelua.", "language": "fi"}
    assert (data["consent"], data["about"]) == (wanted, "hakulomake")


def test_the_box_to_tick_stands_under_the_words_in_the_customers_language(
    client, installation, survey
):
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(consent_box=True))
    page = parsed(opened(client, f"/s/{survey.link}?lang=fi"))
    assert page.all("p", id="consent-text")[0].text == "Parannamme palvelua."
    page = parsed(opened(client, f"/s/{survey.link}?lang=ar"))
    marked = page.all("p", id="consent-text")[0].attributes
    assert (marked["lang"], marked["dir"]) == ("en", "ltr")


@pytest.mark.parametrize(
    ("language", "words", "mark"),
    [("fi", "Voita lahjakortti.", ""), ("ar", "Win a voucher.", "en")],
)
def test_the_draw_is_offered_in_the_customers_language(client, survey, language, words, mark):
    thanks = opened(client, sent(client, f"/s/{survey.link}?lang={language}").location)
    offers = [each for each in parsed(thanks).all("p") if each.text == words]
    assert [each.attributes.get("lang", "") for each in offers] == [mark]
    link = next(a.attributes["href"] for a in parsed(thanks).all("a") if "/draw" in str(a))
    form = parsed(opened(client, link))
    assert said(form, "p", "lead")[:2] == (words, mark)
    assert form.all("html")[0].attributes["lang"] == language


def test_pages_without_a_form_speak_the_browsers_language_among_those_of_the_survey(
    client, installation, survey
):
    def titles(url: str, accepted: str) -> set[str]:
        page = client.get(url, headers={"Accept-Language": accepted})
        assert "Accept-Language" in page.headers["Vary"]
        return {each.text.strip() for each in parsed(page.text).all("h1")}

    url = f"/s/{survey.link}"
    assert titles(f"{url}/thanks", "fi-FI, sv;q=0.9") == {texts("fi").thanks_title}
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(logic={"quotas": [{"most": 1, "segment": ""}]}))
    sent(client, url)
    assert titles(url, "ar") == {texts("ar").full_title}
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(state="closed"))
    assert titles(url, "ar-EG, fi;q=0.5") == {texts("ar").closed_title}
    assert titles(url, "sv, de") == {texts("en").closed_title}  # neither is offered
    assert titles(f"{url}?lang=fi", "ar") == {texts("fi").closed_title}
    # Of a survey that there is not, strangers learn in their own language and nothing else.
    assert titles("/s/nothing", "sv, de") == {texts("sv").neutral_title}
    assert titles(f"{url}/x.y", "sv, de") == {texts("sv").neutral_title}
    # A survey may be over for longer than its questions are there.
    gone = {"instrument": "gone", "version": "1", "key": None, "wording": None}
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(asks=[gone], logic={}))
    assert titles(url, "fi") == {texts("fi").closed_title}


def test_texts_in_seven_languages_weigh_no_more_than_one(client, installation, survey):
    """Only the page's own language goes over the wire."""
    header = {"Accept-Encoding": "gzip"}
    small = client.get(f"/s/{survey.link}?lang=fi", headers=header)
    more = {each: {**FINNISH, "introduction": f"{each} " * 900} for each in ("ar", "de", "sv")}
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(texts={"fi": FINNISH, **more}))
    large = client.get(f"/s/{survey.link}?lang=fi", headers=header)
    assert b"sv sv" not in gzip.decompress(large.data)
    assert abs(len(large.data) - len(small.data)) < 100
    assert len(large.data) <= 14 * 1024
