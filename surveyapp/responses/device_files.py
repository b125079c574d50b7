"""Answers that a kiosk could not send: its file of them as rows that can be brought in.

The file holds each person's form as it was filled in. What a survey has stopped asking is left out,
what it has begun to ask counts as not answered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, cast

from sqlalchemy import Connection, Table, select

from instruments.loader import Library
from surveyapp.errors import Invalid
from surveyapp.responses.columns import EXTERNAL_ID, LANGUAGE, SUBMITTED_AT, item_names
from surveyapp.responses.waiting import external_ids
from surveyapp.store.models import Response
from surveyapp.surveys.links import pseudonym
from surveyapp.surveys.logic import NOT_APPLICABLE
from surveyapp.surveys.survey import Survey
from surveyapp.tables.table import DataTable, Row

KIND = "surveyapp kiosk answers"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RESPONSES = cast(Table, Response.__table__)
_ABOUT = (EXTERNAL_ID, SUBMITTED_AT, LANGUAGE)
_AGREED = ("consent", "yes")  # the box of consent, as the form sends it


def own_number(number: str) -> str:
    """The id under which a device's answers are stored, by whichever way they come."""
    return f"kiosk {number}"


def known_number(survey: Survey, number: str, secret_key: str) -> str:
    """``own_number`` as an import stores it: hidden in an anonymous survey."""
    own = own_number(number)
    if survey.anonymity != "anonymous":
        return own
    return pseudonym(secret_key, f"{survey.code} {own}")


def is_stored(connection: Connection, survey_id: int, known: str) -> bool:
    """Whether the survey has the answers with this ``known_number``."""
    own = _RESPONSES.c
    query = select(own.id).where(own.survey_id == survey_id, own.external_id == known)
    if connection.execute(query).first() is not None:
        return True
    return bool(external_ids(connection, survey_id, [known]))


def open_device_file(file: BinaryIO, survey: Survey, *, library: Library) -> DataTable:
    """The answers in a kiosk's file as a sheet; a row's line is its place in the file.

    Answers to another survey, and those without the consent that this one asks for, are rows with a
    fault. Raises Invalid for what is no such file.
    """
    answers = _read(file)
    items = sorted(set(item_names(survey.asked(library)).values()))
    headings = (*_ABOUT, *(f"{instrument}.{item}" for instrument, item in items))
    return DataTable(
        headings,
        list(_rows(answers, survey, items, library)),
        "the answers of a kiosk",
        decimal=".",
        header_rows=0,
    )


def _read(file: BinaryIO) -> list[Any]:
    try:
        document = json.loads(file.read())
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The file is no JSON: {str(error)[:100]}.", field="file") from error
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise Invalid(
            f"This is no file of a kiosk; that says it is {KIND!r}. Download it again on the device.",
            field="file",
        )
    answers = document.get("answers")
    if not isinstance(answers, list) or not answers:
        raise Invalid("The file holds no answers.", field="file")
    return answers


def _rows(
    answers: Sequence[Any], survey: Survey, items: Sequence[tuple[str, str]], library: Library
) -> Iterator[Row]:
    for line, each in enumerate(answers, start=1):
        fault = _fault(each, survey)
        if fault:
            yield Row(line, [], fault, "")
            continue
        given = _given(each["fields"], survey, items, library)
        about = [own_number(each["id"]), str(each.get("answered", "")), str(each["language"])]
        yield Row(line, [*about, *(given.get(item, "") for item in items)])


def _fault(each: object, survey: Survey) -> str:
    """Why this entry is none of this survey's answers; empty when it is one."""
    if not isinstance(each, dict) or not isinstance(each.get("language"), str):
        return "This is no answer of a kiosk."
    if not isinstance(each.get("id"), str) or not ID.fullmatch(each["id"]):
        return "The answer has no number of its device."
    if each.get("link") != survey.link:
        return "It was given to another survey."
    fields = each.get("fields")
    if not isinstance(fields, list) or not all(_is_pair(field) for field in fields):
        return "Its fields cannot be read."
    if survey.consent_box and list(_AGREED) not in fields:
        return "The customer did not tick the box of consent."
    return ""


def _is_pair(field: object) -> bool:
    return isinstance(field, list) and len(field) == 2 and all(isinstance(x, str) for x in field)


def _given(
    fields: Sequence[Sequence[str]],
    survey: Survey,
    items: Sequence[tuple[str, str]],
    library: Library,
) -> dict[tuple[str, str], str]:
    """What was answered to the items that are asked now, several ticks in one cell."""
    raw: dict[str, dict[str, list[str]]] = {}
    for instrument, item in items:
        name = f"{instrument}-{item}"
        values = [value for field, value in fields if field == name and value != NOT_APPLICABLE]
        raw.setdefault(instrument, {})[item] = values
    logic = survey.fitted_logic(library)
    left: Mapping[str, Any] = logic.apply(raw).raw if logic else raw
    return {
        (instrument, item): "|".join(values)
        for instrument, given in left.items()
        for item, values in given.items()
    }
