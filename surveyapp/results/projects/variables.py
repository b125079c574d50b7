"""The names by which a project's models call items and attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from analysis.names import is_name
from instruments.loader import Library
from instruments.schema import Instrument, Item, ItemKind
from surveyapp.results.analyses.groupings import groupings
from surveyapp.results.projects.columns import GROUP, ITEM, PERSON
from surveyapp.store.models import Project
from surveyapp.surveys.piping import filled
from surveyapp.surveys.queries import surveys_of
from surveyapp.surveys.survey import Survey

_PLACES = {"provider": "the provider", "touchpoint": "this step"}  # where no survey names them
LANGUAGE = "en"  # of a questionnaire's texts, where no survey says in which it is asked
_NUMERIC = {ItemKind.RATING, ItemKind.ZERO_TO_TEN, ItemKind.YES_NO}
_ENDS = {ItemKind.ZERO_TO_TEN: (0.0, 10.0), ItemKind.YES_NO: (0.0, 1.0)}


@dataclass(frozen=True)
class Variable:
    """An item whose answers are numbers: where it is asked, its text, and the ends of its scale."""

    name: str
    instrument: str
    item: str
    text: str
    scale: tuple[float, float]


@dataclass(frozen=True)
class Variables:
    """Everything that a model can name: items in the order asked, and attributes that make groups.

    ``models``: for each scoring key of several items the measurement model that it describes, by title.
    ``has_days``: whether each row has the day on which it was answered. ``person``: the column of a file that
    tells respondents with several rows apart, which no model names.
    """

    items: Mapping[str, Variable]
    groups: Sequence[str]
    models: Mapping[str, str] = field(default_factory=dict)
    has_days: bool = False
    person: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The items' names."""
        return tuple(self.items)


def variables_of(session: Session, project: Project, library: Library) -> Variables:
    """The items that the project's surveys ask, and the attributes of whoever answered.

    An item is called by its code; by its instrument and code where two instruments use the code. Of a
    file its columns are meant, none before it was read.
    """
    if project.file_reading is not None:
        columns = project.file_columns
        return Variables({}, ()) if columns is None else file_variables(columns, library)
    known = [
        survey
        for survey in surveys_of(session, project.journey_id)
        if project.survey_id in (None, survey.id)
    ]
    asked = _instruments(known, library)
    codes = Counter(item.code for one in asked.values() for item in one.items)
    items: dict[str, Variable] = {}
    names: dict[tuple[str, str], str] = {}
    for one in asked.values():
        instrument = one.instrument
        wording = instrument.wording(one.language, None)
        for item in one.items:
            name = _name(instrument.code, item.code, alone=codes[item.code] == 1)
            names[instrument.code, item.code] = name
            items[name] = Variable(
                name,
                instrument.code,
                item.code,
                filled(wording.items.get(item.code, item.code), {}, one.places),
                _scale(item),
            )
    taken = {name for name in groupings(session, [survey.id for survey in known]) if is_name(name)}
    return Variables(items, sorted(taken - items.keys()), _models(asked, names), has_days=True)


def file_variables(columns: Mapping[str, Any], library: Library) -> Variables:
    """What models can name of a file, from its stored columns, and the models of its questionnaire."""
    rows = [each for each in columns["columns"] if each["use"] == ITEM]
    items = {
        each["name"]: Variable(
            each["name"],
            each.get("instrument", ""),
            each.get("item", each["heading"]),
            each["text"] or each["heading"],
            (each["lowest"], each["highest"]),
        )
        for each in rows
    }
    groups = [each["name"] for each in columns["columns"] if each["use"] == GROUP]
    models = {}
    if columns["instrument"] is not None:
        code, version = columns["instrument"]
        asked = {code: _Asked(library.load(code, version), (), LANGUAGE, {})}
        names = {(code, item.item): name for name, item in items.items() if item.instrument}
        models = _models(asked, names)
    person = next((each["name"] for each in columns["columns"] if each["use"] == PERSON), None)
    return Variables(items, groups, models, person=person)


def instrument_items(instrument: Instrument) -> list[Variable]:
    """The instrument's items that are answered by numbers, under their own codes."""
    texts = {
        code: filled(text, {}, _PLACES)
        for code, text in instrument.wording(LANGUAGE, None).items.items()
    }
    return [
        Variable(
            item.code,
            instrument.code,
            item.code,
            _capital(texts.get(item.code, item.code)),
            _scale(item),
        )
        for item in instrument.items
        if item.kind in _NUMERIC
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class _Asked:
    """An instrument, the items of it that are asked and answered by numbers, and a language."""

    instrument: Instrument
    items: Sequence[Item]
    language: str
    places: Mapping[str, str]  # what its texts name


def _instruments(surveys: Sequence[Survey], library: Library) -> dict[str, _Asked]:
    """Each instrument asked, once, in the version of the last survey that asks it."""
    found: dict[str, _Asked] = {}
    for survey in surveys:
        for ask in survey.asks:
            instrument = library.load(ask.instrument, ask.version)
            before = found[ask.instrument].items if ask.instrument in found else ()
            asked = {item.code for item in (*before, *instrument.asked(ask.key))}
            items = [
                item for item in instrument.items if item.code in asked and item.kind in _NUMERIC
            ]
            found[ask.instrument] = _Asked(
                instrument,
                items,
                survey.language,
                {"provider": survey.provider, "touchpoint": survey.touchpoint},
            )
    return found


def _name(instrument: str, item: str, *, alone: bool) -> str:
    """A name that model texts can hold."""
    code = item if alone else f"{instrument}_{item}"
    plain = "".join(each if each.isalnum() or each in "._" else "_" for each in code)
    return plain if is_name(plain) else f"x_{plain}"


def _scale(item: Item) -> tuple[float, float]:
    if item.scale is not None:
        return float(item.scale.minimum), float(item.scale.maximum)
    return _ENDS[item.kind]


def _models(asked: Mapping[str, _Asked], names: Mapping[tuple[str, str], str]) -> dict[str, str]:
    found = {}
    for code, one in asked.items():
        title = one.instrument.wording(one.language, None).title
        for key, scoring in one.instrument.keys.items():
            lines = []
            for scale, of in scoring.scales.items():
                items = [names[code, each] for each in of if (code, each) in names]
                if len(items) == len(of) > 2:
                    lines.append(f"{_name(code, scale, alone=True)} =~ {' + '.join(items)}")
            if lines:
                found[f"{title} ({key})"] = "\n".join(lines)
    return found
