"""The OpenAPI document names each operation, answer and problem, and its examples are valid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from docs.generated.api import api_reference, document
from surveyapp.api.application import create_api
from surveyapp.installation import open_installation
from surveyapp.problem_types import TYPES
from surveyapp.settings import read

DOCUMENT = document()
OPERATIONS = {
    f"{method.upper()} {path.removeprefix('/api/v1')}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method in {"get", "post"}
}
# Generated clients name their functions after these: none may ever change.
IDS = {
    "POST /interactions": "reportInteractions",
    "POST /outcomes": "reportOutcomes",
    "GET /surveys": "listSurveys",
    "GET /deployments": "listDeployments",
    "POST /invitations": "inviteCustomers",
    "POST /bounces": "reportBounces",
    "POST /opt-outs": "optOutCustomers",
    "GET /responses": "listResponses",
    "GET /erasures": "listErasures",
    "GET /journeys/{code}/changes": "listJourneyChanges",
    "GET /journeys/{code}/pain-points": "listJourneyPainPoints",
    "GET /journeys/{code}/insights": "listJourneyInsights",
    "GET /journeys/{code}/opportunities": "listJourneyOpportunities",
    "GET /journeys/{code}/personas": "listJourneyPersonas",
    "GET /journeys/{code}/actions": "listJourneyActions",
    "GET /journeys/{code}/outcomes": "readJourneyOutcomes",
    "GET /journeys/{code}/customer-values": "readCustomerValues",
    "GET /journeys/{code}/results": "readJourneyResults",
    "GET /journeys/{code}/answers": "readJourneyAnswers",
    "GET /journeys/{code}/funnel": "readJourneyFunnel",
    "GET /portfolio": "readPortfolio",
    "GET /side-by-side": "readSideBySide",
    "POST /journeys/{code}/reports": "createReport",
    "GET /journeys/{code}/reports": "listReports",
    "GET /journeys/{code}/reports/file": "downloadReport",
    "POST /journeys/{code}/analyses/validations": "validateScale",
    "POST /journeys/{code}/analyses/studies": "startStudy",
    "GET /journeys/{code}/analyses": "listAnalyses",
    "GET /journeys/{code}/analyses/analysis": "readAnalysis",
    "GET /journeys/{code}/analyses/file": "downloadAnalysis",
    "POST /journeys/{code}/analyses/cancelled": "cancelAnalysis",
    "POST /journeys/{code}/projects": "createProject",
    "GET /journeys/{code}/projects": "listProjects",
    "POST /journeys/{code}/projects/models": "fitModel",
    "GET /journeys/{code}/projects/models": "listModels",
    "GET /journeys/{code}/projects/model": "readModel",
    "GET /journeys/{code}/projects/scores": "readScores",
    "POST /journeys/{code}/projects/steps": "takeStep",
    "POST /journeys/{code}/projects/steps/undone": "undoStep",
    "POST /journeys/{code}/projects/analyses": "analyseModel",
    "GET /journeys/{code}/scale-development": "listScales",
    "POST /journeys/{code}/scale-development": "createScale",
    "GET /journeys/{code}/scale-development/scale": "readScale",
    "POST /journeys/{code}/scale-development/constructs": "addConstruct",
    "POST /journeys/{code}/scale-development/items": "addPoolItem",
    "POST /journeys/{code}/scale-development/items/reworded": "rewordPoolItem",
    "POST /journeys/{code}/scale-development/items/decided": "decidePoolItem",
    "POST /journeys/{code}/scale-development/rounds": "beginJudgingRound",
    "POST /journeys/{code}/scale-development/rounds/closed": "closeJudgingRound",
    "GET /journeys/{code}/scale-development/round": "readJudgingRound",
    "GET /journeys/{code}/scale-development/evidence": "downloadScaleEvidence",
    "GET /journeys/{code}/model-power": "readModelPower",
    "GET /journeys/{code}/sample-size": "readSampleSize",
    "GET /journeys/{code}/judges/needed": "readJudgesNeeded",
    "POST /journeys/{code}/judges/judgements": "analyseJudgements",
    "GET /journeys/{code}/sample-size/planned": "planSampleSize",
    "POST /inventory": "importInventory",
}


def test_each_operation_has_an_id_of_its_own_that_stays():
    found = {name: operation["operationId"] for name, operation in OPERATIONS.items()}
    assert {name: found.get(name) for name in IDS} == IDS
    assert len(set(found.values())) == len(found)
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", each) for each in found.values())


def test_each_operation_documents_every_status_that_it_answers_with():
    for name, operation in OPERATIONS.items():
        statuses = {"401", "403", "429", "500", "503", "default"}
        if name.startswith("POST"):
            statuses |= {"400", "409", "413", "415", "422"}
        if "requestBody" in operation or "parameters" in operation:
            statuses.add("422")
        assert statuses <= set(operation["responses"]), name
        if name.startswith("GET /journeys") or name in {
            *("POST /invitations", "GET /responses", "GET /erasures"),
        }:
            assert "404" in operation["responses"]
    for name in ("results", "projects/scores"):
        assert "409" in OPERATIONS[f"GET /journeys/{{code}}/{name}"]["responses"]


def shapes() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, shape in DOCUMENT["components"]["schemas"].items():
        yield from ((f"{name}.{each}", field) for each, field in shape["properties"].items())


def test_times_days_and_addresses_are_of_their_formats():
    formats = {name: field.get("format") for name, field in shapes()}
    for name, wanted in {
        "Interaction.at": "date-time",
        "Bounce.at": "date-time",
        "Invite.expires_at": "date-time",
        "Survey.opens_at": "date-time",
        "Response.submitted_at": "date-time",
        "Erasure.erased_at": "date-time",
        "Results.first_day": "date",
        "Response.response_id": "uuid",
        "Survey.url": "uri",
        "Problem.type": "uri",
    }.items():
        assert formats[name] == wanted, name
    unsaid = [name for name in formats if name.endswith(("_at", ".at")) and not formats[name]]
    assert unsaid == []


def test_attribute_values_are_texts_numbers_and_truth_values_of_no_class_of_their_own():
    for name, field in shapes():
        if name in {"Interaction.attributes", "Customer.attributes"}:
            values = field["additionalProperties"]
            assert not values.keys() & {"anyOf", "oneOf", "allOf", "$ref"}, name
            valid = Draft202012Validator(values).is_valid
            assert all(map(valid, ["North", 3, 2.5, True]))
            assert not any(map(valid, [None, [], {}]))


def examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """(where, schema, example) of each body that is sent or comes back."""
    answers = {
        f"{name} {status}": answer
        for name, operation in OPERATIONS.items()
        for status, answer in operation["responses"].items()
        if status[0] == "2"
    }
    bodies = {n: each["requestBody"] for n, each in OPERATIONS.items() if "requestBody" in each}
    shared = DOCUMENT["components"]["responses"]
    for where, found in {**answers, **bodies, **shared}.items():
        for media in found["content"].values():
            if "example" in media:
                yield where, media["schema"], media["example"]
            for name, each in media.get("examples", {}).items():
                yield f"{where} {name}", media["schema"], each["value"]


def test_each_body_has_an_example_that_its_schema_allows():
    found = list(examples())
    kinds = {where.rpartition(" ")[0] or where for where, *_ in found} | {w for w, *_ in found}
    assert set(OPERATIONS) <= kinds
    for where, schema, example in found:
        whole = {"components": DOCUMENT["components"], **schema}
        checker = validator_for({}, default=Draft202012Validator)
        faults = [
            error.message
            for error in checker(
                whole, format_checker=Draft202012Validator.FORMAT_CHECKER
            ).iter_errors(example)
        ]
        assert faults == [], where


def test_each_type_of_problem_is_an_example_and_a_section_of_the_reference():
    shown = {
        example["type"].rpartition("/")[2]
        for _, schema, example in examples()
        if schema.get("$ref", "").endswith("/Problem")
    }
    # An operation that exists allows its method, so that no operation answers 405.
    assert shown == set(TYPES) - {"method-not-allowed"}
    sections = re.findall(r"^### ([a-z-]+)$", api_reference(), re.MULTILINE)
    assert set(TYPES) <= set(sections)


def test_all_who_ask_first_and_at_once_get_the_whole_document(tmp_path: Path):
    """It is made when it is first asked for."""
    installation = open_installation(read({}, home=tmp_path))
    api = create_api(installation, failed=lambda _: None)

    def asked(_: int) -> object:
        return api.test_client().get("/api/v1/openapi.json").get_json()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(asked, range(4))) == [DOCUMENT] * 4
    installation.close()


@pytest.mark.parametrize("base", ["https://ask.example.org", "https://ask.example.org/"])
def test_a_type_is_an_address_of_the_installation(base: str):
    for name, each in TYPES.items():
        assert each.uri(base) == f"https://ask.example.org/api/problems/{name}"
