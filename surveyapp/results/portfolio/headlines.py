"""What many journeys are told by: SJQ and NPS at their ends, of all customers, read for all at once.

A figure of all customers is published by its own counts alone: segments never take a run of months
away from it (``publication``). So no segment is read here, and what is shown is what each journey's own
page shows.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.change_power import ChangePower, change_power
from analysis.metrics import Mean, NetPromoter
from instruments.loader import Library
from instruments.schema import Metric
from surveyapp.results import definitions
from surveyapp.results.cells import NOTHING, MonthKey, Sums
from surveyapp.results.definitions import Scored
from surveyapp.results.figures import differences, estimate, figure
from surveyapp.results.invariance.time_verdicts import bars, gate_change, in_period
from surveyapp.results.portfolio.kept_months import Months, months_by_key
from surveyapp.results.scope import Period
from surveyapp.results.suppression.overlaps import overlaps
from surveyapp.results.suppression.publication import Publication, publication, within
from surveyapp.results.view_models import Change, Figure, Hidden, OverTime
from surveyapp.store.models import EVERYBODY, SurveyRow
from surveyapp.surveys.queries import surveys as surveys_by_id
from surveyapp.surveys.survey import Survey

HEADLINES = ("sjq", "nps")  # the scales, as they are ordered on the page
WORTH_KNOWING: Mapping[Metric, float] = {Metric.INDEX: 5.0, Metric.NPS: 10.0}  # a change, in points
_NO_SEGMENTS = overlaps(())

Key = tuple[int, str]  # journey, scale


@dataclass(frozen=True)
class Monthly:
    """One score at one place by month, of all customers, and which months may be shown."""

    scored: Scored
    months: Months
    published: Publication
    worded: Mapping[str, frozenset[MonthKey]] = field(default_factory=dict)  # months by wording
    _summed: dict[Period, tuple[Sums, Hidden]] = field(default_factory=dict, compare=False)

    @property
    def answers(self) -> int:
        """How many there are of all time, also where they are hidden."""
        return sum(sums.n for sums in self.months.values())

    def sums(self, when: Period) -> tuple[Sums, Hidden]:
        """Those of a period, and why to hide them; hidden ones are nothing."""
        if when not in self._summed:
            self._summed[when] = shown_sums(self.months, self.published, when)
        return self._summed[when]

    def reworded(self, *periods: Period) -> bool:
        """Whether the answers of these periods were given to more than one wording."""
        read = [
            {
                wording
                for wording, months in self.worded.items()
                if any(within(month, *when.months) for month in months)
            }
            for when in periods
        ]
        return all(read) and len(set().union(*read)) > 1

    def figure(self, when: Period) -> Figure:
        """That of a period."""
        return figure(self.scored, *self.sums(when))


def shown_sums(months: Months, published: Publication, when: Period) -> tuple[Sums, Hidden]:
    """The sums of a period, nothing where they are hidden, and why they are."""
    since, until = when.months
    hidden = published.why_hidden(EVERYBODY, since, until)
    if hidden:
        return NOTHING, hidden
    inside = (sums for month, sums in months.items() if within(month, since, until))
    return sum(inside, start=NOTHING), Hidden.NO


def everybody_published(months: Months, *, minimum: int) -> Publication:
    """The decision for all customers: the same with and without segments."""
    counts = {EVERYBODY: {month: sums.n for month, sums in months.items()}}
    return publication(counts, _NO_SEGMENTS, minimum=minimum)


def headlines(
    session: Session,
    journeys: Collection[int],
    *,
    minimum: int,
    library: Library,
    keep: bool = False,
) -> dict[Key, Monthly]:
    """SJQ and NPS of each of these journeys that asks them at its end.

    ``keep``: they may be a minute old, for lists of very many.
    """
    by_journey: dict[int, list[Survey]] = {}
    for survey in ends_of(session, journeys):
        by_journey.setdefault(survey.journey_id, []).append(survey)
    ids = [survey.id for surveys in by_journey.values() for survey in surveys]
    counted = months_by_key(session, ids, HEADLINES, keep=keep)
    return {
        (journey, scale): _monthly(
            scored,
            [
                (_wording(survey, scored, library), counted.get((survey.id, scale), {}))
                for survey in surveys
            ],
            minimum,
        )
        for journey, surveys in by_journey.items()
        for scale, scored in definitions.scored(surveys, library=library).items()
        if scale in HEADLINES
    }


def _monthly(scored: Scored, several: Sequence[tuple[str | None, Months]], minimum: int) -> Monthly:
    """The months of the surveys at one place together, each with the wording that it asks in."""
    months: dict[MonthKey, Sums] = {}
    worded: dict[str, set[MonthKey]] = {}
    for wording, each in several:
        for month, sums in each.items():
            months[month] = months[month] + sums if month in months else sums
            if wording is not None and sums.n:
                worded.setdefault(wording, set()).add(month)
    return Monthly(
        scored,
        months,
        everybody_published(months, minimum=minimum),
        {wording: frozenset(own) for wording, own in worded.items()},
    )


def _wording(survey: Survey, scored: Scored, library: Library) -> str | None:
    """The wording in which a survey asks a score's questionnaire; None where it does not."""
    for instrument, _, wording in definitions.asked(survey, library=library):
        if instrument.code == scored.definition.instrument:
            return wording.id
    return None


def ends_of(session: Session, journeys: Collection[int]) -> list[Survey]:
    """The surveys at the ends of these journeys."""
    numbers = session.scalars(
        select(SurveyRow.id).where(
            SurveyRow.journey_id.in_(sorted(journeys)), SurveyRow.touchpoint_id.is_(None)
        )
    )
    return list(surveys_by_id(session, list(numbers)).values())


def with_changes(
    found: Mapping[Key, Monthly],
    when: Period,
    before: Period | None,
    tests: Mapping[tuple[int, str], OverTime],
) -> dict[Key, Figure]:
    """The figure of each journey and scale with its change, p corrected for all of them (Holm).

    ``tests`` over time by journey and questionnaire: no change that one of them bars is significant.
    """
    shown = {key: each.figure(when) for key, each in found.items()}
    if before is None:
        return shown
    sums = [(each.sums(when), each.sums(before)) for each in found.values()]
    contrasts = differences(
        [
            (each.scored, NOTHING, NOTHING)
            if hidden or was_hidden or each.reworded(when, before)
            else (each.scored, now, earlier)
            for each, ((now, hidden), (earlier, was_hidden)) in zip(
                found.values(), sums, strict=True
            )
        ]
    )
    sides = (in_period(when), in_period(before))
    known = {}
    for (key, each), contrast in zip(found.items(), contrasts, strict=True):
        test = tests.get((key[0], each.scored.definition.instrument)) if _is_gated(each) else None
        barring = test if test is not None and bars(test, *sides) else None
        change = Change(
            each.figure(before),
            gate_change(contrast, barring),
            each.reworded(when, before),
            barring,
        )
        known[key] = replace(shown[key], change=change)
    return known


def _is_gated(each: Monthly) -> bool:
    return each.scored.definition.metric is Metric.INDEX


def power_of(each: Monthly, when: Period, before: Period) -> ChangePower | None:
    """How many more answers show a change that is worth knowing; None where there is none to compare."""
    now, _ = each.sums(when)
    earlier, _ = each.sums(before)
    size = WORTH_KNOWING.get(each.scored.definition.metric)
    if size is None or min(now.n, earlier.n) < 2:
        return None
    spread, spread_before = _spread(each.scored, now), _spread(each.scored, earlier)
    if not spread or not spread_before:
        return None
    return change_power(size, sd=spread, n=now.n, sd_before=spread_before, n_before=earlier.n)


def _spread(scored: Scored, sums: Sums) -> float:
    """The standard deviation of one answer in the figure's points; 0 where it is not known."""
    found = estimate(scored, sums)
    if isinstance(found, NetPromoter):
        share = 100 * (found.promoters + found.detractors) / found.n
        return math.sqrt(max(0.0, 100 * share - found.estimate**2))
    if isinstance(found, Mean):
        low, high = scored.definition.answers
        return found.sd * 100 / (high - low)
    return 0.0
