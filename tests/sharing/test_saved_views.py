"""A page and what is chosen on it, kept under a name: found again, shared, and no right of its own."""

from __future__ import annotations

import html
import inspect
import re
import sys
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.auth.accounts import account_of
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.installation import Installation
from surveyapp.sharing import saved_views
from surveyapp.sharing.pages import PAGES, Page, PageAsked, kept_arguments
from surveyapp.store.models import AuditEntry, JourneyGrant, SavedView, User
from surveyapp.web.page_addresses import ENDPOINTS
from tests.web.world import add_user

pytestmark = pytest.mark.xdist_group("sharing")  # its tests share what is made once

MENU = re.compile(r'<details class="views">(.*?)</details>', re.S)


def menu(client: FlaskClient, address: str) -> str:
    found = MENU.search(client.get(address).text)
    assert found is not None, address
    return html.unescape(found[1])


def save(client: FlaskClient, of: str, name: str, *, shared: bool = False) -> str:
    sent = {"of": of, "name": name, **({"shared": "y"} if shared else {})}
    answer = client.post("/saved-views/new", data=sent)
    assert answer.status_code == 303, answer.text
    return answer.location


def number(installation: Installation, name: str) -> int:
    with installation.store.reading() as session:
        return session.scalars(select(SavedView.id).where(SavedView.name == name)).one()


def test_every_page_with_a_scope_can_be_saved_and_leads_back_to_itself(people, ada, bo):
    here, other = people.here, people.there
    one = f"/journeys/{here.journey_id}"
    scope = f"segment={here.segment_id}&from=2026-01&to=&compare=none"
    addresses = {
        Page.PORTFOLIO: "/journeys?order=name&from=2026-01",
        Page.SIDE_BY_SIDE: f"/side-by-side?journey={here.journey_id}&journey={other.journey_id}",
        Page.OVERVIEW: f"{one}?{scope}",
        Page.TOUCHPOINT: f"{one}/touchpoints/{here.touchpoint_id}?{scope}",
        Page.RESULTS: f"{one}/results?{scope}&choices=1",
        Page.ANSWERS: f"{one}/answers?{scope}",
        Page.TOUCHPOINT_ANSWERS: f"{one}/touchpoints/{here.touchpoint_id}/answers?{scope}",
        Page.DRIVERS: f"{one}/drivers?{scope}",
        Page.FUNNEL: f"{one}/funnel?{scope}&days=7",
        Page.EXPLORE: f"{one}/explore?{scope}&scale=nps",
        Page.TARGETS: f"{one}/targets?{scope}",
        Page.BENCHMARKS: f"{one}/benchmarks?{scope}",
        Page.MAP: f"{one}/journey-map?{scope}&scale=nps",
        Page.COMMENTS: f"{one}/comments?from=2026-01&to=&band=low",
    }
    assert set(addresses) == set(PAGES) - {Page.RESPONSES} and set(ENDPOINTS) == set(PAGES)
    for page, address in addresses.items():
        assert "/saved-views/new?of=" in menu(ada, address), page
        assert save(ada, address, f"My {page}") == address
    found = html.unescape(ada.get("/saved-views").text)  # a menu has the first twelve
    assert {f'href="{address}"' in found for address in addresses.values()} == {True}
    assert f"My {Page.DRIVERS}" in menu(ada, f"{one}/results")
    assert f"My {Page.DRIVERS}" not in menu(ada, f"/journeys/{other.journey_id}")
    assert "My " not in menu(bo, "/journeys")


def test_every_page_with_the_bar_of_filters_can_be_saved(app):
    """A new page of results gets its place in the menu, or says here why not."""
    making = {"reports.new"}  # a form
    barred = {
        name
        for name, view in app.view_functions.items()
        if "scope_bar(" in inspect.getsource(sys.modules[view.__module__])
        and "scope_bar" in called_by(view)
        and not name.endswith("_json")
    }
    assert len(barred) > 5
    assert barred - set(ENDPOINTS.values()) <= making


def called_by(view: Callable[..., object]) -> str:
    """The source of a view and of what it hands on to in its own module."""
    module = sys.modules[view.__module__]
    own = inspect.getsource(inspect.unwrap(view))
    helpers = [name for name in vars(module) if name.startswith("_") and f"{name}(" in own]
    return own + "".join(
        inspect.getsource(vars(module)[name])
        for name in helpers
        if inspect.isfunction(vars(module)[name])
    )


def test_a_list_of_responses_is_saved_by_whoever_may_read_it(installation, people, sign_in):
    with installation.store.writing() as session:
        rita = add_user(session, "researcher", email="rita@example.org", name="Rita")
    client, address = sign_in(rita), f"/journeys/{people.here.journey_id}/responses?from=2026-01"
    save(client, address, "Answers", shared=True)
    assert "Answers" in menu(client, address)
    assert "Answers" not in menu(sign_in(people.bo), "/journeys")  # a manager


def test_a_shared_view_is_seen_by_whoever_may_read_its_journey_and_by_nobody_else(
    installation, people, ada, bo, cy
):
    there = f"/journeys/{people.there.journey_id}/results?from=2026-02"
    here = f"/journeys/{people.here.journey_id}/results?from=2026-02"
    both = f"/side-by-side?journey={people.here.journey_id}&journey={people.there.journey_id}"
    for name, address in (("Shared there", there), ("Shared here", here), ("Shared both", both)):
        save(ada, address, name, shared=True)
    for path in ("/journeys", "/saved-views"):
        seen = bo.get(path).text
        assert all(name in seen for name in ("Shared there", "Shared here", "Shared both"))
        assert "Ada" in seen
        hidden = cy.get(path).text
        assert "Shared here" in hidden
        assert "Shared there" not in hidden and "Shared both" not in hidden
    assert cy.get(there).status_code == 404  # a view gives no right
    assert cy.get(f"/saved-views/{number(installation, 'Shared here')}").status_code == 404
    assert cy.post(f"/saved-views/{number(installation, 'Shared here')}/remove").status_code == 404


def test_a_lost_journey_takes_its_views_along_and_brings_them_back(
    installation, people, ada, sign_in
):
    with installation.store.writing() as session:
        dee = User(email="dee@example.org", name="Dee", role="manager", password_hash="")
        session.add(dee)
        session.flush()
        grant = JourneyGrant(user_id=dee.id, journey_id=people.here.journey_id, kind="reader")
        session.add(grant)
    client = sign_in(dee)
    save(client, f"/journeys/{people.here.journey_id}/targets", "Dees", shared=True)
    with installation.store.writing() as session:
        session.delete(session.get_one(JourneyGrant, grant.id))
    assert "Dees" not in client.get("/saved-views").text
    assert client.get(f"/saved-views/{number(installation, 'Dees')}").status_code == 404
    with installation.store.writing() as session:
        session.add(JourneyGrant(user_id=dee.id, journey_id=people.here.journey_id, kind="reader"))
    assert "Dees" in client.get("/saved-views").text
    assert "Dees" in ada.get("/saved-views").text
    with installation.store.writing() as session:
        session.get_one(User, dee.id).active = False
    assert "Dees" not in ada.get("/saved-views").text  # a closed account shares nothing


def test_a_view_is_renamed_shared_and_removed_by_whoever_made_it(installation, people, ada, bo):
    address = f"/journeys/{people.here.journey_id}?from=2026-03"
    save(ada, address, "First <b>name</b>")
    edit = f"/saved-views/{number(installation, 'First <b>name</b>')}"
    page = ada.get(edit).text
    assert "First &lt;b&gt;name" in page
    shown = html.unescape(re.search(r'name="shown" value="([^"]*)"', page)[1])
    sent = {"name": "Second name", "shared": "y", "shown": shown}
    assert ada.post(edit, data=sent).location == "/saved-views"
    assert "Second name" in menu(bo, address)
    late = ada.post(edit, data={"name": "Third name", "shown": shown})  # from another tab
    assert late.status_code == 409
    assert ada.post(f"{edit}/remove").location == "/saved-views"
    assert "Second name" not in ada.get("/saved-views").text + menu(bo, address)
    with installation.store.reading() as session:
        entries = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.detail["view"].as_integer() == int(edit[13:]))
            .order_by(AuditEntry.id)
        ).all()
    assert [each.action for each in entries] == [
        *("create saved view", "change saved view", "remove saved view")
    ]
    assert {each.user_id for each in entries} == {people.ada.id}


def test_what_is_no_page_of_results_cannot_be_saved(people, ada, cy):
    for of in (
        "/account",
        "/nowhere",
        "//evil.example/journeys",
        "https://evil.example/journeys",
        "/journeys/new",
        "/saved-views",
    ):
        answer = ada.post("/saved-views/new", data={"of": of, "name": "Trap"})
        assert answer.status_code == 422, of
    there = {"of": f"/journeys/{people.there.journey_id}", "name": "Peek"}
    assert cy.post("/saved-views/new", data=there).status_code == 404
    assert "Trap" not in ada.get("/saved-views").text


def test_words_that_were_looked_for_are_not_kept(people, ada):
    comments = f"/journeys/{people.here.journey_id}/comments"
    form = ada.get("/saved-views/new", query_string={"of": f"{comments}?words=Anna&band=low"})
    assert "not saved: they may be somebody" in form.text
    assert save(ada, f"{comments}?words=Anna&before=7&band=low", "Low") == f"{comments}?band=low"


def test_names_are_free_and_not_without_end(installation, people, monkeypatch):
    asked = PageAsked(Page.OVERVIEW, people.here.journey_id, None, "")
    with installation.store.writing() as session:
        account = add_user(session, "administrator", email="many@example.org")
        me = account_of(account)
        saved_views.save_view(session, me, asked, name=" One  name ", shared=False)
        with pytest.raises(Conflict, match="already"):
            saved_views.save_view(session, me, asked, name="One name", shared=False)
        with pytest.raises(Invalid, match="0 characters"):
            saved_views.save_view(session, me, asked, name=" ", shared=False)
        monkeypatch.setattr(saved_views, "MOST_VIEWS", 1)
        with pytest.raises(Conflict, match="no more fit"):
            saved_views.save_view(session, me, asked, name="Two", shared=False)
        with pytest.raises(NotFound):
            saved_views.own_view(session, me, 999_999)
    with pytest.raises(Invalid, match="choose fewer"):
        kept_arguments(Page.SIDE_BY_SIDE, "&".join(["journey=1000"] * 200))


def test_many_views_show_their_first_in_the_menu_and_all_on_their_page(
    installation, people, sign_in
):
    with installation.store.writing() as session:
        user = add_user(session, "administrator", email="much@example.org", name="Much")
        session.add_all(
            SavedView(user_id=user.id, name=f"Number {at:02}", page="targets", journey_id=1)
            for at in range(30)
        )
    client = sign_in(user)
    shown = menu(client, "/journeys/1/targets")
    assert "Number 11" in shown and "Number 12" not in shown
    assert "All saved views" in shown and "Number 29" in client.get("/saved-views").text


def test_whoever_has_none_is_told_how_to_save_one(installation, sign_in):
    with installation.store.writing() as session:
        nell = User(email="nell@example.org", name="Nell", role="manager", password_hash="")
        session.add(nell)
    client = sign_in(nell)
    assert "No saved views yet" in client.get("/saved-views").text
