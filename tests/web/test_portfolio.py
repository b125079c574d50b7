"""The start page lists the journeys that somebody may see, finds them, and says what to do first."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.journeys.reviews import next_day
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Comment, Journey, JourneyGrant, Response, Touchpoint, User
from surveyapp.web.installation import EXTENSION
from tests.results import bank
from tests.validity import faults
from tests.web.world import add_user, session_key

ALL = "from=2025-12&to=2026-03"


@dataclass(frozen=True)
class Made:
    app: Flask
    users: dict[str, User]
    bank: bank.Bank

    @property
    def installation(self) -> Installation:
        return self.app.extensions[EXTENSION]

    def client(self, name: str) -> FlaskClient:
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = session_key(self.installation, self.users[name])
        return client


def comment(session: Session, survey: int, text: str, *, may_quote: bool) -> None:
    at, answered = utc_now() - timedelta(days=1), select(Response.id)
    taken = select(Comment.response_id)
    free = answered.where(Response.survey_id == survey, Response.id.not_in(taken)).limit(1)
    session.add(
        Comment(
            response_id=session.scalars(free).one(), item="csat-why", survey_id=survey, text=text,
            submitted_at=at, language="en", channel="link", may_quote=may_quote,
        )
    )  # fmt: skip
    session.flush()


@pytest.fixture(scope="module")
def made(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A filled journey, an empty one with an Arabic name, and a reader of the empty one only."""
    home = tmp_path_factory.mktemp("portfolio")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    app = create_app(read({}, home=home, log_level="ERROR"))
    app.testing = True
    app.config["WTF_CSRF_ENABLED"] = False
    with app.extensions[EXTENSION].store.writing() as session:
        users = {
            role: add_user(session, role, password_hash="none")
            for role in ("researcher", "manager")
        }
        reader = User(email="r@x.example", name="R", role="manager", password_hash="none")
        nobody = User(email="n@x.example", name="N", role="manager", password_hash="none")
        session.add_all([reader, nobody])
        found = bank.filled(session, a_place=40, months=6)
        low = [(bank.START + timedelta(days=40), {"region": "East"}, {"csat": {"csat": 1}})] * 40
        bank.store_answers(session, found.surveys["id"], low, {})
        comment(session, found.surveys["id"], "The queue was long.", may_quote=True)
        comment(session, found.surveys["id"], "Never again.", may_quote=False)
        empty = Journey(code="empty", name="فتح حساب <b>", provider="P")
        session.add(empty)
        session.flush()
        session.add(JourneyGrant(user_id=reader.id, journey_id=empty.id, kind="reader"))
    yield Made(app, {**users, "reader": reader, "nobody": nobody}, found)
    app.extensions[EXTENSION].close()


def test_the_list_has_each_journey_with_its_numbers_and_what_to_do_first(made: Made):
    client = made.client("manager")
    page, document = client.get(f"/journeys?{ALL}"), client.get(f"/journeys.json?{ALL}").json
    filled, empty = document["journeys"]
    for figure in filled["figures"]:
        assert f"n = {figure['n']}" in page.text
    assert document["sentence"] in page.text
    assert f"{filled['responses']} responses" in page.text
    [first, *_] = document["first_to_do"]
    assert first["touchpoint"] == "Identity check"
    assert first["below_others"]["high"] < 0
    assert f"/journeys/{made.bank.journey}?{ALL.replace('&', '&amp;')}" in page.text
    assert (empty["figures"], empty["rank"], empty["responses"]) == ([], None, 0)
    assert "<bdi>فتح حساب &lt;b&gt;</bdi>" in page.text
    assert not faults(page.text)


def test_a_journey_gets_its_place_on_its_settings_and_is_found_by_it(made: Made):
    client, number = made.client("researcher"), made.bank.journey
    owner = made.users["manager"].id
    form = {
        "name": "Current account", "provider": "Northbank", "state": "current", "owner": owner,
        "group_name": "Daily banking", "tag_words": "retail, retail , pilot", "next_review": "2096-06-30",
        "review_every": "quarterly", "review_notice_days": "14",
    }  # fmt: skip
    assert client.post(f"/journeys/{number}/edit", data=form).status_code == 303
    edit = client.get(f"/journeys/{number}/edit").text
    for text in ('value="pilot, retail"', 'value="Daily banking"', 'value="2096-06-30"'):
        assert text in edit
    assert f'<option selected value="{owner}">Manager</option>' in edit
    for query in (f"owner={owner}", "group=Daily banking", "tag=pilot", "name=CURRENT"):
        found = client.get(f"/journeys.json?{query}").json["journeys"]
        assert [each["id"] for each in found] == [number], query
    [line] = found
    assert (line["group"], line["tags"]) == ("Daily banking", ["pilot", "retail"])
    assert (line["owner"], line["next_review"]) == ("Manager", "2096-06-30")
    page = client.get(f"/journeys?tag=pilot&{ALL}").text
    assert "next review" in page and "30 Jun 2096" in page
    assert "No matching journeys" in client.get("/journeys?tag=pilot&group=Lending").text
    assert (line["review_every"], line["reviewed_on"]) == ("quarterly", None)
    done = client.post(f"/journeys/{number}/review")
    assert done.status_code == 303 and "The next review is on" in client.get(done.location).text
    [line] = client.get("/journeys.json?tag=pilot").json["journeys"]
    assert date.fromisoformat(line["next_review"]) == next_day(
        date.fromisoformat(line["reviewed_on"]), "quarterly"
    )
    assert client.post(f"/journeys/{number}/edit", data=form).status_code == 303
    long = client.post(f"/journeys/{number}/edit", data={**form, "tag_words": "x" * 61})
    assert (long.status_code, "has 61 letters" in long.text) == (422, True)


def test_quotes_are_those_that_customers_allow_and_the_reader_may_read(made: Made):
    page = made.client("manager").get(f"/journeys?{ALL}").text
    assert "The queue was long." in page
    assert "Never again." not in page
    with made.installation.store.writing() as session:
        number = made.users["manager"].id
        own = session.query(JourneyGrant).filter_by(user_id=number, kind="comments")
        kept = [row.journey_id for row in own]
        own.delete()
    without = made.client("manager").get(f"/journeys?{ALL}").text
    assert "Identity check" in without
    assert "The queue was long." not in without
    with made.installation.store.writing() as session:
        session.add_all(JourneyGrant(user_id=number, journey_id=j, kind="comments") for j in kept)
    few = made.client("manager").get("/journeys?from=2020-01&to=2020-02").text
    assert "The queue was long." not in few  # nobody answered in these months


def test_the_next_actions_stand_beside_the_list_with_owner_and_due_day(made: Made):
    form = {"title": "Shorten <the> queue", "owner_id": made.users["manager"].id, "state": "open"}
    plan = f"/journeys/{made.bank.journey}/action-plan/new"
    for day in ("2026-01-31", "2099-01-31"):
        posted = made.client("manager").post(plan, data={**form, "due_on": day})
        assert posted.status_code == 303, posted.text
    page = made.client("manager").get("/journeys").text
    assert page.count("<bdi>Shorten &lt;the&gt; queue</bdi>") == 2
    assert page.index("due 31 Jan 2026") < page.index("overdue</span>") < page.index("31 Jan 2099")
    assert "Shorten" not in made.client("reader").get("/journeys").text


def test_what_the_address_asks_for_is_checked(made: Made):
    client = made.client("manager")
    for query in ("order=best", "page=x", "owner=x", "from=2026-13", "compare=then"):
        assert client.get(f"/journeys?{query}").status_code == 422, query
    assert client.get("/journeys?page=99").status_code == 200


def test_the_first_page_keeps_what_its_address_asks_for(made: Made):
    client = made.client("manager")
    sent = client.get("/?weighted=yes&tag=pilot%20two").headers["Location"]
    assert sent.endswith("/journeys?weighted=yes&tag=pilot%20two")
    assert client.get("/").headers["Location"].endswith("/journeys")


def test_nobody_sees_a_journey_that_was_not_given(made: Made):
    [only] = made.client("reader").get("/journeys.json").json["journeys"]
    assert only["code"] == "empty"
    page = made.client("reader").get("/journeys").text
    for text in ("Current account", "Daily banking", "pilot", "Identity check"):
        assert text not in page
    nothing = made.client("nobody").get("/journeys").text
    assert "Nobody has given you access to a journey" in nothing
    assert "Create journey" not in nothing


def test_a_touchpoint_names_the_partner_that_runs_it(made: Made):
    client, point = made.client("researcher"), made.bank.touchpoints["id"]
    address = f"/journeys/{made.bank.journey}/stages/touchpoints/{point}"
    form = {"name": "Identity check", "channel": "app", "ownership": "partner", "partner": " IDco "}
    assert client.post(address, data=form).status_code == 303
    with made.installation.store.reading() as session:
        assert session.get_one(Touchpoint, point).partner == "IDco"
    page = client.get(f"/journeys/{made.bank.journey}/touchpoints/{point}").text
    assert "run by IDco" in page
    wrong = client.post(address, data={**form, "ownership": "provider"})
    assert (wrong.status_code, "no partner runs" in wrong.text) == (422, True)


def test_journeys_channels_and_partners_are_set_side_by_side(made: Made):
    client, number = made.client("manager"), made.bank.journey
    page = client.get(f"/side-by-side?journey={number}&{ALL}")
    document = client.get(f"/side-by-side.json?journey={number}&{ALL}").json
    assert "has not been tested (measurement invariance)" in page.text
    sjq, nps = document["scores"]
    assert (sjq["pairs"], nps["pairs"], document["journeys"]) == (None, [], ["current-account"])
    assert not faults(page.text)
    channels = client.get(f"/side-by-side?groups=channels&{ALL}")
    assert "app" in channels.text
    assert not faults(channels.text)
    for query in ("groups=teams", "journey=x", "from=2026-13"):
        assert client.get(f"/side-by-side?{query}").status_code == 422, query
    hidden = made.client("reader").get(f"/side-by-side?journey={number}&groups=channels")
    assert "Nothing to compare" in hidden.text
    assert "Current account" not in hidden.text
    assert "No journeys yet" in made.client("nobody").get("/side-by-side").text


def test_the_drivers_of_a_listed_journey_are_drawn_and_pairs_are_declared(made: Made):
    client, here = made.client("researcher"), f"/journeys/{made.bank.journey}/drivers"
    page, document = client.get(f"{here}?period=all"), client.get(f"{here}.json?period=all").json
    dimensions = document["maps"][0]
    assert dimensions["kind"] == "dimensions"
    assert sum(each["importance"]["estimate"] for each in dimensions["scores"]) == pytest.approx(
        100 * dimensions["r_squared"]["estimate"]
    )
    assert page.text.count("<circle") >= len(dimensions["scores"]) == 3
    assert "An association is not a cause" in page.text
    assert "No pairs are declared." in page.text
    assert not faults(page.text)
    keys = {"first": "sjq.seamlessness", "second": "sjq.coherence"}
    assert client.post(f"{here}/pairs", data=keys).status_code == 303
    refused = client.post(f"{here}/pairs", data={**keys, "second": keys["first"]})
    assert refused.status_code == 422
    assert "Choose another score of the same kind" in refused.text
    [pair] = client.get(f"{here}.json?period=all").json["interactions"]["pairs"]
    assert (pair["first"], pair["second"], pair["n"]) == ("Seamlessness", "Coherence", 120)
    assert pair["p"] is not None
    shown = client.get(f"{here}?period=all").text
    assert "Holm&#39;s correction for 1 pair" in shown
    assert not faults(shown)
    assert made.client("manager").post(f"{here}/pairs", data=keys).status_code == 403
    assert "Declare pair" not in made.client("manager").get(here).text
    assert client.post(f"{here}/pairs/{pair['id']}/remove").status_code == 303
    assert client.post(f"{here}/pairs/{pair['id']}/remove").status_code == 404
    empty = client.get(here.replace(str(made.bank.journey), str(made.bank.journey + 1)))
    assert "No outcome to compare with" in empty.text
