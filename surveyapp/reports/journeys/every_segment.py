"""A report for each segment of a journey and one for all customers, as one ZIP with its contents.

One report is read, drawn and written after the other, so that memory holds one document beside the finished
files, and the job can be cancelled between any two. All read one snapshot: their numbers agree with each other,
and what depends on all segments (which figures are hidden, who is in which segment) is read for the first alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from analysis.rules import RULES
from surveyapp.errors import Conflict, NotReady
from surveyapp.i18n.report_languages import written_in
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.installation import Installation
from surveyapp.jobs.running import Progress
from surveyapp.journeys.queries import segments
from surveyapp.reports.actions import formats_of, language_of, paper_of
from surveyapp.reports.document import Cell, Column, Table
from surveyapp.reports.files.csv_tables import csv_text
from surveyapp.reports.files.table_files import Named, zipped
from surveyapp.reports.formats.writers import written
from surveyapp.reports.journeys.too_few import too_few
from surveyapp.reports.make import drafted, stored_report
from surveyapp.results.view_models import JourneyOverview
from surveyapp.store import events
from surveyapp.store.models import Report, Segment

MEDIA_TYPE = "application/zip"
CONTENTS = "contents.csv"
ALL_CUSTOMERS = "all-customers"


@dataclass(frozen=True)
class Entry:
    """A segment's line of the contents: ``code`` is empty for all customers. ``files`` is empty where
    there is a ``reason`` for no report. ``n`` is the largest number of answers to one score in it.
    """

    code: str
    name: str
    files: Sequence[str]
    n: int | None
    reason: str


def every_segment(
    installation: Installation, report_id: int, *, progress: Progress
) -> dict[str, Any]:
    """Make the ZIP. Raises NotFound, and Conflict where no segment has enough answers."""
    progress(1, "Reading the segments")
    with installation.store.reading() as session:
        report = stored_report(session, report_id)
        whom: list[Segment | None] = [None, *segments(session)]
        name, words = f"{report.journey.code}-{report.parameters['of']}-segments", _words(report)
    entries: list[Entry] = []
    with installation.store.reading() as session:
        make = partial(_one, installation, session, report_id)
        packed = zipped(_files(make, whom, entries, words, progress))
    made = sum(not each.reason for each in entries)
    if not made:
        raise Conflict(f"No report could be made. All customers: {entries[0].reason}")
    progress(98, "Storing the file")
    digest = installation.files.write(packed)  # before the transaction, since there are many
    day = installation.now().date().isoformat()
    with installation.store.writing() as session:
        report = stored_report(session, report_id)
        put = partial(installation.files.put, session, packed, digest=digest)
        report.file_id = put(name=f"{name}-{day}.zip", media_type=MEDIA_TYPE).id
        report.rules_version = RULES
        session.flush()
        events.publish(session, "report", report_id=report_id)
        return {
            "report_id": report_id,
            "file_id": report.file_id,
            "made": made,
            "left_out": len(entries) - made,
        }


_Made = tuple["Entry", Sequence[Named]]


def _files(
    make: Callable[[Segment | None, int], _Made],
    whom: Sequence[Segment | None],
    entries: list[Entry],
    words: Words,
    progress: Progress,
) -> Iterator[Named]:
    """The files of every report, then the contents; ``entries`` are filled meanwhile."""
    for at, segment in enumerate(whom):
        named = segment.name if segment else "All customers"
        progress(2 + 95 * at // len(whom), f"{named} ({at + 1} of {len(whom)})")
        entry, files = make(segment, at)
        entries.append(entry)
        yield from files
    yield CONTENTS, csv_text(contents(entries, words)).encode()


def _one(
    installation: Installation,
    session: Session,
    report_id: int,
    segment: Segment | None,
    at: int,
) -> _Made:
    code = segment.code if segment else ""
    whole = stored_report(session, report_id)
    words = _words(whole)
    name = segment.name if segment else words.say("All customers")
    own = of_segment(whole, segment)
    formats, paper = formats_of(whole), paper_of(whole)
    stem = f"{at:03}-{whole.journey.code}-{own.kind}-{code or ALL_CUSTOMERS}"
    try:
        draft = drafted(installation, session, own)
    except NotReady:
        reason = words.say("Responses are still being assigned to the segment.")
        return Entry(code, name, (), None, reason), ()
    if reason := too_few(draft.overview, words):
        return Entry(code, name, (), None, reason), ()
    document = replace(draft.document(), paper=paper)
    files = [(f"{stem}.{form}", data) for form, data in written(document, formats)]
    return Entry(code, name, [each for each, _ in files], _most(draft.overview), ""), files


def _words(report: Report) -> Words:
    return written_in(language_of(report))


def of_segment(whole: Report, segment: Segment | None) -> Report:
    """The report on one segment that is part of ``whole``; it is not stored."""
    parameters = {name: value for name, value in whole.parameters.items() if name != "of"}
    return Report(
        kind=whole.parameters["of"],
        title=whole.title,
        journey_id=whole.journey_id,
        journey=whole.journey,
        segment_id=segment.id if segment else None,
        segment=segment,
        parameters=parameters,
    )


def _most(overview: JourneyOverview) -> int | None:
    return max((figure.n for figure in overview.figures if figure.n), default=None)


def contents(entries: Sequence[Entry], words: Words = ENGLISH) -> Table:
    """Which report is of which segment, or why there is none."""
    rows: list[list[Cell]] = [
        [
            each.name,
            each.code,
            each.n if each.n is not None else "",
            " ".join(each.files),
            each.reason,
        ]
        for each in entries
    ]
    return Table(
        title=words.say("Contents"),
        columns=[
            Column(words.say("Customers"), 0.2),
            Column(words.say("Segment"), 0.1),
            Column(words.say("Most answers to one score (n)"), 0.1, words.count),
            Column(words.say("Files"), 0.3),
            Column(words.say("Left out because"), 0.3),
        ],
        cells=rows,
    )
