"""The option that names a survey, and the word that it had before."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click


def survey_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--survey CODE``, given to the command as ``code``; ``--deployment`` is its deprecated name."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.option("--survey", metavar="CODE", default=None, help=f"{text}  [required]")
        @click.option("--deployment", default=None, hidden=True, deprecated="use --survey")
        @wraps(command)
        def run(*args: Any, survey: str | None, deployment: str | None, **options: Any) -> Any:
            codes = {code for code in (survey, deployment) if code is not None}
            if len(codes) != 1:
                found = ", ".join(sorted(codes)) or "none"
                raise click.UsageError(f"Name one survey with --survey CODE; found {found}.")
            return command(*args, code=codes.pop(), **options)

        return run

    return decorate
