"""Text browsers: no script, no styles, the form's own action only, a first radio button chosen by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

import surveyapp.web
from instruments.loader import BUILT_IN
from surveyapp.i18n.languages import OWN_NAMES, texts
from surveyapp.installation import Installation
from surveyapp.store.models import Invitation, Response, SurveyRow
from surveyapp.surveys.channels import change_channels
from tests.installations import released
from tests.responses.makers import make_journey, make_survey
from tests.web.respondents import (
    fields,
    form_in_text_browser,
    form_key,
    opened,
    parsed,
    pressed_in_text_browser,
    questions_on,
    single_use,
)

WEB = Path(surveyapp.web.__file__).parent
LANGUAGES = sorted(OWN_NAMES)
ASKS = ("csat", "ces", "nps")
WAYS = ("open", "personal", "embed", "kiosk")


def make(installation: Installation, **columns: object) -> SurveyRow:
    with installation.store.writing() as session:
        journey = make_journey(
            session, f"journey-{session.scalar(select(func.count(SurveyRow.id)))}"
        )
        made = make_survey(session, journey=journey, asks=ASKS, language="en")
        channels = {"embed_origins": ["https://shop.example"], "kiosk": True}
        change_channels(session, made, channels, end_hosts=(), user_id=None)
        made.languages = LANGUAGES
        for name, value in columns.items():
            setattr(made, name, value)
        return made


def url_of(installation: Installation, made: SurveyRow, way: str) -> str:
    if way == "personal":
        return single_use(installation, made)[0]
    return {"open": "/s/", "embed": "/e/", "kiosk": "/k/"}[way] + made.link


def stored(installation: Installation) -> list[Response]:
    with installation.store.reading() as session:
        return list(session.scalars(select(Response).order_by(Response.id)))


def faults_on(page: str) -> bool:
    return any(tag.attributes.get("role") == "alert" for tag in parsed(page).tags)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("paging", ["page", "blocks"])
def test_every_button_of_the_form_works_with_the_forms_own_action(
    client, installation, way, paging
):
    """Each is pressed on the untouched page, and none stores what nobody gave."""
    url = url_of(installation, make(installation, paging=paging), way)
    page = opened(client, f"{url}?lang=en")
    for language in LANGUAGES:
        answer = pressed_in_text_browser(client, url, page, "lang", language)
        html = parsed(answer.text).all("html")[0].attributes
        assert (answer.status_code, html["lang"]) == (200, language)
        assert html.get("dir") == ("rtl" if language == "ar" else None)
        assert not faults_on(answer.text)
        page = answer.text  # the next language is chosen on the page in this one
    names = {
        (tag.attributes["name"], tag.attributes["value"]) for tag in parsed(page).all("button")
    }
    onward = [value for name, value in names if name == "go"]
    assert onward == (["next"] if paging == "blocks" and way != "kiosk" else ["send"])
    answer = pressed_in_text_browser(client, url, page, "go", onward[0])
    assert (answer.status_code, faults_on(answer.text)) == (422, True)
    assert texts(LANGUAGES[-1]).required in answer.text
    assert stored(installation) == []


@pytest.mark.parametrize("anonymity", ["pseudonymous", "anonymous"])
@pytest.mark.parametrize("way", WAYS)
def test_answers_that_were_chosen_live_through_a_change_of_language_and_are_all_that_is_stored(
    client, installation, way, anonymity
):
    url = url_of(installation, make(installation, anonymity=anonymity), way)
    given = {"csat-csat": "4", "csat-csat_reason": "قهوة", "ces-ces": "2"}
    page = pressed_in_text_browser(client, url, opened(client, url), "lang", "ar", **given).text
    assert stored(installation) == []
    held = form_in_text_browser(page)
    assert {name: held[name] for name in given} == {name: [value] for name, value in given.items()}
    assert held["nps-nps"] == [""]
    page = pressed_in_text_browser(client, url, page, "lang", "de").text
    answer = pressed_in_text_browser(client, url, page, "go", "send", **{"nps-nps": "9"})
    assert answer.status_code == 303
    released(installation)
    (kept,) = stored(installation)
    assert kept.language == "de"
    assert kept.answers == {
        "csat": {"csat": 4, "csat_reason": "قهوة"},
        "ces": {"ces": 2},
        "nps": {"nps": 9},
    }


def test_blocks_are_turned_in_both_directions_and_in_another_language(client, installation):
    url = url_of(installation, make(installation, paging="blocks"), "personal")
    first = opened(client, url)
    (name,) = [name for name in questions_on(first) if not name.endswith("_reason")]
    page = pressed_in_text_browser(client, url, first, "go", "next", **{name: "3"}).text
    assert name not in questions_on(page)
    page = pressed_in_text_browser(client, url, page, "lang", "ar").text
    assert parsed(page).all("html")[0].attributes["dir"] == "rtl"
    assert name not in questions_on(page)
    page = pressed_in_text_browser(client, url, page, "go", "back").text
    assert questions_on(page) == questions_on(first)
    assert form_in_text_browser(page)[name] == ["3"]
    assert stored(installation) == []


def test_a_question_that_may_be_left_out_is_left_out(client, installation):
    with installation.store.writing() as session:
        made = make_survey(session, asks=("effort-causes", "nps"))
        causes = [each.code for each in _optional_choices()]
    assert causes
    url = f"/s/{made.link}"
    given = {**fields(1, asks=("nps",))}
    answer = pressed_in_text_browser(client, url, opened(client, url), "go", "send", **given)
    assert answer.status_code == 303
    assert not set(causes) & set(stored(installation)[0].answers.get("effort-causes", {}))


def _optional_choices():

    return [item for item in BUILT_IN.load("effort-causes").asked() if not item.required]


def test_a_form_that_no_button_was_pressed_on_is_not_sent_by_a_text_browser(client, installation):
    """Some send a form at the end of a line that was typed; what is open then stays open."""
    logic = {"not_applicable": ["csat-csat"]}
    url = url_of(installation, make(installation, logic=logic), "open")
    page = opened(client, url)
    form = {**form_in_text_browser(page), "csat-csat": "4"}
    answer = client.post(f"{url}?send", data=form)
    assert (answer.status_code, faults_on(answer.text)) == (422, True)
    assert texts("en").chosen_text in answer.text
    assert texts("en").required not in answer.text  # nobody is blamed for what they have yet to do
    assert stored(installation) == []
    # A program that brings the answers alone presses no button either.
    alone = {**fields(1, asks=ASKS), "form-key": form_key(page)}
    assert client.post(url, data=alone).status_code == 303


@pytest.mark.parametrize("way", WAYS)
def test_a_first_visit_reads_nothing_that_is_not_so(client, installation, way):
    page = opened(client, url_of(installation, make(installation), way))
    read = " ".join(tag.text for tag in parsed(page).tags if tag.name not in ("script", "style"))
    words = texts("en")
    for phrase in (words.resumed, words.start_again, words.saved_here, words.saved_server):
        assert phrase not in read
    body = re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.DOTALL)
    assert [tag.name for tag in parsed(body).tags if "hidden" in tag.attributes] == []


def test_who_left_answers_behind_is_told_so_and_who_left_none_is_not(client, installation):
    made = make(installation)
    welcome = texts("en").resumed
    for given, told in (({}, False), ({"csat-csat": "2"}, True)):
        url = url_of(installation, made, "personal")
        pressed_in_text_browser(client, url, opened(client, url), "lang", "en", **given)
        again = parsed(opened(client, url))
        assert (welcome in " ".join(tag.text for tag in again.tags)) is told
        with installation.store.reading() as session:  # and nobody counts as having begun by it
            last = session.scalars(select(Invitation).order_by(Invitation.id.desc())).first()
            assert last is not None
            assert (last.started_at is not None) is told


def test_stored_answers_are_changed_without_a_script(client, installation):
    url = url_of(installation, make(installation), "personal")
    given = {"csat-csat": "2", "ces-ces": "3", "nps-nps": "4"}
    pressed_in_text_browser(client, url, opened(client, url), "go", "send", **given)
    page = opened(client, f"{url}/mine/change")
    answer = pressed_in_text_browser(
        client, f"{url}/mine/change", page, "go", "send", **{"csat-csat": "5"}
    )
    assert answer.status_code == 303
    assert stored(installation)[0].answers["csat"] == {"csat": 5}
    assert stored(installation)[0].answers["ces"] == {"ces": 3}


def test_no_page_needs_a_button_with_an_address_of_its_own():
    sources = [*WEB.rglob("*.html"), *WEB.rglob("*.js"), *WEB.rglob("*.py")]
    assert [path.name for path in sources if "formaction" in path.read_text().lower()] == []


def test_a_page_of_an_earlier_edition_changes_the_language_and_sends_nothing(client, installation):
    url = url_of(installation, make(installation), "open")
    form = {**fields(1, asks=ASKS), "form-key": form_key(opened(client, url))}
    answer = client.post(f"{url}?lang=de&switch", data=form)
    assert (answer.status_code, parsed(answer.text).all("html")[0].attributes["lang"]) == (
        200,
        "de",
    )
    assert stored(installation) == []
