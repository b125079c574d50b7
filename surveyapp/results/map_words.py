"""What stands in the cells of a map's lanes, in words: for paper, and for pages that nobody types on."""

from __future__ import annotations

from surveyapp.journeys.map_lanes import FEELINGS, Grain, Kind
from surveyapp.results import phrases, target_phrases
from surveyapp.results.emotion_phrases import assumed
from surveyapp.results.map_grid import GridCell, GridPoint, GridRow, MapGrid

OWNERSHIPS = {
    "provider": "us",
    "partner": "a partner",
    "customer": "the customer",
    "social": "other people",
}
_KNOWN = {str(value): value for value, _ in FEELINGS}


def lane_cells(grid: MapGrid, row: GridRow, *, few: int) -> list[list[str]]:
    """The texts of a lane: by stage, one of the stage or of each of its touchpoints."""
    if row.lane.code == "kpis":
        return [[_scores(point, few) for point in stage.points] or [""] for stage in grid.stages]
    if row.lane.kind is Kind.SHOWN:
        return [[""] for _ in grid.stages]
    texts = [[said(row.lane.kind, cell) for cell in cells] for cells in row.cells]
    return [each or [""] for each in texts] if row.lane.grain is Grain.TOUCHPOINT else texts


def said(kind: Kind, cell: GridCell) -> str:
    """A cell's text as it is read."""
    if kind is Kind.BOX:
        return "◆ Moment of truth" if cell.text else ""
    if kind is Kind.CHOICE:
        known = OWNERSHIPS.get(cell.text)
        return assumed(_KNOWN[cell.text]) if known is None and cell.text else known or ""
    return cell.text


def _scores(point: GridPoint, few: int) -> str:
    """A line for each score that is shown, with its interval and n, and its target."""
    lines = []
    for figure in point.figures:
        text = f"{figure.definition.short} {phrases.value(figure, few=few)}"
        if figure.shown:
            ends = phrases.interval(figure)
            n = f"n {phrases.number(figure.n or 0)}"
            text += f" ({f'{ends}, ' if ends else ''}{n})"
        if figure.target:
            text += f"; {target_phrases.against(figure.definition, figure.target)}"
        lines.append(text)
    return "\n".join(lines)
