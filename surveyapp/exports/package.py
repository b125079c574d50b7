"""An open-science package: data, codebook, scripts, questionnaires and checksums in one ZIP.

It is made to be published. What could lead to a customer is left out or made coarse: pseudonyms,
passages through the journey, numbers and IDs, the order of arrival, times below the quarter, texts, and
attributes of people who are too few to hide among others.
"""

from __future__ import annotations

import hashlib
import random
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from analysis.scale.r_script import validation_script
from instruments.loader import Library
from instruments.schema import Instrument, ItemKind, Metric
from surveyapp.errors import Invalid
from surveyapp.exports.chosen import Chosen, chosen_surveys
from surveyapp.exports.codebook.ddi import to_ddi
from surveyapp.exports.codebook.entries import Codebook, codebook
from surveyapp.exports.codebook.html import to_html
from surveyapp.exports.codebook.json_ld import to_json_ld
from surveyapp.exports.formats import csv_file, r_package
from surveyapp.exports.questions import questions
from surveyapp.exports.responses import responses_table
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Kind, Variable
from surveyapp.surveys.survey import Survey

MOST_ROWS = 200_000  # they are shuffled, hence held in memory
_LEFT_OUT = frozenset(
    {"response", "response_id", "run", "customer", "run_started_at", "started_at", "corrected_at"}
)
_COARSE = "submitted_at"
_ATTRIBUTE = "attribute."
_MOST_CLEARED = 0.1


def write(
    session: Session,
    wanted: Chosen,
    path: Path,
    *,
    now: datetime,
    minimum_cell: int,
    licence: str,
    library: Library,
) -> tuple[str, ...]:
    """Write the ZIP; the notes on what was left out of it, which stand in its README too.

    ``licence`` is what the data are published under. Raises Invalid for more than MOST_ROWS
    responses, or fewer than ``minimum_cell``.
    """
    surveys = chosen_surveys(session, wanted)
    asked = questions(surveys, library)
    texts = {q.variable.name for q in asked if _is_open(q.worded, q.item)}
    whole = responses_table(session, replace(wanted, customers=False), library=library)
    if not minimum_cell <= whole.count <= MOST_ROWS:
        raise Invalid(
            f"A package holds {minimum_cell} to {MOST_ROWS:,} responses; these are {whole.count:,}."
        )
    data = anonymised(whole, texts, minimum_cell=minimum_cell, chance=random.SystemRandom())
    rows = [list(row) for row in data.rows]
    fresh = replace(data, rows=iter(rows))
    book = codebook(session, wanted, now=now, library=library, table=replace(data, rows=iter(rows)))
    files = {
        "responses.csv": "".join(csv_file.chunks(fresh)).encode(),
        "responses.R": r_package.script(data.variables, data.count).encode(),
        "codebook.html": to_html(book).encode(),
        "codebook.xml": to_ddi(book).encode(),
        "codebook.jsonld": to_json_ld(book).encode(),
        **_scripts(_asked(surveys, library), set(data.headings)),
    }
    files["README.txt"] = _readme(book, data.notes, licence, sorted(files)).encode()
    files["SHA256SUMS"] = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in sorted(files.items())
    ).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in sorted(files.items()):
            package.writestr(name, content)
    return tuple(data.notes)


def anonymised(table: Table, texts: set[str], *, minimum_cell: int, chance: random.Random) -> Table:
    """The table as it may be published, its rows in a random order.

    Without the columns that lead to a person and ``texts``; the day of sending becomes the first of
    its quarter. Where fewer than ``minimum_cell`` people share language, way, source and quarter, all of
    these are emptied; among people who share them, attributes likewise, after those were given up that
    tell nearly everybody apart. So each combination is that of enough people.
    """
    kept = [
        place
        for place, variable in enumerate(table.variables)
        if variable.name not in _LEFT_OUT and variable.name not in texts
    ]
    variables = [_coarse(table.variables[place]) for place in kept]
    rows = [[_quarter(row[place]) for place in kept] for row in table.rows]
    chance.shuffle(rows)
    others = [
        i for i, v in enumerate(variables) if v.name in {"language", "way", "source", _COARSE}
    ]
    emptied = _clear_rare(rows, others, minimum_cell)
    telling = [i for i, v in enumerate(variables) if v.name.startswith(_ATTRIBUTE)]
    attributes = _shareable(rows, others, telling, minimum_cell)
    for row in rows:
        for place in telling:
            row[place] = row[place] if place in attributes else None
    cleared = sum(
        _clear_rare(group, attributes, minimum_cell) for group in _alike(rows, others).values()
    )
    left = [v.name for v in table.variables if v.name in _LEFT_OUT or v.name in texts]
    notes = [
        f"Left out: {', '.join(left)}.",
        "Days of sending are the first of their quarter; rows are in random order.",
        *(
            f"{variables[i].name} is empty: too many people would be the only ones with theirs."
            for i in telling
            if i not in attributes
        ),
        f"Attributes are empty in {cleared} rows, because fewer than {minimum_cell} people share them.",
        f"Language, way, source and quarter are empty in {emptied} rows for the same reason.",
        *table.notes,
    ]
    return Table(variables, table.count, iter(rows), notes)


def _alike(
    rows: Sequence[list[Cell]], places: Sequence[int]
) -> dict[tuple[Cell, ...], list[list[Cell]]]:
    """The rows by what stands in these places."""
    found: dict[tuple[Cell, ...], list[list[Cell]]] = {}
    for row in rows:
        found.setdefault(tuple(row[i] for i in places), []).append(row)
    return found


def _shareable(
    rows: Sequence[list[Cell]], others: Sequence[int], attributes: Sequence[int], least: int
) -> list[int]:
    """The attributes that can be published together at the price of few rows: while more than
    _MOST_CLEARED of the rows would lose theirs, the one with the most different values is given up.
    """
    kept = sorted(attributes, key=lambda i: len({row[i] for row in rows}))
    while kept:
        groups = _alike(rows, [*others, *kept]).values()
        if sum(len(group) for group in groups if len(group) < least) <= _MOST_CLEARED * len(rows):
            break
        kept.pop()
    return sorted(kept)


def _clear_rare(rows: Sequence[list[Cell]], places: Sequence[int], least: int) -> int:
    """Empty these cells where fewer than ``least`` rows share them; in how many rows.

    When the emptied rows are too few to hide among themselves, the smallest other groups join them.
    """
    if not places:
        return 0
    groups = Counter(tuple(row[i] for i in places) for row in rows)
    rare = {cells for cells, count in groups.items() if count < least}
    hidden = sum(groups[cells] for cells in rare)
    for cells, count in sorted(groups.items(), key=lambda found: found[1]):
        if not 0 < hidden < least:
            break
        if cells not in rare:
            rare.add(cells)
            hidden += count
    for row in rows:
        if tuple(row[i] for i in places) in rare:
            for i in places:
                row[i] = None
    return hidden


def _coarse(variable: Variable) -> Variable:
    if variable.name != _COARSE:
        return variable
    return replace(variable, label="Quarter in which the answers were sent", kind=Kind.DAY)


def _quarter(value: Cell) -> Cell:
    if not isinstance(value, datetime):
        return value
    return date(value.year, (value.month - 1) // 3 * 3 + 1, 1)


def _is_open(instrument: Instrument, code: str) -> bool:
    item = instrument.item(code)
    return item is not None and item.kind is ItemKind.OPEN_TEXT


def _asked(surveys: Sequence[Survey], library: Library) -> Iterator[tuple[Instrument, str | None]]:
    """Each questionnaire once, with the key that it is asked by."""
    seen = set()
    for survey in surveys:
        for instrument, key in survey.asked(library):
            if (instrument.code, key) not in seen:
                seen.add((instrument.code, key))
                yield instrument, key


def _scripts(asked: Iterator[tuple[Instrument, str | None]], columns: set[str]) -> dict[str, bytes]:
    """The validation of each multi-item scale as an R script for lavaan, and its model."""
    found = {}
    for instrument, key in asked:
        chosen = instrument.keys[key] if key else instrument.default_key
        if chosen is None or chosen.metric is not Metric.INDEX:
            continue
        model = {
            scale: [name for item in items if (name := f"{instrument.code}.{item}") in columns]
            for scale, items in chosen.scales.items()
        }
        reverse = {
            f"{instrument.code}.{item.code}": float(item.scale.minimum + item.scale.maximum)
            for item in instrument.items
            if item.reverse and item.scale is not None and item.code in chosen.items
        }
        script = validation_script(model, reverse=reverse).replace("answers.csv", "responses.csv")
        found[f"validate-{instrument.code}.R"] = script.encode()
        lines = [f"{scale} =~ {' + '.join(items)}" for scale, items in model.items()]
        found[f"model-{instrument.code}.txt"] = ("\n".join(lines) + "\n").encode()
    return found


def _readme(book: Codebook, notes: Sequence[str], licence: str, files: Sequence[str]) -> str:
    sources = [f"- {each.title}: {each.citation} Licence: {each.licence}." for each in book.sources]
    return "\n".join(
        [
            book.title,
            "",
            f"{book.responses} responses. Licence of the data: {licence}.",
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
            "responses.R reads the data with base R; validate-*.R need lavaan, semTools and psych.",
            "SHA256SUMS: check with sha256sum -c SHA256SUMS.",
            "",
        ]
    )
