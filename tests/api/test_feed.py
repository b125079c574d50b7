"""A program that follows the list of responses misses none and takes none for another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from itertools import count
from random import Random
from time import sleep
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.api import feed
from surveyapp.responses import corrections, erasures, numbers
from surveyapp.responses.actions import Stored, submit
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Analysis, CarelessFlag, Delivery, Response, SurveyRow
from tests.responses.makers import SECRET, as_survey
from tests.web.world import answer

_serial = count()
PATH = "/responses?survey=after-the-form"


def own(session: Session, world) -> SurveyRow:
    return session.get_one(SurveyRow, world.here.survey_id)


def answered(installation, world, **options: Any) -> int:
    with installation.store.writing() as session:
        return answer(session, own(session, world), **options)


def erased(installation, world, number: int) -> None:
    with installation.store.writing() as session:
        erasures.erase(
            session,
            as_survey(session, own(session, world)),
            number,
            now=utc_now(),
            secret_key=SECRET,
        )


def corrected(installation, world, number: int, *, nps: int, now=None) -> None:
    raw = {"nps": {"nps": str(nps), "nps_reason": ""}}
    with installation.store.writing() as session:
        survey = own(session, world)
        assert (
            corrections.correct(
                session,
                as_survey(session, survey),
                number,
                raw,
                now=now or utc_now(),
                library=BUILT_IN,
            )
            is None
        )


def stored(session: Session, world, *, days_ago: int) -> int:
    """A response of a day of its own: those of one day wait for each other's rollups."""
    found = submit(
        session,
        as_survey(session, own(session, world)),
        {"nps": {"nps": "5", "nps_reason": ""}},
        submission_key=f"in flight {next(_serial)}",
        attributes={},
        now=utc_now() - timedelta(days=days_ago),
        library=BUILT_IN,
    )
    assert isinstance(found, Stored)
    assert found.response_id is not None
    return found.response_id


def read(installation, world, after: str | None = None) -> feed.Page:
    """A page, as the route asks for it."""
    with installation.store.reading() as session:
        settled = numbers.settled(session.connection())
    with installation.store.reading() as session:
        return feed.page(
            session,
            own(session, world),
            after=after,
            limit=9,
            settled=settled,
            minimum_cell=5,
            now=utc_now(),
        )


def to_the_end(call, path: str = PATH) -> tuple[list[dict[str, Any]], str]:
    found, after = [], ""
    while True:
        page = call("GET", path + (f"&after={after}" if after else "")).json
        if not page["responses"]:
            return found, after
        found += page["responses"]
        after = page["next"]


def test_a_response_after_an_erased_one_is_another_and_is_read(call, installation, world):
    first = answered(installation, world)
    before, cursor = to_the_end(call)
    erased(installation, world, first)
    second = answered(installation, world, nps=1)
    assert second > first
    (new,) = call("GET", f"{PATH}&after={cursor}").json["responses"]
    assert (new["response"], new["scores"]) == (second, {"nps": 1.0})
    assert UUID(new["response_id"]) not in {UUID(each["response_id"]) for each in before}


def test_numbers_go_on_after_the_highest_although_all_were_erased(installation, world):
    """Also beside anonymous responses, whose random numbers lie above."""
    seen = {answered(installation, world)}
    with installation.store.writing() as session:
        there = session.get_one(SurveyRow, world.there.survey_id)
        there.anonymity = "anonymous"
        answer(session, there)
    for _ in range(3):
        erased(installation, world, max(seen))
        number = answered(installation, world)
        assert max(seen) < number < 2**52
        seen.add(number)


def test_a_response_can_be_read_as_soon_as_it_is_stored(call, installation, world):
    number = answered(installation, world)
    assert [each["response"] for each in to_the_end(call)[0]] == [world.here.response_id, number]


def test_nothing_is_passed_over_that_is_still_being_stored(installation, world):
    """Two transactions take numbers, and the second is committed first."""
    with installation.store.writing() as slow:
        low = stored(slow, world, days_ago=1)
        if installation.store.is_sqlite:  # where the second waits for the first
            page = read(installation, world)
        else:
            with installation.store.writing() as quick:
                assert stored(quick, world, days_ago=40) > low  # of another month
            page = read(installation, world)
        assert [each["response"] for each in page.responses] == [world.here.response_id]
    if installation.store.is_sqlite:
        with installation.store.writing() as quick:
            stored(quick, world, days_ago=2)
    rest = read(installation, world, page.next)
    assert [each["response"] for each in rest.responses] == [low, low + 1]


def test_a_program_that_follows_while_many_write_reads_each_once(installation, world):
    """Some transactions are slow, some fail; numbers are taken and committed in any order."""
    writers, each_writes = 4, 12

    def write(writer: int) -> list[int]:
        chance = Random(writer)  # noqa: S311 - seeded on purpose
        kept = []
        for _ in range(each_writes):
            with suppress(ZeroDivisionError), installation.store.writing() as session:
                number = stored(session, world, days_ago=writer)
                sleep(chance.random() / 100)
                if chance.random() < 0.2:
                    raise ZeroDivisionError
                kept.append(number)
        return kept

    found: list[int] = []
    after = None
    with ThreadPoolExecutor(writers) as pool:
        writing = [pool.submit(write, writer) for writer in range(writers)]
        while True:
            over = all(each.done() for each in writing)
            page = read(installation, world, after)
            found += [each["response"] for each in page.responses]
            after = page.next
            if over and not page.responses:
                break
    kept = [number for each in writing for number in each.result()]
    assert found == sorted([world.here.response_id, *kept])


def test_a_transaction_that_stores_no_response_holds_nobody_back(call, installation, world):
    number = answered(installation, world)
    with installation.store.reading() as session:
        session.scalar(select(func.count(Response.id)))
        assert [each["response"] for each in to_the_end(call)[0]][-1] == number


def test_a_change_is_read_although_its_time_is_earlier_than_one_read_before(
    call, installation, world
):
    """Clocks are set back, and a change may wait for its turn longer than the one that came later."""
    path = f"{PATH}&corrected=true"
    first, second = answered(installation, world), answered(installation, world)
    corrected(installation, world, first, nps=1)
    (before,), cursor = to_the_end(call, path)
    assert before["response"] == first
    corrected(installation, world, second, nps=2, now=utc_now() - timedelta(hours=1))
    (late,) = call("GET", f"{path}&after={cursor}").json["responses"]
    assert (late["response"], late["scores"]) == (second, {"nps": 2.0})


def test_places_that_earlier_editions_named_lead_on(call, installation, world):
    moment = utc_now() - timedelta(hours=2)
    given = [answered(installation, world) for _ in range(3)]
    for hours, number in enumerate(given):
        corrected(installation, world, number, nps=3, now=moment + timedelta(hours=hours / 2))
    micros = int(moment.timestamp()) * 1_000_000 + moment.microsecond
    old = f"{PATH}&corrected=true&limit=1&after=c{micros}-{given[0]}"
    page = call("GET", old).json
    assert [each["response"] for each in page["responses"]] == [given[1]]
    rest = call("GET", f"{PATH}&corrected=true&after={page['next']}").json
    assert [each["response"] for each in rest["responses"]] == [given[2]]
    numbered = call("GET", f"{PATH}&after={given[0]}").json
    assert [each["response"] for each in numbered["responses"]] == given[1:]


def test_an_anonymous_response_has_an_id_without_a_time_and_shows_none(call, installation, world):
    with installation.store.writing() as session:
        survey = own(session, world)
        survey.anonymity = "anonymous"
        session.delete(session.get_one(Response, world.here.response_id))
        made = [answer(session, survey) for _ in range(6)]
        for number in made:
            response = session.get_one(Response, number)
            assert UUID(response.public_id).version == 4
            response.submitted_at -= timedelta(days=2)
    (one, *_), _ = to_the_end(call)
    assert set(one) == {"language", "answers", "scores", "careless"}


@pytest.mark.parametrize("place", ["c0", "c-1", "c1x", "5", "c1-", "c99999999999999999-1"])
def test_a_place_of_no_list_of_changes_is_refused(call, world, place: str):
    assert call("GET", f"{PATH}&corrected=true&after={place}").status_code == 422


def test_a_delivery_gets_the_number_of_none_that_is_gone(installation, world):
    with installation.store.writing() as session:
        numbers_ = []
        for _ in range(3):
            told = Delivery(webhook_id=world.here.webhook_id, event="report", payload={})
            session.add(told)
            session.flush()
            numbers_.append((told.id, told.public_id))
            session.delete(told)
            session.flush()
    assert len({number for number, _ in numbers_}) == len({name for _, name in numbers_}) == 3


def test_a_response_has_the_flags_of_the_newest_validation(call, installation, world):
    """Those that exports have: a sign that could not be computed is null; without any, an empty object."""
    with installation.store.writing() as session:
        flagged, plain = (answer(session, own(session, world)) for _ in range(2))
        names = {number: session.get_one(Response, number).public_id for number in (flagged, plain)}
        analysis = Analysis(
            kind="validate_scale", journey_id=world.here.journey_id, instrument="sjq", parameters={}
        )
        session.add(analysis)
        session.flush()
        validation = analysis.id
        session.add(
            CarelessFlag(
                response_id=flagged,
                instrument="sjq",
                analysis_id=validation,
                known=0b0101,
                flagged=0b0100,
            )
        )
    found = {each["response_id"]: each["careless"] for each in to_the_end(call)[0]}
    assert found[names[plain]] == {}
    assert found[names[flagged]] == {
        "sjq": {
            "longstring": False,
            "irv": None,
            "mahalanobis": True,
            "speed": None,
            "validation": validation,
        }
    }
    corrected(installation, world, flagged, nps=3)
    (changed,), _ = to_the_end(call, f"{PATH}&corrected=true")
    assert (changed["response_id"], changed["careless"]) == (names[flagged], {})
