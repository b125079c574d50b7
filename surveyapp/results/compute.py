"""Stored wishes for an analysis to stored results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from analysis.scale_validation import validate_scale
from instruments.loader import load
from surveyapp.errors import Conflict, NotFound
from surveyapp.results.frames import frame
from surveyapp.store.db import Store
from surveyapp.store.models import Analysis

Progress = Callable[[int, str], None]


def run_validation(
    store: Store,
    analysis_id: int,
    *,
    progress: Progress,
    minimum_cell: int = 5,
    roots: Sequence[str | Path] = (),
) -> dict[str, Any]:
    """Validate the scale that the analysis asks for and store the result with its provenance.

    No transaction is open while it computes. Raises NotFound, and Conflict for too few answers.
    """
    progress(0, "Reading answers")
    with store.reading() as session:
        analysis = session.get(Analysis, analysis_id)
        if analysis is None:
            raise NotFound(f"there is no analysis number {analysis_id}")
        asked = analysis.parameters
        instrument = load(analysis.instrument, asked.get("version"), roots=roots)
        data = frame(
            session,
            instrument,
            journey_id=analysis.journey_id,
            deployment_id=analysis.deployment_id,
            segment_id=analysis.segment_id,
        )
        seed = analysis.seed or 1
    if len(data) < minimum_cell:
        raise Conflict(
            f"{instrument.code} has fewer than {minimum_cell} answers here, too few to be shown; ask "
            "again when more have come in"
        )
    result = validate_scale(
        data, instrument, key=asked.get("key"), seed=seed, progress=_scaled(progress)
    ).to_dict()
    progress(98, "Storing the result")
    with store.writing() as session:
        row = session.get_one(Analysis, analysis_id)
        row.result = dict(result)
        row.fingerprint = result["fingerprint"]
        row.versions = result["versions"]
    return {"analysis_id": analysis_id, "n": result["sample"]["n_complete"]}


def _scaled(progress: Progress) -> Progress:
    """The analysis is 5 to 97 percent of the job."""
    return lambda percent, step: progress(5 + percent * 92 // 100, step)
