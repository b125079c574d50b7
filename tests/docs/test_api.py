"""The documentation names operations of the API that exist, and its examples are answered."""

from __future__ import annotations

import re
from typing import Any

import pytest

from docs.generated.api import document
from surveyapp.installation import Installation
from surveyapp.problem_types import TYPES
from tests.api.conftest import Call, app, call, installation, new_key
from tests.docs.pages import PAGES, blocks
from tests.docs.site import Site
from tests.web.world import add_user, make_place

__all__ = ["app", "call", "installation", "new_key"]  # fixtures of the API serve here too

OPERATIONS = {
    (method.upper(), path): operation
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
    if method in {"get", "post"}
}
# Pages of a server that the document does not describe.
PAGES_OF_THE_API = {"/api/docs", "/api/v1/openapi.json"}


# A recipe makes a route of its own.
@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/recipes.md"])
def test_a_page_names_no_route_that_does_not_exist(page: str):
    found = {path.rstrip(".") for path in re.findall(r"(?<![\w./])/api/[\w/{}.-]+", PAGES[page])}
    assert found <= {path for _, path in OPERATIONS} | PAGES_OF_THE_API
    called = set(re.findall(r"\b(GET|POST) (/api/v1/[\w/{}-]+)", PAGES[page]))
    assert called <= set(OPERATIONS)


@pytest.mark.xdist_group("documentation")
def test_the_reference_has_every_operation_and_shape_with_its_fields(site: Site):
    page = site.pages["reference/api.html"]
    for (method, path), operation in OPERATIONS.items():
        assert f"{method} {path}" in page.text
        assert operation["summary"] in page.text
        assert f"“{operation['x-scope']}”" in page.text
    for name, shape in document()["components"]["schemas"].items():
        assert name.lower() in page.ids
        for field in shape.get("properties", {}):
            assert field in page.text, (name, field)
    for name in TYPES:
        assert name in page.ids


def test_the_page_about_the_api_names_every_type_of_problem():
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", PAGES["docs/api.md"]))
    # An operation that exists allows its method.
    assert set(TYPES) - named == {"method-not-allowed"}


def _examples() -> list[tuple[str, str]]:
    """(path, body) of every example in the page about the API."""
    return re.findall(
        r"`POST (/api/v1/[\w/-]+)` with\n\n```json\n(.*?)```", PAGES["docs/api.md"], re.DOTALL
    )


@pytest.mark.parametrize(("path", "body"), _examples())
def test_an_example_is_answered_as_the_document_says(
    path: str, body: str, call: Call, installation: Installation
):
    with installation.store.writing() as session:
        owner = add_user(session, "administrator")
    make_place(installation, "Onboarding", owner)
    answer = call(
        "POST",
        path.removeprefix("/api/v1"),
        data=body,
        headers={"Content-Type": "application/json"},
    )
    expected = next(code for code in OPERATIONS[("POST", path)]["responses"] if code[0] == "2")
    assert answer.status_code == int(expected), answer.text
    told: dict[str, Any] = answer.json
    assert not told.get("refused")


def test_every_body_in_the_page_about_the_api_is_an_example():
    assert len(_examples()) == len(blocks("docs/api.md", "json")) == 5
