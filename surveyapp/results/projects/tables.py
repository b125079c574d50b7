"""A project's own file read: its columns told apart, and its rows as models are fitted to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from instruments.loader import InstrumentError, Library
from instruments.schema import Instrument
from surveyapp.errors import Conflict, Invalid
from surveyapp.installation import Installation
from surveyapp.results.analyses.lonely_values import lonely_codes
from surveyapp.results.analyses.tables import AnswerFile, Limits, item_headings, read_stream
from surveyapp.results.projects.columns import FORMAT, GROUP, ITEM, PERSON, column_names
from surveyapp.results.projects.uploads import MOST_CELLS, MOST_COLUMNS, MOST_ROWS, FileReading
from surveyapp.results.projects.variables import Variable, instrument_items
from surveyapp.store.models import File
from surveyapp.tables.missing import UserMissing
from surveyapp.tables.profile import is_address

MOST_GROUPS = 50  # values of an attribute
_MOST_CLUSTERS = 2_000  # of one that is named where the file is read: branches, not people
_LIMITS = Limits(MOST_ROWS, MOST_COLUMNS, MOST_CELLS)


def read_project_file(installation: Installation, file: File, reading: FileReading) -> AnswerFile:
    """The file's rows, as its project says that they are to be read. Raises Invalid for what cannot be
    read, and for a file of more rows or columns than a project takes."""
    known = _instrument(installation.library, reading)
    with installation.files.open(file) as content:
        return read_stream(
            content,
            Path(file.name),
            reading.options,
            instruments=[known] if known else [],
            limits=_LIMITS,
        )


def columns_of(answers: AnswerFile, reading: FileReading, library: Library) -> dict[str, Any]:
    """What each column is: an item where its cells are numbers, an attribute where they are few texts,
    or where the reading names its heading for groups, what tells respondents apart where it names that; else
    left out, with the reason. A column that is called as an item of the reading's questionnaire has that item's text and scale.

    Raises Invalid for a heading that the reading names and that the file does not have.
    """
    instrument = _instrument(library, reading)
    asked = {} if instrument is None else _items(instrument)
    frame = answers.frame
    headings = [str(heading) for heading in frame.columns]
    wanted = _wanted(reading.groups, headings)
    person = reading.person and next(iter(_wanted([reading.person], headings)))
    texts = answers.table.texts or ("",) * len(headings)
    columns: list[dict[str, Any]] = []
    left_out: list[dict[str, str]] = []
    warnings: list[str] = []
    for place, (heading, name) in enumerate(zip(headings, column_names(headings), strict=True)):
        about: dict[str, Any] = {"name": name, "heading": heading, "text": texts[place]}
        column = frame[heading]
        if person and heading == person:
            why = _why_no_person(column)
            if why:
                left_out.append({"heading": heading, "why": why})
            else:
                columns.append({**about, "use": PERSON})
            continue
        if heading in wanted or not _is_number(column):
            why = _why_no_group(column, chosen=heading in wanted)
            if why:
                left_out.append({"heading": heading, "why": why})
            else:
                columns.append({**about, "use": GROUP})
            continue
        values = _numbers(column)
        why = _why_no_item(values)
        if why:
            left_out.append({"heading": heading, "why": why})
            continue
        none = answers.table.user_missing.get(place, UserMissing()) | UserMissing.of(
            reading.options.missing
        )
        labels = {
            code: label
            for code, label in answers.table.value_labels.get(place, {}).items()
            if code not in none
        }
        lowest, highest = _ends(values, labels)
        if (item := asked.pop(heading.casefold(), None)) is not None:
            about |= {"text": item.text, "instrument": item.instrument, "item": item.item}
            lowest, highest = item.scale
            outside = int(((values < lowest) | (values > highest)).sum())
            if outside:
                warnings.append(
                    f"{heading}: {outside:,} {'answer lies' if outside == 1 else 'answers lie'} outside"
                    f" {lowest:g} to {highest:g}; recode by a step, or name a code where the file is read"
                )
        columns.append({**about, "use": ITEM, "lowest": lowest, "highest": highest,
                        "labels": labels})  # fmt: skip
        warnings += [
            f"{heading}: {code} in {int((values == code).sum())} cells looks like a code for a missing"
            " answer; if it is one, name it where the file is read"
            for code in lonely_codes(values)
        ]
    return {
        "format": FORMAT,
        "instrument": None if instrument is None else [instrument.code, instrument.version],
        "said": list(answers.notes),
        "warnings": warnings,
        "rows": len(frame),
        "columns": columns,
        "left_out": left_out,
    }


def _instrument(library: Library, reading: FileReading) -> Instrument | None:
    if not reading.instrument:
        return None
    try:
        return library.load(reading.instrument)
    except InstrumentError as error:
        raise Invalid(f"The questionnaire {reading.instrument} is not there any more.") from error


def _items(instrument: Instrument) -> dict[str, Variable]:
    """By what a column may be called, in small letters, each item that is answered by a number."""
    return {
        heading: item
        for item in instrument_items(instrument)
        for heading in item_headings(instrument, item.item)
    }


def file_rows(
    answers: AnswerFile, columns: Mapping[str, Any], *, minimum_cell: int
) -> pd.DataFrame:
    """One row a respondent: items as numbers, missing NaN, then attributes as texts, missing None.

    Raises Conflict for fewer rows than ``minimum_cell``.
    """
    if len(answers.frame) < minimum_cell:
        raise Conflict(
            f"The file has fewer than {minimum_cell} rows, too few to show; upload one with more."
        )
    headings = [str(heading) for heading in answers.frame.columns]
    found: dict[str, Any] = {}
    for each in columns["columns"]:
        column = answers.frame[each["heading"]]
        if each["use"] == ITEM:
            found[each["name"]] = _numbers(column)
        else:
            labels = answers.table.value_labels.get(headings.index(each["heading"]), {})
            found[each["name"]] = pd.Series(
                [_label(value, labels) for value in column], dtype=object
            )
    return pd.DataFrame(found)


def _wanted(groups: Sequence[str], headings: Sequence[str]) -> set[str]:
    known = {heading.casefold(): heading for heading in headings}
    unknown = [each for each in groups if each.casefold() not in known]
    if unknown:
        raise Invalid(
            f"The file has no column {unknown[0][:60]!r}; correct the heading where the file is read."
        )
    return {known[each.casefold()] for each in groups}


def _is_number(column: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return True
    given = column.dropna()
    return len(given) > 0 and all(isinstance(value, bool) for value in given)


def _numbers(column: pd.Series) -> np.ndarray:
    found: np.ndarray = pd.to_numeric(column, errors="coerce").to_numpy(
        dtype=float, na_value=np.nan
    )
    return found


def _why_no_group(column: pd.Series, *, chosen: bool) -> str:
    given = column.dropna()
    if given.empty:
        return "it is empty"
    if any(is_address(str(value)) for value in given.unique()):
        return "it holds addresses of mail or of machines, which no analysis needs"
    values = given.nunique()
    if chosen and values > MOST_GROUPS:
        if values > _MOST_CLUSTERS or 2 * values > len(given):
            return (
                f"its {values:,} different values are no groups or clusters: these are at most"
                f" {_MOST_CLUSTERS:,}, of two rows on average or more"
            )
    elif values > MOST_GROUPS:
        return (
            f"it is a text with {values:,} different values, more than the {MOST_GROUPS} of groups; name"
            " its heading where the file is read if they are clusters, such as branches, or tell respondents"
            " apart"
        )
    if values < 2 and not chosen:
        return "it is a text with one value"
    return ""


def _why_no_person(column: pd.Series) -> str:
    given = column.dropna()
    if given.empty:
        return "it is empty"
    if any(is_address(str(value)) for value in given.unique()):
        return "it holds addresses of mail or of machines; put numbers or pseudonyms in their place"
    return ""


def _why_no_item(values: np.ndarray) -> str:
    given = values[~np.isnan(values)]
    if given.size == 0:
        return "it is empty"
    steps = np.diff(given)
    if given.size == values.size >= 10 and bool((steps == 1).all()):
        return "it numbers the rows"
    return ""


def _ends(values: np.ndarray, labels: Mapping[str, str]) -> tuple[float, float]:
    """The lowest and the highest point: those that the file labels, or that were answered."""
    given = values[~np.isnan(values)]
    ends = [float(given.min()), float(given.max())]
    for code in labels:
        try:
            ends.append(float(code))
        except ValueError:
            continue
    return min(ends), max(ends)


def _label(value: Any, labels: Mapping[str, str]) -> str | None:
    if value is None or value != value:
        return None
    text = f"{value:.15g}" if isinstance(value, (int, float, np.number)) else str(value)
    return labels.get(text, text)
