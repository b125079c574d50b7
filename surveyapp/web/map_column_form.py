"""A stage's column of the map as one form, for pages without a script."""

from __future__ import annotations

from collections.abc import Iterator

from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from surveyapp.errors import NotFound
from surveyapp.journeys.map_lanes import FEELINGS, Kind
from surveyapp.journeys.map_steps import SET, Step
from surveyapp.journeys.map_texts import YES
from surveyapp.results.maps.grid import GridCell, MapGrid
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.stages import OWNERSHIPS

_CHOICES = {
    "ownership": OWNERSHIPS,
    "assumed_feeling": [("", "Not said"), *((str(value), word) for value, word in FEELINGS)],
}


class ColumnForm(StaffForm):
    """Everything that is typed in the column of one stage; a field for each of its cells."""

    stage_id = 0

    @property
    def _place(self) -> str:
        return f"ColumnForm stage_id={self.stage_id}"


def column_form(grid: MapGrid, stage_id: int) -> ColumnForm:
    """The form of one stage of a grid. Raises NotFound."""
    made: dict[str, object] = {"stage_id": stage_id}
    stored: dict[str, object] = {}
    for kind, cell in _cells(grid, stage_id):
        made[cell.key] = _field(kind, cell)
        stored[cell.key] = cell.text == YES if kind is Kind.BOX else cell.text
    form: ColumnForm = type("ColumnForm", (ColumnForm,), made)(data=stored)
    return form


def steps_of(grid: MapGrid, stage_id: int, form: ColumnForm) -> list[Step]:
    """A step for each cell in which something else was typed than stands on the grid.

    A partner is taken out first: a touchpoint that no partner runs has none.
    """
    return sorted(_steps(grid, stage_id, form), key=lambda step: not _clears_partner(step))


def _clears_partner(step: Step) -> bool:
    return step.field == "partner" and not step.text


def _steps(grid: MapGrid, stage_id: int, form: ColumnForm) -> Iterator[Step]:
    for kind, cell in _cells(grid, stage_id):
        typed = form[cell.key].data
        text = (YES if typed else "") if kind is Kind.BOX else str(typed or "")
        if text != cell.text:
            yield Step(
                SET, cell.of, cell.id, cell.field, lane=cell.lane, before=cell.text, text=text
            )


def _cells(grid: MapGrid, stage_id: int) -> Iterator[tuple[Kind, GridCell]]:
    at = next((at for at, each in enumerate(grid.stages) if each.id == stage_id), None)
    if at is None:
        raise NotFound("There is no such stage on this map; somebody may have removed it.")
    yield Kind.LINE, grid.stages[at].name
    for row in grid.rows:
        for cell in row.cells[at] if row.cells else ():
            yield row.lane.kind, cell


def _field(kind: Kind, cell: GridCell) -> object:
    if kind is Kind.BOX:
        return BooleanField(cell.label)
    if kind is Kind.CHOICE:
        return SelectField(cell.label, choices=choices(_CHOICES[cell.field]))
    made = StringField if kind is Kind.LINE else TextAreaField
    return made(cell.label, [Optional(), Length(max=5000)])
