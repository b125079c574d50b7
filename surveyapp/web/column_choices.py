"""What somebody has chosen for each column of a file, as the choices of an import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from instruments.schema import Instrument
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.known_exports import ABOUT, EXTERNAL_ID
from surveyapp.responses.previewed_columns import ABOUT_ROW, ATTRIBUTE, ITEM, LEFT_OUT

UNASSIGNED = ""
_ABOUT_TITLES = {
    "external_id": "Row ID",
    "submitted_at": "Time of submission",
    "started_at": "Time of the first answer",
    "customer_ref": "Customer reference",
    "language": "Language",
}
Group = tuple[str, list[tuple[str, str]]]


def select_groups(
    asked: Sequence[tuple[Instrument, str | None]], language: str
) -> tuple[Group, ...]:
    """What a column can be chosen to be: groups of (value, label)."""
    questions = [
        (
            f"{instrument.wording(language).title}",
            [
                (f"{ITEM}:{instrument.code}.{item.code}", f"{item.code}: {_short(text)}")
                for item in instrument.asked(key)
                for text in (instrument.wording(language).items[item.code],)
            ],
        )
        for instrument, key in asked
    ]
    about = [(f"{ABOUT_ROW}:{name}", _ABOUT_TITLES[name]) for name in ABOUT]
    return (*questions, ("About the response", about))


def value_of(column: Mapping[str, Any]) -> str:
    """The value of a column's select for what the preview says that it is."""
    role, target = column["role"], column["target"]
    if role in {ITEM, ABOUT_ROW}:
        return f"{role}:{target}"
    return role if role in {ATTRIBUTE, LEFT_OUT} else UNASSIGNED


def with_columns(
    stored: ImportChoices, columns: Sequence[Mapping[str, Any]], sent: Mapping[int, str]
) -> ImportChoices:
    """The stored choices with what was chosen otherwise for some columns; a place that was not sent, or
    was sent as the preview shows it, stays as it is.
    """
    renamed = dict(stored.columns)
    attributes, left_out = list(stored.attributes), list(stored.left_out)
    only, id_column = stored.attribute_columns, stored.id_column
    for place, column in enumerate(columns):
        chosen, heading = sent.get(place), column["heading"]
        if chosen is None or chosen == value_of(column):
            continue
        renamed = {name: to for name, to in renamed.items() if not _same(name, heading)}
        attributes = [name for name in attributes if not _same(name, heading)]
        left_out = [name for name in left_out if not _same(name, heading)]
        only = None if only is None else tuple(n for n in only if not _same(n, heading))
        id_column = "" if _same(id_column, heading) else id_column
        role, _, target = chosen.partition(":")
        if role in {ITEM, ABOUT_ROW}:
            renamed[heading] = target
            if target == EXTERNAL_ID:
                id_column = ""  # which named another one
        elif role == ATTRIBUTE:
            attributes.append(heading)
        elif role == LEFT_OUT:
            left_out.append(heading)
    return replace(
        stored,
        columns=renamed,
        attributes=tuple(attributes),
        left_out=tuple(left_out),
        attribute_columns=only,
        id_column=id_column,
    )


def _same(name: str, heading: str) -> bool:
    return " ".join(name.split()).lower() == heading.lower()


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else f"{words[:59]}…"
