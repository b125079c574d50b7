"""Of which channel and language the answers are that a result is about, and whether flagged ones count."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_

from surveyapp.responses.facets import FLAGGED, Facet, facet_columns
from surveyapp.store.models import Rollup


@dataclass(frozen=True)
class Facets:
    """Answers of one ``channel`` and one ``language``, empty for all; with ``flagged`` ones or without."""

    channel: str = ""
    language: str = ""
    flagged: bool = False

    def holds(self, facet: Facet) -> bool:
        """Whether answers of a facet are among these."""
        return (
            self.channel in ("", facet.channel)
            and self.language in ("", facet.language)
            and (self.flagged or not facet.flagged)
        )

    def among_rollups(self) -> list[ColumnElement[bool]]:
        """What holds for the rollups of these answers."""
        text, held = Rollup.facet, list[ColumnElement[bool]]()
        if self.channel:
            begins = [f"{mark}{self.channel}/%" for mark in ("", FLAGGED)]
            held.append(or_(*map(text.like, begins)))
        if self.language:
            held.append(text.like(f"%/{self.language}"))
        if not self.flagged:
            held.append(text.not_like(f"{FLAGGED}%"))
        return held

    def among_responses(self) -> list[ColumnElement[bool]]:
        """What holds for these of the stored responses."""
        channel, language, flagged = facet_columns()
        held: list[ColumnElement[bool]] = []
        if self.channel:
            held.append(channel == self.channel)
        if self.language:
            held.append(language == self.language)
        if not self.flagged:
            held.append(~flagged)
        return held


UNFLAGGED = Facets()
WITH_FLAGGED = Facets(flagged=True)
