"""What strangers and careless texts try on the pages around the survey."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

import pytest
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.store.models import DrawEntry, SurveyRow
from surveyapp.surveys import prize_draws
from surveyapp.surveys.channels import change_channels
from tests.responses.makers import make_journey, make_survey
from tests.web.respondents import opened, parsed, sent, single_use
from tests.web.world import add_user, session_key

SCRIPT = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7919*7907}}{provider.__class__}"
)
ODD = ("\x00", SCRIPT, "..", "%", "é" * 200, "a" * 5000, "a b", "\u202e")


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    with installation.store.writing() as session:
        journey = make_journey(session)
        journey.provider = SCRIPT
        journey.stages[0].touchpoints[0].name = SCRIPT
        made = make_survey(
            session, journey=journey, introduction=SCRIPT, consent=SCRIPT, name=SCRIPT
        )
        made.draw = SCRIPT
        change_channels(
            session,
            made,
            {"kiosk": True, "embed_origins": ["https://shop.example"]},
            end_hosts=(),
            user_id=None,
        )
        return made


def assert_harmless(page: str, scripts: set[str] = frozenset()) -> None:
    """Texts stayed texts: no picture, no handler, and no script but those that belong there."""
    tags = parsed(page)
    assert tags.all("img") == []
    assert {tag.attributes.get("src", "") for tag in tags.all("script")} <= {"", *scripts}
    assert not [tag for tag in tags.all("script") if "alert(" in tag.text]
    assert not [name for tag in tags.tags for name in tag.attributes if name.startswith("on")]
    assert "62615533" not in page  # what the template in SCRIPT comes to


def test_texts_of_staff_and_customers_stay_texts_on_every_way(client, installation, survey):
    link = survey.link
    customer = {"attributes": {"region": SCRIPT[:190]}}
    (path,) = single_use(installation, survey, customer)
    thanks = sent(client, path, **{"nps-nps_reason": SCRIPT}).location
    draw = next(
        tag.attributes["href"]
        for tag in parsed(opened(client, thanks)).all("a")
        if "/draw" in tag.attributes["href"]
    )
    for address in (thanks, draw, f"{path}/mine", f"{path}/mine/change", f"{path}/mine/erase"):
        page = opened(client, address)
        assert_harmless(page)
        assert "&lt;script&gt;" in page, address
    assert_harmless(client.post(draw, data={"address": SCRIPT}).text)
    assert_harmless(opened(client, f"/e/{link}"), {"/static/framed.js"})
    assert_harmless(
        opened(client, f"/e/{link}/item/nps-nps?lang={quote(SCRIPT)}"), {"/static/framed.js"}
    )
    assert_harmless(opened(client, f"/k/{link}"), {"/static/kiosk.js"})
    data = client.get(f"{path}/mine/answers.json")
    assert data.mimetype == "application/json"
    assert data.json["about"] == SCRIPT


def test_staff_read_such_texts_as_texts_and_copy_them_as_such(app, installation, survey):
    with installation.store.writing() as session:
        user = add_user(session, "researcher")
        prize_draws.enter(
            session,
            survey_id=survey.id,
            number=1,
            address="'a'&b@x.yz",
            day=date(2026, 3, 29),
        )
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = session_key(installation, user)
    url = f"/journeys/{survey.journey_id}/surveys/{survey.id}/channels"
    page = parsed(opened(client, url))
    assert {tag.attributes["alt"] for tag in page.all("img")} == {"", "QR code of the open link"}
    assert not [tag for tag in page.all("script") if "src" not in tag.attributes]
    for snippet in page.all("textarea", readonly=""):
        inside = parsed(snippet.text)
        assert not [n for tag in inside.tags for n in tag.attributes if n.startswith("on")]
        assert {tag.name for tag in inside.tags} <= {
            *("script", "survey-app"),
            *("form", "input", "p", "button"),
        }
    assert client.get(f"{url}/poster.pdf").data.startswith(b"%PDF")


@pytest.mark.parametrize("odd", ODD)
def test_odd_addresses_are_those_of_strangers_and_never_a_failure(client, survey, odd: str):
    text, link = quote(odd, safe=""), survey.link
    for address in (
        *(f"/r/{text}", f"/r/{text}/mine", f"/e/{text}", f"/e/{text}/thanks", f"/k/{text}"),
        *(f"/e/{link}/item/{text}", f"/s/{link}/{text}/mine", f"/s/{text}/x/mine"),
        *(f"/s/{link}/draw?pass={text}", f"/k/{text}/thanks", f"/s/{text}/draw"),
    ):
        assert client.get(address).status_code == 404, address
    for address in (
        f"/k/{link}/answers?id={text}",
        f"/k/{text}/answers",
        f"/e/{text}",
        f"/r/{text}",
    ):
        answer = client.post(address, data={"nps-nps": odd, odd[:50]: odd})
        assert answer.status_code in {404, 405, 413, 422}, address
    for lang in (
        f"/s/{link}/thanks?lang={text}",
        f"/k/{link}?lang={text}",
        f"/e/{link}?lang={text}",
    ):
        assert client.get(lang).status_code == 200


@pytest.mark.parametrize("odd", ODD)
def test_odd_addresses_in_a_draw_are_refused_and_never_a_failure(client, installation, survey, odd):
    thanks = sent(client, f"/s/{survey.link}").location
    draw = next(
        tag.attributes["href"]
        for tag in parsed(opened(client, thanks)).all("a")
        if "/draw" in tag.attributes["href"]
    )
    tried = (odd, f"{odd}@example.org", f"a@{odd}.org")
    said = [client.post(draw, data={"address": address}).status_code for address in tried]
    assert set(said) <= {422, 303}
    assert client.post(draw, data={"address": "x" * 20_000}).status_code == 413
    with installation.store.reading() as session:
        kept = session.scalars(select(DrawEntry.address)).all()
    assert bool(kept) == (303 in said)
    assert all(each.isprintable() and "<" not in each for each in kept)
