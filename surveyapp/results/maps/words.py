"""What stands in the cells of a map's lanes, in words: for paper, and for pages that nobody types on."""

from __future__ import annotations

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.journeys.map_lanes import FEELINGS, OWN, Grain, Kind, Lane
from surveyapp.results import phrases
from surveyapp.results.maps.emotion_phrases import assumed
from surveyapp.results.maps.grid import GridCell, GridPoint, GridRow, MapGrid
from surveyapp.results.scale_titles import short
from surveyapp.results.targets import phrases as target_phrases
from surveyapp.results.view_models import State

OWNERSHIPS = {
    "provider": msg("us"),
    "partner": msg("a partner"),
    "customer": msg("the customer"),
    "social": msg("other people"),
}
VISIBILITY = msg("Line of visibility")
_KNOWN = {str(value): value for value, _ in FEELINGS}


def lane_title(lane: Lane, words: Words = ENGLISH) -> str:
    """What a lane is called; staff's own lanes have no other language."""
    return words.name(lane.title) if lane.code == OWN else words.say(lane.title)


def lane_cells(grid: MapGrid, row: GridRow, *, few: int, words: Words = ENGLISH) -> list[list[str]]:
    """The texts of a lane: by stage, one of the stage or of each of its touchpoints."""
    if row.lane.code == "kpis":
        return [
            [_scores(point, few, words) for point in stage.points] or [""] for stage in grid.stages
        ]
    if row.lane.kind is Kind.SHOWN:
        return [[""] for _ in grid.stages]
    texts = [[said(row.lane.kind, cell, words) for cell in cells] for cells in row.cells]
    if row.lane.code == "evidence":
        texts = [
            ["\n".join(filter(None, [*own, *grid.evidence.get(stage.id, ())]))]
            for stage, own in zip(grid.stages, texts, strict=True)
        ]
    return [each or [""] for each in texts] if row.lane.grain is Grain.TOUCHPOINT else texts


def said(kind: Kind, cell: GridCell, words: Words = ENGLISH) -> str:
    """A cell's text as it is read."""
    if kind is Kind.BOX:
        return f"◆ {words.say('Moment of truth')}" if cell.text else ""
    if kind is Kind.CHOICE:
        known = OWNERSHIPS.get(cell.text)
        if known is not None:
            return words.say(known)
        return assumed(_KNOWN[cell.text], words=words) if cell.text else ""
    return cell.text


def _scores(point: GridPoint, few: int, words: Words) -> str:
    """A line for each score that is shown, with its interval and n, and its target."""
    lines = []
    for figure in point.figures:
        text = words.say(
            "{score} {value}",
            score=short(figure.definition, words),
            value=phrases.value(figure, few=few, words=words),
        )
        if figure.shown:
            ends = phrases.interval(figure, words=words)
            n = words.say("n = {n}", n=words.number(figure.n or 0))
            text += f"\n{words.joined([each for each in (ends, n) if each])}"
        if figure.target:
            text += f"\n{target_phrases.against(figure.definition, figure.target, words=words)}"
        lines.append(text)
    for aim in point.aims:
        wanted = words.say("target {amount}", amount=aim.amount)
        lines.append(f"{aim.short} {wanted}\n{words.say(State.UNASKED)}")
    return "\n".join(lines)
