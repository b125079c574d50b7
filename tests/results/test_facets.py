"""Every result of a channel, a language or with flagged answers is that of a count of just these answers."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.facets import Facet
from surveyapp.responses.prepared import Prepared
from surveyapp.results import dashboards
from surveyapp.results.answers.choices import distributions
from surveyapp.results.drivers.joined_scores import joined_scores
from surveyapp.results.facets import Facets
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Hidden
from surveyapp.store.db import Store
from surveyapp.store.models import SurveyRow
from tests.responses.makers import NOW, as_survey, make_journey, make_segment, make_survey

RULES = {"minimum_cell": 5, "library": BUILT_IN}
ANSWERS = Counter(
    {
        Facet("link", "en", flagged=False): 20,
        Facet("kiosk", "en", flagged=False): 14,
        Facet("kiosk", "fi", flagged=False): 12,
        Facet("link", "en", flagged=True): 10,
    }
)


@pytest.fixture
def journey_id(store: Store) -> int:
    """A journey that asks NPS and a feeling at its end, every other of its customers of the north."""
    with store.writing() as session:
        make_segment(session, "north", "region = North")
        asks = ("nps", "emotion")
        row = make_survey(session, journey=make_journey(session), asks=asks, at_end=True)
        prepared = [
            Prepared(
                {"nps": {"nps": number % 11}, "emotion": {"emotion": "neutral"}},
                NOW,
                {"region": "North" if number % 2 else "South"},
                language=facet.language,
                paradata={
                    **({"way": "kiosk"} if facet.channel == "kiosk" else {}),
                    **({"flags": ["burst"]} if facet.flagged else {}),
                },
            )
            for number, facet in enumerate(ANSWERS.elements())
        ]
        store_bulk(session, as_survey(session, row), prepared, source="link", library=BUILT_IN)
        return row.journey_id


SCOPES = {
    Facets(): 46,
    Facets(flagged=True): 56,
    Facets("kiosk"): 26,
    Facets("link", flagged=True): 30,
    Facets(language="fi"): 12,
    Facets("kiosk", "en"): 14,
}


def test_all_results_are_of_the_scopes_answers(store: Store, journey_id: int):
    with store.reading() as session:
        for facets, n in SCOPES.items():
            inside = [number % 11 for number, f in enumerate(ANSWERS.elements()) if facets.holds(f)]
            assert len(inside) == n
            expected = 100 * (sum(v >= 9 for v in inside) - sum(v <= 6 for v in inside)) / n
            scope = Scope(
                journey_id, channel=facets.channel, language=facets.language, flagged=facets.flagged
            )
            overview = dashboards.journey_overview(session, scope, **RULES)
            (shown,) = [each for each in overview.end if each.definition.short == "NPS"]
            assert (overview.responses, shown.n) == (n, n)
            assert shown.estimate == pytest.approx(expected)
            assert overview.flagged == (10 if facets in (Facets(), Facets("link")) else 0)
            trends = dashboards.trend(session, scope, **RULES)
            assert [month.figure.n for month in trends[0].months] == [n]
            comparison = dashboards.segment_comparison(session, scope, **RULES)
            (north,) = comparison.rows[0].segments
            assert (comparison.rows[0].everybody.n, north.figure.n) == (n, n // 2)
            (chosen,) = distributions(session, scope, **RULES)
            assert chosen.n == n
            joined = joined_scores(session, scope, **RULES)
            assert joined is not None
            assert len(joined.in_scope(joined.answers)) == n


def test_a_channel_of_too_few_is_hidden_and_so_is_what_would_give_it_away(
    store: Store, journey_id: int
):
    with store.writing() as session:
        survey = as_survey(session, session.scalars(select(SurveyRow)).one())
        embedded = Prepared(
            {"nps": {"nps": 3}, "emotion": {"emotion": "neutral"}},
            *(NOW, {}),
            paradata={"way": "embed"},
        )
        store_bulk(session, survey, [embedded] * 2, source="link", library=BUILT_IN)
    with store.reading() as session:
        reasons = {}
        for channel in ("embed", "link", "kiosk"):
            scope = Scope(journey_id, channel=channel)
            overview = dashboards.journey_overview(session, scope, **RULES)
            (chosen,) = distributions(session, scope, **RULES)
            reasons[channel] = [overview.end[0].hidden, chosen.hidden]
    assert reasons["embed"] == [Hidden.FEW] * 2
    assert set(reasons["link"] + reasons["kiosk"]) == {Hidden.NO, Hidden.COMPLEMENT}
