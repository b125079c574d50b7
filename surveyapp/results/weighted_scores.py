"""Scores as they would be if a journey's answers had the known shares of its population.

A weighted score is a combination of those of the groups that are weighted: of each value of the attribute,
of each combination of values where there are several. With the shares known, a reader may work these
out. It is therefore shown only where every group's own score could be, beside all that is published: of
segments, months, channels, languages and channel paths. Raw answers are read, since no rollup knows the
groups.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

import numpy as np
from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from analysis.errors import AnalysisError
from analysis.metrics import summarize
from analysis.scoring import ScoredScale
from analysis.weighting import Attributes, WeightedMean, Weights, raked, weighted_mean
from instruments.loader import Library
from instruments.schema import Metric
from surveyapp.i18n.words import msg
from surveyapp.journeys import queries
from surveyapp.journeys.calendar import UTC_DAYS, calendar_of
from surveyapp.journeys.population_shares import population_shares
from surveyapp.journeys.segments import parse
from surveyapp.responses.facets import Facet, facet_columns
from surveyapp.responses.flags import unflagged
from surveyapp.results import cells, phrases
from surveyapp.results.cells import NOTHING, MonthKey, month_key
from surveyapp.results.channel_paths import answers_with_paths, paths_beside
from surveyapp.results.customer_groups import segments_of
from surveyapp.results.definitions import Scored
from surveyapp.results.facet_publication import Part, holds_by_block
from surveyapp.results.figures import figure
from surveyapp.results.journey import Cell, Ground, divisions, ground, publications
from surveyapp.results.months import month_of
from surveyapp.results.publication import Listed, Publication, Run, groups_beside, listed, within
from surveyapp.results.scope import Scope, period
from surveyapp.results.view_models import Figure, Hidden
from surveyapp.store.models import EVERYBODY, Response, Score

MOST = 20_000  # responses of a journey that are read for a page: a second or two
MOST_GROUPS = 24  # combinations of values: of more, few are large enough, and the check takes long
_AT_ONCE = 5000  # rows in memory
_JOIN = msg("join it with another value in the population shares")

Group = tuple[str, ...]  # a value of each attribute; empty where one has no known share
_ByFacet = Mapping[Facet, Mapping[frozenset[int], Mapping[MonthKey, int]]]


@dataclass(frozen=True)
class Margin:
    """The known shares of one attribute, 0 to 1, and where they come from."""

    attribute: str
    shares: Mapping[str, float]
    source: str
    counted_on: date


@dataclass(frozen=True)
class WeightedRow:
    """A score without and with weights; ``refused`` says why there is none with them, else empty.

    ``weighted`` counts the answers that have weights; ``left_out`` those without, whose value of an
    attribute is not known or has no share.
    """

    place: str
    figure: Figure
    weighted: Figure | None = None
    design_effect: float | None = None
    effective_n: float | None = None
    left_out: int | None = None
    refused: str = ""


@dataclass(frozen=True)
class WeightedScores:
    """Every score of a scope, in the map's order, the journey's end first; ``refused`` of all where no row is
    shown."""

    margins: tuple[Margin, ...]
    rows: tuple[WeightedRow, ...] = ()
    refused: str = ""


@dataclass
class _Answers:
    """Those of one score at one place, without flags: month, group's number and points of each."""

    months: list[MonthKey] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    kinds: dict[Facet, dict[frozenset[int], Counter[MonthKey]]] = field(default_factory=dict)


def weighted_scores(
    session: Session, scope: Scope, *, minimum_cell: int = 5, library: Library
) -> WeightedScores:
    """Every score of all customers in the scope's months, weighted by the population shares. Raises NotFound.

    What cannot be weighted is refused by name, in each row or for all of them.
    """
    base = ground(session, scope.journey_id, library=library)
    margins = tuple(
        Margin(each.attribute, each.shares, each.source, each.counted_on)
        for each in population_shares(session, scope.journey_id)
    )
    responses = queries.count_responses(session).get(scope.journey_id, 0)
    if refused := _why_not(scope, margins, responses):
        return WeightedScores(margins, refused=refused)
    groups = _Groups(margins)
    answers = _read(session, base, groups)
    if len(groups.numbers) > MOST_GROUPS:
        return WeightedScores(
            margins,
            refused=f"The answers are of {len(groups.numbers)} combinations of values; scores are weighted"
            f" by at most {MOST_GROUPS}. Join values, or remove an attribute.",
        )
    told = publications(session, base, minimum=minimum_cell)
    parts = divisions(session, base, minimum=minimum_cell)
    apart: Mapping[str, bool] = {}
    if answers_with_paths(session, base.journey.id, library=library):
        apart = paths_beside(session, base, groups.number, minimum=minimum_cell)
    sums = base.pooled(
        cells.sums(
            session, base.ids, [EVERYBODY], since=scope.period.since, until=scope.period.until
        )[EVERYBODY]
    )
    rows = []
    for cell, place, scored in _places(base):
        if cell not in told:
            rows.append(WeightedRow(place, figure(scored, NOTHING, Hidden.NO)))
            continue
        own = figure(
            scored, sums.get(cell, NOTHING), told[cell].why_hidden(EVERYBODY, *scope.period.months)
        )
        found = answers.get(cell, _Answers())
        shown = None
        if cell[0] is not None or apart.get(cell[1], True):
            shown = told_groups(told[cell], parts.get(cell, ()), found.kinds, minimum_cell)
        rows.append(_row(place, scored, own, found, groups, shown, scope))
    return WeightedScores(margins, tuple(rows))


def _why_not(scope: Scope, margins: Sequence[Margin], responses: int) -> str:
    if not margins:
        return "No population shares are known for this journey; set them first."
    if not scope.of_everybody:
        return (
            "The shares are those of all customers, and not of a segment; choose all customers to see"
            " weighted scores."
        )
    if scope.channel or scope.language or scope.flagged:
        return (
            "Weighted scores are of all channels and languages, without flagged answers; take these"
            " filters off to see them."
        )
    if responses > MOST:
        return (
            f"This journey has {responses:,} responses, and at most {MOST:,} are weighted for a page;"
            " weight a file of exported responses by surveyapp weight."
        )
    return ""


class _Groups:
    """The groups that answers are weighted by, numbered below every segment's number as they are found."""

    def __init__(self, margins: Sequence[Margin]) -> None:
        self.margins = margins
        self.numbers: dict[Group, int] = {}
        self._known: dict[str, int] = {}
        self._weights: dict[tuple[int, ...], Weights] = {}

    def number(self, written: str) -> int:
        """That of a customer with these attributes, as they are stored."""
        if written not in self._known:
            known = json.loads(written) or {}
            values = [_text(known.get(margin.attribute)) for margin in self.margins]
            has_shares = all(
                value in margin.shares for value, margin in zip(values, self.margins, strict=True)
            )
            group: Group = tuple(values) if has_shares else ()
            self._known[written] = self.numbers.setdefault(group, -1 - len(self.numbers))
        return self._known[written]

    def weights(self, given: tuple[int, ...], attributes: Attributes) -> Weights:
        """Those of answers of these groups: the same for every score of one survey. Raises AnalysisError."""
        if given not in self._weights:
            self._weights[given] = raked(
                attributes, {each.attribute: each.shares for each in self.margins}
            )
        return self._weights[given]

    def named(self) -> dict[int, Group]:
        """The groups by number."""
        return {number: group for group, number in self.numbers.items()}


def _text(value: object) -> str:
    """A value as the shares have it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value if value is not None else "")


def _read(session: Session, base: Ground, groups: _Groups) -> dict[Cell, _Answers]:
    rules = {segment: parse(name.rule) for segment, name in base.segments.items()}
    alike: dict[str, frozenset[int]] = {}
    found: dict[Cell, _Answers] = {}
    for kind, calendar in ((True, UTC_DAYS), (False, calendar_of(base.journey))):
        surveys = [survey.id for survey in base.surveys if survey.is_anonymous is kind]
        if not surveys:
            continue
        rows = session.execute(
            select(
                Response.survey_id,
                Score.scale,
                Score.value,
                cast(Response.attributes, Text),
                month_of(session, surveys, calendar),
                *facet_columns(),
            )
            .join(Score, Score.response_id == Response.id)
            .where(Response.survey_id.in_(surveys), unflagged())
            .execution_options(yield_per=_AT_ONCE)
        )
        for survey, scale, value, written, month, channel, language, _ in rows:
            if written not in alike:
                inside = segments_of(rules, json.loads(written))
                alike[written] = inside | {groups.number(written)}
            into = found.setdefault((base.places[survey], scale), _Answers())
            at = month_key(month)
            into.months.append(at)
            into.groups.append(groups.number(written))
            into.values.append(value)
            facet = Facet(channel, language, flagged=False)
            into.kinds.setdefault(facet, {}).setdefault(alike[written], Counter())[at] += 1
    return found


def _places(base: Ground) -> Iterable[tuple[Cell, str, Scored]]:
    for scale, scored in base.scored.get(None, {}).items():
        yield (None, scale), "", scored
    for stage in base.journey.stages:
        for point in stage.touchpoints:
            for scale, scored in base.scored.get(point.id, {}).items():
                yield (point.id, scale), f"{stage.name}: {point.name}", scored


def told_groups(
    told: Publication, parts: Sequence[Part], kinds: _ByFacet, minimum: int
) -> Publication | None:
    """The groups that could be told of beside everything else; None where none could."""
    counted = tuple((s, tuple(sorted(months.items()))) for s, months in sorted(told.counts.items()))
    by_facet = tuple(sorted((facet, listed(own)) for facet, own in kinds.items()))
    return _published(counted, tuple(sorted(told.runs.items())), tuple(parts), by_facet, minimum)


@lru_cache(maxsize=512)  # asked again by every page until somebody answers
def _published(
    counted: tuple[tuple[int, tuple[tuple[MonthKey, int], ...]], ...],
    runs: tuple[tuple[int, tuple[Run, ...]], ...],
    parts: tuple[Part, ...],
    by_facet: tuple[tuple[Facet, Listed], ...],
    minimum: int,
) -> Publication | None:
    told = Publication({s: dict(months) for s, months in counted}, dict(runs), minimum)
    kinds = {facet: {kind: dict(months) for kind, months in own} for facet, own in by_facet}
    whole: dict[frozenset[int], Counter[MonthKey]] = {}
    counts: dict[Facet, dict[int, Counter[MonthKey]]] = {}
    for facet, own in kinds.items():
        for kind, months in own.items():
            whole.setdefault(kind, Counter()).update(months)
            for segment in kind:
                counts.setdefault(facet, {}).setdefault(segment, Counter()).update(months)
    groups: dict[int, Counter[MonthKey]] = {}
    for kind, several in whole.items():
        for segment in kind:
            if segment < EVERYBODY:
                groups.setdefault(segment, Counter()).update(several)
    for shown in groups_beside(told, groups, whole, minimum=minimum):
        if all(group in shown.runs for group in groups) and holds_by_block(
            shown, parts, counts, kinds
        ):
            return shown
    return None


def _row(
    place: str,
    scored: Scored,
    own: Figure,
    answers: _Answers,
    groups: _Groups,
    shown: Publication | None,
    scope: Scope,
) -> WeightedRow:
    if not own.shown:
        return WeightedRow(place, own)
    if shown is None:
        return WeightedRow(
            place,
            own,
            refused="Hidden, because a small group of customers could be told apart; join values that few customers have.",
        )
    months = scope.period.months
    named = groups.named()
    inside = [n for n, month in enumerate(answers.months) if within(month, *months)]
    there = Counter(answers.groups[n] for n in inside)
    reasons = {shown.why_hidden(number, *months) for number in there} - {Hidden.NO}
    if reasons:
        return WeightedRow(place, own, refused=_hidden(shown, list(there), months))
    known = [n for n in inside if named[answers.groups[n]]]
    values = [answers.values[n] for n in known]
    attributes = {
        margin.attribute: [named[answers.groups[n]][at] for n in known]
        for at, margin in enumerate(groups.margins)
    }
    for name, given in attributes.items():
        shares = next(each.shares for each in groups.margins if each.attribute == name)
        absent = sorted(set(shares) - set(given))
        if absent:
            return WeightedRow(
                place,
                own,
                refused=f"Nobody answered whose {name} is {absent[0]}; {_JOIN}, since nobody can speak"
                " for them.",
            )
    try:
        weights = groups.weights(tuple(answers.groups[n] for n in known), attributes)
        found = weighted_mean(points(scored.scale, values), weights)
    except AnalysisError as error:
        said = str(error)
        return WeightedRow(place, own, refused=f"{said[:1].upper()}{said[1:]}.")
    return WeightedRow(
        place,
        own,
        _weighted(scored, found),
        found.design_effect,
        found.effective_n,
        len(inside) - len(known),
    )


def _hidden(
    shown: Publication, groups: Sequence[int], months: tuple[MonthKey | None, MonthKey | None]
) -> str:
    """Why a score of these months has no weights, with the longer period that it has some in."""
    since, until = months
    for first, last in [run for group in groups for run in shown.runs.get(group, ())]:
        if since is not None and first < since <= last:
            since = first
        if until is not None and first <= until < last:
            until = last
    if (since, until) == months or any(shown.why_hidden(each, since, until) for each in groups):
        return "Hidden, because some group has too few answers in these months."
    longer = period(_day(since), _day(until))
    return (
        "Hidden, because some group has too few answers in these months;"
        f" {phrases.period(longer)} can be shown."
    )


def _day(month: MonthKey | None) -> date | None:
    return None if month is None else date(*month, 1)


def points(scale: ScoredScale, values: Sequence[float]) -> np.ndarray:
    """What each answer contributes to the score's estimate, which is their mean: of an index 0 to 100, of an
    NPS 100 for a promoter and -100 for a detractor, of a share 100 or 0."""
    low, high = scale.minimum, scale.maximum
    given = np.asarray(values, dtype=float)
    if scale.metric is Metric.INDEX:
        return 100 * (given - low) / (high - low)
    table = np.array([_point(scale, answer) for answer in range(low, high + 1)])
    found: np.ndarray = table[given.astype(int) - low]
    return found


@lru_cache(maxsize=256)
def _point(scale: ScoredScale, answer: int) -> float:
    """The estimate of this answer alone."""
    histogram = [int(place == answer) for place in range(scale.minimum, scale.maximum + 1)]
    total, squares = float(answer), float(answer**2)
    return summarize(scale, n=1, total=total, total_squares=squares, histogram=histogram).estimate


def _weighted(scored: Scored, found: WeightedMean) -> Figure:
    low, high = scored.definition.axis
    definition = replace(scored.definition, interval="Linearised, Student's t, 95%")
    return Figure(
        definition, found.n, found.estimate, max(low, found.low), min(high, found.high), None
    )
