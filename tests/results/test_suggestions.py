"""Each suggestion follows from numbers that its own page has, and from none that are hidden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import insert

from analysis.metrics import share
from instruments.loader import BUILT_IN
from surveyapp.journeys import queries
from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.map_steps import SET, TOUCHPOINT, Step, take
from surveyapp.journeys.personas import PersonaText, write_persona
from surveyapp.results import suggestions
from surveyapp.results.funnels.journey_funnel import journey_funnel
from surveyapp.results.funnels.passages import passages
from surveyapp.results.maps.emotion_line import emotion_line
from surveyapp.results.scope import Scope
from surveyapp.store.models import Interaction
from surveyapp.surveys.plan import survey_plan
from tests.results import bank

START = datetime(2026, 1, 1, tzinfo=UTC)


def come(session, place: int, name: str, customers: int, again: int) -> None:
    """``customers`` at a touchpoint, the first ``again`` of whom come back after two days."""
    days = [(number, 0) for number in range(customers)] + [(number, 2) for number in range(again)]
    session.execute(
        insert(Interaction),
        [
            {
                "touchpoint_id": place,
                "customer_ref": f"{name}{number}",
                "at": START + timedelta(days=day),
                "attributes": {},
            }
            for number, day in days
        ],
    )


def test_repeated_contacts_are_those_that_stand_out_significantly(store):
    with store.writing() as session:
        made = bank.make_journey(session)
        for code, again in (("app", 40), ("id", 14), ("chat", 10)):
            come(session, made.touchpoints[code], code, 100, again)
        come(session, made.touchpoints["meet"], "meet", 4, 4)  # too few to be told of
        journey = queries.journey(session, made.journey)
        scope = Scope(made.journey)
        read = passages(session, scope, days=7, library=BUILT_IN)
        funnel = journey_funnel(read)
        (found,) = suggestions.repeated_contacts(session, journey, funnel)
        hidden = journey_funnel(read, minimum_cell=1000)
        assert list(suggestions.repeated_contacts(session, journey, hidden)) == []
    assert found.key == f"again-{made.touchpoints['app']}"
    assert found.title == "Customers contact Opening an account in the app again"
    own, rest = share(40, 100), share(24, 200)
    assert f"40% of the customers who were there (95% CI {own.low:.0f} to {own.high:.0f}" in (
        found.reason
    )
    others = f"at the other touchpoints together {rest.estimate:.0f}%"
    assert f"n = 100) came again within 7 days; {others}" in found.reason
    assert "p < .001 after Holm's correction" in found.reason
    numbers = found.numbers
    assert (numbers.n, numbers.estimate, numbers.low) == (100, 40, pytest.approx(own.low))


def test_assumed_feelings_that_answers_contradict_and_missing_surveys(store):
    with store.writing() as session:
        made = bank.filled(session)
        journey = whole_map(session, made.journey)
        for code, text in {"app": "0", "id": "2", "offer": "-2"}.items():
            field, point = "assumed_feeling", made.touchpoints[code]
            step = Step(SET, TOUCHPOINT, id=point, field=field, text=text)
            take(session, journey, step, user_id=None)
        line = emotion_line(session, Scope(made.journey), library=BUILT_IN)
        worse, better = suggestions.wrong_feelings(session, journey, line)
        assert (worse.key, better.key) == (
            f"worse-{made.touchpoints['id']}",
            f"better-{made.touchpoints['offer']}",
        )
        measured = line.points[1]
        assert worse.numbers.n == measured.n and worse.numbers.high == measured.high
        assert f"n = {measured.n}" in worse.reason and "95% CI" in worse.reason
        few = emotion_line(session, Scope(made.journey), minimum_cell=10_000, library=BUILT_IN)
        assert list(suggestions.wrong_feelings(session, journey, few)) == []
        stages = [each.id for each in journey.stages]
        text = PersonaText("Mika", made.segments["north"], levels={stages[0]: -2, stages[2]: -2})
        rules = {"minimum_cell": 5, "library": BUILT_IN}
        persona = write_persona(session, journey, None, text, user_id=None, now=START)
        said, left = suggestions.wrong_personas(session, journey, Scope(made.journey), **rules)
        assert f"persona-{persona.id}-{stages[2]}" in [each.key for each in said] and left == ""
        assert all("Assumed: very bad." in each.reason for each in said)
        assert all(each.numbers.low is not None and each.numbers.n for each in said)
        rules["minimum_cell"] = 10_000
        assert suggestions.wrong_personas(session, journey, Scope(made.journey), **rules)[0] == []
        asked = list(suggestions.missing_surveys(session, journey, survey_plan(journey)))
        assert asked == []  # each moment of truth has a survey
        bare = queries.journey(session, bank.make_journey(session, "bare").journey)
        for survey in list(bare.surveys):
            session.delete(survey)
        session.flush()
        session.expire(bare)
        keys = [each.asks for each in suggestions.missing_surveys(session, bare, survey_plan(bare))]
    assert keys and set(keys) <= {("csat",), ("ces",)}


@pytest.mark.parametrize(
    ("side", "truth", "suggested"),
    [("high", False, True), ("undecided", False, False), ("high", True, False)],
)
def test_a_moment_of_truth_is_more_important_than_the_average_and_not_marked(
    store, side, truth, suggested
):
    with store.writing() as session:
        made = bank.make_journey(session)
        journey = queries.journey(session, made.journey)
        place = made.touchpoints["id" if truth else "chat"]
        part = SimpleNamespace(estimate=41.2, low=30.6, high=52.4, n=180)
        point = SimpleNamespace(key=f"{place}:csat", label="Chat support", importance=part)
        maps = [
            SimpleNamespace(
                kind="touchpoints",
                found=True,
                points=[point] * 4,
                ordered=[point],
                lines=(20.0, 60.0),
                leader="",
                outcome=SimpleNamespace(short="NPS"),
                sides=lambda _: (side, "low"),
            )
        ]
        places = {point.key: place}
        found = list(suggestions.moments_of_truth(session, journey, maps, places))
    assert len(found) == suggested
    for each in found:
        assert each.title == "Mark Chat support as a moment of truth"
        assert each.reason.startswith("41% (95% CI 31 to 52, effective n = 180) of the variance")
        assert each.reason.endswith("the average of the 4 touchpoints is 20%.")
