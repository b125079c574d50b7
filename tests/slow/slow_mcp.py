"""`surveyapp mcp` as the process that an assistant starts: it answers on its standard output."""

from __future__ import annotations

import sys

import anyio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.installation import Installation
from tests.responses.makers import make_survey


def test_an_assistant_starts_the_command_and_lists_surveys(served: tuple[str, Installation]):
    url, installation = served
    with installation.store.writing() as session:
        code = make_survey(session, asks=("nps",)).code
        key = api_keys.make(
            session, name="Assistant", scopes=[KeyScope.READ_SURVEYS], user_id=None
        )[1]
    command = StdioServerParameters(
        command=sys.executable,
        args=["-c", "from surveyapp.cli import main; main()", "mcp", "--url", url],
        env={"SURVEY_API_KEY": key},
    )

    async def talk() -> list[str]:
        async with Client(command) as assistant:
            told = await assistant.call_tool("listSurveys", {})
            return [each["code"] for each in told.structured_content["surveys"]]

    assert anyio.run(talk) == [code]
