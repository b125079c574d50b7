"""What a questionnaire is: frozen values, no behaviour beyond looking things up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache


class ItemKind(StrEnum):
    """The closed list of item kinds; each has a reader, a template and a codebook row."""

    RATING = "rating"  # one point of a labelled scale; stored as the point's integer
    ZERO_TO_TEN = "zero_to_ten"  # likelihood 0..10; stored as the integer
    YES_NO = "yes_no"  # stored as 1 or 0
    SINGLE_CHOICE = "single_choice"  # stored as the choice's code
    MULTIPLE_CHOICE = (
        "multiple_choice"  # stored as a list of choice codes, in the instrument's order
    )
    OPEN_TEXT = "open_text"  # stored as text
    EMOTION = "emotion"  # one tap on one of the choices; stored as the choice's code


class Metric(StrEnum):
    """How answers of a scored scale are summed up over people; definitions in analysis.metrics."""

    INDEX = "index"  # mean of a multi-item scale, shown as 0..100
    CSAT = "csat"  # share in the top two boxes
    NPS = "nps"  # % promoters - % detractors
    CES = "ces"  # share who found it easy, and the mean
    SHARE = "share"  # share of yes


class TranslationStatus(StrEnum):
    """How far a wording may be trusted."""

    DRAFT = "draft"
    REVIEWED = "reviewed"
    VALIDATED = "validated"


@dataclass(frozen=True)
class Scale:
    """An answer scale of consecutive integers; ``higher_is_better`` is its polarity."""

    code: str
    minimum: int
    maximum: int
    higher_is_better: bool = True

    @property
    def points(self) -> range:
        return range(self.minimum, self.maximum + 1)


@dataclass(frozen=True)
class ShowIf:
    """Asked only of those whose answer to ``when`` compares by ``sign`` with one of ``values``."""

    when: str
    sign: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """One question.

    ``scale`` is set for ratings and 0-10. ``choices`` holds the codes of choices and emotions; for
    yes/no it is always ``("1", "0")``, so that a page can draw all of them alike.
    """

    code: str
    kind: ItemKind
    scale: Scale | None = None
    choices: tuple[str, ...] = ()
    dimension: str | None = None
    required: bool = True
    reverse: bool = False
    retired: bool = False  # kept for old data and revalidation, not asked by default
    max_length: int = 2000  # characters of open text
    show_if: ShowIf | None = None


@dataclass(frozen=True)
class ScoringKey:
    """Which items make which scored scale.

    ``scales`` maps a scale's code to its items. ``total`` (INDEX with several scales only) names
    the mean of the scales. ``metric`` says how people are summed up. ``validated`` is False for a
    short form that nobody has validated; pages and reports must then say so.
    """

    code: str
    metric: Metric
    scales: Mapping[str, tuple[str, ...]]
    total: str | None = None
    validated: bool = True

    @property
    def items(self) -> tuple[str, ...]:
        """Every item that the key scores, in order, once."""
        return tuple(dict.fromkeys(item for items in self.scales.values() for item in items))


@dataclass(frozen=True)
class Wording:
    """An instrument's texts in one language; ``id`` is stored with every response.

    ``items`` by item code; ``labels`` by scale code, then point (all points may be labelled, or
    the ends only); ``choices`` by item code, then choice code; ``dimensions`` by scored scale code.
    ``{provider}`` and ``{touchpoint}`` in a text are filled per survey. ``replaced_by`` is the id
    of the wording that took this one's place, empty for a current one.
    """

    id: str
    language: str
    title: str
    items: Mapping[str, str]
    labels: Mapping[str, Mapping[int, str]]
    choices: Mapping[str, Mapping[str, str]]
    dimensions: Mapping[str, str]
    instruction: str = ""
    right_to_left: bool = False
    status: TranslationStatus = TranslationStatus.DRAFT
    replaced_by: str = ""


@dataclass(frozen=True)
class Instrument:
    """A published questionnaire. The same code and version never change their meaning."""

    code: str
    version: str
    items: tuple[Item, ...]
    keys: Mapping[str, ScoringKey]  # the first is the default; empty when nothing is scored
    # By wording id: the current ones, the first of a language being its default; then the earlier.
    wordings: Mapping[str, Wording]
    licence: str
    citation: str
    note: str = ""  # a sentence that reports must carry: adapted, not validated, trade mark
    missing_codes: tuple[str, ...] = ()  # codes that its data files have for no answer: -99
    # By item code: why its wording may not be altered in a copy.
    locked: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        # The mappings cannot be hashed; code and version identify a published instrument, and a
        # hash lets what is derived from an instrument (its scoring plan) be remembered.
        return hash((self.code, self.version))

    def item(self, code: str) -> Item | None:
        return next((item for item in self.items if item.code == code), None)

    @property
    def default_key(self) -> ScoringKey | None:
        return next(iter(self.keys.values()), None)

    def asked(self, key: str | None = None) -> tuple[Item, ...]:
        """The items that a person is shown: the key's, plus the unscored ones, minus the retired.

        A key that scores a retired item (revalidation) brings it back.
        """
        return _asked(self, key)

    def wording(self, language: str, wording_id: str | None = None) -> Wording:
        """The asked wording, else the language's first, else the first of all."""
        if wording_id and wording_id in self.wordings:
            return self.wordings[wording_id]
        every = self.wordings.values()
        return next((w for w in every if w.language == language), None) or next(iter(every))

    @property
    def current_wordings(self) -> tuple[Wording, ...]:
        """Those that a new survey is given, without the earlier ones that they replaced."""
        return tuple(wording for wording in self.wordings.values() if not wording.replaced_by)

    def first_wording(self, language: str) -> Wording:
        """The oldest form of the language's default: its words before anything was changed."""
        default = self.wording(language)
        every = self.wordings.values()
        return next((w for w in every if w.replaced_by == default.id), default)


@lru_cache(maxsize=256)  # asked for by every page shown and every answer read
def _asked(instrument: Instrument, key: str | None) -> tuple[Item, ...]:
    chosen = instrument.keys[key] if key else instrument.default_key
    if chosen is None:
        return tuple(item for item in instrument.items if not item.retired)
    scored = set(chosen.items)
    scored_by_others = {code for other in instrument.keys.values() for code in other.items} - scored
    return tuple(
        item
        for item in instrument.items
        if item.code in scored or not (item.code in scored_by_others or item.retired)
    )
