"""The inventory as a table: a row for each touchpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Kind, Variable
from surveyapp.results import phrases
from surveyapp.results.inventory import Answered, InventoryPlace, answered_places

_VARIABLES = (
    Variable("journey_code", "Code of the journey", Kind.TEXT),
    Variable("journey", "Journey", Kind.TEXT),
    Variable("stage_code", "Code of the stage", Kind.TEXT),
    Variable("stage", "Stage", Kind.TEXT),
    Variable("touchpoint_code", "Code of the touchpoint", Kind.TEXT),
    Variable("touchpoint", "Touchpoint", Kind.TEXT),
    Variable("channel", "Channel", Kind.TEXT),
    Variable("ownership", "Who runs it", Kind.TEXT),
    Variable("partner", "The partner that runs it", Kind.TEXT),
    Variable("moment_of_truth", "Whether it is a moment of truth", Kind.TEXT),
    Variable("coverage", "Whether a survey there takes answers", Kind.TEXT),
    Variable("surveys", "Surveys there and their state", Kind.TEXT),
    Variable("responses", "Responses of all time", Kind.INTEGER),
    Variable("responses_hidden", "Why their number is hidden", Kind.TEXT),
    Variable("last_month", "Month of the last response", Kind.TEXT),
)


def inventory_table(session: Session, places: Sequence[InventoryPlace], *, minimum: int) -> Table:
    """These touchpoints; responses are counted some hundred rows at a time while rows are read."""

    def rows() -> Iterator[Sequence[Cell]]:
        for each, answered in answered_places(session, places, minimum=minimum):
            yield _cells(each, answered, minimum)

    return Table(_VARIABLES, len(places), rows())


def _cells(each: InventoryPlace, answered: Answered, few: int) -> Sequence[Cell]:
    return (
        *(each.journey_code, each.journey, each.stage_code, each.stage, each.code, each.name),
        *(each.channel, each.ownership, each.partner, "yes" if each.moment_of_truth else "no"),
        each.coverage.value,
        "; ".join(f"{survey.name} ({survey.state})" for survey in each.surveys),
        None if answered.hidden else answered.responses,
        phrases.hidden(answered.hidden, few=few),
        f"{answered.last_month:%Y-%m}" if answered.last_month else "",
    )
