"""An open-science package: data, codebook, models, R scripts, results, report and checksums in one ZIP.

It is made to be published: the data are anonymised, and everything else is computed from those data,
so that the scripts give the report's numbers.
"""

from __future__ import annotations

import hashlib
import random
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from analysis.provenance import versions
from analysis.scale.r_script import TOLERANCE
from instruments.loader import Library
from instruments.schema import Instrument, ItemKind
from surveyapp.errors import Invalid
from surveyapp.exports.anonymised import anonymised
from surveyapp.exports.chosen import Chosen, chosen_surveys
from surveyapp.exports.codebook.entries import Codebook, codebook
from surveyapp.exports.codebook.forms import FORMS
from surveyapp.exports.formats import csv_file, r_package
from surveyapp.exports.licences import ADDRESSES, DEFAULT, licence_named
from surveyapp.exports.questions import questions
from surveyapp.exports.responses import responses_table
from surveyapp.exports.table import Table
from surveyapp.exports.validated import Estimation, scales, timed, validated

MOST_ROWS = 200_000  # they are shuffled, hence held in memory


@dataclass(frozen=True)
class Publication:
    """What the data are published under, which columns are held back, how scales are validated."""

    licence: str = DEFAULT
    without: tuple[str, ...] = ()
    estimation: Estimation = field(default_factory=Estimation)


def write(
    session: Session,
    wanted: Chosen,
    path: Path,
    *,
    now: datetime,
    minimum_cell: int,
    publication: Publication,
    library: Library,
) -> tuple[str, ...]:
    """Write the ZIP; the notes on what was left out of it, which stand in its README too.

    Raises Invalid for more than MOST_ROWS responses, for fewer than ``minimum_cell``, for a column to
    hold back that there is not, and for what would tell who answered.
    """
    surveys = chosen_surveys(session, wanted)
    asked = questions(surveys, library)
    whole = responses_table(
        session, replace(wanted, customers=False, careless=False), library=library
    )
    if not minimum_cell <= whole.count <= MOST_ROWS:
        raise Invalid(
            f"A package holds {minimum_cell} to {MOST_ROWS:,} responses; these are {whole.count:,}."
        )
    _refuse_unknown(publication.without, whole.headings)
    held_back = {q.variable.name for q in asked if _is_open(q.worded, q.item)}
    found = [
        scale
        for scale in scales(surveys, library)
        if not set(scale.columns.values()) & set(publication.without)
    ]
    data = anonymised(
        timed(whole, found, asked),
        held_back | set(publication.without),
        minimum_cell=minimum_cell,
        chance=random.SystemRandom(),
    )
    made = validated(
        session, data, found, surveys, publication.estimation, made=now.date(), library=library
    )
    fresh = replace(made.table, rows=iter(made.rows))
    book = codebook(session, wanted, now=now, library=library, table=made.table)
    book = replace(book, licence=licence_named(publication.licence))
    files = _files(fresh, book, made.files)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in sorted(files.items()):
            package.writestr(name, content)
    return tuple(data.notes)


def _refuse_unknown(without: Collection[str], headings: Collection[str]) -> None:
    for name in without:
        if name not in headings:
            raise Invalid(
                f"{name} is no column of these responses; they have {', '.join(headings)}.",
                field="without",
            )


def _files(data: Table, book: Codebook, scales: Mapping[str, bytes]) -> dict[str, bytes]:
    files = {
        "responses.csv": "".join(csv_file.chunks(data)).encode(),
        "responses.R": r_package.script(data.variables, data.count).encode(),
        **{f"codebook{form.suffix}": form.write(book) for form in FORMS.values()},
        "LICENCE.txt": _licence(book).encode(),
        **scales,
    }
    files["README.txt"] = _readme(book, data.notes, sorted(files)).encode()
    files["SHA256SUMS"] = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in sorted(files.items())
    ).encode()
    return files


def _is_open(instrument: Instrument, code: str) -> bool:
    item = instrument.item(code)
    return item is not None and item.kind is ItemKind.OPEN_TEXT


def _licence(book: Codebook) -> str:
    """What may be done with the data, and with the questionnaires, whose licences are their own."""
    address = ADDRESSES.get(book.licence, "")
    return "\n".join(
        [
            f"Data, codebook and results: {book.licence}",
            *([address] if address else []),
            f"To be named: {book.provider}, {book.title}, {book.made_at:%Y}",
            "",
            "The questionnaires keep their own licences:",
            *(f"- {each.title} ({each.code}): {each.licence}" for each in book.sources),
            "",
        ]
    )


def _readme(book: Codebook, notes: Sequence[str], files: Sequence[str]) -> str:
    sources = [f"- {each.title}: {each.citation} Licence: {each.licence}." for each in book.sources]
    scripts = [name for name in files if name.startswith("validate-")]
    return "\n".join(
        [
            book.title,
            "",
            f"{book.responses} responses. Licence of the data: {book.licence}.",
            "",
            "Anonymisation",
            *(f"- {note}" for note in notes),
            "",
            "Questionnaires",
            *sources,
            "",
            "Files",
            *(f"- {name}" for name in files),
            "",
            "responses.R reads the data with base R.",
            *(["", "The same numbers in R", *_how_to_run(scripts)] if scripts else []),
            "",
            "Versions",
            *(f"- {name} {version}" for name, version in versions().items()),
            "",
            "SHA256SUMS: check with sha256sum -c SHA256SUMS.",
            "",
        ]
    )


def _how_to_run(scripts: Sequence[str]) -> list[str]:
    return [
        *(f"- Rscript {name}" for name in scripts),
        "Each computes its report's numbers with lavaan 0.6 or 0.7, compares them with those in its",
        f"results-*.json, and fails when one differs by more than {TOLERANCE:g} (relative above 1). It",
        "needs lavaan and jsonlite, and semTools for the invariance of ordinal items; --brief leaves",
        "out what psych and semTools say besides. The column careless.* says whose answers the",
        "report leaves out in its second fit.",
    ]
