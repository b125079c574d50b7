"""After the answers: the draw, and where the survey leads to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import Base, DrawEntry, Response, SurveyRow
from surveyapp.surveys.channels import change_channels
from surveyapp.web.installation import EXTENSION
from tests.installations import released
from tests.responses.makers import make_survey
from tests.web.respondents import fields, form_key, opened, parsed, sent, single_use

END = "https://www.bank.example/thanks?from=survey"


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    with installation.store.writing() as session:
        made = make_survey(session, anonymity="anonymous")
        made.draw = "Win one of ten <vouchers>."
        return made


def draw_link(client: FlaskClient, thanks: str) -> str:
    links = [tag.attributes["href"] for tag in parsed(opened(client, thanks)).all("a")]
    (found,) = [link for link in links if "/draw" in link]
    return found


def entries(installation: Installation) -> list[tuple[int, str]]:
    with installation.store.reading() as session:
        return [(each.id, each.address) for each in session.scalars(select(DrawEntry))]


def test_who_has_answered_takes_part_once(client, installation, survey):
    url = f"/s/{survey.link}"
    thanks = sent(client, url).location
    page = opened(client, thanks)
    assert "Win one of ten &lt;vouchers&gt;." in page
    link = draw_link(client, thanks)
    assert "kept apart from your answers" in opened(client, link)
    assert entries(installation) == []  # looking is not taking part
    for address in ("a@example.org", "b@example.org"):
        answer = client.post(link, data={"address": address})
        assert (answer.status_code, answer.location) == (303, f"{url}/draw/entered")
    assert "You are in the prize draw" in opened(client, f"{url}/draw/entered")
    assert entries(installation) == []  # until enough others wait
    released(installation)
    assert [address for _, address in entries(installation)] == ["a@example.org"]


def test_a_wrong_address_is_shown_again(client, installation, survey):
    link = draw_link(client, sent(client, f"/s/{survey.link}").location)
    answer = client.post(link, data={"address": '"><script>'})
    assert answer.status_code == 422
    assert "&#34;&gt;&lt;script&gt;" in answer.text
    assert entries(installation) == []


def test_the_same_form_twice_is_one_chance_and_a_second_form_of_a_used_link_none(
    client, installation, survey
):
    (path,) = single_use(installation, survey)
    forms = [{**fields(seed), "form-key": form_key(opened(client, path))} for seed in (1, 2)]
    first, again, other = (client.post(path, data=forms[k]).location for k in (0, 0, 1))
    assert first == again
    assert "pass=" in first
    assert "pass=" not in other


def test_nothing_that_is_stored_joins_an_entry_to_an_answer(client, installation, survey):
    """The number of the entry stands nowhere else, and no number of the answer stands with it."""
    url = f"/s/{survey.link}"
    key = form_key(opened(client, url))
    thanks = client.post(url, data={**fields(1), "form-key": key}).location
    carried = parse_qs(urlsplit(thanks).query)
    assert set(carried) == {"pass"}
    client.post(draw_link(client, thanks), data={"address": "a@example.org"})
    released(installation)
    ((number, _),) = entries(installation)
    with installation.store.reading() as session:
        response = session.scalars(select(Response)).one()
        assert response.submission_key not in carried["pass"][0]
        assert str(response.id) not in str(number)
    with installation.store.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name != "draw_entries":
                for row in connection.execute(select(table)).all():
                    assert str(number) not in str(row), table.name


def test_without_a_pass_or_a_draw_there_is_the_page_of_strangers(client, installation, survey):
    url = f"/s/{survey.link}"
    link = draw_link(client, sent(client, url).location)
    unknown = client.get("/s/nothing").text
    for address in (f"{url}/draw", f"{url}/draw?pass=invented", f"{link}x", "/s/nothing/draw"):
        for answer in (client.get(address), client.post(address, data={"address": "a@b.cd"})):
            assert (answer.status_code, answer.text) == (404, unknown)
    assert "/draw" not in opened(client, f"{url}/thanks?pass=invented")
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(draw=""))
    assert client.post(link, data={"address": "a@example.org"}).text == unknown
    assert "/draw" not in opened(client, sent(client, url).location)
    assert entries(installation) == []


@pytest.fixture
def allowing(database_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    """A browser at an installation that lets surveys lead to one host."""
    hosts = "other.example, WWW.bank.example"
    app = create_app(read({}, home=tmp_path / "home", database_url=database_url, end_hosts=hosts))
    yield app.test_client()
    app.extensions[EXTENSION].close()


def test_thanks_lead_on_by_a_link_to_an_allowed_host_only(client, installation, allowing):
    with installation.store.writing() as session:
        made = make_survey(session)
        hosts = ["www.bank.example"]
        change_channels(session, made, {"end_url": END}, end_hosts=hosts, user_id=None)
    url = f"/s/{made.link}/thanks"
    answer = allowing.get(url)
    (link,) = parsed(answer.text).all("a")
    assert link.attributes["href"] == END
    assert link.text.strip() == "Continue to www.bank.example"
    assert "Refresh" not in answer.headers
    framed = parsed(allowing.get(f"/e/{made.link}/thanks").text).all("a")[0]
    assert framed.attributes["target"] == "_blank"
    assert "bank.example" not in opened(client, url)  # where the host is not allowed any more


@pytest.mark.parametrize("anonymity", ["anonymous", "pseudonymous"])
def test_anonymity_is_said_in_one_sentence_before_sending(client, installation, anonymity: str):
    with installation.store.writing() as session:
        made = make_survey(session, anonymity=anonymity)
    page = opened(client, f"/s/{made.link}")
    anonymous = "without your name, your link and the time" in page and "5 or more at once" in page
    coded = "stored under a code" in page
    assert (anonymous, coded) == (anonymity == "anonymous", anonymity == "pseudonymous")
