"""What the pages of a journey's results show, as JSON documents; the API gives the first of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from surveyapp.results import phrases
from surveyapp.results.answers.choices import Distribution
from surveyapp.results.figure_json import (
    contrast_to_json,
    definition_to_json,
    figure_to_json,
    hidden_reason,
    numbers_to_json,
    state_of,
    weighted_to_json,
)
from surveyapp.results.findings import Finding
from surveyapp.results.invariance.segment_verdict_phrases import alike_to_json
from surveyapp.results.invariance.time_verdict_phrases import over_time_to_json
from surveyapp.results.maps.heat_map import PlacedRow
from surveyapp.results.scope import month_text
from surveyapp.results.view_models import (
    Advice,
    ComparisonRow,
    Figure,
    JourneyOverview,
    Month,
    ResponseRate,
    SegmentComparison,
    SegmentName,
    StageOverview,
    State,
    TouchpointOverview,
    Trend,
)


def overview_to_json(overview: JourneyOverview) -> dict[str, Any]:
    """A journey's scores: at its end, by stage and by touchpoint."""
    few, untold, compared = overview.minimum_cell, overview.responses is None, overview.compared
    return {
        "journey": overview.code,
        "name": overview.name,
        "segment": overview.segment.code if overview.segment else None,
        "channel": overview.facets.channel or None,
        "language": overview.facets.language or None,
        "flagged": overview.facets.flagged,
        "flagged_left_out": overview.flagged,
        "first_day": overview.first_day,
        "last_day": overview.last_day,
        "time_zone": overview.zone,
        "compared_with": {
            "from": month_text(compared.since),
            "to": month_text(compared.until),
            "changes_tested": compared.tested,
        }
        if compared
        else None,
        "responses": overview.responses,
        "responses_at_least": overview.responses_shown,
        "responses_reason": phrases.places_hidden(overview) if untold else None,
        "minimum_cell": few,
        "end": _figures(overview.end, few),
        "stages": [_stage(stage, few) for stage in overview.stages],
    }


def _stage(stage: StageOverview, few: int) -> dict[str, Any]:
    return {
        "code": stage.code,
        "name": stage.name,
        "state": state_of(figure for point in stage.touchpoints for figure in point.figures),
        "figures": _figures(stage.figures, few),
        "touchpoints": [touchpoint_to_json(point, few=few) for point in stage.touchpoints],
    }


def placed_rows_to_json(rows: Sequence[PlacedRow], *, few: int) -> list[dict[str, Any]]:
    """The rows of a table of places by metrics, each with the figures that are asked there."""
    return [
        {
            "name": row.name,
            "figures": _figures(filter(None, row.figures), few),
            "lowest": sorted(row.lowest),
        }
        for row in rows
    ]


def touchpoint_to_json(point: TouchpointOverview, *, few: int) -> dict[str, Any]:
    """A touchpoint and its scores."""
    return {
        "code": point.code,
        "name": point.name,
        "state": state_of(point.figures),
        "figures": _figures(point.figures, few),
    }


def _figures(figures: Iterable[Figure], few: int) -> list[dict[str, Any]]:
    return [figure_to_json(each, few=few) for each in figures]


def rate_to_json(rate: ResponseRate, *, few: int) -> dict[str, Any]:
    """Responses and invitations of a survey, and the share of invitations that were answered."""
    unasked = None if rate.sent else "nobody was invited"
    return {
        "survey": rate.code,
        "name": rate.name,
        "stage": rate.stage,
        "touchpoint": rate.touchpoint,
        "responses": rate.responses,
        "sent": rate.sent,
        "opened": rate.opened,
        "completed": rate.completed,
        "not_sent": rate.not_sent,
        "rate": rate.rate,
        "low": rate.low,
        "high": rate.high,
        "first_day": rate.first_day,
        "last_day": rate.last_day,
        "hidden": rate.hidden,
        "reason": hidden_reason(rate.hidden, few=few) or unasked,
    }


def findings_to_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Sentences about what the numbers say, and whether that is significant."""
    return [
        {"headline": each.headline, "text": each.text, "significant": each.certain}
        for each in findings
    ]


def priorities_to_json(advice: Advice | None, *, few: int) -> dict[str, Any]:
    """The touchpoints that score significantly below all others in the latest months."""
    if advice is None or advice.compared < 2:
        unanswered = State.UNANSWERED if advice is None else "fewer than two touchpoints to compare"
        return {
            **dict.fromkeys(("first_day", "last_day", "compared", "left_out", "touchpoints")),
            "reason": unanswered,
        }
    return {
        "first_day": advice.since,
        "last_day": advice.until,
        "compared": advice.compared,
        "left_out": list(advice.left_out),
        "touchpoints": [
            {
                "stage": step.stage,
                "touchpoint": step.touchpoint,
                "moment_of_truth": step.moment_of_truth,
                **figure_to_json(step.figure, few=few),
                "against_others": contrast_to_json(step.against_rest, without=""),
                "weighted_against_others": step.weighted
                and contrast_to_json(step.weighted, without=""),
            }
            for step in advice.steps
        ],
        "reason": None,
    }


def comparison_to_json(comparison: SegmentComparison, *, few: int) -> dict[str, Any]:
    """Segments side by side, each with its difference from all other customers."""
    return {
        "segments": [_segment(each) for each in comparison.segments],
        "still_sorting": [_segment(each) for each in comparison.sorting],
        "comparisons": comparison.comparisons,
        "rows": [_row(row, few) for row in comparison.rows],
    }


def _segment(segment: SegmentName) -> dict[str, Any]:
    return {"code": segment.code, "name": segment.name, "rule": segment.rule}


def _row(row: ComparisonRow, few: int) -> dict[str, Any]:
    return {
        "stage": row.stage,
        "touchpoint": row.touchpoint,
        **definition_to_json(row.everybody.definition),
        "all_customers": numbers_to_json(row.everybody, few=few),
        "segments": [
            {
                "segment": each.segment.code,
                **numbers_to_json(each.figure, few=few),
                "against_others": contrast_to_json(
                    each.against_rest,
                    without="hidden"
                    if each.figure.suppressed or row.everybody.suppressed
                    else "fewer than two answers on either side",
                ),
                "invariance": alike_to_json(
                    each.alike, phrases.questionnaire(row.everybody.definition)
                ),
            }
            for each in row.segments
        ],
    }


def trends_to_json(trends: Sequence[Trend], *, few: int) -> list[dict[str, Any]]:
    """Scores by month, and how the last three shown months differ from the first three."""
    return [
        {
            "stage": trend.stage,
            "touchpoint": trend.touchpoint,
            **definition_to_json(trend.definition),
            "months": [
                {
                    "month": month_text(month.first),
                    **numbers_to_json(month.figure, few=few),
                    "other_customers": numbers_to_json(month.rest, few=few) if month.rest else None,
                    "outside_limits": trend.outside(month) or None,
                    "weighted": weighted_to_json(month.figure.weighted, few=few),
                }
                for month in trend.months
            ],
            "control_limits": _limits_to_json(trend),
            "change": _trend_change_to_json(trend),
            "weighted": trend.weighted
            and {
                "control_limits": _limits_to_json(trend.weighted),
                "outside_limits": [
                    month_text(m.first) for m in trend.weighted.months if trend.weighted.outside(m)
                ],
                "change": _trend_change_to_json(trend.weighted),
            },
            "invariance": over_time_to_json(trend.barring, phrases.questionnaire(trend.definition)),
            "wordings": [
                {"wording": each.wording, "from": month_text(each.first)} for each in trend.wordings
            ],
            "changes": [
                {
                    "letter": each.letter,
                    "title": each.title,
                    "from": each.first.isoformat(),
                    "to": each.last.isoformat() if each.last else None,
                }
                for each in trend.markers
            ],
        }
        for trend in trends
    ]


def _trend_change_to_json(trend: Trend) -> dict[str, Any]:
    return contrast_to_json(
        trend.change,
        without=phrases.REWORDED
        if trend.reworded
        else "fewer than six months can be compared"
        if trend.between is None
        else "hidden, or fewer than two answers on either side",
    )


def _limits_to_json(trend: Trend) -> dict[str, Any] | None:
    limits = trend.limits
    if limits is None:
        return None
    return {
        "lower": limits.lower,
        "centre": limits.centre,
        "upper": limits.upper,
        "months": limits.n,
    }


def sparklines_to_json(
    lines: Mapping[str, Sequence[Month]], *, few: int
) -> dict[str, list[dict[str, Any]]]:
    """By scale the last months of what the journey's end is asked for."""
    return {
        scale: [
            {"month": month_text(month.first), **numbers_to_json(month.figure, few=few)}
            for month in months
        ]
        for scale, months in lines.items()
    }


def choices_to_json(chosen: Sequence[Distribution], *, few: int) -> list[dict[str, Any]]:
    """What customers chose from lists."""
    return [
        {
            "stage": each.stage,
            "touchpoint": each.touchpoint,
            "questionnaire": each.title,
            "question": each.question,
            "several": each.several,
            "n": each.n,
            "state": _state(each),
            "reason": hidden_reason(each.hidden, few=few) or (None if each.n else State.UNANSWERED),
            "most_common": each.most or None,
            "not_significantly_apart": list(each.tied),
            "choices": _figures(each.figures, few),
        }
        for each in chosen
    ]


def _state(chosen: Distribution) -> State:
    if chosen.hidden:
        return State.HIDDEN
    return State.SHOWN if chosen.n else State.UNANSWERED
