"""``--report-language`` of the commands that analyse a file and write a report of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from surveyapp.i18n.report_languages import REPORT_LANGUAGES, written_in
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.languages import check_language

Command = Callable[..., Any]


def report_language(command: Command) -> Command:
    """Give a command the language of its report."""
    return click.option(
        "--report-language",
        type=click.Choice(REPORT_LANGUAGES),
        default=ENGLISH.language,
        show_default=True,
        help="The language that the report, its tables and figures are written in.",
    )(command)


def words_of(kind: str, language: str, *, named: str) -> Words:
    """The words of a report. Raises Invalid for a language that its kind cannot be written in."""
    if language != ENGLISH.language:  # whose catalogue need not be read
        check_language(kind, language, named=named)
    return written_in(language)
