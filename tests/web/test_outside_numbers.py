"""Whatever stands where a number belongs, no page fails: every parameter of every route is tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import quote

import flask
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule

from surveyapp.api.application import create_api
from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.installation import Installation
from surveyapp.store.models import Draft, Journey, Response, SurveyRow
from surveyapp.web.ids import Id, LongId
from surveyapp.web.respond.apart import BLUEPRINTS
from tests.responses.makers import make_survey
from tests.web.conftest import World
from tests.web.respondents import fields, form_key, opened, parsed, single_use
from tests.web.test_guards import address, guarded_rules, methods_of

LONG = "9" * 5000
NASTY = ("²", "٣", "-0", "1.5", "1e999", "nan", "inf", LONG, str(2**63), " ", "\0", "7\0")
# Pages read a value before they ask a database, and the same code reads it whichever that is: after every
# value on SQLite, one of each kind that may reach a database says how PostgreSQL takes it.
KINDS = ("²", "1.5", "inf", LONG, str(2**63), "\0")
NOT_TEXT = "%FF%FE"  # bytes that are no UTF-8


class Asked(ImmutableMultiDict[str, str]):
    """What stands after the question mark; notes what a view asks for by name."""

    names: ClassVar[set[str]] = set()

    def get(self, key, *args, **options):
        self.names.add(key)
        return super().get(key, *args, **options)

    def getlist(self, key, *args, **options):
        self.names.add(key)
        return super().getlist(key, *args, **options)

    def __getitem__(self, key):
        self.names.add(key)
        return super().__getitem__(key)

    def __contains__(self, key):
        self.names.add(key)
        return super().__contains__(key)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setattr(flask.Request, "parameter_storage_class", Asked)
    monkeypatch.setattr(Asked, "names", set())
    return Asked.names


@pytest.fixture
def nasty(installation: Installation) -> tuple[str, ...]:
    return NASTY if installation.store.is_sqlite else KINDS


def try_all(
    client: FlaskClient, paths: list[str], asked: set[str], nasty: tuple[str, ...], **options
) -> dict[str, int]:
    """Each path with every parameter that its view asks for, nasty values one after the other; how
    many paths know each parameter.
    """
    known: dict[str, int] = {}
    for path in paths:
        asked.clear()
        with client.get(path, **options) as plain:
            assert plain.status_code < 500, path
        tried: set[str] = set()
        while waiting := asked - tried:  # a value may make a view ask for more
            name = min(waiting)
            tried.add(name)
            known[name] = known.get(name, 0) + 1
            for value in (*map(quote, nasty), NOT_TEXT):
                with client.get(f"{path}?{quote(name)}={value}", **options) as answer:
                    assert answer.status_code < 500, (path, name, value[:40])
    return known


def test_no_parameter_of_a_page_for_staff_makes_it_fail(
    app: Flask, world: World, sign_in, asked: set[str], nasty: tuple[str, ...]
):
    rules = [rule for rule, _ in guarded_rules(app) if "GET" in methods_of(rule)]
    if nasty is KINDS:  # a page and its JSON ask a database the same
        rules = list({app.view_functions[rule.endpoint]: rule for rule in rules}.values())
    paths = [address(app, rule, vars(world.here)) for rule in rules]
    known = try_all(sign_in(world.users["administrator"]), paths, asked, nasty)
    assert {"segment", "from", "to", "before", "after", "survey", "user"} <= set(known)
    assert {"owner", "journey", "state", "lang", "place", "about", "customer"} <= set(known)


def test_no_parameter_of_a_page_for_customers_makes_it_fail(
    app: Flask, installation: Installation, asked: set[str], nasty: tuple[str, ...]
):
    with installation.store.writing() as session:
        survey = make_survey(session)
        survey.draw = "A voucher."
        survey.paging = "blocks"
        survey.channels = {"kiosk": True, "embed_origins": ["https://example.org"]}
        session.flush()
    (personal,) = single_use(installation, survey)
    ticket = personal.rsplit("/", 1)[1]
    surveys = Flask("surveys")
    for blueprint in BLUEPRINTS:
        surveys.register_blueprint(blueprint)
    values = {"link": survey.link, "ticket": ticket, "token": ticket, "part": "mine"}
    values |= {"name": "nps-nps"}
    paths = [
        surveys.url_map.bind("localhost").build(
            rule.endpoint, {name: values[name] for name in rule.arguments}
        )
        for rule in surveys.url_map.iter_rules()
        if "GET" in methods_of(rule) and rule.endpoint != "static"
    ]
    assert len(paths) > 10
    known = try_all(app.test_client(), sorted(set(paths)), asked, nasty)
    assert {"lang", "score"} <= set(known)


def test_no_parameter_of_the_api_makes_it_fail(
    app: Flask,
    installation: Installation,
    world: World,
    asked: set[str],
    nasty: tuple[str, ...],
    monkeypatch,
):
    monkeypatch.setattr("surveyapp.api.callers.CALLS_A_MINUTE", 10**6)
    with installation.store.writing() as session:
        _, key = api_keys.make(session, name="k", scopes=list(KeyScope), user_id=None)
        code = session.get_one(Journey, world.here.journey_id).code
        survey = session.get_one(SurveyRow, world.here.survey_id).code
    api = create_api(installation, failed=lambda _: None)
    paths = [
        str(rule).replace("<string:code>", code).replace("<string:name>", "not-found")
        for rule in api.url_map.iter_rules()
        if "GET" in methods_of(rule)
    ]
    assert not any("<" in path for path in paths)
    headers = {"Authorization": f"Bearer {key}"}
    known = try_all(app.test_client(), paths, asked, nasty, headers=headers)
    assert {"segment", "from", "to", "survey"} <= set(known)
    client = app.test_client()
    for name in ("after", "changed_after", "limit"):
        for value in (*map(quote, nasty), NOT_TEXT):
            path = f"/api/v1/responses?survey={survey}&{name}={value}"
            assert client.get(path, headers=headers).status_code < 500, (name, value[:40])


@pytest.mark.parametrize("number", ["²", "٣", LONG, "0" * 5000, str(2**63), "1e9", "-1", "%00"])
def test_an_address_with_no_number_where_one_belongs_is_not_found(
    app: Flask, world: World, sign_in, number: str
):
    client = sign_in(world.users["administrator"])
    for rule in numbered(app):
        path = str(rule)
        for argument in rule.arguments:
            path = path.replace(f"<int:{argument}>", number).replace(f"<long:{argument}>", number)
        assert client.get(path).status_code == 404, path[:80]


def numbered(app: Flask) -> Iterator[Rule]:
    """The pages whose address holds numbers and nothing else that varies."""
    for rule, _ in guarded_rules(app):
        kinds = {type(converter) for converter in rule._converters.values()}
        if "GET" in methods_of(rule) and kinds and kinds <= {Id, LongId}:
            yield rule


@pytest.mark.parametrize("at", [*NASTY, "7", "999999"])
def test_a_survey_in_blocks_takes_any_place_to_be_at_for_its_first(
    app: Flask, installation: Installation, at: str
):
    with installation.store.writing() as session:
        survey = make_survey(session)
        survey.paging = "blocks"
    client = app.test_client()
    (personal,) = single_use(installation, survey)
    for link in (f"/s/{survey.link}", personal):
        key = form_key(opened(client, link))
        form = {"form-key": key, "at": at, "go": "back"}
        assert client.post(link, data=form).status_code < 500
        assert client.post(f"{link}?draft", data=form).status_code < 500
        whole = {**fields(1), "form-key": key, "at": at, "go": "send"}
        assert client.post(link, data=whole).status_code == 303
    with installation.store.reading() as session:
        assert len(session.scalars(select(Response)).all()) == 2
        assert session.scalars(select(Draft)).all() == []


def test_no_number_in_a_form_of_the_staff_makes_its_page_fail(
    app: Flask, world: World, sign_in, nasty: tuple[str, ...]
):
    client, ids = sign_in(world.users["administrator"]), vars(world.here)
    tried = set()
    for rule, _ in guarded_rules(app):
        if "GET" not in methods_of(rule):
            continue
        path = address(app, rule, ids)
        with client.get(path) as page:
            forms = list(forms_on(page.text)) if page.mimetype == "text/html" else []
        for action, form, numbers in forms:
            for name in numbers:
                for value in nasty:
                    sent = client.post(action or path, data={**form, name: value})
                    assert sent.status_code < 500, (action or path, name, value[:40])
                tried.add(name)
    assert {"run_gap_days", "delay_minutes", "share", "reminders", "kiosk_seconds"} <= tried
    assert {"at_most", "value", "minimum_n", "quotas-0-most", "attention_choose"} <= tried


def forms_on(page: str) -> Iterator[tuple[str, dict[str, list[str]], list[str]]]:
    """Each form that is posted: where to, what a browser would send, and its fields of numbers."""
    action, form, numbers = "", {}, []
    chosen: str | None = None  # the select whose options follow
    posted = False
    for tag in [*parsed(page).tags, None]:
        if tag is None or tag.name == "form":
            if posted:
                yield action, form, numbers
            form, numbers = {}, []
            if tag is not None:
                posted = tag.attributes.get("method", "").lower() == "post"
                action = tag.attributes.get("action", "")
            continue
        own = tag.attributes
        if tag.name == "select":
            chosen = own["name"]
        elif tag.name == "option" and chosen is not None:
            if chosen not in form or "selected" in own:
                form[chosen] = [own.get("value", tag.text)]
        elif tag.name == "textarea" and "name" in own:
            form[own["name"]] = [tag.text.strip()]
        elif tag.name == "input" and own.get("type") not in {"file", None} and "name" in own:
            if own["type"] not in {"radio", "checkbox"} or "checked" in own:
                form.setdefault(own["name"], []).append(own.get("value", "on"))
            if own["type"] == "number":
                numbers.append(own["name"])
