"""A survey's data-protection report from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from surveyapp.cli.opened import opened
from surveyapp.cli.report_language import report_language, words_of
from surveyapp.cli.written import replacing
from surveyapp.store.audit import record
from surveyapp.surveys.queries import survey_by_code


@click.command("privacy-report")
@click.argument("survey", metavar="SURVEY")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    help="The file to write: .pdf, .docx, .pptx or .html; SURVEY-data-protection.pdf unless given.",
)
@report_language
def privacy_report(survey: str, out: Path | None, report_language: str) -> None:
    """Write records of processing (GDPR, Article 30) and the skeleton of an impact assessment
    (Article 35) of the survey with the code SURVEY, from its settings as they are.
    """
    from surveyapp.reports.formats.names import format_of
    from surveyapp.reports.formats.writers import written
    from surveyapp.reports.privacy.content import KIND, content
    from surveyapp.reports.privacy.facts import facts_of

    target = out or Path(f"{survey}-data-protection.pdf")
    form = format_of(target)
    words = words_of("privacy", report_language, named=KIND)
    with opened() as installation:
        with installation.store.reading() as session:
            found = survey_by_code(session, survey)
            document = content(facts_of(session, found, installation), words)
        with installation.store.writing() as session:
            record(session, None, "export privacy report", f"survey {found.code}")
        with replacing(target) as file:
            file.write(dict(written(document, [form]))[form])
    click.echo(f"Written: {target}")
