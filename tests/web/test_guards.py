"""Every route says who may open it, and holds to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from surveyapp.app import create_app
from surveyapp.auth.grants import Held
from surveyapp.auth.permissions import ON_ALL_JOURNEYS, PERMISSIONS, Grant, Permission, Role
from surveyapp.settings import read
from surveyapp.store.models import User
from surveyapp.web.guards import GUARD, PUBLIC, safe_next
from tests.web.conftest import World

# What strangers reach without a guard of ours: files that ship with the package, and the pages of
# customers, which have no accounts and whose links are their permission.
OPEN_ENDPOINTS = {"static", "bootstrap.static"}
OPEN_BLUEPRINTS = {"respond"}
SignIn = Callable[[User], FlaskClient]


def guarded_rules(app: Flask) -> list[tuple[Rule, Permission]]:
    return [
        (rule, guard)
        for rule in app.url_map.iter_rules()
        if isinstance(guard := getattr(app.view_functions[rule.endpoint], GUARD, None), Permission)
    ]


# What an address says besides ids: a file's ending, a figure's number.
FILES = {
    "kind": "svg",
    "format_": "docx",
    "ending": "docx",
    "number": 1,
    "token": "x",
    "step_kind": "reverse",
    "scale_code": "satisfied5",
}


def methods_of(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) & {"GET", "POST"})


def address(app: Flask, rule: Rule, ids: dict[str, int]) -> str:
    """The rule's path with these ids in it."""
    known = {**ids, **FILES}
    values = {name: known[name] for name in rule.arguments}
    with app.test_request_context():
        return app.url_map.bind("localhost").build(rule.endpoint, values)


def test_every_route_states_its_guard(tmp_path):
    app = create_app(read({}, home=tmp_path))
    unguarded = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not isinstance(getattr(app.view_functions[rule.endpoint], GUARD, None), Permission)
        and getattr(app.view_functions[rule.endpoint], GUARD, None) != PUBLIC
        and rule.endpoint not in OPEN_ENDPOINTS
        and rule.endpoint.split(".")[0] not in OPEN_BLUEPRINTS
    }
    assert unguarded == set()


def test_what_is_public_is_a_short_known_list(tmp_path):
    app = create_app(read({}, home=tmp_path))
    public = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], GUARD, None) == PUBLIC
    }
    assert public == {
        "account.sign_in",
        "account.sign_out",
        "health.healthz",
        "health.metrics",
        "health.readyz",
        "password_reset.ask",
        "password_reset.asked",
        "password_reset.choose",
        "judging.save",
        "judging.show",
        "shared.frame",
        "shared.show",
        "received.ask",
        "received.download",
        "received.leave",
        "received.show",
        "sign_in.callback",
        "sign_in.code",
        "sign_in.passkey",
        "sign_in.passkey_options",
        "sign_in.provider",
        "stylesheet.show",
    }


def test_a_stranger_is_sent_to_sign_in_from_every_guarded_route(app: Flask, world: World):
    client, ids = app.test_client(), vars(world.here)
    for rule, _ in guarded_rules(app):
        for method in methods_of(rule):
            answer = client.open(address(app, rule, ids), method=method)
            assert answer.status_code == 303, (method, rule)
            assert answer.location.startswith("/sign-in"), (method, rule)


def usual(role: Role, permission: Permission) -> bool:
    """Whether access to all journeys, as it is usual for the role, is enough for this."""
    grants = frozenset(Grant if role is Role.ADMINISTRATOR else ON_ALL_JOURNEYS[role])
    if role is Role.RESEARCHER:  # who has made the journeys
        grants |= {Grant.OWNER}
    return Held(grants, grants, of_one=True).covers(permission)


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_what_it_may_and_nothing_else(
    app: Flask, world: World, sign_in: SignIn, role: Role
):
    ids = {**vars(world.here), "user_id": world.users["manager"].id}
    refused, opened = [], []
    for rule, permission in guarded_rules(app):
        client = sign_in(world.users[role])
        for method in methods_of(rule):
            allowed = permission in PERMISSIONS[role] and usual(role, permission)
            if allowed and method == "POST":
                continue  # would change something; each has a test of its own
            with client.open(address(app, rule, ids), method=method) as answer:
                pass  # closes the file of a download
            (opened if allowed else refused).append((method, str(rule), answer.status_code))
    assert {status for *_, status in refused} <= {403}
    # The job belongs to the researcher: to another who is no administrator it does not exist.
    fine = {200, 404} if role is Role.MANAGER else {200}
    wrong = {(m, r, s) for m, r, s in opened if s not in fine and r != "/"}
    if role is Role.ADMINISTRATOR:  # the passkey is the researcher's
        wrong -= {("GET", "/account/passkeys/<int:passkey_id>/name", 404)}
        wrong -= {("GET", "/saved-views/<int:view_id>", 404)}  # and so is the view
    # The address names no suggestion.
    wrong -= {("GET", "/journeys/<int:journey_id>/suggestions/dismiss", 404)}
    if role is Role.MANAGER:  # the alert is somebody else's, and a reader changes their own alone
        wrong -= {("GET", "/journeys/<int:journey_id>/alerts/<int:alert_id>", 403)}
    # An analysis that failed has a page that says so, and nothing to download.
    analysis = "/journeys/<int:journey_id>/analyses/<int:analysis_id>"
    files = (
        "/tables.<any(docx, tex, zip):ending>", "/figures.zip",
        "/figures/<int:number>.<any(svg, png):kind>",
    )  # fmt: skip
    report = "/journeys/<int:journey_id>/reports/<int:report_id>"
    unmade = {f"{analysis}.json", f"{analysis}.R", *(f"{analysis}{file}" for file in files)}
    unmade |= {f"{report}{file}" for file in files}  # of an earlier version
    unmade.add(f"{report}/report.<any(docx, pptx, html):format_>")  # made as PDF alone
    unmade.add(f"{report}.zip")  # made of one group of customers
    if role is not Role.MANAGER:  # a model that was not fitted
        model = "/journeys/<int:journey_id>/projects/<int:project_id>/models/<int:model_id>"
        unmade |= {f"{model}.json", f"{model}.R", *(f"{model}{file}" for file in files[:2])}
        unmade |= {f"{model}/scores", f"{model}/figure.<any(svg, png):kind>"}
    assert wrong == ({("GET", rule, 409) for rule in unmade} if opened else set())


def test_ids_of_one_journey_do_not_open_under_another(app: Flask, world: World, sign_in: SignIn):
    """Each nested id in turn is one that belongs to the other journey."""
    client = sign_in(world.users["administrator"])
    here, there = vars(world.here), vars(world.there)
    tried = 0
    for rule, _ in guarded_rules(app):
        nested = rule.arguments - {"journey_id", *FILES}
        if "journey_id" not in rule.arguments:
            continue
        for name in nested:
            foreign = address(app, rule, {**here, name: there[name]})
            for method in methods_of(rule):
                tried += 1
                assert client.open(foreign, method=method).status_code == 404, (method, foreign)
    assert tried > 15


def test_ids_that_nobody_has_are_not_found(app: Flask, world: World, sign_in: SignIn):
    client = sign_in(world.users["administrator"])
    nobody = dict.fromkeys(vars(world.here), 999_999)
    for rule, _ in guarded_rules(app):
        if rule.arguments - set(FILES):
            for method in methods_of(rule):
                answer = client.open(address(app, rule, nobody), method=method)
                assert answer.status_code == 404, (method, rule)


def test_an_account_that_must_change_its_password_reaches_nothing_else(
    app: Flask, world: World, sign_in: SignIn, installation
):
    user = world.users["administrator"]
    with installation.store.writing() as session:
        session.get_one(User, user.id).must_change_password = True
    client = sign_in(user)
    answer = client.get("/journeys")
    assert (answer.status_code, answer.location) == (303, "/account/password")
    assert client.get("/account/password").status_code == 200


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/journeys/1?segment=2", "/journeys/1?segment=2"),
        ("https://evil.example/", None),
        ("//evil.example/", None),
        ("/\\evil.example", None),
        ("/a\\..\\evil", None),
        ("/\n/evil.example", None),
        ("javascript:alert(1)", None),
        ("", None),
        (None, None),
    ],
)
def test_sign_in_leads_to_our_own_pages_only(target: str | None, kept: str | None):
    assert safe_next(target) == kept
