"""Whatever the document allows, and more: the API never fails, and answers as it is documented."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    positive_data_acceptance,
    response_schema_conformance,
)

from surveyapp.api.application import create_api
from surveyapp.api.callers import THROTTLES
from surveyapp.api.throttle import Throttle
from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.installation import open_installation
from surveyapp.settings import read
from tests.web.world import add_user, make_place

FEW = settings(
    max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@dataclass(frozen=True)
class Fuzzed:
    app: Flask
    key: str


@pytest.fixture(scope="module")
def fuzzed(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """The API of a small installation, a key to everything, and no limit of calls."""
    home = tmp_path_factory.mktemp("fuzzed")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    installation = open_installation(read({}, home=home))
    with installation.store.writing() as session:
        user = add_user(session, "researcher", password_hash="none")
        _, key = api_keys.make(session, name="Fuzz", scopes=list(KeyScope), user_id=None)
    make_place(installation, "Open", user)
    failures: list[Exception] = []
    app = create_api(installation, failed=failures.append)
    app.extensions[THROTTLES] = (Throttle(10**9, 60.0), Throttle(10**9, 60.0))
    yield Fuzzed(app, key)
    installation.close()
    assert failures == []


@pytest.fixture(scope="module")
def document(fuzzed: Fuzzed) -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", fuzzed.app)


def each_case(document: Any, few: settings, run: Callable[[Any], None]) -> int:
    """Call ``run`` with good and bad requests of every operation; how many there were."""
    count = 0
    for found in document.get_all_operations():
        for mode in GenerationMode:
            cases = found.ok().as_strategy(generation_mode=mode)

            @few
            @given(case=cases)
            def fuzz(case: Any) -> None:
                nonlocal count
                count += 1
                run(case)

            fuzz()
    return count


def test_with_a_key_nothing_fails_and_all_answers_are_as_documented(document: Any, fuzzed: Fuzzed):
    def run(case: Any) -> None:
        case.call_and_validate(
            headers={"Authorization": f"Bearer {fuzzed.key}"},
            # A journey's code that nobody has is a text of the documented form, and not found.
            excluded_checks=[positive_data_acceptance],
        )

    assert each_case(document, FEW, run) > 50


def test_without_a_key_everything_is_refused_as_documented(document: Any):
    def run(case: Any) -> None:
        answer = case.call(headers={"Authorization": "Bearer nobody"})
        assert answer.status_code in {401, 404, 405}
        case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])

    assert each_case(document, settings(FEW, max_examples=3), run) > 20
