"""``--channel`` and ``--language``: of which answers a command is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from surveyapp.responses.facets import Channel

Command = Callable[..., Any]


def facet_options(command: Command) -> Command:
    """The options, given to the command as ``channel`` and ``language``, which are None and empty for all."""
    decorated: Command = click.option(
        "--channel",
        type=click.Choice([each.value for each in Channel]),
        help="Only answers that came in by this channel.",
    )(
        click.option(
            "--language",
            metavar="TAG",
            default="",
            help="Only answers given in this language, such as fi.",
        )(command)
    )
    return decorated
