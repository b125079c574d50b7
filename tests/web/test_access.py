"""Every page on one's own and on a foreign journey, by role and grant; and who gives what to whom."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from surveyapp.app import create_app
from surveyapp.auth import grants
from surveyapp.auth.permissions import PERMISSIONS, RULES, Grant, Permission, Role, Subject
from surveyapp.closed_loop import cases
from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.sampling.opt_outs import opt_out
from surveyapp.settings import read
from surveyapp.store.models import (
    AuditEntry,
    Case,
    Contact,
    Job,
    JourneyGrant,
    JourneyRun,
    Response,
    User,
)
from surveyapp.web.guards import LISTS, PARENTS
from surveyapp.web.installation import EXTENSION
from tests.web.conftest import World
from tests.web.test_guards import address, guarded_rules, methods_of
from tests.web.world import ROLES, add_user, make_place

SignIn = Callable[[User], FlaskClient]
FOREIGN = "Zanzibar"
# Pages of many journeys, which choose those that were granted themselves.
CHOOSING = {
    *("journeys.home", "journeys.index", "journeys.index_json", "segments.index"),
    *("action_plan.index", "action_plan.index_json", "alerts.index", "alerts.index_json"),
    *("side_by_side.index", "side_by_side.index_json"),
    *(
        "inventory.index",
        "inventory.index_json",
        "inventory.export",
        "inventory.bring",
        "inventory.apply",
    ),
    *("invariance.start", "invariance.show", "invariance.show_json"),
    *("benchmarks.index", "benchmarks.index_json"),
    *("cases.index", "cases.export", "cases.recovered", "cases.recovered_json"),
    *("saved_views.index", "saved_views.new", "saved_views.edit", "saved_views.remove"),
    *("devices.show", "devices.survey", "devices.note", "devices.leave"),
}

OF_ALL = {"benchmarks.index", "benchmarks.index_json"}  # sets are of all journeys, as segments are

OF_ITS_MAKER = {
    "saved_views.edit",
    "saved_views.remove",
}  # a view of somebody else's does not exist, shared or not


@pytest.fixture(scope="module")
def app(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """On SQLite alone: what is granted is asked of both databases in tests/auth."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    made = create_app(read({}, home=home, log_level="ERROR"))
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture(scope="module")
def installation(app: Flask) -> Installation:
    return app.extensions[EXTENSION]


@pytest.fixture(scope="module")
def world(installation: Installation) -> World:
    with installation.store.writing() as session:
        users = {role: add_user(session, role) for role in ROLES}
    maker = users["administrator"]
    return World(
        users, make_place(installation, "Open", maker), make_place(installation, FOREIGN, maker)
    )


@pytest.fixture
def as_granted(installation: Installation, world: World, sign_in: SignIn):
    """A browser of somebody in this role who was given these grants of the first journey alone."""

    def granted(role: str, *kinds: str) -> FlaskClient:
        user = world.users[role]
        with installation.store.writing() as session:
            for row in session.scalars(select(JourneyGrant).where(JourneyGrant.user_id == user.id)):
                session.delete(row)
            session.flush()
            here = world.here.journey_id
            session.add_all(
                JourneyGrant(user_id=user.id, journey_id=here, kind=kind) for kind in kinds
            )
        return sign_in(user)

    return granted


def of_journeys(app: Flask) -> Iterator[tuple[Rule, Permission]]:
    """The routes that name a journey, or what belongs to one."""
    for rule, permission in guarded_rules(app):
        if rule.arguments & set(PARENTS):
            yield rule, permission


def test_a_page_names_its_journey_or_chooses_or_is_about_none(app: Flask):
    """A new route without a rule is none of the three."""
    choosing = set()
    for rule, permission in guarded_rules(app):
        if getattr(app.view_functions[rule.endpoint], LISTS):
            choosing.add(rule.endpoint)
        elif not rule.arguments & set(PARENTS):
            assert RULES[permission].subject is not Subject.JOURNEY, rule
        else:
            assert RULES[permission].subject is Subject.JOURNEY, rule
    assert choosing == CHOOSING


@pytest.mark.parametrize("role", ["researcher", "manager"])
def test_a_foreign_journey_does_not_exist_for_anybody(app, world, as_granted, role):
    """Nor does one that nobody has: the answers are the same."""
    client = as_granted(role, *Grant)
    nowhere = dict.fromkeys(vars(world.there), 999_999)
    for rule, permission in of_journeys(app):
        status = 404 if permission in PERMISSIONS[Role(role)] else 403
        method = methods_of(rule)[-1]  # the guard asks for none
        foreign, unknown = (address(app, rule, ids) for ids in (vars(world.there), nowhere))
        there = client.open(foreign, method=method)
        assert there.status_code == status, (method, rule)
        assert FOREIGN not in there.text
        if role == "manager":
            none = client.open(unknown, method=method)
            assert said(none.text, unknown) == said(there.text, foreign), rule


def said(page: str, asked: str) -> str:
    """What the page of an error says, without the number of the request, the way back to ``asked`` and
    the form's token, which holds the second in which it was made.
    """
    back = f'name="next" value="{asked}?"'
    page = page.split("<main", 1)[-1].replace(back, "")
    return re.sub(r'[0-9a-f]{12}|name="csrf_token" value="[^"]+"', "", page)


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("researcher", ("reader",)),
        ("researcher", ("editor",)),
        ("manager", ("owner",)),
        ("manager", ("reader", "contacts")),
    ],
)
def test_what_was_not_granted_is_refused_on_ones_own_journey(app, world, as_granted, role, kinds):
    client = as_granted(role, *kinds)
    refused = set()
    for rule, permission in of_journeys(app):
        rules = RULES[permission]
        if Role(role) in rules.roles and rules.grants & {Grant(kind) for kind in kinds}:
            continue
        refused.add(permission)
        method = methods_of(rule)[-1]
        answer = client.open(address(app, rule, vars(world.here)), method=method)
        assert answer.status_code == 403, (method, rule)
    assert {Permission.IMPORT_RESPONSES} <= refused


def test_lists_and_ones_own_journey_tell_nothing_of_other_journeys(app, world, as_granted):
    client = as_granted("researcher", "reader", "comments")
    shown = CHOOSING | {"journeys.show", "results.index", "results.index_json", "reports.index"}
    shown |= {"jobs.index", "responses.index", "sampling.journey", "cases.show"}
    opened = set()
    for rule, _ in guarded_rules(app):
        if rule.endpoint in shown and "GET" in methods_of(rule):
            answer = client.get(address(app, rule, vars(world.here)))
            if rule.endpoint in OF_ITS_MAKER:
                assert answer.status_code == 404
                assert FOREIGN not in answer.text
                continue
            assert answer.status_code == 200 or rule.endpoint == "journeys.home", rule
            if rule.endpoint not in OF_ALL:
                assert FOREIGN not in without_segments(answer.text), rule
            opened.add(rule.endpoint)
    assert shown - opened - OF_ITS_MAKER <= {
        "devices.note",
        "devices.leave",
        "sampling.journey",
        "invariance.start",
        "inventory.apply",
    }
    for path in ("/cases?journey={}", "/cases/recovery?journey={}", "/cases/export.csv?journey={}"):
        answer = client.get(path.format(world.there.journey_id))
        assert FOREIGN not in without_segments(answer.text)


def without_segments(page: str) -> str:
    """The page without the names of segments, which are of all journeys."""
    return page.replace(f"{FOREIGN} north", "")


def test_somebody_without_a_grant_finds_empty_lists_and_no_way_in(world, as_granted):
    client = as_granted("researcher")
    journeys, segments, cases = (
        client.get(f"/{each}") for each in ("journeys", "segments", "cases")
    )
    for page in (journeys, segments, cases):
        assert page.status_code == 200
        assert FOREIGN not in page.text
    listed = client.get("/journeys.json").json
    assert (listed["journeys"], listed["first_to_do"], listed["total"]) == ([], [], 0)
    assert client.get(f"/segments/{world.here.segment_id}").status_code == 403
    assert 'href="/segments/new"' not in segments.text


def test_a_job_is_seen_by_whoever_asked_for_it_while_they_may_read_its_journey(
    installation, world, as_granted
):
    with installation.store.writing() as session:
        jobs = [
            Job(kind="benchmark_report", journey_id=place, created_by=world.users["manager"].id)
            for place in (world.here.journey_id, world.there.journey_id)
        ]
        session.add_all(jobs)
    client = as_granted("manager", "reader")
    assert [client.get(f"/jobs/{job.id}").status_code for job in jobs] == [200, 404]
    assert [client.get(f"/jobs/{job.id}.json").status_code for job in jobs] == [200, 404]
    listed = client.get("/jobs").text
    assert [f"/jobs/{job.id}" in listed for job in jobs] == [True, False]


def test_pages_hide_what_one_may_not_do(world, as_granted):
    path = f"/journeys/{world.here.journey_id}"
    tabs = {"surveys": "editor", "stages": "editor", "responses": "comments", "access": "owner"}
    for kinds in (("reader",), ("reader", "comments"), ("editor",), ("owner",)):
        page = as_granted("researcher", *kinds).get(path).text
        for tab, kind in tabs.items():
            expected = kind in kinds or "owner" in kinds
            assert (f'href="{path}/{tab}' in page) is expected, (kinds, tab)


def test_an_owner_gives_and_takes_access_on_the_journeys_page(installation, world, as_granted):
    client = as_granted("manager", "owner")
    other = world.users["researcher"]
    path = f"/journeys/{world.here.journey_id}/access"
    sent = {"user_id": str(other.id), "grant": "editor"}
    assert client.post(f"{path}/grant", data=sent).location == path
    page = client.get(path).text
    assert "Editor" in page and other.email in page and "Administrators" in page
    assert client.post(f"{path}/grant", data={**sent, "grant": "king"}).status_code == 422
    assert client.post(f"{path}/grant", data={**sent, "user_id": "999"}).status_code == 422
    assert client.post(f"{path}/grant", data={**sent, "journey": "2"}).status_code == 422
    assert client.post(f"{path}/revoke", data=sent).location == path
    assert client.post(f"{path}/revoke", data=sent).status_code == 404
    assert client.post(f"{path}/revoke", data={"grant": "editor"}).status_code == 422
    own = {"user_id": str(world.users["manager"].id), "grant": "owner"}
    # The administrator who made the journey owns it, too.
    assert client.post(f"{path}/revoke", data=own).location == "/journeys"
    assert client.get(path).status_code == 404


def test_administrators_give_and_take_on_the_users_page(installation, world, sign_in, as_granted):
    as_granted("manager")
    client, user = sign_in(world.users["administrator"]), world.users["manager"]
    path = f"/users/{user.id}"
    for journey in ("all", str(world.there.journey_id)):
        sent = {"journey": journey, "grant": "reader"}
        assert client.post(f"{path}/grants", data=sent).location == path
    page = client.get(path).text
    assert "All journeys" in page and f"{FOREIGN}" in page
    assert (
        client.post(f"{path}/grants", data={"journey": "9", "grant": "reader"}).status_code == 422
    )
    for journey in ("all", str(world.there.journey_id)):
        sent = {"journey": journey, "grant": "reader"}
        assert client.post(f"{path}/grants/revoke", data=sent).location == path
    assert client.post(f"{path}/grants/revoke", data={"journey": "x"}).status_code == 422
    with installation.store.reading() as session:
        assert grants.given_to(session, user.id) == []


def test_new_users_see_all_journeys_only_where_that_is_chosen(installation, world, sign_in):
    client = sign_in(world.users["administrator"])
    for name, chosen in (("one", {}), ("two", {"all_journeys": "y"})):
        sent = {"name": name, "email": f"{name}@example.org", "role": "manager", **chosen}
        assert client.post("/users/new", data=sent).status_code == 200
    with installation.store.reading() as session:
        given = session.execute(
            select(User.name, JourneyGrant.kind)
            .join(JourneyGrant, JourneyGrant.user_id == User.id)
            .where(User.name.in_(["one", "two"]))
            .order_by(JourneyGrant.id)
        ).all()
    assert [tuple(row) for row in given] == [("two", "reader"), ("two", "comments")]


def test_access_needs_a_form_of_ours(app, world, as_granted):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        client = as_granted("manager", "owner")
        sent = {"user_id": str(world.users["researcher"].id), "grant": "owner"}
        path = f"/journeys/{world.here.journey_id}/access"
        for what in ("grant", "revoke"):
            assert client.post(f"{path}/{what}", data=sent).status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_contact_details_are_shown_to_whom_they_are_granted_and_each_look_is_noted(
    installation, world, as_granted
):
    case_id = world.here.case_id
    with installation.store.writing() as session:
        case = session.get_one(Case, case_id)
        run = JourneyRun(journey_id=world.here.journey_id, customer_ref="pseudonym")
        session.add_all([run, Contact(customer_ref="pseudonym", email="c@x.org", phone="+3585")])
        session.flush()
        session.get_one(Response, case.response_id).journey_run_id = run.id
    path = f"/cases/{case_id}"
    without = as_granted("manager", "reader")
    assert "does not include contact details" in without.get(path).text
    assert without.post(f"{path}/contact").status_code == 403
    client = as_granted("manager", "reader", "contacts")
    page = client.get(path).text
    assert "Show contact details" in page and "c@x.org" not in page
    shown = client.post(f"{path}/contact")
    assert "c@x.org" in shown.text and "+3585" in shown.text
    assert "The customer has not opted out." in shown.text
    with installation.store.writing() as session:
        opt_out(session, ["pseudonym"], source="staff")
    refused = client.post(f"{path}/contact")
    assert "The customer has opted out (told by staff, " in refused.text
    assert "c@x.org" not in refused.text and "+3585" not in refused.text
    with installation.store.reading() as session:
        looks = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "see contact details")
        ).all()
    assert [(each.user_id, each.subject) for each in looks] == [
        (world.users["manager"].id, f"case {case_id}")
    ] * 2


def test_comments_of_a_case_need_their_grant(world, as_granted):
    path = f"/cases/{world.here.case_id}"
    assert "Fine." not in as_granted("manager", "reader").get(path).text
    assert "Fine." in as_granted("manager", "reader", "comments").get(path).text


def test_a_case_goes_only_to_somebody_who_may_work_on_it(world, as_granted, sign_in, installation):
    as_granted("researcher")  # who may not
    client = sign_in(world.users["administrator"])
    path, other = f"/cases/{world.here.case_id}", world.users["researcher"]
    assert (
        f'value="{other.id}"'
        not in client.get(path).text.split("owner_id")[-1].split("</select")[0]
    )
    answer = client.post(f"{path}/owner", data={"owner_id": str(other.id)})
    assert answer.status_code == 422
    with installation.store.writing() as session:
        case = session.get_one(Case, world.here.case_id)
        with pytest.raises(Invalid, match="may not work on cases of this journey"):
            cases.assign(session, case, other.id, user_id=other.id, installation=installation)
