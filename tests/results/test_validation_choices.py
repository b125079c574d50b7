"""A validation compares the groups, uses the marker and the time, and computes as it was asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.errors import Conflict, Invalid
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.results.analyses import compute, frames
from surveyapp.results.analyses.actions import ask_validation
from surveyapp.results.analyses.groupings import groupings
from surveyapp.store.db import Store
from surveyapp.store.models import Analysis, Response, SurveyRow
from tests.installations import installation_on
from tests.responses.makers import NOW, as_survey, make_journey, make_survey
from tests.results.study_place import ITEMS, people

ASKS = ("sjq", "marker")
N = 120
LONELY = 3  # customers of the smallest region


def _place(store: Store, asks: tuple[str, ...] = ASKS) -> SurveyRow:
    """Customers of two regions and of a tiny third one, each with an age and a number, in 90 s."""
    rows = people(N).to_dict("records")
    with store.writing() as session:
        survey = make_survey(session, asks=asks, journey=make_journey(session), at_end=True)
        prepared = (
            Prepared(
                {code: {item: int(row[item]) for item in ITEMS[code]} for code in asks},
                NOW - timedelta(hours=at),
                started_at=NOW - timedelta(hours=at, seconds=90),
                attributes={
                    "region": "Isle" if at < LONELY else ("North", "South")[at % 2],
                    "tenure": at % 40,
                    "one": "same",
                },
            )
            for at, row in enumerate(rows)
        )
        store_bulk(session, as_survey(session, survey), prepared, library=BUILT_IN)
        session.expunge_all()
        return survey


def _asked(store: Store, survey: SurveyRow, **choices: object) -> int:
    with store.writing() as session:
        wish = ask_validation(
            session,
            journey_id=survey.journey_id,
            survey_id=survey.id,
            instrument="sjq",
            key="sjq-16",
            segment_id=None,
            seed=1,
            user_id=None,
            **choices,  # type: ignore[arg-type]
        )
        return wish.id


def _result(store: Store, number: int) -> dict[str, Any]:
    compute.run_validation(installation_on(store), number, progress=lambda _percent, _step: None)
    with store.reading() as session:
        result = session.get_one(Analysis, number).result
    assert result is not None
    return result


def test_only_attributes_of_two_to_ten_values_are_offered(store: Store):
    survey = _place(store)
    with store.reading() as session:
        assert groupings(session, [survey.id]) == ("region",)
        assert groupings(session, []) == ()


def test_groups_marker_and_time_reach_the_analysis(store: Store):
    chosen = {"group": ("region",), "estimator": "MLR", "cutoffs": 100}
    result = _result(store, _asked(store, _place(store), **chosen))
    assert result["dynamic_cutoffs"]["reps"] == 100
    ladder = result["invariance"][0]
    assert ladder["group"] == "region"
    assert {group["label"] for group in ladder["groups"]} == {"North", "South"}
    assert sum(group["n"] for group in ladder["groups"]) == N - LONELY
    assert result["method_variance"]["marker"]["items"] == ["mar1", "mar2", "mar3", "mar4"]
    assert result["cfa"]["estimator"] == "MLR"
    # 90 seconds for 20 items, 16 of them of the scale: 4.5 seconds an item, so nobody is too fast.
    speed = next(r for r in result["careless"]["indicators"] if r["indicator"] == "speed")
    assert speed["n_flagged"] == 0
    assert result["settings"]["seconds"]


def test_a_group_below_the_smallest_that_may_be_shown_is_left_out_unnamed(store: Store):
    result = _result(store, _asked(store, _place(store), group=("region",)))
    said = [w["message"] for w in result["warnings"] if w["step"] == "invariance"]
    assert "region: a group with fewer than 5 answers left out of the comparison" in said
    assert "Isle" not in str(result)


@pytest.mark.parametrize(("asks", "wanted"), [(ASKS, False), (("sjq",), True)])
def test_the_marker_is_left_out_where_it_is_not_wanted_or_not_asked(
    store: Store, asks: tuple[str, ...], wanted: bool
):
    asked = _asked(store, _place(store, asks), marker=wanted)
    with store.reading() as session:
        assert session.get_one(Analysis, asked).parameters["marker"] is None


def test_seconds_are_shared_out_over_all_items_of_the_page(store: Store):
    survey = _place(store)
    sjq = BUILT_IN.load("sjq")
    with store.reading() as session:
        data = frames.frame(
            session,
            sjq,
            journey_id=survey.journey_id,
            beside=frames.Beside(("region",), BUILT_IN.load("marker"), "seconds"),
        )
    share = len(ITEMS["sjq"]) / (len(ITEMS["sjq"]) + len(ITEMS["marker"]))
    assert data["seconds"].to_list() == pytest.approx([90 * share] * N)
    assert set(data["region"]) == {"North", "South", "Isle"}
    assert data["mar1"].notna().all()


def test_a_validation_says_that_its_answers_mix_wordings(store: Store):
    survey = _place(store)
    _read_anew(store, N - 40)
    told = "the answers to sjq mix the wordings en-1 (40 respondents) and en-2 ("
    assert told in _wording_warnings(_result(store, _asked(store, survey)))


def test_a_validation_does_not_count_a_small_group_of_readers(store: Store):
    survey = _place(store)
    _read_anew(store, N - 3)
    said = _wording_warnings(_result(store, _asked(store, survey)))
    assert said == "the answers to sjq mix the wordings en-1 and en-2"
    _read_anew(store, N)
    assert _wording_warnings(_result(store, _asked(store, survey))) == ""


def _read_anew(store: Store, count: int) -> None:
    """Let all but the first responses have read en-2 of sjq."""
    with store.writing() as session:
        for at, each in enumerate(session.scalars(select(Response).order_by(Response.id))):
            each.wordings = {**each.wordings, "sjq": "en-1" if at < N - count else "en-2"}


def _wording_warnings(result: dict[str, Any]) -> str:
    return " ".join(w["message"] for w in result["warnings"] if w["step"] == "wording")


def test_an_attribute_with_the_name_of_an_item_is_refused(store: Store):
    survey = _place(store)
    with store.reading() as session, pytest.raises(Conflict, match="coh1 is the name"):
        frames.frame(
            session,
            BUILT_IN.load("sjq"),
            journey_id=survey.journey_id,
            beside=frames.Beside(("coh1",)),
        )


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            {"group": ("tenure",)},
            "'tenure' does not divide these respondents into 2 to 10 groups.*among region",
        ),
        ({"group": ("region", "region")}, "each once"),
        ({"estimator": "OLS"}, "'OLS' is not an estimator"),
        ({"missing": "mean"}, "'mean' is not a method"),
        ({"estimator": "WLSMV", "missing": "fiml"}, "WLSMV requires complete answers"),
    ],
)
def test_an_impossible_choice_is_refused_when_it_is_made(
    store: Store, choices: dict[str, object], message: str
):
    survey = _place(store)
    with pytest.raises(Invalid, match=message):
        _asked(store, survey, **choices)
