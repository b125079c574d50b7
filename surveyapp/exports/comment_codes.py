"""The codes of comments beside their responses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.comments.code_book import codes_of
from surveyapp.comments.coding import effective
from surveyapp.comments.intake import open_items
from surveyapp.exports.columns import Batch, Column
from surveyapp.exports.variable import Cell, Kind, Variable
from surveyapp.surveys.survey import Survey


def code_columns(session: Session, surveys: Sequence[Survey], library: Library) -> list[Column]:
    """A column for each open question of which comments are coded: the codes that count, ``none`` where
    no code fits, empty where a comment is not coded or two coders differ.
    """
    given = _given(session, surveys)
    names = [name for each in surveys for name in open_items(each, library)]
    return [
        _column(*name, given[f"{name[0]}-{name[1]}"])
        for name in dict.fromkeys(names)
        if f"{name[0]}-{name[1]}" in given
    ]


def _given(session: Session, surveys: Sequence[Survey]) -> dict[str, dict[int, str]]:
    """The codes as a text, by question and response."""
    journeys = {each.journey_id for each in surveys}
    words = {code.id: code.code for journey in journeys for code in codes_of(session, journey)}
    found: dict[str, dict[int, str]] = defaultdict(dict)
    if words:
        for (number, item), codes in effective(session, [each.id for each in surveys]).items():
            found[item][number] = "; ".join(sorted(words[code] for code in codes)) or "none"
    return found


def _column(instrument: str, item: str, given: Mapping[int, str]) -> Column:
    label = f"Codes of the comment {item}, by the journey's code book"

    def cells(batch: Batch) -> Sequence[Cell]:
        return [given.get(number) for number in batch["id"]]

    return Column(Variable(f"codes.{instrument}.{item}", label, Kind.TEXT), cells)
