"""The option that names a survey, and the word that it had before."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click


def survey_option(
    text: str, *, or_journey: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--survey CODE``, given to the command as ``code``; ``--deployment`` is its deprecated name.

    ``or_journey`` lets ``--journey CODE`` stand for all surveys of a journey, given as ``journey``.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.option(
            "--survey",
            metavar="CODE",
            default=None,
            help=text if or_journey else f"{text}  [required]",
        )
        @click.option("--deployment", default=None, hidden=True, deprecated="use --survey")
        @wraps(command)
        def run(*args: Any, survey: str | None, deployment: str | None, **options: Any) -> Any:
            codes = {code for code in (survey, deployment) if code is not None}
            if or_journey and options.get("journey") is not None:
                if codes:
                    raise click.UsageError("Name a survey or a journey; both were given.")
                return command(*args, code=None, **options)
            if len(codes) != 1:
                found = ", ".join(sorted(codes)) or "none"
                other = ", or a journey with --journey CODE" if or_journey else ""
                raise click.UsageError(f"Name one survey with --survey CODE{other}; found {found}.")
            return command(*args, code=codes.pop(), **options)

        return run

    return decorate
