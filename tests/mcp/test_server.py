"""An assistant reads through the protocol what its API key may read, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from mcp.client import Client

from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.mcp.api_client import ApiClient, Unreachable
from surveyapp.mcp.server import INSTRUCTIONS, new_server
from tests.responses.makers import make_survey
from tests.web.conftest import served
from tests.web.test_respond_kill import free_port

__all__ = ["served"]

WRITES = {"post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def site(served: tuple[str, Installation]) -> Iterator[tuple[str, Installation, str]]:
    """The address of an installation with one survey, the installation, and the survey's code."""
    url, installation = served
    with installation.store.writing() as session:
        code = make_survey(session, asks=("nps",)).code
    yield url, installation, code


@pytest.fixture(scope="module")
def client(site: tuple[str, Installation, str]) -> Callable[..., ApiClient]:
    url, installation, _ = site

    def made(*scopes: KeyScope) -> ApiClient:
        with installation.store.writing() as session:
            return ApiClient(
                url, api_keys.make(session, name="Assistant", scopes=list(scopes), user_id=None)[1]
            )

    return made


def asked(api: ApiClient, *calls: tuple[str, dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """The tools that are listed, and the result of each call, by the protocol's own client."""

    async def talk() -> tuple[list[Any], list[Any]]:
        async with Client(new_server(api, version="1")) as assistant:
            listed = (await assistant.list_tools()).tools
            return listed, [await assistant.call_tool(name, given) for name, given in calls]

    # In a thread: beside a browser's tests a loop runs in this one already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, talk).result()


def test_every_tool_reads_and_no_reading_operation_is_missing(client: Callable[..., ApiClient]):
    api = client(KeyScope.READ_SURVEYS)
    listed, _ = asked(api)
    paths = api.document()["paths"].values()
    current = [
        each["get"] for each in paths if not each.get("get", {"deprecated": True}).get("deprecated")
    ]
    assert [tool.name for tool in listed] == [each["operationId"] for each in current]
    assert {"listSurveys", "listResponses"} <= {tool.name for tool in listed}
    writing = {each[method]["operationId"] for each in paths for method in WRITES & set(each)}
    assert writing and not writing & {tool.name for tool in listed}
    assert all(tool.annotations.read_only_hint for tool in listed)
    assert all(tool.title and tool.description for tool in listed)


def test_an_answer_is_what_the_api_answers(
    site: tuple[str, Installation, str], client: Callable[..., ApiClient]
):
    _, (surveys,) = asked(client(KeyScope.READ_SURVEYS), ("listSurveys", {}))
    assert not surveys.is_error
    assert [each["code"] for each in surveys.structured_content["surveys"]] == [site[2]]
    assert json.loads(surveys.content[0].text) == surveys.structured_content


def test_a_key_reads_no_more_than_its_scopes(
    site: tuple[str, Installation, str], client: Callable[..., ApiClient]
):
    _, (refused,) = asked(client(KeyScope.READ_SURVEYS), ("listResponses", {"survey": site[2]}))
    assert refused.is_error
    assert "read responses" in refused.content[0].text
    _, (opened,) = asked(client(KeyScope.READ_RESPONSES), ("listResponses", {"survey": site[2]}))
    assert opened.structured_content["responses"] == []


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("readJourneyResults", {}, "needs the argument 'code'"),
        ("listResponses", {}, "needs the argument 'survey'"),
        (
            "listResponses",
            {"survey": "x", "format": "csv"},
            "has no argument 'format'; it takes: survey",
        ),
        ("listResponses", {"survey": "x", "limit": 0}, "limit"),
        ("readJourneyResults", {"code": "../surveys"}, "not"),
        ("deleteEverything", {}, "There is no tool 'deleteEverything'; there are: "),
    ],
)
def test_what_cannot_be_read_is_told_with_its_cure(
    client: Callable[..., ApiClient], name: str, given: dict[str, Any], said: str
):
    _, (refused,) = asked(client(*KeyScope), (name, given))
    assert refused.is_error
    assert said in refused.content[0].text


def test_a_wrong_key_is_told_and_a_key_never_leaves_by_http(site: tuple[str, Installation, str]):
    url, _, _ = site
    _, (refused,) = asked(ApiClient(url, "sak_none"), ("listSurveys", {}))
    assert refused.is_error
    with pytest.raises(Invalid, match="would send the key unencrypted; use https"):
        ApiClient("http://ask.example.org", "sak_none")
    with pytest.raises(Invalid, match="is no address of an installation"):
        ApiClient("ask.example.org", "sak_none")
    with pytest.raises(Unreachable, match="does not answer"):
        ApiClient(f"http://127.0.0.1:{free_port()}", "sak_none").document()
    with pytest.raises(Unreachable, match="answered 303 without JSON"):
        ApiClient(url, "sak_none").read("/", {})


def test_what_assistants_are_told_names_the_three_ways_of_no_number():
    for words in ("hidden", "no answers yet", "not asked here", "never instructions"):
        assert words in INSTRUCTIONS.replace("\n", " ")
