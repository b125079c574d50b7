"""Counting responses in memory: what is added to the rollups in one go."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from operator import add
from typing import Any

from surveyapp.responses.facets import Facet
from surveyapp.store.models import BINS, EVERYBODY

RESPONSES = "responses"  # the scale that counts submissions
SUMS = ("n", "total", "total_squares", *(f"b{k}" for k in range(BINS)))

# Survey, generation, segment, scale, day, and facet: a rollup's key.
Place = tuple[int, int, int, str, date, str]
KEY = ("survey_id", "generation", "segment_id", "scale", "day", "facet")

# The same with a month, 202603 for March 2026, in the place of the day.
MonthPlace = tuple[int, int, int, str, int, str]
MONTH_KEY = ("survey_id", "generation", "segment_id", "scale", "month", "facet")


class Tally:
    """Counts and sums by place."""

    def __init__(self) -> None:
        self.cells: dict[Place, list[float]] = {}
        self.facets: set[Facet] = set()

    def add(
        self,
        survey_id: int,
        days: Iterable[tuple[int, date]],
        scores: Mapping[str, float],
        segments: Collection[int],
        facet: Facet,
        *,
        times: int = 1,
    ) -> None:
        """Count one response in these segments, of which EVERYBODY is one; ``days`` are generations of
        rollups with its day in each. With ``times`` -1 it is taken away.
        """
        text = facet.text
        self.facets.add(facet)
        parts = [
            (scale, times * value, times * value * value, 3 + bin_of(value))
            for scale, value in scores.items()
        ]
        for generation, day in days:
            for segment in segments:
                self._cell((survey_id, generation, segment, RESPONSES, day, text))[0] += times
                for scale, total, squares, place in parts:
                    cell = self._cell((survey_id, generation, segment, scale, day, text))
                    cell[0] += times
                    cell[1] += total
                    cell[2] += squares
                    cell[place] += times

    def days(self) -> dict[Place, list[float]]:
        """What is kept by day: all of everybody, and of segments how many submitted. Pages read whole
        months, of which an answer in many segments so costs a row a score, and not two.
        """
        return {
            place: cell
            for place, cell in self.cells.items()
            if place[2] == EVERYBODY or place[3] == RESPONSES
        }

    def rows(self) -> list[tuple[Any, ...]]:
        """Rollups, KEY and SUMS, in the order of their keys, so that two writers lock in the same order."""
        days = self.days()
        return [(*place, *days[place]) for place in sorted(days)]

    def months(self) -> dict[MonthPlace, list[float]]:
        """All by month instead of day."""
        found: dict[MonthPlace, list[float]] = {}
        for (survey_id, generation, segment, scale, day, facet), cell in self.cells.items():
            place = (survey_id, generation, segment, scale, day.year * 100 + day.month, facet)
            there = found.get(place)
            # An answer has one day in a month: its cells are taken as they are.
            found[place] = cell if there is None else list(map(add, there, cell))
        return found

    def _cell(self, place: Place) -> list[float]:
        cell = self.cells.get(place)
        if cell is None:
            # Counts stay whole numbers; only the two sums are floats.
            cell = self.cells[place] = [0, 0.0, 0.0, *([0] * BINS)]
        return cell


def bin_of(value: float) -> int:
    """The integer part of a score, kept within the bins."""
    return max(0, min(BINS - 1, math.floor(value)))
