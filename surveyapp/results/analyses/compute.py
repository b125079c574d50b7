"""Stored wishes for an analysis to stored results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.json_values import to_json
from analysis.scale.careless import careless
from analysis.scale.plan import plan_of
from analysis.scale.sections.invariance import InvarianceSection
from analysis.scale.sections.sample import SampleSection
from analysis.scale.study import Warned
from analysis.scale.validation import validate_scale
from surveyapp.errors import Conflict, NotFound
from surveyapp.installation import Installation
from surveyapp.results.analyses.actions import MARKER
from surveyapp.results.analyses.careless_flags import Flags, keep_flags
from surveyapp.results.analyses.fieldwork import NAME, fieldwork, respondents
from surveyapp.results.analyses.frames import Beside, frame, numeric_items, wording_column
from surveyapp.results.invariance.wordings import mixture
from surveyapp.store.models import Analysis

Progress = Callable[[int, str], None]

_SECONDS = "seconds for the scale"
_NUMBER = "number of the response"
_WITHOUT_FLAGGED = "answers flagged as a burst or as many from the same device were left out"


def run_validation(
    installation: Installation, analysis_id: int, *, progress: Progress
) -> dict[str, Any]:
    """Validate the scale that the analysis asks for and store the result with its provenance.

    No transaction is open while it computes. Raises NotFound, and Conflict for too few answers.
    """
    store, library = installation.store, installation.library
    minimum_cell = installation.settings.minimum_cell
    progress(0, "Reading answers")
    read_at = installation.now()
    with store.reading() as session:
        analysis = session.get(Analysis, analysis_id)
        if analysis is None:
            raise NotFound(f"There is no analysis number {analysis_id}; it may have been removed.")
        asked = analysis.parameters
        instrument = library.load(analysis.instrument, asked.get("version"))
        groups = tuple(asked.get("group", ()))
        marker = library.load(MARKER, asked["marker"]) if asked.get("marker") else None
        worded = (instrument.code, *([marker.code] if marker else []))
        data = frame(
            session,
            instrument,
            journey_id=analysis.journey_id,
            survey_id=analysis.survey_id,
            segment_id=analysis.segment_id,
            beside=Beside(groups, marker, _SECONDS, worded, _NUMBER),
            without_flagged=asked.get("without_flagged", False),
        )
        seed = analysis.seed or 1
        of_everybody = analysis.segment_id is None
        fielded = fieldwork(
            session,
            analysis,
            respondents(session, analysis, instrument.code),
            (instrument.code,),
            minimum_cell=minimum_cell,
            library=library,
        )
    if len(data) < minimum_cell:
        raise Conflict(
            f"{instrument.code} has fewer than {minimum_cell} answers here, too few to"
            " show; run the analysis again when there are more"
        )
    mixed = [
        mixture(
            code,
            Counter(data.pop(wording_column(code)).dropna()),
            minimum=minimum_cell if of_everybody else None,
        )
        for code in worded
    ]
    numbers = [int(number) for number in data.pop(_NUMBER)]
    missing = asked.get("missing", "listwise")
    items = plan_of(instrument, key=asked.get("key")).items
    usable = data[items].notna()
    counted = usable.any(axis=1) if missing == "fiml" else usable.all(axis=1)
    said = [_hide_small(data, name, counted, minimum_cell) for name in groups]
    result = validate_scale(
        data,
        instrument,
        key=asked.get("key"),
        group=groups,
        marker=numeric_items(marker) if marker else None,
        seconds=_SECONDS if data[_SECONDS].notna().any() else None,
        reverse=tuple(asked.get("reverse", ())),
        estimator=asked.get("estimator", "ML"),
        missing=missing,
        seed=seed,
        cutoffs=asked.get("cutoffs", 0),
        esem=asked.get("esem", False),
        progress=_scaled(progress),
    )
    hidden = tuple(Warned(InvarianceSection.step, text) for text in said if text)
    if asked.get("without_flagged"):
        hidden = (Warned(SampleSection.step, _WITHOUT_FLAGGED), *hidden)
    worded_apart = tuple(Warned("wording", text) for text in mixed if text)
    result = replace(result, warned=(*result.warned, *hidden, *worded_apart))
    progress(98, "Storing the result")
    keep_flags(store, analysis, _flags(data, items, numbers), read_at=read_at)
    with store.writing() as session:
        row = session.get_one(Analysis, analysis_id)
        row.result = {**result.to_dict(), NAME: to_json(fielded)}
        row.fingerprint = result.fingerprint
        row.versions = dict(result.versions)
    return {"analysis_id": analysis_id, "n": result[SampleSection].n_complete}


def _flags(data: pd.DataFrame, items: Sequence[str], numbers: Sequence[int]) -> list[Flags]:
    """What the section on careless answers says of each response, of all of them."""
    timed = data[_SECONDS].notna().any()
    found = careless(data, items, seconds=data[_SECONDS] if timed else None)
    values = [found.longstring, found.irv, found.mahalanobis, found.seconds_per_item]
    known = _bits(np.column_stack([~np.isnan(each.astype(float)) for each in values]))
    return [Flags(*each) for each in zip(numbers, known, _bits(found.flags), strict=True)]


def _bits(signs: np.ndarray) -> list[int]:
    """Each row (n, 4) of truth values as the bits of a number."""
    weights = 2 ** np.arange(signs.shape[1])
    return [int(number) for number in signs.astype(int) @ weights]


def _hide_small(data: pd.DataFrame, name: str, counted: pd.Series, minimum: int) -> str:
    """Take respondents out of groups too small to be told of; says so, without names or counts."""
    sizes = data.loc[counted, name].value_counts()
    small = [value for value in data[name].dropna().unique() if sizes.get(value, 0) < minimum]
    data[name] = data[name].astype(object).where(~data[name].isin(small), None)
    if not small:
        return ""
    groups = "a group" if len(small) == 1 else f"{len(small)} groups"
    return f"{name}: {groups} with fewer than {minimum} answers left out of the comparison"


def _scaled(progress: Progress) -> Progress:
    """The analysis is 5 to 97 percent of the job."""
    return lambda percent, step: progress(5 + percent * 92 // 100, step)
