"""Rollups tell channel, language and flagged answers apart, whatever becomes of the answers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from instruments.loader import BUILT_IN
from surveyapp.responses import recounting, rollups
from surveyapp.responses.actions import submit
from surveyapp.responses.erasures import erase_all
from surveyapp.responses.facets import facet_of
from surveyapp.responses.flags import Flag, flag
from surveyapp.responses.recounting import recount_journey
from surveyapp.results import cells
from surveyapp.results.cells import RESPONSES
from surveyapp.results.facets import UNFLAGGED, WITH_FLAGGED, Facets
from surveyapp.store.db import Store
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.models import EVERYBODY, NOTHING_SORTED, Journey, Response, Rollup, RollupFacet
from tests.responses.makers import (
    SECRET,
    as_survey,
    count_months,
    make_journey,
    make_segment,
    make_survey,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SEAL = EpochKeys(Path("/nowhere"), SECRET).seal
ANSWERS = 24


@pytest.fixture
def survey_id(store: Store) -> int:
    """Answers of two segments by link and kiosk in two languages."""
    with store.writing() as session:
        make_segment(session, "north", "region = North")
        row = make_survey(session, journey=make_journey(session), asks=("nps",))
        survey = as_survey(session, row)
        for n in range(ANSWERS):
            submit(
                session,
                survey,
                {"nps": {"nps": str(n % 11)}},
                submission_key=f"key {n}",
                attributes={"region": ("North", "South")[n % 2]},
                language=("en", "fi")[n % 3 == 0],
                paradata={"way": "kiosk"} if n % 4 == 0 else {},
                now=NOW,
                library=BUILT_IN,
            )
        return row.id


def counted(store: Store, survey_id: int, facets: Facets) -> tuple[int, float]:
    """How many submissions there are, and the sum of their NPS answers."""
    with store.reading() as session:
        found = cells.sums(session, [survey_id], [EVERYBODY], facets=facets)[EVERYBODY]
    none = cells.NOTHING
    n = found.get((survey_id, RESPONSES), none).n
    return n, next((s.total for (_, scale), s in found.items() if scale != RESPONSES), 0.0)


def test_each_facet_has_the_sums_of_its_answers(store: Store, survey_id: int):
    with store.reading() as session:
        assert rollups.recount(session) == []
        facets = Counter(facet_of(row.__dict__)[:2] for row in session.scalars(select(Response)))
    assert len(facets) == 4
    for channel in ("", "link", "kiosk", "embed"):
        for language in ("", "en", "fi"):
            inside = [
                n
                for n in range(ANSWERS)
                if channel in ("", "kiosk" if n % 4 == 0 else "link")
                and language in ("", "fi" if n % 3 == 0 else "en")
            ]
            expected = len(inside), float(sum(n % 11 for n in inside))
            assert counted(store, survey_id, Facets(channel, language)) == expected


def test_a_flag_takes_stored_answers_out_once(store: Store, survey_id: int):
    keys = [f"key {n}" for n in range(5)]
    for found in (Flag.BURST, Flag.SAME_DEVICE):
        with store.writing() as session:
            stored = flag(session.connection(), [*keys, "unknown"], found, SEAL)
            assert stored == set(keys)
    with store.reading() as session:
        assert rollups.recount(session) == []
    assert counted(store, survey_id, WITH_FLAGGED)[0] == ANSWERS
    assert counted(store, survey_id, UNFLAGGED)[0] == ANSWERS - 5
    with store.writing() as session:
        survey = as_survey(session, session.scalars(select(Response)).first().survey)
        numbers = list(
            session.scalars(select(Response.id).where(Response.submission_key.in_(keys)))
        )
        erase_all(session, survey, numbers, now=NOW, secret_key=SECRET)
    with store.reading() as session:
        assert rollups.recount(session) == []
        assert not session.scalar(select(func.count()).where(Rollup.facet.like("!%")))


def test_rollups_of_an_earlier_version_are_right_in_sum_and_counted_anew(
    store: Store, survey_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recounting, "BATCH", 7)
    with store.writing() as session:
        _forget_facets(store, session)
        session.execute(update(Journey).values(next_zone=Journey.zone, counted_to=NOTHING_SORTED))
    with store.writing() as session:  # meanwhile an answer is flagged, and one erased
        flag(session.connection(), ["key 0"], Flag.BURST, SEAL)
        row = session.scalars(select(Response).where(Response.submission_key == "key 1")).one()
        options = {"now": NOW, "secret_key": SECRET}
        erase_all(session, as_survey(session, row.survey), [row.id], **options)
    assert counted(store, survey_id, WITH_FLAGGED)[0] == ANSWERS - 1
    assert counted(store, survey_id, UNFLAGGED)[0] == ANSWERS - 2
    with store.reading() as session:
        journey_id = session.scalars(select(Journey.id)).one()
    recount_journey(store, journey_id, now=lambda: NOW)
    with store.reading() as session:
        assert rollups.recount(session) == []
        assert not session.scalar(select(func.count()).where(Rollup.facet == ""))


def _forget_facets(store: Store, session) -> None:
    """Put the rollups back to what an earlier version kept."""
    rows = session.scalars(select(Rollup)).all()
    merged: dict[tuple[object, ...], Rollup] = {}
    for row in rows:
        session.expunge(row)
    session.query(Rollup).delete()
    names = rollups.SUMS
    for row in rows:
        key = (row.survey_id, row.generation, row.segment_id, row.scale, row.day)
        into = merged.setdefault(
            key,
            Rollup(
                **dict(
                    zip(("survey_id", "generation", "segment_id", "scale", "day"), key, strict=True)
                ),
                **dict.fromkeys(names, 0),
            ),
        )
        for name in names:
            setattr(into, name, getattr(into, name) + getattr(row, name))
    session.add_all(merged.values())
    count_months(session)
    session.merge(RollupFacet(facet="", channel="", language="", flagged=False))
