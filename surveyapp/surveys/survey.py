"""A survey as everybody reads it: a plain value, whether it came from a link or from a row.

Rows are for whoever changes something. The documents are parsed when somebody asks for them, once a
value: a broken one stops what needs it and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from attrs import evolve, frozen

from instruments.loader import Library
from surveyapp.errors import Invalid
from surveyapp.surveys import pins
from surveyapp.surveys.asks import Ask, read_asks
from surveyapp.surveys.languages import offered_by
from surveyapp.surveys.logic import Logic, of_asks
from surveyapp.surveys.settings.channels import Channels
from surveyapp.surveys.settings.closed_loop import CaseRule, read_case_rule
from surveyapp.surveys.settings.comments import CommentSettings
from surveyapp.surveys.settings.distribution import Distribution
from surveyapp.surveys.settings.logic import LogicRules
from surveyapp.surveys.settings.sampling import Sampling
from surveyapp.surveys.settings.texts import Texts
from surveyapp.surveys.settings.theme import Theme

COLUMNS = (
    *("id", "journey_id", "touchpoint_id", "code", "name", "language", "introduction", "consent"),
    *("consent_version", "consent_box", "draw", "paging", "auto_advance", "anonymity", "open_link"),
    *("link", "state", "opens_at", "closes_at"),
)
DOCUMENTS = (
    "asks",
    "texts",
    "theme",
    "logic",
    "channels",
    "sampling",
    "distribution",
    "closed_loop",
    "comments",
)
_ASKED = "asked in"  # where a survey keeps what it asks, with the library that has it
_Read = TypeVar("_Read")


class BrokenDocument(Invalid):
    """A document in the database that this release cannot read."""


@frozen(slots=False)
class Survey:
    """What is asked, where and of whom; ``touchpoint_id`` None: at the journey's end.

    ``documents`` are as they are stored; the properties of their names are the settings in them.
    Each of those raises BrokenDocument, naming survey, document, key, value and cure.
    """

    id: int
    journey_id: int
    touchpoint_id: int | None
    code: str
    name: str
    language: str
    languages: tuple[str, ...]  # offered beside ``language``; empty: all that are more than a draft
    introduction: str
    consent: str
    consent_version: str
    consent_box: bool
    draw: str  # what may be won; empty: nothing
    paging: str
    auto_advance: bool
    anonymity: str
    open_link: bool
    link: str
    state: str
    opens_at: datetime | None
    closes_at: datetime | None
    documents: Mapping[str, Any]
    provider: str  # what fills {provider}
    journey: str  # its name
    journey_code: str
    stage: str | None  # None at the journey's end
    stage_code: str | None
    touchpoint_code: str | None
    touchpoint: str  # what fills {touchpoint}; at the journey's end the journey's name
    told: bool  # whether another program wants to know of responses

    @property
    def listened(self) -> bool:
        """Whether anybody wants to know of a response."""
        return self.told or bool(self.documents["closed_loop"])

    @property
    def is_anonymous(self) -> bool:
        return self.anonymity == "anonymous"

    @property
    def at_end(self) -> bool:
        """Whether it is asked at the journey's end, once a passage."""
        return self.touchpoint_id is None

    def is_open(self, now: datetime) -> bool:
        """Whether answers are taken at this moment."""
        return self.state == "open" and not self.is_early(now) and not self.is_over(now)

    def is_early(self, now: datetime) -> bool:
        return self.state == "draft" or (self.opens_at is not None and now < self.opens_at)

    def is_over(self, now: datetime) -> bool:
        return self.state == "closed" or (self.closes_at is not None and now >= self.closes_at)

    @cached_property
    def asks(self) -> tuple[Ask, ...]:
        """What is asked, in order."""
        return self._read("asks", read_asks)

    @cached_property
    def texts(self) -> Texts:
        """Introduction, consent, prize and name in languages other than ``language``."""
        return self._read("texts", Texts.read)

    @cached_property
    def theme(self) -> Theme:
        return self._read("theme", Theme.read)

    @cached_property
    def logic(self) -> LogicRules:
        return self._read("logic", LogicRules.read)

    @cached_property
    def channels(self) -> Channels:
        return self._read("channels", Channels.read)

    @cached_property
    def sampling(self) -> Sampling:
        return self._read("sampling", Sampling.read)

    @cached_property
    def distribution(self) -> Distribution:
        return self._read("distribution", Distribution.read)

    @cached_property
    def comments(self) -> CommentSettings:
        return self._read("comments", CommentSettings.read)

    @cached_property
    def case_rule(self) -> CaseRule | None:
        """The closed loop's rule; None where low scores open no case."""
        return self._read("closed_loop", read_case_rule)

    def asked(self, library: Library) -> pins.Asked:
        """The instruments, each with the key that names the asked items, in the wordings it reads."""
        # Kept beside the settings that were read: to find it by all that is asked costs a hash of that.
        kept: tuple[Library, pins.Asked] | None = self.__dict__.get(_ASKED)
        if kept is None or kept[0] is not library:
            kept = self.__dict__[_ASKED] = library, pins.asked(self.asks, library)
        return kept[1]

    def offered(self, library: Library) -> tuple[str, ...]:
        """The languages that customers may choose from, the survey's own first."""
        return offered_by(self.asks, self.languages, self.language, library)

    def fitted_logic(self, library: Library) -> Logic:
        """The logic, fitted to the questions and ready to be applied."""
        try:
            return of_asks(self.logic, self.asks, library)
        except BrokenDocument:
            raise
        except Invalid as error:
            raise self._broken("logic", error) from error

    def without_attention_check(self) -> Survey:
        """The same without the check: it is no answer, and was passed or failed the first time."""
        rest = {name: rule for name, rule in self.documents["logic"].items() if name != "attention"}
        return evolve(self, documents={**self.documents, "logic": rest})

    def _read(self, name: str, read: Callable[[Any], _Read]) -> _Read:
        try:
            return read(self.documents[name])
        except Invalid as error:
            raise self._broken(name, error) from error

    def _broken(self, name: str, error: Invalid) -> BrokenDocument:
        key = f" at {error.field}" if error.field else ""
        return BrokenDocument(
            f"The document {name} of the survey {self.code} cannot be read{key}: {error} Correct it"
            f" in the database: table surveys, column {name}, id {self.id}.",
            field=error.field,
        )
