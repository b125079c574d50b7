"""A number that several wordings went into says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.reports.journeys.notes import method_notes
from surveyapp.results import dashboards
from surveyapp.results.invariance.wordings import Mixed, mixed
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import JourneyOverview, SegmentName
from surveyapp.store.db import Store
from surveyapp.store.models import Response
from tests.results import bank


@pytest.fixture
def northbank(store: Store) -> bank.Bank:
    with store.writing() as session:
        return bank.filled(session)


def reread(store: Store, count: int) -> int:
    """Let the newest ``count`` responses to nps have read en-2; how many there are to nps."""
    with store.writing() as session:
        responses = session.scalars(select(Response).order_by(Response.submitted_at, Response.id))
        asked = [each for each in responses if "nps" in each.answers]
        for place, each in enumerate(asked):
            each.wordings = {"nps": "en-2" if place >= len(asked) - count else "en-1"}
        return len(asked)


def read(
    store: Store, northbank: bank.Bank, **changes
) -> tuple[JourneyOverview, tuple[Mixed, ...]]:
    with store.reading() as session:
        overview = dashboards.journey_overview(session, Scope(northbank.journey), library=BUILT_IN)
        overview = replace(overview, places_hidden=0, **changes)
        return overview, mixed(session, overview)


def test_mixed_wordings_are_counted_and_dated(store: Store, northbank: bank.Bank):
    everybody = reread(store, 7)
    overview, (found,) = read(store, northbank)
    assert [(part.wording, part.responses) for part in found.parts] == [
        ("en-1", everybody - 7),
        ("en-2", 7),
    ]
    assert found.parts[0].last <= found.parts[1].first
    assert f"mix 2 wordings: en-1 ({everybody - 7:,} responses, " in found.sentence
    assert "and en-2 (7 responses, " in found.sentence
    written = [str(block) for block in method_notes(overview, (found,))]
    assert any("mix 2 wordings" in block for block in written)


def test_only_the_period_of_the_figures_counts(store: Store, northbank: bank.Bank):
    everybody = reread(store, 7)
    _, (found,) = read(store, northbank)
    old, new = found.parts
    assert (old.first < new.first, old.last < new.last) == (True, True)
    _, (whole,) = read(store, northbank, since=old.first, until=new.last)
    assert [part.responses for part in whole.parts] == [everybody - 7, 7]
    assert read(store, northbank, until=old.first)[1] == ()  # of the first day all read en-1
    assert read(store, northbank, since=new.last)[1] == ()


def test_a_segment_is_told_of_all_customers_and_not_of_itself(store: Store, northbank: bank.Bank):
    reread(store, 7)
    segment = SegmentName(1, "north", "Region North", "region in (North)")
    _, (found,) = read(store, northbank, segment=segment)
    assert found.sentence.startswith(
        "The responses of all customers mix 2 wordings: en-1 and en-2."
    )


def test_one_wording_is_not_called_mixed(store: Store, northbank: bank.Bank):
    reread(store, 0)
    assert read(store, northbank)[1] == ()


@pytest.mark.parametrize(("count", "changes"), [(4, {}), (7, {"responses": None})])
def test_counts_that_give_a_small_group_away_are_not_told(
    store: Store, northbank: bank.Bank, count, changes
):
    reread(store, count)
    _, (found,) = read(store, northbank, **changes)
    assert found.sentence.startswith("Its numbers mix 2 wordings: en-1 and en-2. How many")
    assert "responses," not in found.sentence


def test_a_page_tells_of_surveys_with_different_wordings(store: Store, northbank: bank.Bank):
    overview, _ = read(store, northbank)
    assert overview.reworded == ()
    (nps,) = [each for each in overview.instruments if each.instrument == "nps"]
    later = replace(nps, wording="en-2")
    told = replace(overview, instruments=(*overview.instruments, later)).reworded
    assert told == ((nps.title, ("en-1", "en-2")),)
