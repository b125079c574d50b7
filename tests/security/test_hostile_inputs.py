"""Threats 14 and 19: whatever is sent, nothing fails, nothing waits, and what is stored stays whole.

A part of ``make fuzz``, which sends 10,000 inputs of another seed at each run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzzing.attack import Attack
from tests.fuzzing.databases import Sqlite
from tests.fuzzing.target import Target, make_target

SEED, INPUTS = 1, 700  # each route and operation once


@pytest.fixture(scope="module")
def target(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    home = tmp_path_factory.mktemp("hostile")
    made = make_target(Sqlite(migrated_sqlite, home), home)
    yield made
    made.installation.close()


@pytest.fixture(scope="module")
def attack(target: Target) -> Attack:
    # The forms' classes tell most of what the pages would. Beside other tests only time at work counts.
    return Attack(target, SEED, reads_staff_pages=False, clock=time.process_time)


def test_every_route_and_operation_bears_hostile_inputs(attack: Attack):
    attack.run(INPUTS)
    assert attack.failures == []


def test_each_route_and_operation_is_tried(attack: Attack):
    assert len(attack.ways) <= INPUTS
    tried = {(way.method, way.path or str(way.rule)) for way in attack.ways}
    for known in (
        *(
            ("GET", "/journeys"),
            ("POST", "/journeys/<int:journey_id>/surveys/<int:survey_id>/imports"),
        ),
        *(("POST", "/s/<link>/<ticket>"), ("POST", "/u/<token>"), ("POST", "/k/<link>/answers")),
        *(("POST", "/api/v1/interactions"), ("GET", "/api/v1/journeys/{code}/results")),
    ):
        assert known in tried


def test_a_host_that_cannot_be_one_is_a_bad_request_of_every_page(target: Target):
    for path in ("/sign-in", "/healthz", "/nowhere", "/s/x", "/api/v1/surveys"):
        answer = target.app.test_client().get(path, headers={"Host": f"{'a' * 64}.example"})
        assert answer.status_code == 400, path


@pytest.mark.parametrize("body", ["[1]", "7", '{"name": {"a": 1}}', "[" * 5_000, "{", "NaN"])
def test_a_page_reads_no_json_for_its_form(target: Target, body: str):
    client = target.sign_in("administrator")
    sent = client.post("/journeys/new", data=body, content_type="application/json")
    assert sent.status_code == 422
    assert "Enter" in sent.text


@pytest.mark.parametrize("number", ["9" * 400, "9" * 5_000, "-" + "9" * 400, "2147483648"])
def test_a_number_that_no_column_holds_is_refused_at_its_field(target: Target, number: str):
    place, client = target.places[0], target.sign_in("administrator")
    theme = f"/journeys/{place.journey_id}/surveys/{place.survey_id}/theme"
    overlap = f"/connections/keys/{place.key_id}/rotate"
    assert client.post(theme, data={"paging": "page", "quotas-0-most": number}).status_code == 422
    assert client.post(overlap, data={"days": number}).status_code == 422
