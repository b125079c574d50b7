"""Two people who edit the same settings: the second is told, sees both versions, overwrites nothing."""

from __future__ import annotations

import html
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml.html import FormElement, fromstring
from werkzeug.test import TestResponse

from surveyapp.installation import Installation
from surveyapp.store.models import SurveyRow, User
from tests.web.conftest import World
from tests.web.test_guards import address, guarded_rules
from tests.web.world import add_user

SignIn = Callable[[User], FlaskClient]
Fields = dict[str, list[str]]

# What one person changes in each form that edits something, and what the other one does.
EDITS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "journeys.edit": ({"goal": "Theirs"}, {"run_gap_days": "9"}),
    "stages.edit_stage": ({"name": "Theirs"}, {"goal": "Mine"}),
    "stages.edit_touchpoint": ({"front_stage": "Theirs"}, {"backstage": "Mine"}),
    "segments.edit": ({"name": "Theirs"}, {"rule": "region = South"}),
    "theme.edit": ({"introduction": "Theirs"}, {"colour": "#0b4f8a"}),
    "translations.edit": ({"consent-fi": "Heidän"}, {"consent-sv": "Min"}),
    "channels.set_embed": (
        {"embed_origins": "https://theirs.example"},
        {"embed_origins": "https://mine.example"},
    ),
    "channels.set_kiosk": ({"kiosk_seconds": "20"}, {"kiosk_idle_seconds": "90"}),
    "channels.set_consent": ({"text": "Theirs"}, {"text": "Mine"}),
    "channels.set_end": (
        {"end_url": "https://end.example/a"},
        {"end_url": "https://end.example/b"},
    ),
    "channels.set_draw": ({"draw": "Theirs"}, {"draw": "Mine"}),
    "sampling.edit": ({"rule": "region = North"}, {"delay_minutes": "5"}),
    "messages.save": ({"subject-en": "Theirs"}, {"reminders": "2"}),
    "closed_loop.change_rule": ({"scale": "nps", "at_most": "6"}, {"due_days": "3"}),
    "sample_size.plan": ({"due": "2031-01-31"}, {"answers": "900"}),
    "alerts.change": ({"months": "2"}, {"minimum_n": "50"}),
    "webhooks.edit": ({"name": "Theirs"}, {"url": "https://mine.example.org/in"}),
    "connections.show_key": ({"networks": "192.0.2.0/24"}, {"expires_at": "2031-01-31"}),
    "users.show": ({"role": "manager"}, {"role": "administrator"}),
    "action_plan.edit": ({"title": "Theirs"}, {"due_on": "2031-01-31"}),
    "changes.edit": ({"title": "Theirs"}, {"cost": "Mine"}),
    "insights.edit": ({"title": "Theirs"}, {"text": "Mine"}),
    "opportunities.edit": ({"title": "Theirs"}, {"impact": "5"}),
    "personas.edit": ({"title": "Theirs"}, {"goals": "Mine"}),
    "pain_points.edit": ({"title": "Theirs"}, {"why1": "Mine"}),
    "reply_templates.edit": ({"subject": "Theirs"}, {"text": "Mine"}),
    "coding.edit": ({"name": "Theirs"}, {"theme": "Mine"}),
    "comments.settings": ({"names": "Theirs"}, {"keep_originals": "y"}),
    "retention.change": ({"method": "anonymise", "months": "30"}, {"months": "36"}),
    "targets.edit": ({"value": "41.5"}, {"due": "2031-01-31"}),
    "preregistrations.edit": ({"design": "Theirs"}, {"outcome": "Mine"}),
    "project_files.edit": ({"groups": "nps"}, {"missing": "-99"}),
    "population_shares.edit": ({"lines": "A 60\nB 40"}, {"source": "Mine"}),
    "questions.edit": ({"text-en": "Theirs?"}, {"text-fi": "Minun?"}),
    "questionnaires.general": ({"title-en": "Theirs"}, {"instruction-en": "Mine."}),
    "questionnaires.scale": ({"label-2-en": "Theirs"}, {"label-4-en": "Mine"}),
    "scale_development.edit": ({"name": "Theirs"}, {"population": "Mine"}),
    "scale_development.edit_construct": ({"name": "Theirs"}, {"definition": "Mine"}),
    "scale_development.edit_item": ({"source": "Theirs"}, {"code": "mine1"}),
    "scale_development.decide": ({"state": "judging"}, {"reason": "Mine"}),
    "cases.assign": ({"owner_id": "0"}, {"owner_id": "me"}),
}
# Forms that add, send or look something up: nothing that is stored is in them.
OTHERS = {
    *("scale_development.new", "scale_development.add_construct", "scale_development.add_item"),
    *("judging_rounds.invite", "scale_versions.freeze"),
    *("interview_findings.index", "item_translations.index", "scale_pilots.new"),
    *(
        "projects.new",
        "projects.step",
        "models.new",
        "preregistrations.plan_model",
        "preregistrations.reason",  # another one stands beside it
        "project_files.new",
        "judged_files.new",
    ),  # what they make never changes
    *("access.give", "users.give"),
    *("account.change_password", "campaigns.bounces", "campaigns.preview"),
    "journey_map.change",  # a name that is added; cells have a test of their own
    *("cases.add_note", "cases.close", "alerts.new", "alerts.mute"),
    *(
        "connections.new_key",
        "connections.rotate_key",
        "contacts.index",
        "imports.new",
        "journeys.new",
        "messages.test",
    ),
    *("previews.show", "responses.remove"),
    *("questionnaires.new", "questionnaires.add_language", "questionnaires.add_scale"),
    "questions.add",
    *(
        "reports.new",
        "schedules.new",
        "sampling.bring",
        "inventory.bring",
        "outcomes.bring",
        "segments.new",
        "stages.add_stage",
        "stages.add_touchpoint",
    ),
    *("surveys.make_links", "surveys.new", "users.new", "webhooks.new"),
    *(
        "action_plan.new",
        "benchmarks.new",
        "changes.new",
        "coding.new",
        "insights.new",
        "map_comments.answer",
        "map_comments.write",
        "map_imports.new",
        "map_versions.new",
        "sub_journeys.add",
        "map_evidence.file",
        "opportunities.new",
        "pain_points.add_evidence",
        "pain_points.new",
        "persona_pictures.edit",
        "personas.new",
        "population_shares.new",
        "reply_templates.new",
        "saved_views.new",
        "share_links.new",
        "survey_plan.draft",
        "targets.new",
    ),
    "coding.keep",  # one's own codes of a comment, which nobody else changes
}


@pytest.fixture
def two(
    installation: Installation, world: World, sign_in: SignIn
) -> tuple[FlaskClient, FlaskClient]:
    """Two administrators in their browsers; the second is Berta Brun."""
    with installation.store.writing() as session:
        berta = add_user(session, "administrator", email="berta@example.org", name="Berta Brun")
        survey = session.get_one(SurveyRow, world.here.survey_id)
        survey.languages, survey.consent = ["fi", "sv"], "We keep it."
    object.__setattr__(installation.settings, "end_hosts", "end.example")
    return sign_in(world.users["administrator"]), sign_in(berta)


def forms_on(page: str) -> list[FormElement]:
    """The forms of a page that change something; the customers' own, in a preview, sends nothing."""
    forms = fromstring(page).forms
    return [form for form in forms if form.method == "POST" and form.get("id") != "survey"]


def endpoint_of(app: Flask, form: FormElement, path: str) -> str:
    action = (form.action or path).partition("?")[0].partition("#")[0]
    return app.url_map.bind("localhost").match(action, method="POST")[0]


def is_filled_in(form: FormElement) -> bool:
    """Whether somebody types or chooses something in it."""
    return any(
        each.tag in ("select", "textarea")
        or (each.tag == "input" and each.get("type") not in ("hidden", "submit"))
        for each in form.iter("select", "textarea", "input")
    )


def values(form: FormElement) -> Fields:
    """What a browser would send, without the line break that begins every text area."""
    found: Fields = {}
    for name, value in form.form_values():
        if name == "csrf_token":  # which tells the time; these tests need none
            continue
        found.setdefault(name, []).append(value.removeprefix("\r").removeprefix("\n"))
    return found


def pages(app: Flask, world: World, browser: FlaskClient) -> dict[str, str]:
    """Every page that an administrator can open, by its path."""
    found = {}
    for rule, _ in guarded_rules(app):
        if "GET" in (rule.methods or ()):
            path = address(app, rule, asdict(world.here))
            answer = browser.get(path)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                found[path] = answer.text
            answer.close()
    return found


def edit_forms(app: Flask, world: World, browser: FlaskClient) -> dict[str, tuple[str, str]]:
    """(page, action) of each form that edits something, by its endpoint; every other one is known."""
    found, others = {}, set()
    for path, page in pages(app, world, browser).items():
        for form in filter(is_filled_in, forms_on(page)):
            endpoint = endpoint_of(app, form, path)
            if "shown" in form.fields:
                found[endpoint] = (path, form.action or path)
            else:
                others.add(endpoint)
    assert (others - OTHERS, OTHERS - others) == (set(), set()), (
        "a form without the version of what it shows"
    )
    return found


def form_at(app: Flask, browser: FlaskClient, path: str, endpoint: str) -> FormElement:
    (form,) = [
        form
        for form in forms_on(browser.get(path).text)
        if endpoint_of(app, form, path) == endpoint
    ]
    return form


def shows(page: str, value: str) -> bool:
    return html.escape(value) in page


def test_of_two_who_edit_a_form_the_second_is_shown_both_versions(app: Flask, world: World, two):
    anna, berta = two
    found = edit_forms(app, world, anna)
    assert (set(found) - set(EDITS), set(EDITS) - set(found)) == (set(), set())
    for endpoint, (path, action) in sorted(found.items()):
        theirs, mine = EDITS[endpoint]
        if endpoint == "cases.assign":
            mine = {"owner_id": str(world.users["administrator"].id)}
        opened = values(form_at(app, anna, path, endpoint))
        saved = berta.post(action, data={**opened, **theirs})
        assert saved.status_code == 303, (endpoint, saved.text)
        stored = values(form_at(app, anna, path, endpoint))
        refused = anna.post(action, data={**opened, **mine})
        assert refused.status_code == 409, endpoint
        assert "Berta Brun" in refused.text and "Nothing of yours has been saved" in refused.text
        for value in (*theirs.values(), *mine.values()):
            assert shows(refused.text, value), (endpoint, value)
        assert values(form_at(app, anna, path, endpoint)) == stored, endpoint
        # Whoever saves both versions as they are proposed keeps what each of the two has changed.
        (both,) = [form for form in forms_on(refused.text) if "shown" in form.fields]
        assert anna.post(both.action, data=values(both)).status_code == 303, endpoint
        merged = values(form_at(app, anna, path, endpoint))
        for name, value in {**theirs, **mine}.items():
            assert merged[name] == [value], endpoint


def messages(world: World) -> str:
    return f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}/messages"


def saved(browser: FlaskClient, path: str, opened: Fields, **changes: str) -> TestResponse:
    return browser.post(path, data={**opened, **changes})


def test_the_same_field_changed_by_both_shows_each_text(app: Flask, world: World, two):
    anna, berta = two
    path = messages(world)
    opened = values(form_at(app, anna, path, "messages.save"))
    saved(berta, path, opened, **{"subject-en": "Bertas <b> subject"})
    page = saved(anna, path, opened, **{"subject-en": "Annas subject"}).text
    assert "Bertas &lt;b&gt; subject" in page and "Annas subject" in page
    assert "Subject (English)" in page
    (both,) = [form for form in forms_on(page) if "shown" in form.fields]
    assert values(both)["subject-en"] == ["Annas subject"]


def test_saving_ones_own_change_twice_is_no_conflict(app: Flask, world: World, two):
    anna, _ = two
    path = messages(world)
    opened = values(form_at(app, anna, path, "messages.save"))
    answers = [saved(anna, path, opened, **{"subject-en": "Mine"}).status_code for _ in range(2)]
    assert answers == [303, 303]


def test_a_fault_in_between_does_not_hide_that_somebody_saved(app: Flask, world: World, two):
    anna, berta = two
    path = messages(world)
    opened = values(form_at(app, anna, path, "messages.save"))
    saved(berta, path, opened, **{"subject-en": "Theirs"})
    wrong = saved(anna, path, opened, reminders="soon")
    assert wrong.status_code == 422
    again = [
        form for form in forms_on(wrong.text) if endpoint_of(app, form, path) == "messages.save"
    ]
    assert saved(anna, path, values(again[0]), reminders="2").status_code == 409


def test_a_change_by_another_door_is_not_overwritten(app: Flask, world: World, installation, two):
    anna, _ = two
    path = f"/journeys/{world.here.journey_id}/stages/{world.here.stage_id}"
    opened = values(form_at(app, anna, path, "stages.edit_stage"))
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
        survey.journey.stages[0].name = "Renamed by a program"
    page = saved(anna, path, opened, goal="Mine")
    assert page.status_code == 409
    assert "changed in another place" in page.text and "Renamed by a program" in page.text


def test_of_savings_at_the_same_moment_one_is_stored(app: Flask, world: World, two, sign_in):
    anna, _ = two
    path = f"/journeys/{world.here.journey_id}/stages/{world.here.stage_id}"
    opened = values(form_at(app, anna, path, "stages.edit_stage"))
    together = Barrier(4)

    def save(number: int) -> int:
        browser = sign_in(world.users["administrator"])
        together.wait()
        return saved(browser, path, opened, goal=f"Goal {number}").status_code

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(save, range(4))) == [303, 409, 409, 409]
