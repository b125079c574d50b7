"""Which column of a file is what: an item, an attribute, or something about the response."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from instruments.schema import Instrument
from surveyapp.errors import Invalid
from surveyapp.responses.answer_texts import Questions
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.known_exports import (
    ABOUT,
    CUSTOMER_REF,
    EXTERNAL_ID,
    LANGUAGE,
    STARTED_AT,
    SUBMITTED_AT,
    KnownExport,
    known_export,
)
from surveyapp.responses.own_columns import own_headings
from surveyapp.surveys.attributes import name_of
from surveyapp.tables.table import DataTable, column_letters, heading_of, refuse_unclear

# Columns that are called so identify the row, unless the caller names another one.
_IDS = (EXTERNAL_ID, "id", "response")
# What our own export writes beside answers: its file can be brought in again, here or elsewhere.
WORDING, CONSENT, WAY, SURVEY = "wording", "consent_version", "way", "survey"
CUSTOMER = "customer"  # a pseudonym, which still joins the file's rows to each other
_OWN = frozenset({"response", "response_id"})
_OWN_ABOUT = {
    "response_id": EXTERNAL_ID,
    "submitted_at": SUBMITTED_AT,
    "started_at": STARTED_AT,
    "language": LANGUAGE,
    "wording": WORDING,
    "consent_version": CONSENT,
    "way": WAY,
    "survey": SURVEY,
    "customer": CUSTOMER,
    "deployment": SURVEY,  # as the column was called before
}
_OWN_IGNORED = frozenset(
    {
        *("response", "source", "corrected_at", "journey", "stage", "touchpoint", "channel"),
        *("seconds", "attention", "quote", "preselected", "flags", "not_applicable", "import"),
        *("run", "run_started_at"),  # numbers of this installation
    }
)
_OWN_ATTRIBUTE, _OWN_SCORE = "attribute.", "score."

_ROW_CODE = re.compile(r"\w+\[(\w+)\]")

Item = tuple[str, str]  # instrument, item

__all__ = [
    "CUSTOMER_REF",
    "EXTERNAL_ID",
    "LANGUAGE",
    "STARTED_AT",
    "SUBMITTED_AT",
    "Columns",
    "item_names",
    "map_columns",
]


@dataclass(frozen=True)
class Columns:
    """Places in a row, by what stands there.

    ``parts`` are further columns of a row's id, ``unmatched`` are questions that are no item here.
    ``known`` is the program that wrote the file, ``own`` says that it is our own export.
    """

    headings: tuple[str, ...]
    items: Mapping[int, Item]
    attributes: Mapping[int, str]
    about: Mapping[str, int]
    ignored: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    by_words: tuple[int, ...] = ()
    parts: tuple[int, ...] = ()
    known: KnownExport | None = None
    own: bool = False

    def without(self, places: frozenset[int]) -> Columns:
        """The same without these attributes."""
        kept = {at: name for at, name in self.attributes.items() if at not in places}
        return replace(self, attributes=kept)


@dataclass
class _Found:
    """What has been found so far, heading by heading."""

    items: dict[int, Item] = field(default_factory=dict)
    attributes: dict[int, str] = field(default_factory=dict)
    about: dict[str, int] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    by_words: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)


def item_names(asked: Sequence[tuple[Instrument, str | None]]) -> dict[str, Item]:
    """What a column may be called, in small letters: ``sea1`` where one questionnaire has it, and
    ``sjq.sea1`` or ``sjq_sea1`` always.
    """
    names: dict[str, Item] = {}
    ambiguous: set[str] = set()
    for instrument, key in asked:
        for item in instrument.asked(key):
            found = (instrument.code, item.code)
            names[f"{instrument.code}.{item.code}".lower()] = found
            # Stata and many a program take no point in a name.
            names.setdefault(re.sub(r"\W", "_", f"{instrument.code}_{item.code}".lower()), found)
            short = item.code.lower()
            if short in names:
                ambiguous.add(short)
            names[short] = found
    return {name: item for name, item in names.items() if name not in ambiguous}


def map_columns(
    table: DataTable, asked: Sequence[tuple[Instrument, str | None]], choices: ImportChoices
) -> Columns:
    """Say of each heading what it is; capitals do not count.

    The choices rename headings: to an item, to external_id, submitted_at, started_at, customer_ref or
    language, or to an attribute. An item is known by its code or by its question in any language.
    What is nothing of all this is an attribute, unless a known program wrote it for itself, or the
    choices name the only attributes. Raises Invalid for wrong, double or missing columns.
    """
    headings, lowered = table.headings, [heading.lower() for heading in table.headings]
    renamed = {heading_of(name).lower(): to for name, to in choices.columns.items()}
    id_column = heading_of(choices.id_column).lower()
    chosen = {heading_of(name).lower() for name in choices.attributes}
    only = choices.attribute_columns
    wanted = None if only is None else {heading_of(name).lower() for name in only}
    unused = {heading_of(name).lower() for name in choices.left_out}
    named = [
        *renamed,
        *([id_column] if id_column else []),
        *sorted(chosen | unused | (wanted or set())),
    ]
    _refuse_wrong(lowered, named)
    own = set(lowered) >= _OWN
    known = None if own else known_export(headings)
    about_of = _OWN_ABOUT if own else dict(known.about) if known else {}
    if EXTERNAL_ID not in about_of.values():
        identity = next((name for name in _IDS if name in lowered), None)
        about_of = {**about_of, **({identity: EXTERNAL_ID} if identity else {})}
    if id_column:
        about_of = {name: what for name, what in about_of.items() if what != EXTERNAL_ID}
        about_of[id_column] = EXTERNAL_ID
    by_hand = {to.lower() for to in renamed.values()}
    about_of = {
        name: what
        for name, what in about_of.items()
        if what not in by_hand and name not in chosen | unused
    }
    names, questions, found = item_names(asked), Questions(asked), _Found()
    if own:
        stay = {*about_of, *_OWN_IGNORED, *named}
        headings = own_headings(headings, table.texts, {*stay, *names})
        lowered = [heading.lower() for heading in headings]
    for place, heading in enumerate(lowered):
        if not heading:
            found.ignored.append(f"column {column_letters(place)}, the names of the rows")
            continue
        if heading in unused:
            found.ignored.append(headings[place])
            continue
        if heading in chosen and heading not in renamed:
            found.attributes[place] = _attribute(headings[place])
            continue
        target = renamed.get(heading, "").lower()
        what = target if target in ABOUT else about_of.get(heading, "") if not target else ""
        code, plain = known.split(headings[place]) if known else ("", headings[place])
        called = (target,) if target else (heading, plain.lower(), *_codes_in(code or heading))
        item = next((names[each] for each in called if each in names), None)
        by_words = None
        if not (what or item or target):
            texts = (plain, *table.texts[place : place + 1])
            by_words = next((each for text in texts if (each := questions.item(text))), None)
        taken = {*about_of.values(), *by_hand}
        if not target and not what and heading in ABOUT and heading not in taken:
            what = heading
        if what:
            if what in ABOUT and what in found.about:
                raise Invalid(
                    f"Two columns hold {what}: {headings[found.about[what]]} and {headings[place]};"
                    " choose one of them.",
                    field="columns",
                )
            found.about[what] = place
        elif item or by_words:
            _keep_item(found, place, item or by_words, headings, is_by_words=item is None)
        elif own and (heading in _OWN_IGNORED or heading.startswith(_OWN_SCORE)):
            found.ignored.append(headings[place])
        elif target or (wanted is not None and heading in wanted):
            found.attributes[place] = _attribute(renamed.get(heading, headings[place]))
        elif own and not heading.startswith(_OWN_ATTRIBUTE):
            found.ignored.append(headings[place])  # such as the choices of a multiple choice
        elif known is not None and heading in known.parts:
            found.parts.append(place)
            found.attributes[place] = _attribute(headings[place])
        elif wanted is not None or (known is not None and known.leaves_out(heading)):
            found.ignored.append(headings[place])
        elif known is not None and known.asks:
            found.unmatched.append(headings[place])
        else:
            found.attributes[place] = _attribute(headings[place])
    if not found.items:
        raise Invalid(_no_item(headings, names), field="columns")
    return Columns(
        headings,
        found.items,
        found.attributes,
        found.about,
        tuple(found.ignored),
        tuple(found.unmatched),
        tuple(found.by_words),
        tuple(found.parts),
        known,
        own,
    )


def _codes_in(code: str) -> tuple[str, ...]:
    """A question's code, and of LimeSurvey's ``G1[SQ001]`` that of the row, too."""
    row = _ROW_CODE.fullmatch(code.lower())
    return (code.lower(), row[1]) if row else (code.lower(),)


def _keep_item(
    found: _Found, place: int, item: Item | None, headings: Sequence[str], *, is_by_words: bool
) -> None:
    if item is None:
        return
    for other, known in found.items.items():
        if known == item:
            raise Invalid(
                f"Two columns hold {item[1]}: {headings[other]} and {headings[place]}; keep one of"
                " them.",
                field="file",
            )
    found.items[place] = item
    if is_by_words:
        found.by_words.append(place)


def _attribute(name: str) -> str:
    prefix = len(_OWN_ATTRIBUTE) if name.lower().startswith(_OWN_ATTRIBUTE) else 0
    return name_of(name[prefix:])


def _no_item(headings: Sequence[str], names: Mapping[str, Item]) -> str:
    known = ", ".join(sorted({item for _, item in names.values()}))
    found = ", ".join(headings)[:300]
    return (
        f"No column is called like an item. Found: {found}. Needed: one or more of {known}; assign"
        " columns by hand (--column HEADING=ITEM)."
    )


def _refuse_wrong(lowered: Sequence[str], named: Sequence[str]) -> None:
    refuse_unclear(lowered)
    there = set(lowered)
    for name in named:
        if name not in there:
            raise Invalid(
                f"There is no column {name}; the file has {', '.join(lowered)[:300]}.", field="file"
            )
