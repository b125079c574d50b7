"""The command that assistants start: a read-only server of the Model Context Protocol."""

from __future__ import annotations

from importlib.metadata import version

import click

from surveyapp.errors import Invalid
from surveyapp.mcp.api_client import ApiClient

KEY_VARIABLE = "SURVEY_API_KEY"


@click.command()
@click.option("--url", required=True, help="Where the installation is: https://ask.example.org.")
@click.option(
    "--key",
    envvar=KEY_VARIABLE,
    show_envvar=True,
    help="An API key that reads; better given by the environment, where no list of processes shows it.",
)
def mcp(url: str, key: str | None) -> None:
    """Let an assistant read scores and surveys, by the Model Context Protocol on standard input and output.

    It sees what the API key sees: create one under Connections with the scopes "read results" and
    "read surveys", limited to the journeys that the assistant may know.
    """
    if not key:
        raise Invalid(f"There is no API key; set {KEY_VARIABLE}.")
    try:
        from surveyapp.mcp.server import serve  # its library is an extra
    except ModuleNotFoundError as error:
        raise Invalid(
            f"The package {error.name} is not installed; install surveyapp[mcp]."
        ) from error
    serve(ApiClient(url, key), version=version("surveyapp"))
