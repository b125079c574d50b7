"""What would become of a file's rows, before any of them is stored."""

from __future__ import annotations

import csv
import hashlib
import io
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice, pairwise
from typing import Any, BinaryIO

import numpy as np
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.responses.begun import Looked, look
from surveyapp.responses.columns import EXTERNAL_ID, Columns, map_columns
from surveyapp.responses.conflicts import (
    KEEP,
    REFUSE,
    Conflict,
    Parsed,
    allowed_mode,
    settle,
    stored_ids,
)
from surveyapp.responses.device_files import open_device_file
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.previewed_columns import ColumnPreview, Samples, column_previews
from surveyapp.responses.rows import Reading, Refusal
from surveyapp.responses.waves import ids_as_chosen, overlap_of, question
from surveyapp.surveys.survey import Survey
from surveyapp.tables.guard import guarded
from surveyapp.tables.opened import open_table
from surveyapp.tables.table import DataTable, Row

SHOWN = 50  # refused rows and conflicts that a preview lists
_AT_ONCE = 500
_HEAD = ("row", "cell", "column", "value", "reason", "what to do")

Progress = Callable[[int, str], None]


@dataclass(frozen=True)
class FileFacts:
    """What the file is, as far as it has been told; empty where its kind knows no such thing."""

    name: str
    size: int
    kind: str = ""  # the encoding of a text file, else what it is
    delimiter: str = ""
    decimal: str = ""
    header_rows: int = 0
    sheet: str = ""
    program: str = ""


@dataclass(frozen=True)
class Problem:
    """Why the file cannot be imported as it was chosen; ``field`` is the choice that it is about."""

    field: str
    text: str


@dataclass
class Counts:
    """``rows == to_store + already + to_correct + refused``, unless the preview ended early."""

    rows: int = 0
    to_store: int = 0
    already: int = 0
    to_correct: int = 0
    refused: int = 0
    conflicts: int = 0


@dataclass(frozen=True)
class Overlapping:
    """What rows without an id have in common with earlier imports.

    ``same`` is the number of the import that had exactly these rows; ``text`` is the question about
    about ``rows`` of them, empty once it is answered.
    """

    same: int | None = None
    rows: int = 0
    imports: tuple[int, ...] = ()
    text: str = ""


@dataclass
class FilePreview:
    """A file as an import would take it. ``problem`` says why it would not.

    ``refused`` and ``conflicts`` are the first SHOWN; ``first_month`` and ``last_month`` those of the
    rows that would be stored.
    """

    file: FileFacts
    columns: list[ColumnPreview] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    refused: list[Refusal] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    overlap: Overlapping = field(default_factory=Overlapping)
    first_month: str = ""
    last_month: str = ""
    notes: list[str] = field(default_factory=list)
    problem: Problem | None = None
    anonymous: bool = False

    @property
    def may_be_stored(self) -> bool:
        """Whether an import with these choices would store or correct something, and ask nothing."""
        return (
            self.problem is None
            and not self.overlap.text
            and bool(self.counts.to_store or self.counts.to_correct)
        )

    def to_json(self) -> dict[str, Any]:
        """The whole preview, as the page's job and the command give it."""
        return {**asdict(self), "may_be_stored": self.may_be_stored}


class RefusedRows:
    """All refused rows as a CSV file, since a preview lists the first of them alone."""

    def __init__(self) -> None:
        self._text = io.StringIO(newline="")
        self._out = csv.writer(self._text)
        self._out.writerow(_HEAD)
        self.count = 0

    def add(self, refusals: Sequence[Refusal]) -> None:
        for each in refusals:
            cells = (each.column, each.value, each.reason, each.cure)
            self._out.writerow([each.row, each.place, *map(guarded, cells)])
        self.count += len(refusals)

    def content(self) -> bytes:
        return self._text.getvalue().encode("utf-8-sig", "replace")


def preview_file(
    installation: Installation,
    survey: Survey,
    file: BinaryIO,
    *,
    name: str = "",
    choices: ImportChoices | None = None,
    is_device: bool = False,
    refused: RefusedRows | None = None,
    progress: Progress | None = None,
) -> FilePreview:
    """What ``import_file`` would do with a file now; nothing is stored.

    What it would refuse is the preview's ``problem``, and the columns are shown all the same as far as
    they are known. All refused rows go to ``refused``.
    """
    chosen = choices or ImportChoices()
    size = file.seek(0, 2)
    file.seek(0)
    found = FilePreview(FileFacts(name, size), anonymous=survey.is_anonymous)
    try:
        if is_device:
            table = open_device_file(file, survey, library=installation.library)
        else:
            table = open_table(file, name, chosen.reading)
        found.file = _facts(name, size, table)
        mode = allowed_mode(survey, chosen.conflicts)
        looked = _looked(installation, survey, table, chosen, found)
        if looked is not None:
            _read(installation, looked, table, mode, found, refused or RefusedRows(), progress)
    except Invalid as error:
        found.problem = Problem(error.field or "file", str(error))
    return found


def _facts(name: str, size: int, table: DataTable, decimal: str = "") -> FileFacts:
    signs = {",": "comma", ".": "point", "": ""}
    return FileFacts(
        name,
        size,
        table.encoding,
        "" if table.separator == "none" else table.separator,
        signs[decimal or table.decimal],
        table.header_rows,
        table.sheet,
        table.program,
    )


def _looked(
    installation: Installation,
    survey: Survey,
    table: DataTable,
    choices: ImportChoices,
    found: FilePreview,
) -> Looked | None:
    """The file once its columns have been looked at, and these in the preview; None where nothing could
    be assigned, which the preview says.
    """
    samples = Samples(len(table.headings))
    asked = survey.asked(installation.library)
    columns: Columns | None = None
    try:
        columns = map_columns(table, asked, choices)
        looked = look(installation, survey, table, columns, choices, samples.watch)
    except Invalid as error:
        if not samples.rows:
            samples.watch([row.cells for row in islice(table.rows, _AT_ONCE) if not row.fault])
        found.columns = column_previews(table, samples, choices, columns)
        found.problem = Problem(error.field or "file", str(error))
        return None
    kept = looked.columns
    minimum = installation.settings.minimum_cell
    reasons = dict.fromkeys(looked.personal, "It looks like personal data.") | dict.fromkeys(
        looked.rare, f"Fewer than {minimum} rows share a value, in an anonymous survey."
    )
    found.columns = column_previews(table, samples, choices, kept, reasons)
    if looked.typed.has_decimals:
        found.file = _facts(found.file.name, found.file.size, table, looked.typed.decimal)
    return looked


def _read(
    installation: Installation,
    looked: Looked,
    table: DataTable,
    mode: str,
    found: FilePreview,
    refused: RefusedRows,
    progress: Progress | None,
) -> None:
    survey, counts = looked.survey, found.counts
    repeated = _Repeated()
    days: list[str] = []
    with installation.store.reading() as session:
        reading = _reading(session, installation, looked, found)
    for rows in _some(table):
        counts.rows += len(rows)
        parsed: list[Parsed] = []
        for row in rows:
            result = reading.read(row)
            if isinstance(result, Prepared):
                parsed.append((row, result))
            else:
                _refuse(found, refused, result)
                counts.refused += 1
        with installation.store.reading() as session:
            fresh = _settle(session, reading, parsed, mode, found, refused)
        if fresh:
            months = [f"{each.submitted_at:%Y-%m}" for _, each in fresh]
            days = [min(months + days[:1]), max(months + days[1:])]
        if EXTERNAL_ID in looked.columns.about:
            repeated.add(fresh)
        if progress is not None:
            progress(min(99, table.percent()), f"{counts.rows:,} rows read")
    _take_repeated(reading, repeated, found, refused, is_anonymous=survey.is_anonymous)
    found.first_month, found.last_month = days or ("", "")
    found.notes = reading.notes()
    if counts.conflicts and mode == REFUSE and any(c.with_row is None for c in found.conflicts):
        found.problem = Problem(
            "conflicts",
            "Some rows have the ids of stored responses and other answers. Choose whether to keep the"
            " stored answers, or to replace them as a correction; or correct the file.",
        )


def _reading(
    session: Session, installation: Installation, looked: Looked, found: FilePreview
) -> Reading:
    """The reader of the rows, whose ids are as the import would give them."""
    survey, wave, secret_key = looked.survey, looked.wave, installation.secret_key
    overlap = overlap_of(session, survey, wave, secret_key=secret_key)
    chosen = looked.choices.overlap
    found.overlap = Overlapping(
        overlap.same.id if overlap.same is not None else None,
        overlap.rows,
        tuple(each.id for each in overlap.batches),
        question(wave, overlap) if overlap.is_doubtful and not chosen else "",
    )
    chosen = overlap.first_choice if overlap.same is not None else chosen
    return looked.reading(ids_as_chosen(session, survey, overlap, chosen, secret_key=secret_key))


def _settle(
    session: Session,
    reading: Reading,
    parsed: Sequence[Parsed],
    mode: str,
    found: FilePreview,
    refused: RefusedRows,
) -> list[Parsed]:
    """Count what would become of these rows; those that would be stored."""
    counts = found.counts
    shown = KEEP if mode == REFUSE else mode  # a file that is refused whole has no rows to list
    settled = settle(session, reading, parsed, mode=shown)
    counts.already += settled.already
    counts.to_correct += len(settled.replaced)
    counts.refused += len(settled.refused)
    counts.conflicts += len(settled.conflicts)
    found.conflicts += settled.conflicts[: max(0, SHOWN - len(found.conflicts))]
    _refuse(found, refused, settled.refused)
    fresh = {id(each) for each in settled.fresh}
    rest = [each for each in parsed if id(each[1]) in fresh]
    if reading.survey.is_anonymous:  # whose rows are known by their ids alone
        ids = [each.external_id for _, each in rest if each.external_id]
        there = stored_ids(session.connection(), reading.survey.id, ids)
        counts.already += sum(each.external_id in there for _, each in rest)
        rest = [each for each in rest if each[1].external_id not in there]
    counts.to_store += len(rest)
    return rest


def _refuse(found: FilePreview, refused: RefusedRows, refusals: Sequence[Refusal]) -> None:
    refused.add(refusals)
    found.refused += refusals[: max(0, SHOWN - len(found.refused))]


class _Repeated:
    """Rows with the id of an earlier row, found without keeping the rows: 24 bytes for each."""

    def __init__(self) -> None:
        self._ids, self._answers, self._rows = array("Q"), array("Q"), array("Q")

    def add(self, parsed: Sequence[Parsed]) -> None:
        for row, prepared in parsed:
            self._ids.append(_number(prepared.external_id or ""))
            self._answers.append(_number(repr(sorted(_flat(prepared.answers)))))
            self._rows.append(row.number)

    def pairs(self) -> Iterator[tuple[int, int, bool]]:
        """(row, the first row with its id, whether their answers are the same)."""
        if not self._ids:
            return
        ids, answers, rows = (
            np.frombuffer(each, dtype=np.uint64) for each in (self._ids, self._answers, self._rows)
        )
        order = np.argsort(ids, kind="stable")
        first = order[0]
        for before, place in pairwise(order):
            if ids[place] != ids[before]:
                first = place
            else:
                yield int(rows[place]), int(rows[first]), bool(answers[place] == answers[first])


def _number(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _flat(answers: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    return ((code, item, repr(v)) for code, own in answers.items() for item, v in own.items())


def _take_repeated(
    reading: Reading,
    repeated: _Repeated,
    found: FilePreview,
    refused: RefusedRows,
    *,
    is_anonymous: bool,
) -> None:
    """Count rows that have an earlier row's id as the import does: equal ones once, others refused."""
    counts = found.counts
    for number, first, is_same in repeated.pairs():
        counts.to_store -= 1
        if is_same or is_anonymous:
            counts.already += 1
            continue
        counts.refused += 1
        counts.conflicts += 1
        row = Row(number, [])
        if len(found.conflicts) < SHOWN:
            found.conflicts.append(Conflict(number, reading.place(row), "", (), first))
        reason = f"Row {first} has this id with other answers."
        _refuse(found, refused, [reading.refused_whole(row, "", reason, "Keep one of them.")])


def _some(table: DataTable) -> Iterator[list[Row]]:
    source = iter(table.rows)
    while some := list(islice(source, _AT_ONCE)):
        yield some
