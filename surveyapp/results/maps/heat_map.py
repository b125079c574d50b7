"""A journey's scores as a table of stages by metrics, each stage with its touchpoints below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from surveyapp.results.targets.targets import place_of
from surveyapp.results.view_models import (
    Definition,
    Figure,
    JourneyOverview,
    StageOverview,
    TouchpointOverview,
)


@dataclass(frozen=True)
class HeatRow:
    """A place's figure for each metric of the table, None where it is not asked; ``lowest`` are the
    scales on which a stage differs significantly from every other one.
    """

    place: StageOverview | TouchpointOverview | None  # None: the journey as a whole
    figures: tuple[Figure | None, ...]
    lowest: frozenset[str] = frozenset()


@dataclass(frozen=True)
class HeatStage:
    row: HeatRow
    touchpoints: tuple[HeatRow, ...]


@dataclass(frozen=True)
class HeatMap:
    """``metrics`` are the columns: every score that is asked anywhere, without its dimensions."""

    metrics: tuple[Definition, ...]
    whole: HeatRow
    stages: tuple[HeatStage, ...]

    @property
    def lowest(self) -> tuple[tuple[Definition, str], ...]:
        """The metrics that have a lowest stage, each with its name."""
        return tuple(
            (metric, stage.row.place.name)
            for metric in self.metrics
            for stage in self.stages
            if stage.row.place is not None and metric.scale in stage.row.lowest
        )


@dataclass(frozen=True)
class PlacedRow:
    """A row under a name that no other row of its table has."""

    name: str
    figures: tuple[Figure | None, ...]
    lowest: frozenset[str]


MOST_ROWS = 40  # that a drawing holds


def rows_at(heat: HeatMap, place: str, *, whole: str, every: str) -> tuple[PlacedRow, ...]:
    """The rows that a drawing of a place has: "" the journey as a whole and its stages, ``every`` all
    touchpoints, "apply" a stage with its touchpoints, "apply/form" a touchpoint.
    """
    rows = list(_placed(heat, place, whole, every))
    names = Counter(name for name, _, _ in rows)
    return tuple(
        PlacedRow(name if names[name] == 1 else f"{name} ({code})", row.figures, row.lowest)
        for name, code, row in rows
    )


def _placed(
    heat: HeatMap, place: str, whole: str, every: str
) -> Iterator[tuple[str, str, HeatRow]]:
    """Names, codes and rows."""
    if not place:
        yield whole, "journey", heat.whole
    for stage in heat.stages:
        own = stage.row.place
        code = own.code if own is not None else ""
        if own is not None and place in ("", code):
            yield own.name, code, stage.row
        for row in stage.touchpoints:
            point = row.place
            here = place_of(code, point.code) if point is not None else ""
            if point is not None and place in (every, code, here):
                yield point.name, here, row


def heat_map(overview: JourneyOverview) -> HeatMap:
    """The table of an overview's figures; it computes none."""
    asked: dict[str, Definition] = {}
    for figure in overview.figures:
        if figure.definition.parent is None:
            asked.setdefault(figure.definition.scale, figure.definition)
    scales = list(asked)
    lowest = {(end.name, end.figure.definition.scale) for end in overview.lowest if end.stands_out}
    return HeatMap(
        metrics=tuple(asked.values()),
        whole=HeatRow(None, _row(overview.end, scales)),
        stages=tuple(
            HeatStage(
                HeatRow(
                    stage,
                    _row(stage.figures, scales),
                    frozenset(scale for scale in scales if (stage.name, scale) in lowest),
                ),
                tuple(HeatRow(point, _row(point.figures, scales)) for point in stage.touchpoints),
            )
            for stage in overview.stages
        ),
    )


def _row(figures: Sequence[Figure], scales: Sequence[str]) -> tuple[Figure | None, ...]:
    by_scale = {figure.definition.scale: figure for figure in figures}
    return tuple(by_scale.get(scale) for scale in scales)
