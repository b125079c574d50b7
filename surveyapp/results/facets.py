"""Of which channel and language the answers are that a result is about, and whether flagged ones count."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from surveyapp.responses.facets import Facet, facet_columns
from surveyapp.store.models import RollupFacet


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

    def among_rollups(self, facet: InstrumentedAttribute[str]) -> list[ColumnElement[bool]]:
        """What holds for the ``facet`` of the rollups of these answers."""
        own, asked = RollupFacet, []
        if self.channel:
            asked.append(own.channel == self.channel)
        if self.language:
            asked.append(own.language == self.language)
        if not self.flagged:
            asked.append(own.flagged.is_(False))
        return [facet.in_(select(own.facet).where(*asked))] if asked else []

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
