"""Touchpoints by the codes that other programs call them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, true

from surveyapp.errors import Invalid
from surveyapp.store.models import Journey, Stage, Touchpoint

_MOST_NAMED = 20


@dataclass(frozen=True)
class CodedTouchpoint:
    """A touchpoint, and the journey that it is part of."""

    touchpoint_id: int
    journey_id: int
    code: str  # stage/touchpoint


class TouchpointCodes:
    """Every touchpoint, found by its journey's code and its own: ``form`` or ``apply/form``.

    With ``journey_id`` those of this journey alone.
    """

    def __init__(self, connection: Connection, journey_id: int | None = None) -> None:
        those = true() if journey_id is None else Journey.id == journey_id
        codes = connection.execute(select(Journey.code).where(those)).scalars()
        self._found: dict[str, dict[str, list[CodedTouchpoint]]] = {code: {} for code in codes}
        rows = connection.execute(
            select(Journey.code, Stage.code, Touchpoint.code, Touchpoint.id, Journey.id)
            .select_from(Touchpoint)
            .join(Stage, Stage.id == Touchpoint.stage_id)
            .join(Journey, Journey.id == Stage.journey_id)
            .where(those)
            .order_by(Journey.id, Stage.position, Touchpoint.position)
        )
        for journey, stage, touchpoint, number, journey_id in rows:
            whole = f"{stage}/{touchpoint}"
            place = CodedTouchpoint(number, journey_id, whole)
            for name in (whole, touchpoint):
                self._found[journey].setdefault(name, []).append(place)

    def find(self, journey: str, touchpoint: str) -> CodedTouchpoint:
        """The touchpoint; Invalid names the known ones, or those that share the code."""
        if journey not in self._found:
            known = _named(list(self._found))
            said = f"There is no journey {journey[:60]!r}" if journey else "The journey is missing"
            raise Invalid(f"{said}; known codes: {known}", field="journey")
        found = self._found[journey].get(touchpoint, [])
        if len(found) > 1:
            several = _named([place.code for place in found])
            raise Invalid(
                f"{len(found)} touchpoints have the code {touchpoint!r}; write one of {several}",
                field="touchpoint",
            )
        if not found:
            places = (place for named in self._found[journey].values() for place in named)
            known = _named(list(dict.fromkeys(place.code for place in places)))
            said = f"{journey} has no touchpoint {touchpoint[:60]!r}"
            said = said if touchpoint else "The touchpoint is missing"
            raise Invalid(f"{said}; known codes: {known}", field="touchpoint")
        return found[0]


def _named(codes: list[str]) -> str:
    more = len(codes) - _MOST_NAMED
    return (", ".join(codes[:_MOST_NAMED]) or "none") + (f" and {more} more" if more > 0 else "")
