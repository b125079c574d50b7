"""A small seeded bank: two journeys of three stages, segments, responses with scores and rollups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from analysis.rules import RULES
from analysis.scoring import SCORING_VERSION, score_one
from instruments.loader import BUILT_IN
from surveyapp.journeys.population_shares import population_shares, remove_shares, set_shares
from surveyapp.journeys.segments import parse
from surveyapp.responses.sorting import sort_segment
from surveyapp.store.db import Store
from surveyapp.store.models import (
    BINS,
    EVERYBODY,
    Invitation,
    Journey,
    Response,
    Rollup,
    Score,
    Segment,
    SegmentInvariance,
    Stage,
    SurveyRow,
    Touchpoint,
    WeightingCell,
)
from tests.responses.makers import count_months

STAGES = {
    "onboarding": ("Onboarding", (("app", "Opening an account in the app", 0.0), ("id", "Identity check", -0.7))),
    "daily": ("Daily banking", (("pay", "Paying and transferring", 0.7), ("chat", "Chat support", 0.1))),
    "advice": ("Advice", (("meet", "Meeting an adviser", 0.9), ("offer", "Receiving the offer", 0.4))),
}  # fmt: skip
SEGMENTS = {
    "north": ("North", "region = North"),
    "south": ("South", "region = South"),
    "new": ("New customers", "tenure_years < 2"),
}
SJQ = BUILT_IN.load("sjq")
START = datetime(2025, 11, 1, 9, tzinfo=UTC)


@dataclass
class Bank:
    """Ids of what was made."""

    journey: int
    segments: dict[str, int]
    surveys: dict[str, int]
    touchpoints: dict[str, int] = field(default_factory=dict)


def make_journey(session: Session, code: str = "current-account", **names: str) -> Bank:
    journey = Journey(
        code=code,
        name=names.get("name", "Opening and using a current account"),
        provider=names.get("provider", "Northbank"),
        goal="Have my money where I need it",
    )
    session.add(journey)
    session.flush()
    surveys, touchpoints = {}, {}
    for s, (stage_code, (stage_name, points)) in enumerate(STAGES.items()):
        stage = Stage(journey_id=journey.id, position=s, code=stage_code, name=stage_name)
        session.add(stage)
        session.flush()
        for t, (point, name, _) in enumerate(points):
            touchpoint = Touchpoint(
                stage_id=stage.id, position=t, code=point, name=names.get(point, name),
                channel="app", moment_of_truth=point in {"id", "meet"},
            )  # fmt: skip
            session.add(touchpoint)
            session.flush()
            touchpoints[point] = touchpoint.id
            asks = [{"instrument": "csat", "version": "1"}, {"instrument": "ces", "version": "1"}]
            surveys[point] = _survey(session, journey, touchpoint.id, f"{code}-{point}", asks)
    asks = [{"instrument": "sjq", "version": "1", "key": "sjq-16"}, {"instrument": "nps", "version": "1"}]  # fmt: skip
    surveys["end"] = _survey(session, journey, None, f"{code}-end", asks)
    return Bank(journey.id, {}, surveys, touchpoints)


def _survey(
    session: Session, journey: Journey, touchpoint: int | None, code: str, asks: list[Any]
) -> int:
    row = SurveyRow(
        journey_id=journey.id, touchpoint_id=touchpoint, code=code, name=code, asks=asks, link=code
    )
    session.add(row)
    session.flush()
    return row.id


def make_segments(session: Session, rules: dict[str, tuple[str, str]] = SEGMENTS) -> dict[str, int]:
    found = {}
    for code, (name, rule) in rules.items():
        row = Segment(code=code, name=name, rule=rule)
        session.add(row)
        session.flush()
        found[code] = row.id
    return found


def set_regions(
    session: Session, journey_id: int, lines: str = "North 40\nSouth 30\nEast 30"
) -> None:
    """Known shares of regions; ``count_cells`` counts answers by them."""
    set_shares(
        session,
        session.get_one(Journey, journey_id),
        attribute="region",
        lines=lines,
        source="Customer register",
        counted_on=date(2025, 12, 31),
        user_id=None,
    )


def remove_regions(session: Session, journey_id: int) -> None:
    """No known shares of regions any more."""
    (shares,) = population_shares(session, journey_id)
    remove_shares(session, session.get_one(Journey, journey_id), shares, user_id=None)


def count_cells(store: Store) -> None:
    """What the worker does after population shares are set."""
    with store.reading() as session:
        waiting = session.scalars(
            select(WeightingCell.id).where(WeightingCell.sorted_to.is_not(None))
        ).all()
    for number in waiting:
        sort_segment(store, number)


def store_answers(
    session: Session,
    survey: int,
    rows: Iterable[tuple[datetime, dict[str, Any], dict[str, dict[str, Any]]]],
    segments: dict[int, str],
) -> None:
    """Responses with scores and rollups, counted here one by one: (when, attributes, answers)."""
    parsed = {segment: parse(rule) for segment, rule in segments.items()}
    rollups: dict[tuple[int, int, str, Any], list[float]] = defaultdict(lambda: [0.0] * (3 + BINS))
    responses, scored = [], []
    for at, attributes, answers in rows:
        responses.append(
            {"survey_id": survey, "source": "simulation", "answers": answers,
             "attributes": attributes, "language": "en", "submitted_at": at}
        )  # fmt: skip
        values = {}
        for code, given in answers.items():
            values |= score_one(BUILT_IN.load(code), given)
        scored.append(values)
        mine = [EVERYBODY, *(s for s, rule in parsed.items() if rule.matches(attributes))]
        for scale, value in [("responses", 1.0), *values.items()]:
            for segment in mine:
                cell = rollups[(survey, segment, scale, at.date())]
                cell[0] += 1
                cell[1] += value
                cell[2] += value * value
                cell[3 + min(int(value), BINS - 1)] += 1
    if not responses:
        return
    ids = session.scalars(
        insert(Response).returning(Response.id, sort_by_parameter_order=True), responses
    ).all()
    session.execute(
        insert(Score),
        [
            {"response_id": number, "scale": scale, "value": value, "version": SCORING_VERSION}
            for number, values in zip(ids, scored, strict=True)
            for scale, value in values.items()
        ],
    )
    session.execute(
        insert(Rollup),
        [
            {"survey_id": d, "segment_id": s, "scale": scale, "day": day, "n": int(c[0]),
             "total": c[1], "total_squares": c[2], **{f"b{i}": int(c[3 + i]) for i in range(BINS)}}
            for (d, s, scale, day), c in rollups.items()
        ],
    )  # fmt: skip
    count_months(session)


def measured_alike(session: Session, bank: Bank) -> None:
    """Tests of invariance as the worker stores them: SJQ means the same in every segment."""
    for row in session.scalars(select(Segment)):
        session.add(
            SegmentInvariance(
                journey_id=bank.journey, instrument="sjq", segment_id=row.id, rule=row.rule,
                rules_version=RULES, verdict="scalar", inside=100, outside=100,
            )
        )  # fmt: skip


def _cut(latent: float, cuts: Sequence[float], lowest: int = 1) -> int:
    return int(np.searchsorted(cuts, latent)) + lowest


def fill(
    session: Session, bank: Bank, *, seed: int = 7, a_place: int = 60, months: int = 12
) -> None:
    """Answers at every survey: North feels less seamlessness, the identity check gets better."""
    rng = np.random.default_rng(seed)
    levels = {code: level for _, (_, points) in STAGES.items() for code, _, level in points}
    rules = {
        bank.segments[code]: rule for code, (_, rule) in SEGMENTS.items() if code in bank.segments
    }
    for code, survey in bank.surveys.items():
        rows = []
        for _ in range(a_place * (3 if code == "end" else 1)):
            who = {
                "region": str(rng.choice(["North", "South", "East", "West"])),
                "tenure_years": int(rng.integers(0, 12)),
            }
            day = float(rng.uniform(0, 30.4 * months))
            at = START + timedelta(days=day)
            mood = rng.normal()
            if code == "end":
                answers = _end(rng, mood, who)
            else:
                level = levels[code] + (0.9 if code == "id" and day > 15 * months else 0.0)
                felt = level + 0.5 * mood + 0.8 * rng.normal()
                answers = {
                    "csat": {"csat": _cut(felt, (-1.8, -1.1, -0.3, 0.7))},
                    "ces": {"ces": _cut(felt + 0.5 * rng.normal(), (-2, -1.5, -1, -0.3, 0.4, 1.2))},
                }
            rows.append((at, who, answers))
        store_answers(session, survey, rows, rules)
        states = ["completed"] * len(rows) + ["opened"] * (len(rows) // 2) + ["created"] * len(rows)
        if code != "chat":  # the chat has an open link only
            session.execute(
                insert(Invitation),
                [
                    {"survey_id": survey, "token_hash": f"{survey}-{i}", "state": state}
                    for i, state in enumerate(states)
                ],
            )


def _end(rng: np.random.Generator, mood: float, who: dict[str, Any]) -> dict[str, dict[str, Any]]:
    cuts = (-2.1, -1.5, -0.95, -0.3, 0.45, 1.25)
    shift = {"personalization": 0.0, "coherence": 0.25, "seamlessness": 0.1}
    factor = {name: 0.8 * mood + 0.6 * rng.normal() + by for name, by in shift.items()}
    if who["region"] == "North":
        factor["seamlessness"] -= 0.8
    sjq = {
        item.code: _cut(0.9 * factor[item.dimension or ""] + 0.44 * rng.normal(), cuts)
        for item in SJQ.asked("sjq-16")
    }
    likely = 0.8 * mood + 0.6 * rng.normal()
    return {
        "sjq": sjq,
        "nps": {"nps": _cut(likely, (-2.6, -2.3, -2, -1.7, -1.4, -1.05, -0.7, -0.2, 0.45, 1.1), 0)},
    }


def filled(session: Session, **options: Any) -> Bank:
    bank = make_journey(session)
    bank.segments = make_segments(session)
    fill(session, bank, **options)
    return bank
