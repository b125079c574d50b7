"""A codebook as values: variables with words, values and distributions; scales; questionnaires."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from analysis.scoring import scales
from instruments.loader import Library
from instruments.schema import Instrument, Metric
from surveyapp.exports.chosen import Chosen, chosen_surveys
from surveyapp.exports.questions import Question, filled_in, questions
from surveyapp.exports.responses import responses_table
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Kind, Variable
from surveyapp.results.analyses.reliability import Reliability, reliability
from surveyapp.surveys.consents import versions
from surveyapp.surveys.survey import Survey

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_MOST_VALUES = 50  # a column of more different texts is no set of categories


@dataclass
class _Tally:
    """What a column's cells come to, taken in one by one."""

    n: int = 0
    empty: int = 0
    total: float = 0.0
    squares: float = 0.0  # about the running mean, so that nothing cancels
    least: float = math.inf
    most: float = -math.inf
    reasons: Counter[int] = field(default_factory=Counter)
    values: Counter[Cell] = field(default_factory=Counter)
    is_open: bool = False  # too many different values to be listed

    def add(self, value: Cell, variable: Variable) -> None:
        if value is None or value == "":
            self.empty += 1
            return
        if variable.missing and value in variable.missing:
            self.reasons[value] += 1  # type: ignore[index]
            return
        self.n += 1
        if isinstance(value, int | float):
            before = self.total / (self.n - 1) if self.n > 1 else 0.0
            self.total += value
            self.squares += (value - before) * (value - self.total / self.n)
            self.least, self.most = min(self.least, value), max(self.most, value)
        if not self.is_open:
            self.values[value] += 1
            if len(self.values) > _MOST_VALUES:
                self.is_open = True
                self.values.clear()


@dataclass(frozen=True)
class Entry:
    """A variable: its words by language, and of its answers n, those missing and why, counts by value
    (empty where there are too many different ones), mean, standard deviation, least and largest.
    """

    variable: Variable
    words: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]]  # language -> value -> label
    n: int
    empty: int
    reasons: Mapping[str, int]
    counts: Mapping[str, int]
    mean: float | None = None
    sd: float | None = None
    least: float | None = None
    most: float | None = None


def facts(entry: Entry) -> str:
    """What is known of a variable's answers, in one line."""
    variable = entry.variable
    found = [f"{variable.kind.value}, {variable.measure.value}", f"n = {entry.n:,}"]
    if entry.empty:
        found.append(f"empty {entry.empty:,}")
    found += [f"{reason.lower()} {count:,}" for reason, count in entry.reasons.items()]
    if entry.mean is not None:
        found.append(f"mean {entry.mean:.4g}")
        found.append(f"range {entry.least:g} to {entry.most:g}")
    if entry.sd is not None:
        found.append(f"SD {entry.sd:.4g}")
    return "; ".join(found)


@dataclass(frozen=True)
class ScaleEntry:
    """A scored scale: which items, how they become a score, and how reliable they are here."""

    name: str
    title: str
    items: tuple[str, ...]
    rule: str
    reliability: Reliability | None


@dataclass(frozen=True)
class Source:
    """A questionnaire with its version, licence and citation, and the wordings by language."""

    code: str
    version: str
    title: str
    licence: str
    citation: str
    note: str
    wordings: Mapping[str, str]
    statuses: Mapping[str, str]


@dataclass(frozen=True)
class Codebook:
    """Everything that a reader of the data needs. ``consents`` is {survey and version: text}."""

    title: str
    provider: str
    made_at: datetime
    responses: int
    first: date | None
    last: date | None
    languages: tuple[str, ...]
    entries: tuple[Entry, ...]
    scales: tuple[ScaleEntry, ...]
    sources: tuple[Source, ...]
    consents: Mapping[str, str]
    licence: str = ""  # of the data, where they are published


def codebook(
    session: Session,
    wanted: Chosen,
    *,
    now: datetime,
    library: Library,
    table: Table | None = None,
) -> Codebook:
    """The codebook of these responses, made in one pass over them and one for each scale.

    ``table`` is what of them is given away, where that is not all.
    """
    surveys = chosen_surveys(session, wanted)
    asked = questions(surveys, library)
    table = table or responses_table(session, wanted, library=library)
    tallies = [_Tally() for _ in table.variables]
    times = table.headings.index("submitted_at")
    first: date | None = None
    last: date | None = None
    for row in table.rows:
        for tally, value, variable in zip(tallies, row, table.variables, strict=True):
            tally.add(value, variable)
        sent = row[times]
        if isinstance(sent, date):
            day = sent.date() if isinstance(sent, datetime) else sent
            first, last = min(first or day, day), max(last or day, day)
    by_name = {question.variable.name: question for question in asked}
    entries = tuple(
        _entry(variable, tally, by_name.get(variable.name))
        for variable, tally in zip(table.variables, tallies, strict=True)
    )
    worded = {question.instrument: question.worded for question in asked}
    keys = {(ask.instrument, ask.key): None for survey in surveys for ask in survey.asks}
    first_survey = surveys[0] if surveys else None
    return Codebook(
        title=_title(surveys),
        provider=first_survey.provider if first_survey else "",
        made_at=now,
        responses=table.count,
        first=first,
        last=last,
        languages=tuple(
            dict.fromkeys(language for question in asked for language in _words(question))
        ),
        entries=entries,
        scales=tuple(
            scale for code, key in keys for scale in _scales(session, worded[code], key, wanted)
        ),
        sources=tuple(_source(instrument) for instrument in worded.values()),
        consents={
            f"{survey.code} {each.version}": each.text
            for survey in surveys
            for each in versions(session, survey)
        },
    )


def _title(surveys: Sequence[Survey]) -> str:
    if len(surveys) == 1:
        return surveys[0].name
    return surveys[0].journey if surveys else ""


def _entry(variable: Variable, tally: _Tally, question: Question | None) -> Entry:
    numeric = variable.kind in {Kind.INTEGER, Kind.NUMBER} and tally.n > 0
    coded = bool(variable.labels) or bool(variable.missing)
    listed = {} if tally.is_open else tally.values
    counts = {str(value): listed.get(value, 0) for value in _order(variable, listed, question)}
    return Entry(
        variable,
        words=_words(question) if question else {},
        choices=_choices(question) if question else {},
        n=tally.n,
        empty=tally.empty,
        reasons={variable.missing[value]: count for value, count in tally.reasons.items()},
        counts=counts if coded or len(counts) <= 12 else {},
        mean=tally.total / tally.n if numeric else None,
        sd=math.sqrt(tally.squares / (tally.n - 1)) if numeric and tally.n > 1 else None,
        least=tally.least if numeric else None,
        most=tally.most if numeric else None,
    )


def _order(variable: Variable, listed: Mapping[Cell, int], question: Question | None) -> list[Cell]:
    """The values to list: every point or choice there is, given or not, else those found."""
    item = question.worded.item(question.item) if question else None
    known: list[Cell] = list(item.scale.points) if item and item.scale else [*variable.labels]
    return [*known, *sorted((value for value in listed if value not in known), key=str)]


def _words(question: Question) -> dict[str, str]:
    """Its text by language, in every wording that its survey uses."""
    found = {each.language: each for each in question.worded.wordings.values()}
    return {
        language: filled_in(each.items[question.item], question.filled)
        for language, each in found.items()
    }


def _choices(question: Question) -> dict[str, dict[str, str]]:
    item = question.worded.item(question.item)
    if item is None:
        return {}
    found: dict[str, dict[str, str]] = {}
    for each in question.worded.wordings.values():
        labels: Mapping[Any, str] = (
            each.labels.get(item.scale.code, {})
            if item.scale is not None
            else each.choices.get(item.code, {})
        )
        if labels:
            found[each.language] = {str(value): text for value, text in labels.items()}
    return found


_RULES = {
    Metric.INDEX: "Mean of the answered items; missing when fewer than half are answered.",
    Metric.CSAT: "The answer; summed up as the share of the two highest points.",
    Metric.NPS: "The answer; summed up as % of 9 and 10 minus % of 0 to 6.",
    Metric.CES: "The answer; summed up as the share of 5 to 7, and the mean.",
    Metric.SHARE: "The answer; summed up as the share of yes.",
}


def _scales(
    session: Session, instrument: Instrument, key: str | None, wanted: Chosen
) -> list[ScaleEntry]:
    titles = next(iter(instrument.wordings.values())).dimensions
    found = []
    for scale in scales(instrument, key):
        parts = [each.code for each in scales(instrument, key) if each.parent == scale.id]
        known = None
        if parts:
            rule = f"Mean of {', '.join(parts)}; missing when one of them is."
        else:
            rule = _RULES[scale.metric]
            turned = [
                code for code in scale.items if (item := instrument.item(code)) and item.reverse
            ]
            rule += f" Reversed before scoring: {', '.join(turned)}." if turned else ""
        if len(scale.items) > 1 and not parts:
            known = reliability(
                session,
                instrument,
                scale.items,
                journey_id=wanted.scope.journey_id,
                survey_id=wanted.survey_id,
            )
        title = titles.get(scale.code, scale.code)
        found.append(ScaleEntry(f"score.{scale.id}", title, scale.items, rule, known))
    return found


def _source(instrument: Instrument) -> Source:
    wordings = instrument.wordings.values()
    return Source(
        instrument.code,
        instrument.version,
        next(iter(wordings)).title,
        instrument.licence,
        instrument.citation,
        instrument.note,
        {each.language: each.id for each in wordings},
        {each.language: each.status.value for each in wordings},
    )
