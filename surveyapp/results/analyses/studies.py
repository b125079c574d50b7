"""The nomological study of the journey scale: answers joined by person, computed, stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from analysis.composite.sjq_study import LOYALTY, MARKER, SERVICE, sjq_study
from analysis.json_values import to_json
from analysis.provenance import fingerprint, versions
from analysis.rules import RULES
from analysis.threads import one_blas_thread
from instruments.loader import Library
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.installation import Installation
from surveyapp.results.analyses.actions import STUDY_INSTRUMENTS
from surveyapp.results.analyses.fieldwork import NAME, Respondent, fieldwork
from surveyapp.results.answers.answered import segment_rule
from surveyapp.results.answers.person_answers import Who, person_answers
from surveyapp.results.invariance.wordings import mixture
from surveyapp.store.models import Analysis

FORMAT = "sjq-study/1"
MARKED = "marker"
_SCALE = (1.0, 7.0)

Progress = Callable[[int, str], None]


def run_study(
    installation: Installation, analysis_id: int, *, progress: Progress
) -> dict[str, Any]:
    """Compute the study that the analysis asks for and store the result with its provenance.

    No transaction is open while it computes. Raises NotFound; Conflict without a person who
    answered all three instruments.
    """
    store = installation.store
    progress(0, "Reading answers")
    with store.reading() as session:
        analysis = session.get(Analysis, analysis_id)
        if analysis is None:
            raise NotFound(f"There is no analysis number {analysis_id}; it may have been removed.")
        asked, seed = analysis.parameters, analysis.seed or 1
        journey = journey_scales(asked.get("key"), library=installation.library)
        rows = study_rows(
            session,
            items=study_items(journey),
            journey_id=analysis.journey_id,
            survey_id=analysis.survey_id,
            segment_id=analysis.segment_id,
        )
        of_everybody = analysis.segment_id is None
        everybody = rows
        if analysis.survey_id is not None or not of_everybody:
            everybody = study_rows(
                session, items=study_items(journey), journey_id=analysis.journey_id
            )
        fielded = fieldwork(
            session,
            analysis,
            (replace(one, analysed=who in rows.people) for who, one in everybody.people.items()),
            STUDY_INSTRUMENTS,
            minimum_cell=installation.settings.minimum_cell,
            library=installation.library,
        )
    if rows.data.empty:
        raise Conflict(
            f"nobody has answered all of {', '.join(STUDY_INSTRUMENTS)} here; the"
            " study links them by customer"
        )
    result = study_document(
        rows.data, journey=journey, bootstrap=asked["bootstrap"], seed=seed, progress=progress
    )
    result["study"]["warnings"] += [
        text[:1].upper() + text[1:]
        for code, read in rows.wordings.items()
        if (
            text := mixture(
                code, read, minimum=installation.settings.minimum_cell if of_everybody else None
            )
        )
    ]
    progress(98, "Storing the result")
    with store.writing() as session:
        row = session.get_one(Analysis, analysis_id)
        row.result = {**result, NAME: to_json(fielded)}
        row.fingerprint = result["fingerprint"]
        row.versions = result["versions"]
    return {"analysis_id": analysis_id, "n": result["sample"]["n"]}


def study_document(
    data: pd.DataFrame,
    *,
    journey: Mapping[str, Sequence[str]],
    bootstrap: int,
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    """The study on a frame of items as a JSON document; raises as ``analysis.composite.sjq_study``."""
    items = [item for group in study_items(journey).values() for item in group if item in data]
    progress(10, f"Fitting two models, {bootstrap:,} resamples each")
    with one_blas_thread():
        study = sjq_study(data, journey=journey, scale=_SCALE, bootstrap=bootstrap, seed=seed)
    marker = [item for item in MARKER if item in data]
    document = {
        "format": FORMAT,
        "rules_version": RULES,
        "sample": {
            "n": study.n,
            "journey": journey,
            "service": SERVICE,
            "loyalty": LOYALTY,
            "marker": marker,
            "missing_cells": int(data[items].isna().to_numpy().sum()),
            "cells": int(data[items].size),
        },
        "settings": {
            "bootstrap": bootstrap,
            "seed": seed,
            "higher_order": study.full.settings.higher_order,
            "scheme": study.full.settings.scheme,
            "scale": _SCALE,
        },
        "study": study.to_dict(),
        "fingerprint": fingerprint(data, items),
        "versions": versions(),
    }
    return dict(to_json(document))


def journey_scales(key: str | None, *, library: Library) -> dict[str, tuple[str, ...]]:
    """The dimensions of the journey scale and their items by a scoring key (None: the default)."""
    instrument = library.load("sjq")
    chosen = instrument.keys.get(key) if key is not None else instrument.default_key
    if chosen is None:
        raise Invalid(f"sjq has no scoring key {key}; it has {', '.join(instrument.keys)}")
    return {name: tuple(items) for name, items in chosen.scales.items()}


def study_items(journey: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The items of the study by instrument."""
    return {
        "sjq": tuple(item for items in journey.values() for item in items),
        "servqual-p": tuple(item for items in SERVICE.values() for item in items),
        "loyalty": tuple(LOYALTY),
        MARKED: tuple(MARKER),
    }


@dataclass(frozen=True)
class StudyRows:
    """One row of ``data`` a person, one column an item, missing NaN; ``wordings`` counts for each
    instrument how many people read which wording. ``people`` are in the order of the rows.
    """

    data: pd.DataFrame
    wordings: Mapping[str, Counter[str]]
    people: Mapping[Who, Respondent]


def study_rows(
    session: Session,
    *,
    items: Mapping[str, Sequence[str]],
    journey_id: int,
    survey_id: int | None = None,
    segment_id: int | None = None,
) -> StudyRows:
    """Every person who answered all needed instruments.

    Answers of one submission, or of several that belong to one journey run (a later answer to the
    same item counts). Marker columns are there only if somebody answered one. Raises NotFound for
    an unknown segment.
    """
    rule = segment_rule(session, segment_id)
    people: dict[Who, dict[str, dict[str, Any]]] = {}
    known: dict[Who, dict[str, Any]] = {}
    read: dict[Who, dict[str, str]] = {}
    days: dict[Who, list[date]] = {}
    for one in person_answers(session, journey_id, survey_id=survey_id):
        who = one.who
        days.setdefault(who, []).append(one.day)
        for instrument in items.keys() & one.answers.keys():
            people.setdefault(who, {}).setdefault(instrument, {}).update(one.answers[instrument])
            if instrument in one.wordings:
                read.setdefault(who, {})[instrument] = one.wordings[instrument]
        known.setdefault(who, {}).update(one.attributes)
    wanted = [
        who
        for who, given in people.items()
        if given.keys() >= set(STUDY_INSTRUMENTS) and (rule is None or rule.matches(known[who]))
    ]
    rows = [
        {item: _number(given[code].get(item)) for code in items if code in given for item in items[code]}
        for given in map(people.__getitem__, wanted)
    ]  # fmt: skip
    columns = [item for group in items.values() for item in group]
    data = pd.DataFrame(rows, columns=columns, dtype=float)
    unasked = [item for item in items.get(MARKED, ()) if data[item].isna().all()]
    counted = {
        code: Counter(read[who][code] for who in wanted if code in read.get(who, {}))
        for code in items
    }
    told = {who: Respondent(True, known[who], min(days[who]), max(days[who])) for who in wanted}
    return StudyRows(data.drop(columns=unasked), counted, told)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
