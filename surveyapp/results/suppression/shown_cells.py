"""A journey's sums in a period, each with the reason for hiding it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from surveyapp.results import cells
from surveyapp.results.facets import UNFLAGGED, Facets
from surveyapp.results.journey import Cell, Ground, hidden_cells
from surveyapp.results.scope import Period
from surveyapp.results.view_models import Hidden
from surveyapp.store.db import read_once

# A cell's sums with the reason for hiding them; hidden sums never reach a figure.
Cells = dict[Cell, tuple[cells.Sums, Hidden]]


def shown_cells(
    session: Session,
    base: Ground,
    when: Period,
    segments: Sequence[int],
    *,
    minimum: int,
    facets: Facets = UNFLAGGED,
) -> dict[int, Cells]:
    """By segment; read once in a snapshot."""
    key = ("shown cells", base.journey.id, when, tuple(segments), minimum, facets)
    return read_once(
        session,
        key,
        lambda: _read(session, base, when, segments, minimum=minimum, facets=facets),
    )


def _read(
    session: Session,
    base: Ground,
    when: Period,
    segments: Sequence[int],
    *,
    minimum: int,
    facets: Facets,
) -> dict[int, Cells]:
    summed = cells.sums(
        session, base.ids, segments, since=when.since, until=when.until, facets=facets
    )
    reasons = hidden_cells(session, base, when, segments, minimum=minimum, facets=facets)
    return {
        segment: {
            cell: (sums, reasons[cell].get(segment, Hidden.NO))
            for cell, sums in base.pooled(summed[segment]).items()
        }
        for segment in segments
    }
