"""The columns of responses, each made for some hundred responses at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from surveyapp.comments.rows import QUOTE
from surveyapp.exports.chosen import Flags, Scores, Stored
from surveyapp.exports.questions import Question
from surveyapp.exports.variable import Cell, Kind, Measure, Variable
from surveyapp.responses.flags import flags_of
from surveyapp.store.models import CARELESS_SIGNS

T = TypeVar("T")
R = TypeVar("R")


class Batch:
    """Some responses, column by column: ``places`` is where a survey asks, by its number, ``scores``
    what they scored, ``flags`` what validations say of them.
    """

    def __init__(
        self,
        stored: Stored,
        places: Mapping[int, tuple[str, ...]],
        scores: Scores,
        flags: Flags,
    ) -> None:
        self._stored = stored
        self._places = [places[number] for number in self["survey_id"]]
        self._scores = scores
        self._flags = flags
        self._answers: dict[str, list[Mapping[str, Any]]] = {}

    def __getitem__(self, name: str) -> Sequence[Any]:
        """The values of a column of the database."""
        return self._stored[name]

    @cached_property
    def refused(self) -> Sequence[frozenset[str]]:
        """The items to which each response says "not applicable"."""
        return of_each(self["paradata"], lambda each: frozenset(each.get("not_applicable", ())))

    def place(self, part: int) -> Sequence[str]:
        """A part of where each was given: journey, stage, touchpoint, channel, survey."""
        return [each[part] for each in self._places]

    def given(self, instrument: str, item: str) -> Sequence[Any]:
        """The answer of each to an item, as it is stored."""
        answers = self._answers.get(instrument)
        if answers is None:
            answers = [each.get(instrument, _NONE) for each in self["answers"]]
            self._answers[instrument] = answers
        return [each.get(item) for each in answers]

    def scores(self, scale: str) -> Sequence[float | None]:
        """What each scored."""
        values = self._scores.get(scale, {})
        return [values.get(number) for number in self["id"]]

    def flags(self, instrument: str) -> Sequence[tuple[int, int, int] | None]:
        """The validation of a questionnaire, the signs it knows of each, and those that it flags."""
        found = self._flags.get(instrument, {})
        return [found.get(number) for number in self["id"]]


_NONE: Mapping[str, Any] = {}


def of_each(things: Sequence[T], made: Callable[[T], R]) -> list[R]:
    """What is made of each thing, once for those that are the same object, as equal documents of a batch
    are.
    """
    apart = {id(thing): thing for thing in things}
    found = {key: made(thing) for key, thing in apart.items()}
    if len(found) == 1:
        return list(found.values()) * len(things)
    return [found[id(thing)] for thing in things]


_SIGNS = {
    "longstring": "a long run of identical answers",
    "irv": "hardly any variability within the person",
    "mahalanobis": "an unusual pattern of answers (Mahalanobis distance)",
    "speed": "answered too fast",
}


@dataclass(frozen=True)
class Column:
    """A column of an export: what it means, and how its cells are made."""

    variable: Variable
    cells: Callable[[Batch], Sequence[Cell]]


def _stored(name: str) -> Callable[[Batch], Sequence[Cell]]:
    return lambda batch: batch[name]


def _place(part: int) -> Callable[[Batch], Sequence[Cell]]:
    return lambda batch: batch.place(part)


def _noted(name: str) -> Callable[[Batch], Sequence[Cell]]:
    return lambda batch: of_each(batch["paradata"], lambda each: each.get(name))


def _wording(batch: Batch) -> Sequence[Cell]:
    return of_each(
        batch["wordings"],
        lambda each: "; ".join([f"{code}:{id}" for code, id in sorted(each.items())]),
    )


def _seconds(batch: Batch) -> Sequence[Cell]:
    times = zip(batch["started_at"], batch["submitted_at"], strict=True)
    return [
        None if began is None else max(0, round((sent - began).total_seconds()))
        for began, sent in times
    ]


def _preselected(batch: Batch) -> Sequence[Cell]:
    return of_each(batch["paradata"], lambda each: _confirmed(each.get("preselected")))


def _confirmed(found: Mapping[str, Any] | None) -> str | None:
    if not found:
        return None
    return f"{found.get('item')}: {'changed' if found.get('changed') else 'confirmed'}"


def _quote(batch: Batch) -> Sequence[Cell]:
    return [1 if each.get(QUOTE) is True else None for each in batch["paradata"]]


def _flags(batch: Batch) -> Sequence[Cell]:
    return of_each(batch["paradata"], lambda each: "; ".join(flags_of(each)) or None)


def _not_applicable(batch: Batch) -> Sequence[Cell]:
    return of_each(batch.refused, lambda each: "; ".join(sorted(each)) or None)


ABOUT = (
    Column(
        Variable("response", "Number of the response, never given twice", Kind.INTEGER),
        _stored("id"),
    ),
    Column(
        Variable("response_id", "ID of the response, as in the API and webhooks", Kind.TEXT),
        _stored("public_id"),
    ),
    Column(Variable("journey", "Code of the journey", Kind.TEXT), _place(0)),
    Column(
        Variable("stage", "Code of the stage; empty at the journey's end", Kind.TEXT), _place(1)
    ),
    Column(
        Variable("touchpoint", "Code of the touchpoint; empty at the journey's end", Kind.TEXT),
        _place(2),
    ),
    Column(Variable("channel", "Channel of the touchpoint", Kind.TEXT), _place(3)),
    Column(Variable("survey", "Code of the survey", Kind.TEXT), _place(4)),
    Column(
        Variable("source", "Link, invitation, import or simulation", Kind.TEXT), _stored("source")
    ),
    Column(
        Variable("way", "Embed or kiosk; empty for the survey's page", Kind.TEXT), _noted("way")
    ),
    Column(Variable("language", "Language of the page", Kind.TEXT), _stored("language")),
    Column(Variable("wording", "Wording of each instrument", Kind.TEXT), _wording),
    Column(
        Variable("consent_version", "Version of the consent text", Kind.TEXT),
        _stored("consent_version"),
    ),
    Column(
        Variable("started_at", "When the page was opened (UTC)", Kind.MOMENT, Measure.SCALE),
        _stored("started_at"),
    ),
    Column(
        Variable("submitted_at", "When the answers were sent (UTC)", Kind.MOMENT, Measure.SCALE),
        _stored("submitted_at"),
    ),
    Column(
        Variable(
            "corrected_at", "When the customer last changed them (UTC)", Kind.MOMENT, Measure.SCALE
        ),
        _stored("corrected_at"),
    ),
    Column(
        Variable("seconds", "Seconds from opening to sending", Kind.INTEGER, Measure.SCALE),
        _seconds,
    ),
    Column(
        Variable("attention", "Attention check: passed or failed", Kind.TEXT), _noted("attention")
    ),
    Column(
        Variable(
            "quote", "1 where the comments may be quoted", Kind.INTEGER, labels={1: "May be quoted"}
        ),
        _quote,
    ),
    Column(
        Variable(
            "preselected", "Item answered by a click in a message, and whether confirmed", Kind.TEXT
        ),
        _preselected,
    ),
    Column(
        Variable("flags", "What was unusual in how it came: burst, same_device", Kind.TEXT), _flags
    ),
    Column(
        Variable("not_applicable", "Items answered with 'not applicable'", Kind.TEXT),
        _not_applicable,
    ),
    Column(
        Variable("import", "Number of the import that it came in by", Kind.INTEGER),
        _stored("import_batch_id"),
    ),
)
CUSTOMER = (
    Column(Variable("customer", "Pseudonym of the customer", Kind.TEXT), _stored("customer_ref")),
    Column(
        Variable("run", "Number of the customer's passage through the journey", Kind.INTEGER),
        _stored("journey_run_id"),
    ),
    Column(
        Variable("run_started_at", "When that passage began (UTC)", Kind.MOMENT, Measure.SCALE),
        _stored("run_started"),
    ),
)


def attribute_column(name: str, kind: Kind) -> Column:
    """The column of an attribute. Where some of its values are texts, all are."""
    measure = Measure.NOMINAL if kind is Kind.TEXT else Measure.SCALE
    variable = Variable(f"attribute.{name}", name, kind, measure)
    if kind is Kind.TEXT:
        return Column(
            variable,
            lambda batch: of_each(batch["attributes"], lambda each: _as_text(each.get(name))),
        )
    return Column(variable, lambda batch: of_each(batch["attributes"], lambda each: each.get(name)))


def answer_columns(question: Question) -> list[Column]:
    """The columns of a question: its answer, and of a multiple choice one for each choice."""

    def answered(batch: Batch) -> Sequence[Cell]:
        return question.answered(batch.given(question.instrument, question.item), batch.refused)

    def ticked(choice: str) -> Callable[[Batch], Sequence[Cell]]:
        return lambda batch: question.ticked(
            choice, batch.given(question.instrument, question.item), batch.refused
        )

    ticks = [Column(variable, ticked(choice)) for choice, variable in question.ticks.items()]
    return [Column(question.variable, answered), *ticks]


def score_column(scale: str) -> Column:
    """The column of a scale's score."""
    variable = Variable(f"score.{scale}", f"Score of {scale}", Kind.NUMBER, Measure.SCALE)
    return Column(variable, lambda batch: batch.scores(scale))


def careless_columns(instrument: str) -> list[Column]:
    """A column for each sign of careless answers, and one that names the validation."""
    name, labels = f"careless.{instrument}", {0: "No sign", 1: "Flagged"}
    signs = [
        Column(
            Variable(
                f"{name}.{sign}",
                f"Sign of careless answers to {instrument}: {_SIGNS[sign]}",
                Kind.INTEGER,
                labels=labels,
            ),
            _sign(instrument, 1 << place),
        )
        for place, sign in enumerate(CARELESS_SIGNS)
    ]
    label = f"Number of the validation that looked for careless answers to {instrument}"
    validation = Column(
        Variable(f"{name}.validation", label, Kind.INTEGER),
        lambda batch: [each and each[0] for each in batch.flags(instrument)],
    )
    return [*signs, validation]


def _sign(instrument: str, bit: int) -> Callable[[Batch], Sequence[Cell]]:
    """1, 0, or None where the sign could not be computed or no validation has had the response."""
    return lambda batch: [
        int(each[2] & bit > 0) if each and each[1] & bit else None
        for each in batch.flags(instrument)
    ]


def _as_text(value: Any) -> Cell:
    if value is None or isinstance(value, str):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
