"""The scales of a package, validated on the rows that it publishes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd
from sqlalchemy.orm import Session

from analysis.scale.careless import careless
from analysis.scale.document import ScaleValidation
from analysis.scale.plan import Plan, plan_of
from analysis.scale.r_script import validation_script
from analysis.scale.sections.careless import CarelessSection
from analysis.scale.sections.invariance import InvarianceSection
from analysis.scale.validation import validate_scale
from instruments.loader import Library
from instruments.schema import Instrument, Metric
from surveyapp.errors import Invalid
from surveyapp.exports.questions import Question
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Kind, Measure, Variable
from surveyapp.reports.studies.stored_study import Study
from surveyapp.reports.typesetting.pdf import pdf
from surveyapp.reports.validation.content import content
from surveyapp.results.analyses.queries import latest_validation
from surveyapp.surveys.survey import Survey

_ATTRIBUTE = "attribute."
_FEWEST_ITEMS = 3  # of one factor at least, or there is nothing to validate
_SEED = 20_260_101


@dataclass(frozen=True)
class Estimation:
    """How a package's scales are validated; None: as the last stored validation, else by ML on
    complete rows without groups.
    """

    estimator: str | None = None
    missing: str | None = None
    groups: tuple[str, ...] | None = None
    draws: int = 500
    reps: int = 2000


@dataclass(frozen=True)
class Scale:
    """A scale that is asked: its instrument, how it is scored, and its columns by item."""

    instrument: Instrument
    plan: Plan

    @property
    def code(self) -> str:
        return self.instrument.code

    @property
    def columns(self) -> dict[str, str]:
        return {item: f"{self.code}.{item}" for item in self.plan.items}

    @property
    def flag(self) -> str:
        """The column that says whose answers the report leaves out in its second fit."""
        return f"careless.{self.code}"

    @property
    def seconds(self) -> str:
        """The column, never published, with the time that the scale took."""
        return f"seconds for {self.code}"


@dataclass(frozen=True)
class Validated:
    """The files of each scale, and the data with a column of flags each."""

    table: Table
    rows: list[list[Cell]]
    files: dict[str, bytes]


def scales(surveys: Sequence[Survey], library: Library) -> list[Scale]:
    """Each scale of several items that these surveys ask, once for each questionnaire."""
    found: dict[str, Scale] = {}
    for survey in surveys:
        for instrument, key in survey.asked(library):
            chosen = instrument.keys[key] if key else instrument.default_key
            if chosen is None or chosen.metric is not Metric.INDEX:
                continue
            if max(map(len, chosen.scales.values())) >= _FEWEST_ITEMS:
                scale = Scale(instrument, plan_of(instrument, key=chosen.code))
                found.setdefault(instrument.code, scale)
    return list(found.values())


def timed(table: Table, found: Sequence[Scale], asked: Sequence[Question]) -> Table:
    """The table with the seconds that each scale took: the page's, shared out by its answers."""
    places = {name: place for place, name in enumerate(table.headings)}
    answers = [places[question.variable.name] for question in asked]
    own = [[places[name] for name in scale.columns.values() if name in places] for scale in found]
    page = places["seconds"]

    def rows() -> Iterator[list[Cell]]:
        for row in table.rows:
            seconds, given = row[page], sum(row[place] is not None for place in answers)
            shares = [sum(row[place] is not None for place in mine) for mine in own]
            yield [
                *row,
                *(
                    seconds * share / given
                    if isinstance(seconds, int) and given and share
                    else None
                    for share in shares
                ),
            ]

    more = [Variable(scale.seconds, "", Kind.NUMBER) for scale in found]
    return Table([*table.variables, *more], table.count, rows(), table.notes)


def validated(
    session: Session,
    table: Table,
    found: Sequence[Scale],
    surveys: Sequence[Survey],
    estimation: Estimation,
    *,
    made: date,
    library: Library,
) -> Validated:
    """Every scale's model, results as JSON, report as PDF and script for R; and the published table.

    All of them are computed from the table's own rows, so that whoever has the package gets the same
    numbers. Raises Invalid for a group that is no published attribute.
    """
    rows = [list(row) for row in table.rows]
    headings = table.headings
    frame = pd.DataFrame(rows, columns=headings, dtype=object)
    _refuse_unknown_groups(estimation.groups or (), headings)
    files: dict[str, bytes] = {}
    flags: dict[str, list[int | None]] = {}
    flag_variables = []
    for scale in found:
        chosen = _chosen(session, scale, surveys, estimation, headings)
        data = _answers(frame, scale, chosen.groups or ())
        if data.empty:
            continue
        result = _computed(data, scale, chosen)
        flags[scale.code] = _flags(data, scale, len(rows))
        flag_variables.append(_flag_variable(scale, result, made))
        files |= _files(result, scale, surveys, made, library)
    kept = [i for i, name in enumerate(headings) if name not in {scale.seconds for scale in found}]
    published = [
        [*(row[i] for i in kept), *(flags[code][n] for code in flags)] for n, row in enumerate(rows)
    ]
    variables = [*(table.variables[i] for i in kept), *flag_variables]
    return Validated(Table(variables, len(rows), iter(published), table.notes), published, files)


def _refuse_unknown_groups(groups: Sequence[str], headings: Sequence[str]) -> None:
    known = [name.removeprefix(_ATTRIBUTE) for name in headings if name.startswith(_ATTRIBUTE)]
    for name in groups:
        if name not in known:
            raise Invalid(
                f"{name} is no attribute of these responses; they have"
                f" {', '.join(known) or 'none'}.",
                field="group",
            )


def _chosen(
    session: Session,
    scale: Scale,
    surveys: Sequence[Survey],
    wanted: Estimation,
    headings: Sequence[str],
) -> Estimation:
    """What was asked for, and for the rest what the last stored validation was asked for."""
    analysis = latest_validation(session, surveys[0].journey_id, scale.code)
    last = analysis.parameters if analysis is not None else {}
    groups = [name for name in last.get("group", ()) if f"{_ATTRIBUTE}{name}" in headings]
    return replace(
        wanted,
        estimator=wanted.estimator or last.get("estimator", "ML"),
        missing=wanted.missing or last.get("missing", "listwise"),
        groups=tuple(groups) if wanted.groups is None else wanted.groups,
    )


def _answers(frame: pd.DataFrame, scale: Scale, groups: Sequence[str]) -> pd.DataFrame:
    """The rows that answered an item of the scale, by their place, with items by their codes."""
    items = {
        item: pd.to_numeric(frame[name]).where(lambda column: column >= 0)  # no "not applicable"
        for item, name in scale.columns.items()
    }
    data = pd.DataFrame(items)
    for name in groups:
        data[name] = frame[f"{_ATTRIBUTE}{name}"]
    data[scale.seconds] = pd.to_numeric(frame[scale.seconds])
    return data[data[scale.plan.items].notna().any(axis=1)]


def _computed(data: pd.DataFrame, scale: Scale, chosen: Estimation) -> ScaleValidation:
    key = scale.plan.key
    result = validate_scale(
        data.reset_index(drop=True),
        scale.instrument,
        key=key.code if key else None,
        group=chosen.groups or (),
        seconds=scale.seconds if data[scale.seconds].notna().any() else None,
        estimator=chosen.estimator or "ML",
        missing=chosen.missing or "listwise",
        seed=_SEED,
        draws=chosen.draws,
        reps=chosen.reps,
    )
    climbed = result.get(InvarianceSection)
    script = validation_script(
        scale.plan.model,
        reverse=scale.plan.turning,
        estimator=result.settings.estimator,
        missing=result.settings.missing,
        group=[ladder.group for ladder in climbed.ladders] if climbed else (),
        draws=chosen.draws,
        instrument=scale.code,
        read=(
            'source("responses.R")',
            "answers <- responses",
            f'names(answers)[names(answers) == "{scale.flag}"] <- "careless"',
        ),
        report=f"results-{scale.code}.json",
    )
    return replace(result, r_script=script)


def _flags(data: pd.DataFrame, scale: Scale, count: int) -> list[int | None]:
    """1 for a row that the report calls careless, 0 for another, None for one that it has not."""
    seconds = data[scale.seconds] if data[scale.seconds].notna().any() else None
    flagged = careless(data, scale.plan.items, seconds=seconds).flagged
    found: list[int | None] = [None] * count
    for place, flag in zip(data.index, flagged, strict=True):
        found[place] = int(flag)
    return found


def _flag_variable(scale: Scale, result: ScaleValidation, made: date) -> Variable:
    section = result.get(CarelessSection)
    rules = "; ".join(
        f"{one.indicator} {one.cut:.4g} {one.unit}"
        for one in (section.indicators if section else ())
        if one.cut is not None
    )
    label = f"Shows a sign of careless answers to {scale.code} on {made.isoformat()}, by: {rules}"
    labels: Mapping[int, str] = {0: "No sign", 1: "Flagged"}
    return Variable(scale.flag, label, Kind.INTEGER, Measure.NOMINAL, labels)


def _files(
    result: ScaleValidation,
    scale: Scale,
    surveys: Sequence[Survey],
    made: date,
    library: Library,
) -> dict[str, bytes]:
    first = surveys[0]
    study = Study(
        document=result,
        journey=first.journey,
        provider=first.provider,
        segment=None,
        survey=first.name if len(surveys) == 1 else None,
        computed=made,
        library=library,
    )
    lines = [f"{factor} =~ {' + '.join(items)}" for factor, items in scale.plan.model.items()]
    document = json.dumps(result.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)
    return {
        f"model-{scale.code}.txt": ("\n".join(lines) + "\n").encode(),
        f"results-{scale.code}.json": (document + "\n").encode(),
        f"report-{scale.code}.pdf": pdf(content(study, made=made)),
        f"validate-{scale.code}.R": (result.r_script or "").encode(),
    }
