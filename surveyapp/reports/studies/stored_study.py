"""A stored result and what it was asked about, as a report needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Generic, TypeVar

from instruments.loader import Library
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.results.analyses.fieldwork import Fieldwork
from surveyapp.results.analyses.rules_changed import RulesUsed

D = TypeVar("D")
R = TypeVar("R")


@dataclass(frozen=True)
class Study(Generic[D]):
    """A stored result and what it was asked about.

    ``file`` names the answers of a result that belongs to no journey; journey and provider are
    then empty. ``fieldwork``: how the answers came about, where that is kept with the result.
    ``rules``: those that it was computed by. ``words``: the language that it is told in.
    """

    document: D
    journey: str
    provider: str
    segment: str | None
    survey: str | None
    computed: date
    library: Library
    file: str | None = None
    fieldwork: Fieldwork | None = None
    rules: RulesUsed = field(default_factory=RulesUsed)
    words: Words = ENGLISH

    @property
    def about(self) -> str:
        """Whose answers these are."""
        return self.file or self.journey

    def reading(self, read: Callable[[D], R]) -> Study[R]:
        """The same with its document read as something more than plain values."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "document"}
        return Study(read(self.document), **values)
