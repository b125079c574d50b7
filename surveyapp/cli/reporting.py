"""Reports from the command line: the same job that a page asks for, run here and now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from surveyapp.cli.document_files import DocumentFiles, document_files
from surveyapp.cli.facet_options import facet_options
from surveyapp.cli.opened import opened, progress_bar
from surveyapp.cli.outputs import File, finish
from surveyapp.errors import Invalid, NotFound
from surveyapp.i18n.words import ENGLISH
from surveyapp.installation import Installation
from surveyapp.jobs.running import Progress
from surveyapp.journeys.queries import journey_by_code, segment_by_code
from surveyapp.reports import stored_content
from surveyapp.reports.actions import EVERY_SEGMENT, PARTNER, ask_report
from surveyapp.reports.document import Paper
from surveyapp.reports.formats.names import Format, format_of
from surveyapp.reports.languages import all_offered
from surveyapp.results.analyses.actions import ask_sjq_study, ask_validation
from surveyapp.results.answers.answered import recent_months
from surveyapp.results.scope import Comparison, read_scope
from surveyapp.store.models import Analysis, Report
from surveyapp.worker import run_now

_WORKER = "command line"


@click.command()
@click.option("--journey", "journey_code", required=True, help="The journey to report on.")
@click.option("--segment", "segment_code", default=None, help="Only customers in this segment.")
@click.option(
    "--from", "since", default="", help="First month of the benchmark report, such as 2026-03."
)
@click.option("--to", "until", default="", help="Last month of the benchmark report.")
@click.option(
    "--all-time",
    is_flag=True,
    help="The benchmark report of all answers; without months it is of the last complete ones.",
)
@click.option(
    "--compare",
    type=click.Choice([each.value for each in Comparison]),
    default=Comparison.BEFORE.value,
    show_default=True,
    help="What the months are compared with: as many before, the same of last year, or none.",
)
@facet_options
@click.option(
    "--with-flagged",
    is_flag=True,
    help="Count flagged answers, which may be one person's many, in the benchmark report.",
)
@click.option(
    "--executive", is_flag=True, help="Write the executive page: the journey on one sheet."
)
@click.option(
    "--partner",
    default="",
    help="Write the partner report: the touchpoints that this partner runs.",
)
@click.option(
    "--quotes",
    is_flag=True,
    help="Quote comments of customers who allow it in the partner report.",
)
@click.option(
    "--every-segment",
    is_flag=True,
    help="Write a report for each segment and one for all customers, as one ZIP with contents.csv.",
)
@click.option(
    "--also",
    type=click.Choice([str(each) for each in Format if each is not Format.PDF]),
    multiple=True,
    help="A format beside PDF in the ZIP of --every-segment. Repeatable.",
)
@click.option(
    "--validate",
    "instrument",
    default=None,
    help="Write the scale validation report of this instrument instead of the benchmark report.",
)
@click.option(
    "--study",
    is_flag=True,
    help="Write the service journey study: journey quality, service quality and loyalty.",
)
@click.option(
    "--bootstrap",
    type=click.IntRange(min=2),
    default=5_000,
    show_default=True,
    help="Number of bootstrap resamples of the study.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Seed of parallel analysis and bootstraps.",
)
@click.option(
    "--out",
    "outs",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="The file to write, as its ending says: .pdf, .docx, .pptx or .html. Repeatable. One .zip with"
    " --every-segment.",
)
@click.option(
    "--paper",
    type=click.Choice([str(each) for each in Paper]),
    default=str(Paper.A4),
    show_default=True,
    help="The size of a page.",
)
@click.option(
    "--report-language",
    type=click.Choice(sorted(all_offered())),
    default=ENGLISH.language,
    show_default=True,
    help="The language that the report is written in.",
)
@document_files
def report(
    journey_code: str,
    segment_code: str | None,
    since: str,
    until: str,
    all_time: bool,
    compare: str,
    channel: str | None,
    language: str,
    with_flagged: bool,
    executive: bool,
    partner: str,
    quotes: bool,
    every_segment: bool,
    also: tuple[str, ...],
    instrument: str | None,
    study: bool,
    bootstrap: int,
    seed: int,
    outs: tuple[Path, ...],
    paper: str,
    report_language: str,
    beside: DocumentFiles,
) -> None:
    """Write the journey benchmark report, the executive page, a partner report, a scale validation
    report, or the study: as PDF, for Word, as slides or as a web page.
    """
    wished = [] if every_segment else [(path, format_of(path)) for path in outs]
    if sum(map(bool, (executive, partner, instrument, study))) > 1:
        raise Invalid(
            "--executive, --partner, --validate and --study are different reports; choose one"
        )
    _check_every_segment(every_segment, outs, also, beside)
    if (instrument or study) and (since or until or all_time):
        raise Invalid(
            "--validate and --study are of all months; leave --from, --to and --all-time out"
        )
    months = {"period": "all" if all_time or instrument or study else "", "compare": compare}
    facets = {
        "channel": channel or "",
        "language": language,
        "flagged": "yes" if with_flagged else "",
    }
    if (instrument or study) and any(facets.values()):
        raise Invalid(
            "--validate and --study are of all channels and languages; leave --channel, --language and"
            " --with-flagged out"
        )
    months |= {name: text for name, text in (("from", since), ("to", until)) if text}
    with opened() as installation, progress_bar("Report") as progress:
        with installation.store.reading() as session:
            journey_id = journey_by_code(session, journey_code).id
            segment_id = segment_by_code(session, segment_code).id if segment_code else None
            scope = read_scope(
                journey_id,
                {"segment": str(segment_id or ""), **months, **facets},
                default=recent_months(
                    session,
                    journey_id,
                    installation.now(),
                    default=installation.settings.period_months,
                ),
            )
        about: dict[str, Any] = {
            "journey_id": journey_id,
            "survey_id": None,
            "segment_id": segment_id,
            "seed": seed,
            "user_id": None,
        }
        analysis_id, kind = None, "executive" if executive else PARTNER if partner else "benchmark"
        if instrument:
            ask = partial(ask_validation, instrument=instrument, key=None, **about)
            analysis_id, kind = _analysed(installation, ask, progress), "validation"
        elif study:
            ask = partial(ask_sjq_study, bootstrap=bootstrap, **about)
            analysis_id, kind = _analysed(installation, ask, progress), "sjq_study"
        with installation.store.writing() as session:
            asked = ask_report(
                session,
                kind=kind,
                scope=scope,
                analysis_id=analysis_id,
                formats=also or [str(form) for _, form in wished],
                paper=Paper(paper),
                partner=partner,
                quotes=quotes,
                every_segment=every_segment,
                language=report_language,
                user_id=None,
            )
            report_id, job_id = asked.id, asked.job_id
        run_now(installation, job_id, worker=_WORKER, shown=progress)
        with installation.store.reading() as session:
            made = session.get_one(Report, report_id)
            files = _files(installation, made, outs, wished, beside)
    finish([], files=files)


def _check_every_segment(
    every_segment: bool, outs: Sequence[Path], also: Sequence[str], beside: DocumentFiles
) -> None:
    """Refuse what does not go with one ZIP, and what goes with nothing else."""
    if not every_segment:
        if also:
            raise Invalid(
                "--also is of --every-segment; name a file by --out for each format instead"
            )
        return
    if len(outs) != 1 or outs[0].suffix.lower() != ".zip":
        raise Invalid("--every-segment writes one ZIP; name it by one --out that ends in .zip")
    if beside:
        raise Invalid("--every-segment has no --tables and --figures; leave them out")


def _files(
    installation: Installation,
    made: Report,
    outs: Sequence[Path],
    wished: Sequence[tuple[Path, Format]],
    beside: DocumentFiles,
) -> list[File]:
    """What was made, with where it goes."""
    read = installation.files.read
    if made.file is None:
        raise NotFound("the report has no file; create the report again")
    if made.kind == EVERY_SEGMENT:
        return [(outs[0], read(made.file))]
    if made.content is None:
        raise NotFound("the report has no tables and figures; create the report again")
    kept = {each.format: each.file for each in made.documents} | {"pdf": made.file}
    files = [(out, read(kept[form])) for out, form in wished]
    if beside:
        files += beside.of(stored_content.read(read(made.content)))
    return files


def _analysed(
    installation: Installation, ask: Callable[[Session], Analysis], progress: Progress
) -> int:
    """The number of the analysis that ``ask`` asks for, once it has been run here."""
    with installation.store.writing() as session:
        analysis = ask(session)
        analysis_id, job_id = analysis.id, analysis.job_id
    run_now(installation, job_id, worker=_WORKER, shown=progress)
    return analysis_id
