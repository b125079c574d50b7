"""Which column of a file is what: an item, an attribute, or something about the response."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from instruments.schema import Instrument
from surveyapp.errors import Invalid
from surveyapp.surveys.attributes import name_of
from surveyapp.tables.table import heading_of, refuse_unclear

EXTERNAL_ID = "external_id"
SUBMITTED_AT = "submitted_at"
CUSTOMER_REF = "customer_ref"
LANGUAGE = "language"
ABOUT = (EXTERNAL_ID, SUBMITTED_AT, CUSTOMER_REF, LANGUAGE)
# Columns that are called so identify the row, unless the caller names another one.
_IDS = (EXTERNAL_ID, "id", "response")
# What our own export writes beside answers: its file can be brought into another installation.
_EXPORTED_ATTRIBUTE, _EXPORTED_SCORE = "attribute.", "score."
_EXPORTED = (
    *("response_id", "survey", "source", "started_at", "corrected_at"),
    *("way", "wording", "consent_version"),
)

Item = tuple[str, str]  # instrument, item


@dataclass(frozen=True)
class Columns:
    """Places in a row, by what stands there."""

    headings: tuple[str, ...]
    items: Mapping[int, Item]
    attributes: Mapping[int, str]
    about: Mapping[str, int]
    ignored: tuple[str, ...]


def item_names(asked: Sequence[tuple[Instrument, str | None]]) -> dict[str, Item]:
    """What a column may be called, in small letters: ``sea1`` where one questionnaire has it, and
    ``sjq.sea1`` always.
    """
    names: dict[str, Item] = {}
    ambiguous: set[str] = set()
    for instrument, key in asked:
        for item in instrument.asked(key):
            found = (instrument.code, item.code)
            names[f"{instrument.code}.{item.code}".lower()] = found
            short = item.code.lower()
            if short in names:
                ambiguous.add(short)
            names[short] = found
    return {name: item for name, item in names.items() if name not in ambiguous}


def map_columns(
    headings: Sequence[str],
    names: Mapping[str, Item],
    *,
    columns: Mapping[str, str] | None = None,
    id_column: str | None = None,
    attribute_columns: Collection[str] | None = None,
) -> Columns:
    """Say of each heading what it is; capitals do not count.

    ``columns`` renames headings: to an item, to external_id, submitted_at, customer_ref or language,
    or to an attribute. What is no item and nothing of these is an attribute, or ignored when
    ``attribute_columns`` names others. A file of our own export is understood: its attributes lose
    their prefix, its scores are computed anew. Raises Invalid for wrong, double or missing columns.
    """
    renamed = {heading_of(heading).lower(): target for heading, target in (columns or {}).items()}
    id_column = heading_of(id_column) if id_column else None
    lowered = [heading.lower() for heading in headings]
    _refuse_wrong(lowered, [*renamed, *([id_column.lower()] if id_column else [])])
    wanted = (
        None
        if attribute_columns is None
        else {heading_of(name).lower() for name in attribute_columns}
    )
    if wanted is not None:
        _refuse_wrong(lowered, sorted(wanted))
    identity = id_column.lower() if id_column else next((n for n in _IDS if n in lowered), None)
    items: dict[int, Item] = {}
    attributes: dict[int, str] = {}
    about: dict[str, int] = {}
    ignored: list[str] = []
    for place, heading in enumerate(lowered):
        target = renamed.get(heading, heading).lower()
        if heading == identity and heading not in renamed:
            about[EXTERNAL_ID] = place
        elif target in ABOUT:
            about[target] = place
        elif target in names:
            if names[target] in items.values():
                raise Invalid(f"Two columns hold {target}; keep one of them.", field="file")
            items[place] = names[target]
        elif wanted is None and _is_recomputed(lowered, heading):
            ignored.append(headings[place])
        elif wanted is None or heading in wanted:
            name = renamed.get(heading, headings[place])
            attributes[place] = name_of(name[_prefix(name) :])
        else:
            ignored.append(headings[place])
    if not items:
        known = ", ".join(sorted({item for _, item in names.values()}))
        found = ", ".join(headings)[:300]
        raise Invalid(
            f"No column is called like an item. Found: {found}. Needed: one or more of {known}.",
            field="file",
        )
    return Columns(tuple(headings), items, attributes, about, tuple(ignored))


def _is_recomputed(lowered: Sequence[str], heading: str) -> bool:
    """Whether this is a column of our own export that an import makes itself."""
    return heading.startswith(_EXPORTED_SCORE) or (heading in _EXPORTED and "response" in lowered)


def _prefix(name: str) -> int:
    return len(_EXPORTED_ATTRIBUTE) if name.lower().startswith(_EXPORTED_ATTRIBUTE) else 0


def _refuse_wrong(lowered: Sequence[str], named: Sequence[str]) -> None:
    refuse_unclear(lowered)
    for name in named:
        if name not in lowered:
            raise Invalid(
                f"There is no column {name}; the file has {', '.join(lowered)[:300]}.", field="file"
            )
