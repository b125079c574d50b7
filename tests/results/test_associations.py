"""Each score's own pairs with the outcome: n, interval, correction, and what is not told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pingouin
import pytest

from analysis.weighted_correlation import weighted_correlation
from analysis.weighted_regression import weighted_regression
from analysis.weighting import raked
from instruments.loader import BUILT_IN
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.results import phrases
from surveyapp.results.drivers import association_phrases
from surveyapp.results.drivers.association_json import associations_to_json
from surveyapp.results.drivers.association_phrases import basis, headline
from surveyapp.results.drivers.associations import associations
from surveyapp.results.drivers.drivers import drivers
from surveyapp.results.drivers.joined_scores import joined_scores
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Hidden
from surveyapp.results.weights import phrases as weight_phrases
from surveyapp.store.models import Stage, SurveyRow, Touchpoint
from tests.responses.makers import as_survey, make_journey, make_segment, make_survey
from tests.results import bank

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
# How many customers with an NPS answer scored each touchpoint. Exactly one scored all six.
SCORED = {"form": 213, "call": 160, "card": 90, "app": 60, "desk": 40, "mail": 3}
APART = timedelta(hours=4)  # between one customer and the next
ALL_OF_THEM = 0
CUSTOMERS = 260


def scored_by() -> dict[str, list[int]]:
    """Customers by touchpoint: number 0 at all six, the others at some."""
    found, start = {}, 1
    for code, n in SCORED.items():
        others = [1 + (start + k) % (CUSTOMERS - 1) for k in range(n - 1)]
        found[code] = [ALL_OF_THEM, *others]
        start += 41
    return found


@pytest.fixture
def place(store):
    with store.writing() as session:
        journey = make_journey(session)
        stage = Stage(journey_id=journey.id, code="use", name="Use", position=1)
        session.add(stage)
        for at, code in enumerate(list(SCORED)[1:]):
            stage.touchpoints.append(Touchpoint(code=code, name=f"the {code}", position=at))
        session.flush()
        surveys = {"form": make_survey(session, asks=("ces",), journey=journey, name="Form").id}
        for point in stage.touchpoints:
            made = make_survey(session, asks=("ces",), journey=journey, name=point.code)
            made.touchpoint_id = point.id
            surveys[point.code] = made.id
        end = make_survey(session, asks=("nps",), journey=journey, name="End", at_end=True)
        return journey.id, surveys, end.id


def answers(seed: int = 5) -> pd.DataFrame:
    """NPS and six scores of each customer; NaN where not scored. Only form and card go with NPS."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"nps": rng.integers(0, 11, CUSTOMERS)}, dtype=float)
    for code, whom in scored_by().items():
        weight = {"form": 0.35, "card": 0.3}.get(code, 0.0)
        score = np.clip(np.round(4 + weight * (frame.nps - 5) + 1.2 * rng.standard_normal(CUSTOMERS)), 1, 7)  # fmt: skip
        frame[code] = score.where(frame.index.isin(whom))
    return frame


def fill(store, place, frame: pd.DataFrame) -> None:
    _, surveys, end = place
    visits: dict[int, list[Prepared]] = {number: [] for number in (*surveys.values(), end)}
    for k, row in frame.iterrows():
        about = {
            "customer_ref": f"{k:032d}",
            "attributes": {"region": "North" if k % 2 else "South"},
        }
        at = START + k * APART
        for code, survey in surveys.items():
            if not np.isnan(row[code]):
                visits[survey].append(Prepared({"ces": {"ces": int(row[code])}}, at, **about))
        last = {"nps": {"nps": int(row.nps)}}
        visits[end].append(Prepared(last, at + timedelta(minutes=9), **about))
    with store.writing() as session:
        for survey, prepared in visits.items():
            row = session.get_one(SurveyRow, survey)
            store_bulk(session, as_survey(session, row), prepared, library=BUILT_IN)


def joined(store, place, **cut):
    with store.reading() as session:
        return joined_scores(session, Scope(place[0], **cut), library=BUILT_IN)


def peer(frame, code):
    """r, p and interval by pingouin, from the customers who gave both."""
    found = pingouin.corr(frame[code], frame.nps, decimals=None).iloc[0]
    n = int(found["n"])
    ends = pingouin.compute_esci(stat=found["r"], nx=n, ny=n, eftype="r", decimals=12)
    return found["r"], found["p_val"], *ends


def by_name(kind):
    return dict(zip(SCORED, kind.each, strict=True))


def test_sparse_touchpoints_each_have_their_own_pairs_in_every_scope(store, place):
    """Six touchpoints of which one customer scored all: pingouin's numbers from the same answers."""
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
    frame = answers()
    assert frame.notna().all(axis=1).sum() == 1
    fill(store, place, frame)
    whole = joined(store, place)
    found = associations(whole)
    (kind,) = found.kinds
    each = by_name(kind)
    assert (kind.name, kind.outcomes, found.outcome.scale) == ("touchpoints", CUSTOMERS, "nps")
    assert {code: one.n for code, one in each.items()} == {**SCORED, "mail": None}
    both = frame[["nps", "form"]].dropna()
    promoted = 100.0 * ((both.nps >= 9).astype(float) - (both.nps <= 6))
    slope = np.polyfit(both.form, promoted, 1)[0]
    assert each["form"].gain is not None and each["mail"].gain is None
    assert each["form"].gain.estimate == pytest.approx(slope)
    assert each["form"].gain.low < slope < each["form"].gain.high
    assert association_phrases.gain(each["form"]).startswith(phrases.number(slope, signed=True))
    assert "a correlation cannot show" in association_phrases.gain_caution(found)

    tested = [code for code, n in SCORED.items() if n >= 50]
    theirs = {code: peer(frame, code) for code in tested}
    corrected = pingouin.multicomp([theirs[code][1] for code in tested], method="holm")[1]
    for code, p in zip(tested, corrected, strict=True):
        r, _, low, high = theirs[code]
        figure = each[code].figure
        assert (figure.n, figure.estimate) == (SCORED[code], pytest.approx(r))
        assert (figure.low, figure.high) == (pytest.approx(low), pytest.approx(high))
        assert each[code].pvalue == pytest.approx(p)
    assert found.comparisons == len(tested) == 4
    assert {code for code in tested if each[code].certain} == {"form", "card"}
    assert headline(found, kind) == (
        "2 of 4 touchpoints are significantly associated with recommending"
    )
    assert kind.missing(each["form"]) == pytest.approx(100 * (1 - 213 / 260))
    assert "260 journeys with an answer to NPS" in basis(found, kind)

    assert each["desk"].why(5) == "not enough answers (40 of 50 needed)"
    assert each["mail"].why(5) == "hidden (fewer than 5)"
    assert {each[code].figure.estimate for code in ("desk", "mail")} == {None}

    # The joint model has its own n, and tells no other set's: "form" and "call" were given by half.
    (together,) = drivers(whole, resamples=20)
    assert together.n == frame[["form", "call"]].notna().all(axis=1).sum() != 213
    assert together.joined == frame.iloc[:, 1:].notna().any(axis=1).sum()
    assert len(together.left_out) == 4

    scores = associations_to_json(found, few=5)["kinds"][0]["scores"]
    form, *_, desk, mail = scores
    assert (form["pairs"], form["correlation"]) == (213, each["form"].figure.estimate)
    assert (form["reason"], form["significant"]) == (None, True)
    assert (desk["state"], desk["pairs"]) == ("not enough answers", 40)
    assert desk["reason"] == "not enough answers (40 of 50 needed)"
    assert {mail[name] for name in ("pairs", "missing", "correlation", "p", "significant")} == {
        None
    }
    assert (mail["state"], mail["hidden"]) == ("hidden", "few")

    (kind,) = associations(joined(store, place, segment_id=north.id)).kinds
    own = frame[frame.index % 2 == 1]
    assert (kind.outcomes, kind.each[0].n) == (len(own), own.form.notna().sum())
    assert kind.each[0].figure.estimate == pytest.approx(peer(own, "form")[0])
    # Beside all other customers; the card has too few pairs in the segment to be compared.
    rest, beside = frame[frame.index % 2 == 0], kind.each[0].figure.beside
    assert (beside.rest.n, beside.rest.estimate) == (
        rest.form.notna().sum(),
        pytest.approx(peer(rest, "form")[0]),
    )
    assert beside.contrast.difference == pytest.approx(peer(own, "form")[0] - peer(rest, "form")[0])
    assert not beside.contrast.certain and by_name(kind)["card"].figure.beside is None
    told = associations_to_json(associations(joined(store, place, segment_id=north.id)), few=5)
    assert told["comparisons_with_other_customers"] == 2
    other = told["kinds"][0]["scores"][0]["other_customers"]
    assert other["difference"]["p"] == beside.contrast.pvalue

    (kind,) = associations(joined(store, place, until=date(2026, 3, 2))).kinds
    march = frame[[(START + k * APART).month == 3 for k in frame.index]]
    assert kind.outcomes == len(march) < CUSTOMERS
    assert kind.each[0].n == march.form.notna().sum()


def test_pairs_have_the_weights_of_the_population_unless_a_groups_could_be_told_apart(store, place):
    frame = answers()
    fill(store, place, frame)
    with store.writing() as session:
        bank.set_regions(session, place[0], "North 70\nSouth 30")
    bank.count_cells(store)
    whole = joined(store, place, weighted=True)
    each = by_name(associations(whole).kinds[0])
    both = frame[["nps", "form"]].dropna()
    region = ["North" if k % 2 else "South" for k in both.index]
    weights = raked({"region": region}, {"region": {"North": 0.7, "South": 0.3}})
    expected = weighted_correlation(both.form.to_numpy(), both.nps.to_numpy(), weights)
    weighted = each["form"].figure.weighted
    assert weighted is not None and weighted.figure is not None
    assert (weighted.figure.n, weighted.left_out) == (213, 0)
    assert weighted.mean.estimate == pytest.approx(expected.estimate)
    assert (weighted.figure.low, weighted.figure.high) == pytest.approx(
        (expected.low, expected.high)
    )
    promoted = (100.0 * ((both.nps >= 9).astype(float) - (both.nps <= 6))).to_numpy()
    slope = weighted_regression(both[["form"]].to_numpy(), promoted, ("form",), weights)
    gain = each["form"].weighted_gain
    assert gain is not None and gain.error == pytest.approx(slope.coefficients[0].error)
    assert association_phrases.gain_weighted(each["form"]).startswith("weighted ")
    assert each["desk"].figure.weighted is None and each["mail"].figure.weighted is None
    told = associations_to_json(associations(whole), few=5)["kinds"][0]["scores"][0]["weighted"]
    assert told["correlation"] == pytest.approx(expected.estimate)
    assert told["gain_per_point"]["estimate"] == pytest.approx(gain.estimate)
    # 45 of the card's 90 pairs are the north's.
    with store.reading() as session:
        scope = Scope(place[0], weighted=True)
        strict = joined_scores(session, scope, minimum_cell=50, library=BUILT_IN)
    card = by_name(associations(strict).kinds[0])["card"].figure
    assert card.shown and card.weighted.figure is None and "told apart" in card.weighted.refused
    assert weight_phrases.weighted(card) == "weighted: hidden"


def test_a_segments_pairs_are_hidden_where_the_rest_would_be_a_small_group(store, place):
    """The form was scored by 63 customers, by three of them outside the segment."""
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
    frame = answers().loc[:130, ["nps"]].reindex(columns=["nps", *SCORED])
    inside, outside = frame.index[frame.index % 2 == 1], frame.index[frame.index % 2 == 0]
    frame.loc[inside[:60], "form"] = frame.nps[inside[:60]].clip(1, 7)
    frame.loc[outside[:3], "form"] = 4.0
    fill(store, place, frame)
    whole, part = (
        by_name(associations(joined(store, place, **cut)).kinds[0])["form"]
        for cut in ({}, {"segment_id": north.id})
    )
    assert (whole.n, part.n, part.hidden) == (63, None, Hidden.COMPLEMENT)
    assert part.why(5) == "hidden (protects a small group)"


def test_equal_answers_have_no_correlation_and_are_not_counted_as_compared(store, place):
    frame = answers().loc[:55, ["nps"]].reindex(columns=["nps", *SCORED])
    frame["form"] = 4.0
    fill(store, place, frame)
    found = associations(joined(store, place))
    form, call, *_ = found.kinds[0].each
    assert (form.n, form.figure.estimate, found.comparisons) == (56, None, 0)
    assert form.why(5) == "not defined: all answers are equal"
    assert call.why(5) == "no pairs of answers yet"
    assert headline(found, found.kinds[0]) == "No touchpoint has enough answers yet"


def test_without_nps_the_outcome_that_is_asked_takes_its_place(store, place):
    with store.writing() as session:
        session.get_one(SurveyRow, place[2]).asks = [{"instrument": "csat", "version": "1"}]
    found = associations(joined(store, place))
    assert found.outcome.scale == "csat" and found.kinds == ()
    with store.writing() as session:
        session.get_one(SurveyRow, place[2]).asks = [{"instrument": "emotion", "version": "1"}]
    assert joined(store, place) is None and associations(None) is None
