"""The survey page: one form, one response, whatever a browser does."""

from __future__ import annotations

import gzip
import zlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from instruments.loader import BUILT_IN
from surveyapp.installation import Installation
from surveyapp.responses import rollups
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Invitation, Journey, Response, SurveyRow
from surveyapp.web.respond.form_tokens import new_key, read_key
from surveyapp.web.respond.framed import Framed
from tests.responses.makers import make_journey, make_survey, some_answers
from tests.web.respondents import fields, form_key, opened, parsed, sent, single_use

FIRST_VIEW = 14 * 1024  # bytes: what a fresh connection carries in its first round trip


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    with installation.store.writing() as session:
        return make_survey(
            session, introduction="How was it?", consent="We keep it.", consent_version="2"
        )


@pytest.fixture
def url(survey: SurveyRow) -> str:
    return f"/s/{survey.link}"


def responses(installation: Installation) -> list[Response]:
    with installation.store.reading() as session:
        assert rollups.recount(session) == []
        return list(session.scalars(select(Response).order_by(Response.id)))


def test_the_first_view_is_one_small_request(client, url):
    response = client.get(url, headers={"Accept-Encoding": "gzip"})
    head = sum(len(f"{name}: {value}\r\n") for name, value in response.headers)
    assert len(response.data) + head < FIRST_VIEW
    print(f"first view: 1 request, {len(response.data) + head} bytes")
    page = gzip.decompress(response.data).decode()
    tags = parsed(page)
    assert [tag.attributes for tag in tags.all("script")] == [{}]  # in the page itself
    assert tags.all("img") == []
    assert [link.attributes["href"] for link in tags.all("link")] == ["data:,"]
    assert "url(" not in page


def test_a_browser_without_gzip_gets_the_same_page(client, url):
    packed = client.get(url, headers={"Accept-Encoding": "gzip, br"})
    plain = client.get(url, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    without_key = [
        page.replace(form_key(page), "")
        for page in (gzip.decompress(packed.data).decode(), plain.text)
    ]
    assert without_key[0] == without_key[1]


def test_every_question_is_asked_once_with_its_scale(client, url):
    page = parsed(opened(client, url))
    radios = [tag for tag in page.all("input", type="radio") if tag.attributes["value"]]
    names = [tag.attributes["name"] for tag in radios]
    assert names.count("sjq-per3") == 7
    assert names.count("nps-nps") == 11
    assert len(set(names)) == 19
    assert "sjq-per1" not in names
    assert len(page.all("fieldset", role="radiogroup")) == 19
    assert len(page.all("legend")) == 19
    assert [tag.attributes["name"] for tag in page.all("textarea")] == [
        "csat-csat_reason",
        "nps-nps_reason",
        "ces-ces_reason",
    ]


def test_the_page_says_its_language_provider_introduction_and_consent(client, url):
    page = opened(client, url)
    assert parsed(page).all("html")[0].attributes == {"lang": "en"}
    for text in ("Northbank", "How was it?", "We keep it.", "the application form"):
        assert text in page
    assert "{provider}" not in page


def test_answers_are_kept_as_sent_and_thanks_follow(client, url, installation):
    response = sent(client, url, 5)
    assert (response.status_code, response.headers["Location"]) == (303, f"{url}/thanks")
    assert "Thank you" in client.get(response.headers["Location"]).text
    kept = responses(installation)[0]
    assert kept.answers == some_answers(5)
    assert (kept.consent_version, kept.source, kept.language) == ("2", "link", "en")
    assert kept.started_at is not None
    assert timedelta() <= utc_now() - kept.started_at < timedelta(minutes=1)


def test_no_cookie_is_set_and_none_is_needed(app, url):
    client = app.test_client(use_cookies=False)
    answers = [client.get(url), sent(client, url), client.get(f"{url}/thanks")]
    assert all("Set-Cookie" not in answer.headers for answer in answers)
    assert answers[1].status_code == 303


def test_double_click_back_and_resend_are_one_response_and_the_same_thanks(
    client, url, installation
):
    data = {**fields(1), "form-key": form_key(opened(client, url))}
    answers = [client.post(url, data=data) for _ in range(3)]
    assert {(a.status_code, a.headers["Location"]) for a in answers} == {(303, f"{url}/thanks")}
    assert [kept.answers for kept in responses(installation)] == [some_answers(1)]


def test_two_people_at_one_open_link_are_two_responses(client, url, installation):
    sent(client, url, 1)
    sent(client, url, 2)
    assert len(responses(installation)) == 2


def test_a_page_may_be_kept_for_going_back_but_not_be_shared(client, url):
    """With no-store the browser would forget what was typed, and a resend would be a second answer."""
    assert client.get(url).headers["Cache-Control"] == "private, no-cache"


def test_what_is_wrong_stands_at_its_question_and_everything_typed_is_kept(
    client, url, installation
):
    key = form_key(opened(client, url))
    data = {
        **fields(1),
        "form-key": key,
        "nps-nps_reason": "  <b>fast</b>\n& good",
        "sjq-sea3": "8",
    }
    del data["csat-csat"]
    answer = client.post(url, data=data)
    assert answer.status_code == 422
    page = parsed(answer.text)
    assert form_key(answer.text) == key
    assert page.all("title")[0].text.startswith("Error: ")
    links = [tag.attributes["href"] for tag in page.all("a")]
    assert links == ["#sjq-sea3", "#csat-csat"]
    assert all(page.all("input", id=link[1:]) for link in links)
    invalid = page.all("fieldset", aria_invalid="true")
    described = [tag.attributes["aria-describedby"] for tag in invalid]
    assert described == ["sjq-sea3-fault", "csat-csat-fault"]
    assert all(page.all("p", id=each) for each in described)
    assert page.all("textarea", name="nps-nps_reason")[0].text == "\n  <b>fast</b>\n& good"
    checked = [t for t in page.all("input", type="radio") if "checked" in t.attributes]
    assert len(checked) == 17
    assert page.all("div", id="problem")[0].attributes["tabindex"] == "-1"
    assert responses(installation) == []
    data |= {"csat-csat": "4", "sjq-sea3": "7"}
    assert client.post(url, data=data).status_code == 303
    assert len(responses(installation)) == 1


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ces-ces_reason", "x" * 2001, "shorten your text to 2000 characters; it has 2001"),
        ("nps-nps", "11", "a whole number from 0 to 10"),
        ("nps-nps", "ten", "a whole number from 0 to 10"),
        ("nps-nps", ["1", "2"], "one of the answers shown"),
        ("score", "7", "does not ask for: score"),
        ("sjq-per1", "7", "does not ask for: sjq-per1"),
        ("submitted_at", "2020-01-01", "does not ask for: submitted_at"),
        ("form-key", "", "send your answers once more"),
        ("form-key", "x" * 300, "send your answers once more"),
        ("form-key", "AAAA.aaaa.bbbb", "send your answers once more"),
    ],
)
def test_what_the_form_does_not_take_is_refused_and_told(
    client, url, installation, name, value, words
):
    answer = sent(client, url, **{name: value})
    assert (answer.status_code, words in answer.text) == (422, True)
    assert responses(installation) == []


def test_a_form_whose_key_is_unknown_is_sent_again_with_one_tap(client, url, installation):
    answer = sent(client, url, **{"form-key": "from an installation before"})
    again = {**fields(1), "form-key": form_key(answer.text)}
    assert client.post(url, data=again).status_code == 303
    assert len(responses(installation)) == 1


def test_a_forms_key_is_tied_to_its_page_and_never_gets_too_old(monkeypatch):
    key = new_key("secret", "link a")
    known = read_key("secret", "link a", key)
    assert known is not None
    assert len(known.submission_key) == 22
    assert read_key("secret", "link b", key) is read_key("other", "link a", key) is None
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: 4_000_000_000)
    assert read_key("secret", "link a", key) == known


def test_a_single_use_link_is_answered_once(client, installation, survey):
    (path,) = single_use(
        installation, survey, {"customer_ref": "4711", "attributes": {"region": "North"}}
    )
    key = form_key(opened(client, path))
    with installation.store.reading() as session:
        assert session.scalars(select(Invitation.state)).one() == "opened"
    data = {**fields(1), "form-key": key}
    for _ in range(2):
        assert client.post(path, data=data).status_code == 303
    assert client.get(path).location == f"{path}/mine"  # to what was answered, and to no form
    (kept,) = responses(installation)
    assert (kept.source, kept.attributes) == ("invitation", {"region": "North"})
    assert kept.journey_run_id is not None


def test_two_tabs_of_one_invitation_are_one_response_and_the_second_is_told(
    client, installation, survey
):
    (path,) = single_use(installation, survey)
    tabs = [{**fields(seed), "form-key": form_key(opened(client, path))} for seed in (1, 2)]
    answers = [client.post(path, data=tab).location for tab in tabs]
    assert answers == [f"/s/{survey.link}/thanks?own=1", f"{path}/mine?stands=1"]
    page = opened(client, answers[1])
    assert "your first answers stand" in page and f"{path}/mine/change" in page
    assert [kept.answers for kept in responses(installation)] == [some_answers(1)]


def test_looking_is_not_answering(client, installation, survey):
    """Mail scanners and previews open links; HEAD does not even count as opened."""
    (path,) = single_use(installation, survey)
    assert client.head(path).status_code == 200
    with installation.store.reading() as session:
        assert session.scalars(select(Invitation.state)).one() == "created"
    opened(client, path)
    opened(client, path)
    assert responses(installation) == []


def change(installation: Installation, survey: SurveyRow, **values) -> None:
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).where(SurveyRow.id == survey.id).values(**values))


def test_a_closed_survey_says_so_and_takes_nothing(client, url, installation, survey):
    (path,) = single_use(installation, survey)
    data = {**fields(1), "form-key": form_key(opened(client, url))}
    long_ago = utc_now() - timedelta(hours=2)
    for closing in ({"state": "closed"}, {"state": "open", "closes_at": long_ago}):
        change(installation, survey, **closing)
        for answer in (client.get(url), client.get(path), client.post(url, data=data)):
            assert (answer.status_code, "is closed" in answer.text) == (410, True)
    assert responses(installation) == []


def test_unknown_used_expired_and_unopened_links_get_one_and_the_same_answer(
    client, url, installation, survey
):
    with installation.store.writing() as session:
        journey = session.get_one(Journey, survey.journey_id)
        anonymous = make_survey(session, journey=journey, anonymity="anonymous")
    used, spare = (*single_use(installation, anonymous), *single_use(installation, survey))
    sent(client, used)
    soon = utc_now() + timedelta(seconds=30)
    (expired,) = single_use(installation, survey, expires_at=soon)
    unknown = client.get("/s/nothing")
    answers = [client.get(path) for path in (used, f"{url}/invented", f"{used}x", "/s/nothing/x")]
    answers.append(client.get(spare.replace(survey.link, "nothing")))
    object.__setattr__(installation, "now", lambda: soon)
    answers.append(client.get(expired))
    answers.append(client.post(expired, data=fields(1)))
    for hidden in ({"state": "draft"}, {"state": "open", "opens_at": soon + timedelta(days=1)}):
        change(installation, survey, **hidden)
        answers.append(client.get(url))
    change(installation, survey, open_link=False, opens_at=None)
    answers.append(client.get(url))
    assert {(a.status_code, a.text) for a in answers} == {(404, unknown.text)}
    assert client.get(spare).status_code == 200


def test_a_change_of_the_survey_shows_at_once(client, url, installation, survey):
    opened(client, url)
    change(installation, survey, introduction="A new beginning")
    assert "A new beginning" in opened(client, url)
    with installation.store.writing() as session:
        session.execute(update(Journey).values(provider="Southbank"))
    assert "Southbank" in opened(client, url)


@pytest.mark.parametrize("language", ["fi", "de", "fr", "es", "ar"])
def test_a_survey_speaks_the_language_that_staff_chose(client, installation, language: str):
    with installation.store.writing() as session:
        made = make_survey(session, language=language)
    page = opened(client, f"/s/{made.link}")
    html = parsed(page).all("html")[0].attributes
    expected = {"lang": language, "dir": "rtl"} if language == "ar" else {"lang": language}
    assert html == expected
    assert "Send my answers" not in page
    assert "Strongly agree" not in page
    assert sent(client, f"/s/{made.link}").status_code == 303
    (kept,) = responses(installation)
    assert kept.language == language
    assert all(wording.startswith(language) for wording in kept.wordings.values())


def test_draft_translations_are_not_offered_to_customers(client, url):
    asked = opened(client, f"{url}?lang=fi")
    assert parsed(asked).all("html")[0].attributes == {"lang": "en"}
    assert parsed(asked).all("nav") == []
    assert 'lang="fi"' not in asked


def test_a_language_that_is_offered_can_be_chosen_and_is_kept(client, installation, tmp_path):
    """A survey in Finnish may be answered in reviewed English."""
    with installation.store.writing() as session:
        made = make_survey(session, language="fi", asks=("nps",))
    url = f"/s/{made.link}"
    buttons = parsed(opened(client, url)).all("button", name="lang")
    assert [tag.attributes["value"] for tag in buttons] == ["fi", "en"]
    english = f"{url}?lang=en"
    key = form_key(opened(client, english))
    answer = client.post(english, data={**fields(1, asks=("nps",)), "form-key": key})
    assert answer.headers["Location"] == f"{url}/thanks?lang=en"
    assert "Thank you" in client.get(answer.headers["Location"]).text
    assert responses(installation)[0].language == "en"


def test_every_instrument_of_the_library_can_be_asked(client, installation):

    with installation.store.writing() as session:
        journey = make_journey(session)
        links = {
            code: make_survey(session, journey=journey, asks=(code,)).link
            for code in BUILT_IN.available()
        }
    for code, link in links.items():
        answer = client.post(
            f"/s/{link}",
            data={
                **fields(1, asks=(code,)),
                "form-key": form_key(opened(client, f"/s/{link}")),
            },
        )
        assert answer.status_code == 303, code
    assert len(responses(installation)) == len(links)


@given(st.text(), st.text(), st.text(alphabet="abc.-_123", min_size=1, max_size=200))
def test_a_framed_page_unpacks_to_what_it_says(before: str, after: str, word: str):
    mark = "\x00the word\x00"
    page = f"{before.replace(mark, '')}{mark}{after.replace(mark, '')}"
    page = page.encode("utf-8", "replace").decode()
    frame = Framed.around(page, mark)
    whole = page.replace(mark, word).encode()
    assert frame.plain(word) == whole
    assert gzip.decompress(frame.gzipped(word)) == whole
    unpacker = zlib.decompressobj(wbits=31)
    assert unpacker.decompress(frame.gzipped(word)) == whole
    assert (unpacker.eof, unpacker.unused_data) == (True, b"")


def test_customers_meet_nothing_of_the_staffs_application(app, client, url):
    """Not its session, its sign-in or its error pages."""
    with client.session_transaction() as session:
        session["_user_id"] = "1.0"
    answers = [client.get(url), client.get(f"{url}/a/b/c"), client.get("/s/"), client.put(url)]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 405]
    for answer in answers:
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Sign in" not in answer.text
