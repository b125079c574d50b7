"""A survey in blocks without any script: forward, back, faults, other languages, one response."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.store.models import Draft, Response
from tests.responses.makers import make_survey, some_answers
from tests.web.respondents import (
    fields,
    form_key,
    form_of,
    opened,
    parsed,
    pressed_in_text_browser,
    questions_on,
    single_use,
)


@pytest.fixture
def survey(installation: Installation):
    return make(installation)


def make(installation: Installation, **changes: Any):
    with installation.store.writing() as session:
        made = make_survey(session, consent="We keep it.")
        made.paging = "blocks"
        for name, value in changes.items():
            setattr(made, name, value)
        return made


def pressed(client, url: str, page: str, go: str, answers: dict[str, str], **args: str):
    """Answer what stands on the page, then press a button of it."""
    form = {**form_of(page), "go": go}
    form |= {name: answers[name] for name in questions_on(page) if name in answers}
    action = parsed(page).all("form")[0].attributes["action"]
    return client.post(args.get("to", url + action), data=form)


def answered(installation: Installation) -> list[Any]:
    with installation.store.reading() as session:
        return list(session.scalars(select(Response.answers)))


def test_block_after_block_leads_to_one_response_with_everything(client, installation, survey):
    url = f"/s/{survey.link}"
    page = opened(client, url)
    key, seen, sizes = form_key(page), [], []
    while True:
        assert form_key(page) == key
        seen += questions_on(page)
        sizes.append(len(questions_on(page)))
        last = 'value="send"' in page
        answer = pressed(client, url, page, "send" if last else "next", fields(4))
        if last:
            break
        assert answer.status_code == 200
        page = answer.text
    assert answer.status_code == 303
    assert seen == list(fields(4))
    assert sizes == [4, 4, 4, 4, 2, 2, 2]
    assert answered(installation) == [some_answers(4)]


def test_a_part_says_where_it_is_and_is_left_only_when_it_is_whole(client, installation, survey):
    url = f"/s/{survey.link}"
    page = opened(client, url)
    assert "Questions 1–4 of 22 · Survey" in parsed(page).all("title")[0].text
    answers = fields(1)
    missing = questions_on(page)[1]
    del answers[missing]
    answer = pressed(client, url, page, "next", answers)
    assert answer.status_code == 422
    assert questions_on(answer.text) == questions_on(page)
    links = [tag.attributes["href"] for tag in parsed(answer.text).all("a")]
    assert links == [f"#{missing}"]
    again = pressed(client, url, answer.text, "next", {missing: "3"})
    assert (again.status_code, "Questions 5–8 of 22" in again.text) == (200, True)


def test_going_back_keeps_what_was_given_later(client, installation, survey):
    url = f"/s/{survey.link}"
    first = opened(client, url)
    second = pressed(client, url, first, "next", fields(1)).text
    partly = dict(list(fields(2).items())[:6])  # the second block is left half done
    back = pressed(client, url, second, "back", partly)
    assert back.status_code == 200
    assert questions_on(back.text) == questions_on(first)
    held = form_of(back.text)
    for name in questions_on(first):
        assert held[name] == [fields(1)[name]]
    for name in questions_on(second)[:2]:
        assert held[name] == [fields(2)[name]]
    forward = pressed(client, url, back.text, "next", {}).text
    assert form_of(forward)[questions_on(second)[0]] == [fields(2)[questions_on(second)[0]]]


def test_whoever_sends_everything_at_once_is_led_to_the_block_with_the_fault(
    client, installation, survey
):
    url = f"/s/{survey.link}"
    data = {**fields(1), "form-key": form_key(opened(client, url)), "go": "send", "at": "6"}
    del data["csat-csat"]
    answer = client.post(f"{url}?at=6", data=data)
    assert answer.status_code == 422
    assert questions_on(answer.text) == ["csat-csat", "csat-csat_reason"]
    assert form_of(answer.text)["ces-ces"] == [data["ces-ces"]]
    assert answered(installation) == []


def test_consent_is_asked_first_and_never_ticked_for_anybody(client, installation):
    made = make(installation, consent_box=True)
    url = f"/s/{made.link}"
    page = opened(client, url)
    box = parsed(page).all("input", name="consent")[0].attributes
    assert "checked" not in box
    refused = pressed(client, url, page, "next", fields(1))
    assert (refused.status_code, "Please tick the box" in refused.text) == (422, True)
    form = {**form_of(refused.text), "go": "next", "consent": "yes"}
    second = client.post(f"{url}?at=0", data=form)
    assert second.status_code == 200
    assert form_of(second.text)["consent"] == ["yes"]
    whole = {**fields(1), "form-key": form_key(page), "go": "send", "at": "6"}
    assert client.post(f"{url}?at=6", data=whole).status_code == 422
    assert client.post(f"{url}?at=6", data={**whole, "consent": "yes"}).status_code == 303


def test_a_personal_link_opens_at_the_block_that_was_left(app, client, installation, survey):
    (path,) = single_use(installation, survey)
    page = opened(client, path)
    for _ in range(2):
        page = pressed(client, path, page, "next", fields(3)).text
    elsewhere = opened(app.test_client(), path)
    assert "Welcome back" in elsewhere
    assert questions_on(elsewhere) == questions_on(page)
    held = {**form_of(elsewhere), **fields(3), "go": "send", "at": "6"}
    assert client.post(path + "?at=6", data=held).status_code == 303
    assert answered(installation) == [some_answers(3)]
    with installation.store.reading() as session:
        assert session.scalars(select(Draft)).all() == []


def test_an_anonymous_survey_carries_answers_in_the_form_and_keeps_none(client, installation):
    made = make(installation, anonymity="anonymous")
    (path,) = single_use(installation, made)
    page = opened(client, path)
    page = pressed(client, path, page, "next", fields(3)).text
    assert form_of(page)["sjq-per3"] == [fields(3)["sjq-per3"]]
    assert client.post(f"{path}?draft", data=form_of(page)).status_code == 409
    with installation.store.reading() as session:
        assert session.scalars(select(Draft)).all() == []


def test_another_language_in_the_middle_keeps_block_and_answers(client, installation):
    with installation.store.writing() as session:
        made = make_survey(session, language="fi")
        made.paging, made.languages = "blocks", ["en", "ar"]
    url = f"/s/{made.link}?lang=fi"
    base = f"/s/{made.link}"
    page = pressed(client, base, opened(client, url), "next", fields(1)).text
    switched = pressed_in_text_browser(client, base, page, "lang", "ar")
    assert switched.status_code == 200
    assert parsed(switched.text).all("html")[0].attributes == {"lang": "ar", "dir": "rtl"}
    assert form_of(switched.text)["sjq-per3"] == [fields(1)["sjq-per3"]]
    assert questions_on(switched.text) == questions_on(page)
    assert "alert" not in [tag.attributes.get("role") for tag in parsed(switched.text).tags]


def test_whoever_clicked_in_a_message_begins_there_and_is_led_through_the_rest(
    client, installation, survey
):
    url = f"/s/{survey.link}"
    page = opened(client, f"{url}?score=nps-nps:9")
    assert questions_on(page) == ["nps-nps", "nps-nps_reason"]
    seen = []
    while 'value="send"' not in page:
        seen.append(questions_on(page)[0])
        answers = {**fields(1), "nps-nps": "9"}
        page = pressed(client, url, page, "next", answers).text
    assert seen == ["nps-nps", "sjq-per3", "sjq-coh1", "sjq-coh5", "sjq-sea3", "csat-csat"]
    assert pressed(client, url, page, "send", fields(1)).status_code == 303
    assert answered(installation)[0]["nps"]["nps"] == 9
