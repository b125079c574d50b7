"""Every route of the API names what a key needs for it, and lets in nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import InternalError, TimeoutError
from werkzeug.routing import Rule

from surveyapp.api.application import create_api
from surveyapp.api.callers import CALLS_A_MINUTE, REFUSALS, SCOPE
from surveyapp.api.problems import problem_of
from surveyapp.api.throttle import Throttle
from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.auth.permissions import Subject
from surveyapp.installation import Installation
from surveyapp.problem_types import TYPES
from surveyapp.results.analyses.actions import STUDY_INSTRUMENTS
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Analysis, ApiKey, AuditEntry, Journey, ProjectModel, SurveyRow
from tests.web.world import session_key

# The document, its page, the way to it, and the types of problem.
OPEN = {
    *("/api/v1/openapi.json", "/api/docs", "/api/docs.css", "/api", "/api/"),
    *("/api/problems", "/api/problems/<string:name>"),
}


@pytest.fixture
def api(installation: Installation) -> Flask:
    return create_api(installation, failed=lambda _: None)


def guarded(api: Flask) -> Iterator[tuple[Rule, str, KeyScope]]:
    for rule in api.url_map.iter_rules():
        scope = getattr(api.view_functions[rule.endpoint], SCOPE, None)
        if scope is not None:
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield rule, method, scope


def path_of(rule: Rule) -> str:
    return str(rule).removeprefix("/api/v1").replace("<string:code>", "open")


def test_every_route_names_a_scope_or_is_a_known_open_one(api: Flask):
    unguarded = {
        str(rule)
        for rule in api.url_map.iter_rules()
        if getattr(api.view_functions[rule.endpoint], SCOPE, None) not in set(KeyScope)
    }
    assert unguarded == OPEN
    assert {scope for *_, scope in guarded(api)} == set(KeyScope)


KEYS = {"sjq": "sjq-16", "servqual-p": "servqual-p", "loyalty": "loyalty"}
OUTCOME = {"customer_ref": "4711", "kind": "churn", "at": "2026-03-01T00:00:00Z"}


def test_without_a_key_in_force_every_route_is_closed(api, call, new_key, installation, world):
    revoked, other = new_key(), new_key()
    with installation.store.writing() as session:
        found = api_keys.caller(session, revoked, now=utc_now())
        api_keys.revoke(session, found.id, user_id=None)
    for rule, method, _ in guarded(api):
        for key in (
            None,
            revoked,
            other[:-1] + ("a" if other[-1] != "a" else "b"),
            "Bearer",
            "\xff",
        ):
            answer = call(method, path_of(rule), key=key, json={"nonsense": True})
            assert answer.status_code in {401, 429}, (method, rule)
            assert answer.content_type == "application/problem+json"


def test_a_key_opens_the_routes_of_its_scopes_and_no_other(api, call, new_key, world):
    for rule, method, scope in guarded(api):
        key = new_key(*(each for each in KeyScope if each is not scope))
        answer = call(method, path_of(rule), key=key, json={"nonsense": True})
        assert answer.status_code == 403, (method, rule)
        assert scope in answer.json["detail"]
        answer = call(method, path_of(rule), key=new_key(scope), json={"nonsense": True})
        assert answer.status_code in {200, 422}, (method, rule)


def test_a_key_of_one_journey_finds_no_other_by_any_route(api, call, installation, world):
    """Each operation on the key's own journey, on a foreign one, and on one that nobody has."""
    with installation.store.writing() as session:
        codes = {
            place.journey_id: (
                session.get_one(Journey, place.journey_id).code,
                session.get_one(SurveyRow, place.survey_id).code,
            )
            for place in (world.here, world.there)
        }
        model = session.get_one(ProjectModel, world.here.model_id)
        model.kind, model.text = "covariance", "F =~ 1*nps\nnps ~~ 0*nps\nF ~~ F"
        model.options = {"estimator": "ML", "missing": "listwise", "group": "", "equal": ""}
        model.options |= {"std_lv": False}
        model.result = {"n": 5, "n_rows": 5, "converged": False}
        asks = [{"instrument": each, "key": KEYS.get(each)} for each in ("nps", *STUDY_INSTRUMENTS)]
        session.get_one(SurveyRow, world.here.survey_id).asks = asks
        session.get_one(Analysis, world.here.analysis_id).result = {"r_script": "x"}
        scopes = [each for each in KeyScope if api_keys.SUBJECTS[each] is Subject.JOURNEY]
        _, key = api_keys.make(
            session, name="One", scopes=scopes, journey_id=world.here.journey_id, user_id=None
        )
    own, foreign = codes.values()
    asked = {
        "/surveys": lambda *_: {},
        "/deployments": lambda *_: {},
        "/interactions": lambda journey, _: {"json": {"interactions": [interaction(journey)]}},
        "/outcomes": lambda journey, _: {
            "json": {"outcomes": [{**OUTCOME, "journey": journey}]},
        },
        "/invitations": lambda _, survey: {"json": {"survey": survey, "customers": [{}]}},
        "/responses": lambda _, survey: {"query_string": {"survey": survey}},
        "/erasures": lambda _, survey: {"query_string": {"survey": survey}},
        "/journeys/open/results": lambda *_: {},
        "/journeys/open/changes": lambda *_: {},
        **{
            f"/journeys/open/{name}": lambda *_: {}
            for name in ("pain-points", "insights", "opportunities", "personas", "actions")
        },
        "/journeys/open/outcomes": lambda *_: {},
        "/journeys/open/customer-values": lambda *_: {"query_string": {"margin": "100"}},
        "/journeys/open/answers": lambda *_: {},
        "/journeys/open/funnel": lambda *_: {},
        "/inventory": lambda journey, _: {
            "json": {"touchpoints": [{"journey": journey, "stage": "apply", "name": "Desk"}]},
        },
        "/portfolio": lambda *_: {},
        "/side-by-side": lambda journey, _: {"query_string": {"journeys": journey}},
        "/journeys/open/reports": lambda *_: {"json": {"kind": "executive"}},
        "/journeys/open/analyses": lambda *_: {},
        "/journeys/open/analyses/validations": lambda _, survey: {
            "json": {"survey": survey, "instrument": "sjq"}
        },
        "/journeys/open/analyses/studies": lambda _, survey: {"json": {"survey": survey}},
        "/journeys/open/analyses/analysis": lambda *_: {
            "query_string": {"analysis": world.here.analysis_id}
        },
        "/journeys/open/analyses/file": lambda *_: {
            "query_string": {"analysis": world.here.analysis_id, "format": "r"}
        },
        "/journeys/open/analyses/cancelled": lambda *_: {
            "json": {"analysis": world.here.analysis_id}
        },
        "/journeys/open/projects": lambda *_: {"json": {"name": "Drivers"}},
        "/journeys/open/projects/models": lambda *_: {
            "query_string": {"project": world.here.project_id},
            "json": {
                "project": world.here.project_id,
                "kind": "covariance",
                "text": "nps ~~ nps",
            },
        },
        "/journeys/open/projects/steps": lambda *_: {
            "json": {
                "project": world.here.project_id,
                "kind": "leave_out_rows",
                "arguments": {"name": "nps", "comparison": "missing"},
            }
        },
        "/journeys/open/projects/steps/undone": lambda *_: {
            "json": {"project": world.here.project_id, "step": world.here.step_id}
        },
        "/journeys/open/projects/analyses": lambda *_: {
            "json": {"model": world.here.model_id, "kind": "imputation"}
        },
        "/journeys/open/projects/model": lambda *_: {
            "query_string": {"model": world.here.model_id}
        },
        "/journeys/open/projects/scores": lambda *_: {
            "query_string": {"model": world.here.model_id}
        },
        "/journeys/open/model-power": lambda *_: {"query_string": {"kind": "path", "path": "0.2"}},
        "/journeys/open/judges/needed": lambda *_: {"query_string": {"kind": "sort"}},
        "/journeys/open/judges/judgements": lambda *_: {
            "json": {"kind": "sort", "items": {"a": "x"}, "judges": [{"a": "x"}]}
        },
        "/journeys/open/sample-size/planned": lambda *_: {
            "query_string": {"kind": "margin", "margin": "5"}
        },
        "/journeys/open/sample-size": lambda *_: {"query_string": {"margin": "3"}},
        "/journeys/open/scale-development": lambda *_: {
            "json": {"name": "Trust", "definition": "How much they trust."}
        },
        **{
            f"/journeys/open/scale-development/{name}": lambda *_, sent=sent: {
                "json": {"scale": world.here.scale_id, **sent}
            }
            for name, sent in {
                "constructs": {"kind": "dimension", "code": "a", "name": "A", "definition": "A."},
                "items": {"code": "a1", "text": "They care.", "dimension": "warmth"},
                "items/reworded": {"item": world.here.pool_item_id, "text": "Warm.", "reason": "x"},
                "items/decided": {"item": world.here.pool_item_id, "state": "kept"},
                "rounds": {"kind": "essential"},
            }.items()
        },
        "/journeys/open/scale-development/rounds/closed": lambda *_: {
            "json": {"round": world.here.round_id}
        },
        "/journeys/open/scale-development/scale": lambda *_: {
            "query_string": {"scale": world.here.scale_id}
        },
        "/journeys/open/scale-development/round": lambda *_: {
            "query_string": {"round": world.here.round_id}
        },
        "/journeys/open/scale-development/evidence": lambda *_: {
            "query_string": {"scale": world.here.scale_id, "format": "json"}
        },
        "/journeys/open/reports/file": lambda *_: {
            "query_string": {"report": world.here.report_id, "format": "pdf"}
        },
    }
    found = set()
    for rule, method, scope in guarded(api):
        path = path_of(rule)
        if api_keys.SUBJECTS[scope] is not Subject.JOURNEY:
            assert call(method, path, key=key, json={}).status_code == 403
            continue
        found.add(path)
        places = {"own": own, "foreign": foreign, "nowhere": ("nowhere", "nowhere")}
        answers = {
            name: call(method, path.replace("open", place[0]), key=key, **asked[path](*place))
            for name, place in places.items()
        }
        assert answers["own"].status_code in {200, 201}, path
        assert foreign[1] not in answers["own"].text
        told = [
            re.sub('"request": "[0-9a-f]+"', "", answers[name].text)
            for name in ("foreign", "nowhere")
        ]
        for code in (foreign[0], foreign[1]):
            told[0] = told[0].replace(f"'{code}'", "'nowhere'").replace(f"/{code}/", "/nowhere/")
        assert told[0] == told[1], path
        if asked[path](*own) or "open" in path:
            assert answers["foreign"].status_code in {404, 422}, path
        for answer in answers.values():
            answer.close()  # as a server does with a file that it streams
    assert found == set(asked)


def test_a_key_that_reads_no_responses_gets_no_quotes(call, new_key, world):
    asked = {"kind": "partner", "partner": "x", "quotes": True}
    answer = call("POST", "/journeys/open/reports", key=new_key(KeyScope.MAKE_REPORTS), json=asked)
    assert answer.status_code == 403 and "leave quotes out" in answer.json["detail"]
    both = new_key(KeyScope.MAKE_REPORTS, KeyScope.READ_RESPONSES)
    answer = call("POST", "/journeys/open/reports", key=both, json=asked)
    assert answer.status_code == 409 and "No touchpoint" in answer.json["detail"]


def interaction(journey: str) -> dict[str, str]:
    moment = "2026-03-29T14:05:00+03:00"
    return {"journey": journey, "touchpoint": "form", "customer_ref": "C-1", "at": moment}


def test_a_key_opens_nothing_from_outside_its_networks(installation: Installation):
    """By the address that the trusted proxy tells, not by that which the caller claims."""
    with installation.store.writing() as session:
        limits = {"networks": ["203.0.113.0/24"], "scopes": ["read surveys"]}
        _, key = api_keys.make(session, name="One", **limits, user_id=None)
    object.__setattr__(installation.settings, "trusted_proxies", 1)
    client = create_api(installation, failed=lambda _: None).test_client()
    for told, status in (
        ("203.0.113.9", 200),
        ("198.51.100.1", 401),
        ("203.0.113.9, 198.51.100.1", 401),
        ("198.51.100.1, 203.0.113.9", 200),
    ):
        headers = {"Authorization": f"Bearer {key}", "X-Forwarded-For": told}
        assert client.get("/api/v1/surveys", headers=headers).status_code == status, told


def test_a_session_of_staff_opens_nothing_and_the_api_sets_no_cookie(
    app, installation, world, call
):
    user = world.users["administrator"]
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = session_key(installation, user)
    answer = client.get("/api/v1/surveys")
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Set-Cookie" not in call("GET", "/surveys").headers


def test_a_revoked_key_is_refused_at_its_next_request(call, new_key, installation):
    key = new_key("read surveys")
    assert call("GET", "/surveys", key=key).status_code == 200
    with installation.store.writing() as session:
        found = api_keys.caller(session, key, now=utc_now())
        api_keys.revoke(session, found.id, user_id=None)
    assert call("GET", "/surveys", key=key).status_code == 401


def test_the_use_of_a_key_is_noted(call, new_key, installation):
    key = new_key("read surveys", name="Noted")
    call("GET", "/surveys", key=key)
    with installation.store.reading() as session:
        row = session.scalars(select(ApiKey).where(ApiKey.name == "Noted")).one()
        assert row.used_at is not None
        assert (utc_now() - row.used_at).total_seconds() < 60


def test_guessing_is_held_back_and_noted_while_keys_in_force_go_on(call, installation, world):
    answers = [call("GET", "/surveys", key=f"sak_{n:08}_guess") for n in range(REFUSALS + 5)]
    assert [answer.status_code for answer in answers] == [401] * REFUSALS + [429] * 5
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 300
    assert call("GET", "/surveys").status_code == 200
    with installation.store.reading() as session:
        refused = select(AuditEntry).where(AuditEntry.action == "refuse API key")
        assert len(session.scalars(refused).all()) == REFUSALS


def test_a_key_calls_so_often_a_minute_and_then_waits(app, call, new_key, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("surveyapp.api.throttle.monotonic", lambda: clock[0])
    throttle = Throttle(CALLS_A_MINUTE, 60.0)
    assert [throttle.wait("a") for _ in range(CALLS_A_MINUTE)] == [0.0] * CALLS_A_MINUTE
    assert throttle.wait("a") == 60.0
    assert throttle.wait("b") == 0.0
    clock[0] += 59.0
    assert throttle.wait("a") == 1.0
    clock[0] += 1.0
    assert throttle.wait("a") == 0.0


def test_a_throttle_forgets_the_longest_silent_names():
    throttle = Throttle(1, 60.0, names=2)
    for name in ("a", "b", "c"):
        assert throttle.wait(name) == 0.0
    assert throttle.wait("a") == 0.0  # forgotten
    assert throttle.wait("c") > 0.0


def test_the_document_says_for_each_route_what_a_key_must_be_allowed(api, call):
    document = call("GET", "/openapi.json", key=None).json
    assert document["openapi"].startswith("3.")
    documented = {
        (path.replace("{code}", "<string:code>"), method.upper()): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post"}
    }
    assert set(documented) == {(str(rule), method) for rule, method, _ in guarded(api)}
    for rule, method, scope in guarded(api):
        operation = documented[(str(rule), method)]
        assert operation["security"] == [{"key": []}]
        assert operation["x-scope"] == scope
        assert operation["summary"]
        assert operation["responses"]["default"]


def test_the_documentation_names_every_route_with_what_a_key_must_be_allowed(api):
    page = (Path(__file__).parents[2] / "docs/api.md").read_text()
    written = re.findall(r"\| `(GET|POST) (/api/\S+)` \| ([a-z ]+) \|", page)
    routes = {
        (method, str(rule).replace("<string:code>", "{code}"), str(scope))
        for rule, method, scope in guarded(api)
    }
    assert set(written) == routes


def test_the_page_shows_every_route_and_shape_and_fetches_nothing_from_elsewhere(app, call):
    document = call("GET", "/openapi.json", key=None).json
    page = app.test_client().get("/api/docs")
    for path in document["paths"]:
        assert path in page.text
    for shape in document["components"]["schemas"]:
        assert f'id="{shape}"' in page.text
    assert "<script" not in page.text
    assert page.text.count('rel="stylesheet" href="/api/docs.css"') == 1
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert app.test_client().get("/api/docs.css").mimetype == "text/css"
    assert app.test_client().get("/api").location == "/api/docs"


def test_a_body_that_cannot_be_read_is_told_as_a_problem(call):
    for body, kind, status in [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"9" * 10_000, "application/json", 400),
        (b'{"interactions": NaN}', "application/json", 400),
        (b'{"interactions": ["\\ud800"]}', "application/json", 400),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"1", "application/json", 422),
        (b'{"interactions": {}}', "application/json", 422),
        (b'{"interactions": []}', "application/json", 422),
        (b'{"interactions": [1]}', "application/json", 422),
        (b"interactions=1", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"a" * (2 * 1024 * 1024 + 1), "application/json", 413),
    ]:
        answer = call("POST", "/interactions", data=body, content_type=kind)
        assert answer.status_code == status, (body[:40], kind)
        assert answer.content_type == "application/problem+json"
        assert answer.json["status"] == status
        assert answer.json["detail"]


def test_a_problem_has_a_type_that_a_browser_shows(app, call, new_key, world):
    for answer, name in [
        (call("POST", "/interactions", data=b"{", content_type="application/json"), "malformed-request"),
        (call("GET", "/surveys", key=None), "invalid-key"),
        (call("GET", "/surveys", key=new_key("read results")), "not-allowed"),
        (call("GET", "/journeys/nope/results"), "not-found"),
        (call("DELETE", "/surveys"), "method-not-allowed"),
        (call("POST", "/interactions", data=b"{}", content_type="text/plain"), "unsupported-media-type"),
        (call("GET", "/responses"), "invalid-input"),
    ]:  # fmt: skip
        document = answer.json
        assert document["type"].endswith(f"/api/problems/{name}")
        assert (document["status"], document["title"]) == (
            answer.status_code,
            TYPES[name].title,
        )
        page = app.test_client().get(urlsplit(document["type"]).path)
        assert page.status_code == 200
        assert TYPES[name].title in page.text
        assert f'<section id="{name}">' in app.test_client().get("/api/problems").text
    missing = app.test_client().get("/api/problems/nothing")
    assert (missing.status_code, missing.json["status"]) == (404, 404)


@pytest.mark.parametrize(
    "error", [TimeoutError("no connection left"), InternalError(None, None, OSError("read-only"))]
)
def test_whom_the_database_cannot_serve_now_is_told_when_to_come_back(error: Exception):
    problem = problem_of(error)
    assert (problem.status, problem.headers) == (503, {"Retry-After": "5"})


def test_other_methods_and_addresses_are_problems_too(call, app):
    assert call("DELETE", "/surveys").headers["Allow"]
    assert call("GET", "/nothing").status_code == 404
    for answer in (call("PUT", "/interactions"), app.test_client().get("/api/v2/surveys")):
        assert answer.content_type == "application/problem+json"


def test_headers_protect_whoever_reads_an_answer(call):
    headers = call("GET", "/surveys").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_the_address_behind_a_trusted_proxy_is_the_one_that_is_held_back(
    installation: Installation,
):
    object.__setattr__(installation.settings, "trusted_proxies", 1)
    client = create_api(installation, failed=lambda _: None).test_client()
    statuses = [
        client.get("/api/v1/surveys", headers={"X-Forwarded-For": "203.0.113.9"}).status_code
        for _ in range(REFUSALS + 1)
    ]
    assert statuses == [401] * REFUSALS + [429]
    answer = client.get("/api/v1/surveys", headers={"X-Forwarded-For": "203.0.113.10"})
    assert answer.status_code == 401


def test_the_key_is_read_no_further_than_a_key_is_long(call):
    assert call("GET", "/surveys", key="sak_" + "a" * 100_000).status_code == 401


def test_every_shape_of_the_document_is_described_and_allows_no_other_field(call):
    shapes = call("GET", "/openapi.json", key=None).json["components"]["schemas"]
    assert [name for name, shape in shapes.items() if not shape.get("description")] == []
    assert {shape["additionalProperties"] for shape in shapes.values()} == {False}
