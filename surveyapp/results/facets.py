"""Of which channel and language the answers are that a result is about, and whether flagged ones count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from surveyapp.responses.facets import Facet, facet_columns


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

    def among(self, channel: Any, language: Any, flagged: Any) -> list[ColumnElement[bool]]:
        """What holds for these answers, by columns that tell the facet."""
        held: list[ColumnElement[bool]] = []
        if self.channel:
            held.append(channel == self.channel)
        if self.language:
            held.append(language == self.language)
        if not self.flagged:
            held.append(~flagged)
        return held

    def among_responses(self) -> list[ColumnElement[bool]]:
        """The same of stored responses."""
        return self.among(*facet_columns())


UNFLAGGED = Facets()
WITH_FLAGGED = Facets(flagged=True)
