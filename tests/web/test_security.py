"""What attacks on other survey tools found open, and what must stay shut here."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.journeys import queries
from surveyapp.settings import read
from surveyapp.store.models import Invitation, Job, Journey, Response, SurveyRow, User
from surveyapp.tables.guard import guarded, unguarded
from surveyapp.web.installation import EXTENSION
from surveyapp.web.quota import MOST_WAITING
from tests.validity import faults
from tests.web.conftest import World
from tests.web.test_guards import address, guarded_rules, methods_of
from tests.web.world import ROLES, add_user, answer, make_place

SCRIPT = "\"'><script>alert(1)</script>{{7777*7777}}"
FORMULAS = ["=1+1", "+1", "-cmd", "@SUM(A1)", "\t=1", "\r=1"]


def as_administrator(app: Flask, installation: Installation, sign_in):
    with installation.store.writing() as session:
        user = add_user(session, "administrator")
    return sign_in(user)


def test_no_staff_page_runs_what_somebody_typed(app: Flask, installation: Installation, sign_in):
    """Names, goals, answers, attributes, errors and file names, on every page there is."""
    with installation.store.writing() as session:
        users = {role: add_user(session, role, name=f"{role} {SCRIPT}") for role in ROLES}
    place = make_place(installation, "Open", users["administrator"], text=SCRIPT)
    client = sign_in(users["administrator"])
    seen, invalid = 0, {}
    for rule, _ in guarded_rules(app):
        if "GET" not in methods_of(rule):
            continue
        with client.get(address(app, rule, vars(place))) as page:
            if page.mimetype not in {"text/html", "image/svg+xml"}:
                continue
            assert "<script>alert" not in page.text, rule
            assert "60481729" not in page.text, rule
            if page.mimetype == "text/html" and page.location is None:
                mail = rule.endpoint == "messages.preview"
                invalid[str(rule)] = faults(page.text, mail=mail)
            seen += "alert(1)" in page.text
    assert seen > 12
    assert {rule: found for rule, found in invalid.items() if found} == {}


# What is sent there stands in for nobody's session: the password of a shared page, an unsubscription by a
# signed link, the answers of a judge.
WITHOUT_SESSION = {"shared.show", "received.leave", "judging.save"}


def test_every_change_needs_the_forms_token(app: Flask, world: World, sign_in):
    """Signing in and out included. Without a token nothing happens, whoever asks."""
    app.config["WTF_CSRF_ENABLED"] = True
    client = sign_in(world.users["administrator"])
    tried = 0
    for rule in app.url_map.iter_rules():
        of_strangers = rule.endpoint.startswith("respond.") or rule.endpoint in WITHOUT_SESSION
        if "POST" in (rule.methods or ()) and not of_strangers:
            path = address(app, rule, vars(world.here))
            assert client.post(path).status_code == 400, rule
            assert client.post(path, data={"csrf_token": "forged"}).status_code == 400, rule
            tried += 1
    assert tried > 20
    assert client.get("/journeys").status_code == 200  # nobody was signed out, nobody was closed


def test_a_form_with_its_token_is_taken(app: Flask, world: World, sign_in):
    app.config["WTF_CSRF_ENABLED"] = True
    client = sign_in(world.users["administrator"])
    token = re.search(r'name="csrf_token" [^>]*value="([^"]+)"', client.get("/journeys/new").text)[
        1
    ]
    form = {"name": "Move", "provider": "P", "state": "current", "csrf_token": token}
    assert client.post("/journeys/new", data=form).status_code == 303


@pytest.mark.parametrize("base_url", ["http://localhost:8000", "https://survey.example.org"])
def test_answers_carry_the_headers_that_protect_their_reader(tmp_path, base_url: str):
    app = create_app(read({}, home=tmp_path, base_url=base_url))
    client = app.test_client()
    https = base_url.startswith("https")
    for path in ("/healthz", "/nowhere", "/journeys", "/static/staff.css", "/stylesheet.css"):
        with client.get(path) as answered:
            headers = answered.headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "*" not in policy
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert ("Strict-Transport-Security" in headers) is https
    assert client.get("/journeys").headers["Cache-Control"] == "no-store"
    app.extensions[EXTENSION].close()


@pytest.mark.parametrize(
    ("base_url", "start"),
    [("http://localhost:8000", "surveyapp="), ("https://survey.example.org", "__Host-surveyapp=")],
)
def test_the_session_cookie_is_kept_from_scripts_and_other_sites(
    database_url: str, tmp_path, base_url: str, start: str
):
    app = create_app(read({}, home=tmp_path, base_url=base_url, database_url=database_url))
    cookie = app.test_client().get("/sign-in", base_url=base_url).headers["Set-Cookie"]
    assert cookie.startswith(start)
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert ("Secure" in cookie) is base_url.startswith("https")
    app.extensions[EXTENSION].close()


PREVIEWS = {"theme.preview", "messages.preview", "questionnaires.page", "checklist.test"}


def test_pages_hold_no_inline_script_or_style(app: Flask, world: World, sign_in):
    """But for previews of what customers get, which carry their own under their hashes."""
    client, seen = sign_in(world.users["administrator"]), set()
    for rule, _ in guarded_rules(app):
        if "GET" in methods_of(rule) and rule.endpoint in PREVIEWS:
            with client.get(address(app, rule, vars(world.here))) as page:
                if page.status_code == 200:
                    policy = page.headers["Content-Security-Policy"]
                    assert "'sha256-" in policy and "unsafe" not in policy, rule
                    seen.add(rule.endpoint)
        elif "GET" in methods_of(rule):
            with client.get(address(app, rule, vars(world.here))) as page:
                attached = "attachment" in page.headers.get("Content-Disposition", "")
                if page.mimetype == "text/html" and not attached:  # a codebook is a file of its own
                    assert not re.search(
                        r"<script(?![^>]* src=)|<style| style=| on\w+=", page.text
                    ), rule
                    assert not re.search(r'(src|href)="(https?:)?//', page.text.replace(
                        'href="http://127.0.0.1:8000/s/', "")), rule  # fmt: skip
    assert seen == PREVIEWS


def test_fields_that_a_form_does_not_have_are_refused(
    app: Flask, world: World, sign_in, installation
):
    """Not dropped: role, owner or code in a form is a mistake or an attack."""
    client = sign_in(world.users["researcher"])
    form = {"name": "Changed", "provider": "P", "state": "current"}
    path = f"/journeys/{world.here.journey_id}/edit"
    for extra in ({"code": "mine"}, {"owner_id": "1"}, {"version": "9"}, {"id": "7"}):
        answered = client.post(path, data={**form, **extra})
        assert answered.status_code == 422
    with installation.store.reading() as session:
        assert session.get_one(Journey, world.here.journey_id).name == "Open"
    assert client.post(path, data=form).status_code == 303


JUNK = (
    *("\x00", "x" * 100_000, "\u202e\U0001f648\uffff", "'; DROP TABLE users;--", "-1", "1e999"),
    *("{provider.__class__}", "٣", "%s%n", "\n\r\t", "../../etc/passwd", "NaN"),
)
_FIELD = re.compile(r'<(?:input|select|textarea)[^>]* name="([^"]+)"')


def test_junk_in_any_form_is_refused_or_kept_as_text(app: Flask, world: World, sign_in):
    """Every field of every form at once; nothing fails, nothing is a fault of ours."""
    client, ids = sign_in(world.users["administrator"]), vars(world.there)
    forms = {}
    for rule, _ in guarded_rules(app):
        if methods_of(rule) == ["GET", "POST"]:
            path = address(app, rule, ids)
            forms[path] = set(_FIELD.findall(client.get(path).text)) - {"csrf_token"}
    assert len(forms) > 8
    for junk in JUNK:
        for path, fields in forms.items():
            sent = client.post(path, data=dict.fromkeys(fields, junk))
            # 413: a form of many fields, each as long as the junk, is more than a page takes.
            assert sent.status_code in {200, 303, 404, 409, 413, 422, 429}, (path, sent.status_code)
            if junk is JUNK[-1] and sent.status_code == 422:
                assert faults(sent.text) == [], path
        here = f"/journeys/{world.here.journey_id}"
        for name in ("segment", "survey", "from", "before", "user"):
            for path in (here, f"{here}/responses", "/audit"):
                assert client.get(path, query_string={name: junk}).status_code < 500, (path, name)


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30, 0])
def test_numbers_that_no_row_has_are_not_found(app: Flask, world: World, sign_in, number: int):
    client = sign_in(world.users["administrator"])
    here = f"/journeys/{world.here.journey_id}"
    for path in (
        *(f"/journeys/{number}", f"{here}/responses/{number}", f"/jobs/{number}"),
        *(f"/users/{number}", f"/segments/{number}", f"{here}/reports/{number}.pdf"),
    ):
        assert client.get(path).status_code == 404, path
    for query in (f"segment={number}", f"survey={number}", f"before={number}"):
        assert client.get(f"{here}/responses?{query}").status_code in {200, 404, 422}


def test_a_body_that_is_too_large_is_refused_before_it_is_read(app: Flask, world: World, sign_in):
    client = sign_in(world.users["administrator"])
    too_large = client.post("/journeys/new", data={"name": "x" * 2_000_000})
    assert too_large.status_code == 413
    assert "larger than this page accepts" in too_large.text


def test_only_pages_that_ask_for_files_take_large_ones(app: Flask, world: World, sign_in):
    client = sign_in(world.users["administrator"])
    base = f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}"
    listed = b"customer_ref,region\n" + b"".join(
        b"c%d,%s\n" % (i, b"N" * 190) for i in range(9_000)
    )
    assert len(listed) > 1024 * 1024
    file = {"customers": FileStorage(io.BytesIO(listed), "customers.csv")}
    boundary, body = encode_multipart(file)
    made = client.post(
        f"{base}/links", data=body, content_type=f"multipart/form-data; boundary={boundary}"
    )
    assert made.status_code == 200
    assert made.text.count("\n") == 9_001


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Choose a file"),
        (b"\xff\xfe\x00", "not UTF-16"),
        (b"PK\x03\x04\x00\x00", "a workbook"),
        (b"customer_ref,region\nc1,North,extra\n", "Row 2"),
        (b"customer_ref,customer_ref\nc1,c2\n", "Two columns"),
        (b"customer_ref,,region\nc1,c2,x\n", "no heading"),
        (b"customer_ref,\nc1,c2\n", "Row 2"),
        (b"customer_ref\n", "no customers"),
        (b"customer_ref,region\nc1,North\nc1,South\n", "Row 3: c1 is already at row 2"),
        (b'customer_ref\n"' + b"x" * 200_000, "field larger"),
    ],
)
def test_a_list_of_customers_that_cannot_be_read_is_told_and_changes_nothing(
    app: Flask, world: World, sign_in, installation: Installation, content: bytes, words: str
):
    client = sign_in(world.users["researcher"])
    base = f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}"
    name = "customers.csv" if content else ""
    refused = client.post(f"{base}/links", data={"customers": (io.BytesIO(content), name)})
    assert refused.status_code == 422
    assert words in refused.text
    with installation.store.reading() as session:
        assert session.scalars(select(Invitation)).first() is None


def test_exported_cells_never_begin_a_formula(
    app: Flask, world: World, sign_in, installation: Installation
):
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
        for formula in FORMULAS:
            answer(session, survey, reason=formula, attributes={"region": formula})
            # Attributes come from files too, whose reader trims; rows may be older than it.
            newest = session.scalars(select(Response).order_by(Response.id.desc())).first()
            newest.attributes = {"region": formula, "balance": -3}
    client = sign_in(world.users["researcher"])
    with client.get(f"/journeys/{world.here.journey_id}/responses/export.csv") as sent:
        text = sent.text
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 1 + len(FORMULAS)
    assert {row["attribute.balance"] for row in rows[1:]} == {"-3"}
    for row, formula in zip(rows[1:], FORMULAS, strict=True):
        assert row["attribute.region"] == guarded(formula) != unguarded(guarded(formula)) == formula
        assert row["attribute.region"].startswith("'")
        assert not row["nps.nps_reason"].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert rows[1]["nps.nps"] == "9"
    assert rows[1]["score.nps"] == "9.0"


def test_links_for_customers_are_safe_in_a_spreadsheet(app: Flask, world: World, sign_in):
    client = sign_in(world.users["researcher"])
    base = f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}"
    content = b"customer_ref;region;tenure\n=1+1;@North;-3\n"
    made = client.post(f"{base}/links", data={"customers": (io.BytesIO(content), "c.csv")})
    row = next(csv.DictReader(io.StringIO(made.text.removeprefix("\ufeff"))))
    assert (row["customer_ref"], row["region"], row["tenure"]) == ("'=1+1", "'@North", "-3")
    assert made.headers["Content-Disposition"].startswith("attachment")


def test_the_log_names_routes_and_never_tokens(capfd, app: Flask, world: World, sign_in):
    client = sign_in(world.users["researcher"])
    base = f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}"
    file = {"customers": (io.BytesIO(b"customer_ref\nc1\n"), "c.csv")}
    link = client.post(f"{base}/links", data=file).text.split(",")[-1].strip()
    path = link.removeprefix("http://127.0.0.1:8000")
    capfd.readouterr()
    assert app.test_client().get(path).status_code == 200
    client.get("/sign-in?next=/secret-place&token=abcdef")
    logged = capfd.readouterr().err
    assert path.rsplit("/", 1)[1] not in logged
    assert "secret-place" not in logged and "abcdef" not in logged
    lines = [json.loads(line) for line in logged.splitlines()]
    assert lines[0]["route"] == "/s/<link>/<ticket>"
    assert {"request", "method", "status", "ms"} <= set(lines[0])
    assert "user" not in lines[0]


def test_one_persons_jobs_cannot_fill_the_queue(app: Flask, world: World, sign_in, installation):
    user = world.users["researcher"]
    with installation.store.writing() as session:
        session.add_all(
            Job(kind="rebuild_rollups", parameters={}, created_by=user.id)
            for _ in range(MOST_WAITING)
        )
    form = {"name": "South", "rule": "region = South"}
    refused = sign_in(user).post("/segments/new", data=form)
    assert refused.status_code == 422
    assert "unfinished" in refused.text
    assert sign_in(world.users["administrator"]).post("/segments/new", data=form).status_code == 303


def test_proxy_headers_are_believed_for_the_configured_hops_only(database_url, tmp_path):
    """Behind one proxy the address that it saw counts; what the client put before it does not."""
    app = create_app(read({}, home=tmp_path, trusted_proxies=1, database_url=database_url))
    app.config["WTF_CSRF_ENABLED"] = False

    def guess(i: int, forwarded: str) -> int:
        form = {"email": f"nobody{i}@example.org", "password": "a guess"}
        sent = app.test_client().post("/sign-in", data=form, headers={"X-Forwarded-For": forwarded})
        return sent.status_code

    assert {guess(i, f"203.0.113.{i}") for i in range(12)} == {422}
    assert guess(99, "198.51.100.1") == 422
    forged = [guess(i, f"10.0.0.{i}, 198.51.100.7") for i in range(12)]
    assert forged[-1] == 429
    app.extensions[EXTENSION].close()


def test_a_session_ends_by_itself(app: Flask):
    assert app.permanent_session_lifetime <= timedelta(hours=12)


def test_errors_are_pages_for_people(app: Flask, world: World, sign_in):
    client = sign_in(world.users["manager"])
    for path, status, words in (
        ("/nowhere", 404, "no page at this address"),
        ("/journeys/999", 404, "no such journey"),
        ("/users", 403, "permission to manage users"),
        (f"/journeys/{world.here.journey_id}?segment=abc", 422, "is not a number"),
        (f"/journeys/{world.here.journey_id}?from=2026-13", 422, "is not a month"),
        (f"/journeys/{world.here.journey_id}/results?to=9999-12", 422, "is not a month"),
        (f"/journeys/{world.here.journey_id}?segment=999", 404, "no segment"),
    ):
        page = client.get(path)
        assert page.status_code == status, path
        assert words in page.text, path
        assert "Traceback" not in page.text
    assert client.post("/journeys").status_code == 405


def test_a_database_that_is_away_is_told_calmly(tmp_path, capfd):
    app = create_app(
        read({}, home=tmp_path, database_url="postgresql+psycopg://127.0.0.1:1/nothing")
    )
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    page = client.get("/sign-in")
    assert page.status_code == 503
    assert "Database unavailable" in page.text
    app.extensions[EXTENSION].close()


def test_the_process_is_ready_only_with_the_newest_schema(app: Flask, tmp_path):
    assert app.test_client().get("/readyz").status_code == 200
    empty = create_app(read({}, home=tmp_path / "empty"))
    assert empty.test_client().get("/readyz").status_code == 503
    empty.extensions[EXTENSION].close()


def test_a_fault_of_ours_is_a_page_with_a_number_and_a_line_in_the_log(capfd, app: Flask):
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/fault", "fault", lambda: 1 / 0)
    page = app.test_client().get("/fault")
    assert page.status_code == 500
    number = re.search(r"<code>(\w+)</code>", page.text)[1]
    assert number in capfd.readouterr().err
    assert "ZeroDivisionError" not in page.text


def test_a_closed_account_keeps_its_name_in_the_audit_log(app, world: World, sign_in, installation):
    client = sign_in(world.users["administrator"])
    client.post(f"/users/{world.users['researcher'].id}/close")
    page = client.get("/audit")
    assert "Closed an account" in page.text
    assert "<bdi>User “Researcher” (researcher@example.org)</bdi>" in page.text
    with installation.store.reading() as session:
        assert not session.get_one(User, world.users["researcher"].id).active
        assert queries.journey(session, world.here.journey_id).name == "Open"
