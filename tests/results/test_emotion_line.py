"""The emotion line is the answers' average with its interval, beside what staff assume."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from analysis.metrics import index_mean
from instruments.loader import BUILT_IN
from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.map_steps import SET, STAGE, TOUCHPOINT, Step, take
from surveyapp.results.maps import emotion_phrases
from surveyapp.results.maps.emotion_line import EmotionLine, Mismatch, Shape, emotion_line
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import State
from surveyapp.store.db import Store
from surveyapp.store.models import Response, Score
from tests.results import bank


def line_of(store: Store, journey_id: int, **options: object) -> EmotionLine:
    with store.reading() as session:
        return emotion_line(session, Scope(journey_id), library=BUILT_IN, **options)  # type: ignore[arg-type]


def test_the_line_is_the_average_answer_beside_what_is_assumed(store: Store):
    with store.writing() as session:
        made = bank.filled(session)
        journey = whole_map(session, made.journey)
        assumed = {"app": "0", "id": "2", "offer": "-2"}
        for code, text in assumed.items():
            step = Step(
                SET, TOUCHPOINT, id=made.touchpoints[code], field="assumed_feeling", text=text
            )
            take(session, journey, step, user_id=None)
        step = Step(SET, STAGE, id=journey.stages[1].id, field="assumed_feeling", text="1")
        take(session, journey, step, user_id=None)
        answered = select(Score.value).join(Response, Response.id == Score.response_id)
        raw = session.scalars(
            answered.where(Response.survey_id == made.surveys["id"], Score.scale == "csat")
        ).all()
    line = line_of(store, made.journey)
    assert line.definition is not None and line.definition.scale == "csat"
    assert [each.scale for each in line.choices] == ["csat", "ces"]
    app, identity, pay, _chat, _meet, offer = line.points
    # On a scale from 1 to 5, feelings from -2 to 2 are the answer less 3.
    mean = index_mean(len(raw), sum(raw), sum(v * v for v in raw), minimum=1, maximum=5)
    assert (identity.estimate, identity.low, identity.high) == pytest.approx(
        (mean.estimate - 3, mean.low - 3, mean.high - 3)
    )
    assert identity.n == len(raw)
    assert (identity.mismatch, offer.mismatch) == (Mismatch.WORSE, Mismatch.BETTER)
    assert emotion_phrases.mismatch(identity) == "Customers feel worse than assumed"
    assert (pay.assumed, pay.assumed_for_stage) == (1, True)
    assert (app.assumed, app.assumed_for_stage) == (0, False)
    assert line.stages[1].n == pay.n + line.points[3].n  # type: ignore[operator]
    # The seeded levels go 0, -0.7, 0.7, 0.1, 0.9, 0.4.
    troughs = [each for each in line.shapes if each.shape is Shape.TROUGH]
    assert [each.names for each in troughs] == [("Chat support",)]
    assert line.compared == 5
    said = "Trough: Chat support is significantly lower than the touchpoints before and after it"
    assert emotion_phrases.shape(troughs[0]).replace("\u2068", "").replace("\u2069", "") == said
    (drop,) = [each for each in line.shapes if each.shape is Shape.DROP]
    assert drop.names == ("Paying and transferring", "Chat support")
    by_effort = line_of(store, made.journey, scale="ces")
    assert by_effort.definition is not None and by_effort.definition.scale == "ces"
    hidden = line_of(store, made.journey, minimum_cell=10_000)
    assert {each.state for each in hidden.points} == {State.HIDDEN}
    assert {(each.estimate, each.n, each.mismatch) for each in hidden.points} == {
        (None, None, Mismatch.NONE)
    }
    assert hidden.shapes == () and hidden.compared == 0
