"""Answers that are on the way: saved by the page, found on another device, in another language."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.store.models import Draft, Invitation, Response
from tests.responses.makers import make_survey, some_answers
from tests.web.respondents import (
    fields,
    form_key,
    form_of,
    opened,
    parsed,
    pressed_in_text_browser,
    single_use,
)


@pytest.fixture
def path(installation: Installation) -> str:
    with installation.store.writing() as session:
        made = make_survey(session, language="fi", asks=("nps", "csat"))
        made.languages = ["en"]  # staff offer it, although its wording is a draft
    return single_use(installation, made)[0]


def drafts(installation: Installation) -> list[dict[str, list[str]]]:
    with installation.store.reading() as session:
        return list(session.scalars(select(Draft.fields)))


def test_what_the_page_saves_is_there_on_another_device_in_its_language(
    app, client, installation, path
):
    key = form_key(opened(client, path))
    first = {"form-key": key, "nps-nps": "3", "nps-nps_reason": "<b>slow</b>"}
    assert client.post(f"{path}?draft&lang=en", data=first).status_code == 204
    assert client.post(f"{path}?draft&lang=en", data={**first, "nps-nps": "4"}).status_code == 204
    page = opened(app.test_client(), path)
    assert "Welcome back" in page
    assert parsed(page).all("html")[0].attributes == {"lang": "en"}
    held = form_of(page)
    assert (held["nps-nps"], held["nps-nps_reason"]) == (["4"], ["<b>slow</b>"])
    with installation.store.reading() as session:
        assert session.scalars(select(Invitation.started_at)).one() is not None


def test_a_draft_is_gone_when_it_is_sent_and_none_comes_after(client, installation, path):
    key = form_key(opened(client, path))
    draft = {"form-key": key, "nps-nps": "3"}
    client.post(f"{path}?draft", data=draft)
    data = {**fields(1, asks=("nps", "csat")), "form-key": key}
    assert client.post(path, data=data).status_code == 303
    assert drafts(installation) == []
    assert client.post(f"{path}?draft", data=draft).status_code == 410
    assert drafts(installation) == []


def test_a_draft_needs_the_forms_key_and_keeps_nothing_that_is_not_asked(
    client, installation, path
):
    assert client.post(f"{path}?draft", data={"nps-nps": "3"}).status_code == 409
    key = form_key(opened(client, path))
    more = {"form-key": key, "nps-nps": "3", "score": "1", "sjq-per3": "7"}
    assert client.post(f"{path}?draft", data=more).status_code == 204
    assert drafts(installation) == [{"nps-nps": ["3"]}]
    large = {"form-key": key, "nps-nps_reason": "x" * 200_000}
    assert client.post(f"{path}?draft", data=large).status_code == 409


def test_nothing_is_kept_of_somebody_who_has_not_agreed_where_that_is_asked(client, installation):
    with installation.store.writing() as session:
        made = make_survey(session, asks=("nps",), consent="We keep it.")
        made.consent_box = True
    (path,) = single_use(installation, made)
    body = {"form-key": form_key(opened(client, path)), "nps-nps": "3"}
    assert client.post(f"{path}?draft", data=body).status_code == 409
    assert drafts(installation) == []
    assert client.post(f"{path}?draft", data={**body, "consent": "yes"}).status_code == 204
    assert form_of(opened(client, path))["consent"] == ["yes"]  # ticked by the customer before


def test_an_open_link_has_no_draft_on_the_server(client, installation):
    with installation.store.writing() as session:
        made = make_survey(session, asks=("nps",))
    url = f"/s/{made.link}"
    body = {"form-key": form_key(opened(client, url)), "nps-nps": "3"}
    assert client.post(f"{url}?draft", data=body).status_code == 409
    assert drafts(installation) == []


def test_switching_the_language_shows_the_form_filled_in_and_without_faults(
    client, installation, path
):
    page = opened(client, path)
    given = {"nps-nps": "11", "nps-nps_reason": "Half a word"}
    switched = pressed_in_text_browser(client, path, page, "lang", "en", **given)
    assert switched.status_code == 200
    assert parsed(switched.text).all("html")[0].attributes == {"lang": "en"}
    assert form_of(switched.text)["nps-nps_reason"] == ["Half a word"]
    assert "problem" not in [tag.attributes.get("id") for tag in parsed(switched.text).tags]
    assert drafts(installation) == [{"nps-nps": ["11"], "nps-nps_reason": ["Half a word"]}]
    with installation.store.reading() as session:
        assert session.scalars(select(Response)).all() == []


def test_a_customer_is_met_in_the_language_of_the_link_else_of_the_browser(client, installation):
    with installation.store.writing() as session:
        made = make_survey(session)
        made.languages = ["fi", "ar"]
    url = f"/s/{made.link}"
    header = {"Accept-Language": "ar-EG, fi;q=0.8"}
    for address, headers, language in (
        (url, {}, "en"),
        (url, header, "ar"),
        (f"{url}?lang=fi", header, "fi"),
        (f"{url}?lang=xx", {"Accept-Language": "de"}, "en"),
    ):
        answer = client.get(address, headers=headers)
        assert parsed(answer.text).all("html")[0].attributes["lang"] == language
        assert "Accept-Language" in answer.headers["Vary"]
        action = parsed(answer.text).all("form")[0].attributes["action"]
        assert action == f"?lang={language}&send"


def test_two_tabs_with_one_draft_are_one_response(client, installation, path):
    tabs = [form_of(opened(client, path)) for _ in range(2)]
    client.post(f"{path}?draft", data={**tabs[0], "nps-nps": "3"})
    for seed, tab in enumerate(tabs, start=1):
        whole = {**tab, **fields(seed, asks=("nps", "csat"))}
        assert client.post(path, data=whole).status_code == 303
    with installation.store.reading() as session:
        assert [r.answers for r in session.scalars(select(Response))] == [
            some_answers(1, asks=("nps", "csat"))
        ]


def test_a_click_in_a_mail_shows_the_answer_and_keeps_nothing(client, installation, path):
    for _ in range(2):
        page = opened(client, f"{path}?score=nps-nps:9&lang=en")
        assert client.head(f"{path}?score=nps-nps:9").status_code == 200
    assert "You chose 9. Please confirm by sending your answer." in page
    assert parsed(page).all("title")[0].text.startswith("Please confirm: ")
    assert form_of(page)["nps-nps"] == ["9"]
    assert parsed(page).all("form")[0].attributes["action"] == "?lang=en&send"
    assert drafts(installation) == []
    with installation.store.reading() as session:
        assert session.scalars(select(Response)).all() == []


@pytest.mark.parametrize(
    ("chosen", "kept", "changed"), [("nps-nps:9", "9", False), ("nps-nps:9", "2", True)]
)
def test_a_confirmed_click_is_kept_with_whether_it_was_changed(
    client, installation, path, chosen, kept, changed
):
    page = opened(client, f"{path}?score={chosen}")
    data = {**form_of(page), **fields(1, asks=("nps", "csat")), "nps-nps": kept}
    assert client.post(path, data=data).status_code == 303
    with installation.store.reading() as session:
        paradata = session.scalars(select(Response.paradata)).one()
    assert paradata == {"preselected": {"item": "nps-nps", "value": 9, "changed": changed}}


@pytest.mark.parametrize("score", ["nps-nps:11", "nps-why:3", "x", "", "nps-nps_reason:x", "<b>"])
def test_a_click_that_means_nothing_shows_the_untouched_form(client, path, score):
    page = opened(client, f"{path}?score={score}")
    assert form_of(page).keys() == form_of(opened(client, path)).keys()
    assert "You chose" not in page


@pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"])
def test_fetching_ahead_is_no_visit(client, installation, path, header):
    assert client.get(f"{path}?score=nps-nps:9", headers={header: "prefetch"}).status_code == 200
    with installation.store.reading() as session:
        assert session.scalars(select(Invitation.state)).one() == "created"


def test_a_noted_click_is_unconfirmed_until_the_answers_are_sent(client, installation, path):
    page = opened(client, f"{path}?score=nps-nps:9&lang=en")
    noted = {**form_of(page), "unconfirmed": "1"}
    assert client.post(f"{path}?draft", data=noted).status_code == 204
    with installation.store.reading() as session:
        draft = session.scalars(select(Draft)).one()
        assert (draft.unconfirmed, draft.fields["preselected"]) == (True, ["nps-nps:9"])
        assert session.scalars(select(Invitation.started_at)).one() is None
    later = opened(client, path)  # by the link alone
    assert (form_of(later)["nps-nps"], form_of(later)["preselected"]) == (["9"], ["nps-nps:9"])
    data = {**form_of(later), **fields(1, asks=("nps", "csat")), "nps-nps": "7"}
    assert client.post(path, data=data).status_code == 303
    assert drafts(installation) == []
    with installation.store.reading() as session:
        assert session.scalars(select(Response.paradata)).one()["preselected"]["changed"] is True
