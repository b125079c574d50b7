"""What customers chose from lists: counted from the answers, hidden by the rules of all figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from analysis.compare import difference, holm
from analysis.metrics import share
from instruments.loader import BUILT_IN
from surveyapp.errors import NotFound
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.results.answers.choices import beside_tested, distributions
from surveyapp.results.journey_json import choices_to_json
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import Journey, Segment, SurveyRow
from tests.responses.makers import as_survey, make_journey, make_segment, make_survey

MAY = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
JUNE = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)


@pytest.fixture
def place(store) -> tuple[int, int]:
    """Ids of a journey and of the survey that asks for feeling and causes at its touchpoint."""
    with store.writing() as session:
        journey = make_journey(session)
        made = make_survey(session, asks=("emotion", "effort-causes"), journey=journey)
        return journey.id, made.id


def give(store, survey: int, feelings: Sequence[str], **options) -> None:
    """One response for each feeling; ``causes`` go with every one of them."""
    causes = options.pop("causes", [])
    with store.writing() as session:
        prepared = [
            Prepared(
                {
                    "emotion": {"emotion": feeling},
                    "effort-causes": {"effort_causes": causes} if causes else {},
                },
                options.get("at", MAY),
                options.get("attributes", {}),
            )
            for feeling in feelings
        ]
        store_bulk(
            session,
            as_survey(session, session.get_one(SurveyRow, survey)),
            prepared,
            library=BUILT_IN,
        )


def read(store, journey: int, **cut):
    with store.reading() as session:
        return distributions(session, Scope(journey, **cut), library=BUILT_IN)


def test_shares_have_wilson_intervals_in_the_order_of_the_list(store, place):
    give(store, place[1], ["delighted"] * 3 + ["frustrated"] * 5)
    (found,) = read(store, place[0])
    assert (found.stage, found.touchpoint, found.n) == ("Apply", "the application form", 8)
    assert found.question == "How did you feel about this: the application form?"
    labels = [figure.definition.label for figure in found.figures]
    assert labels == ["Frustrated", "Confused", "Neutral", "Satisfied", "Delighted"]
    first, expected = found.figures[0], share(5, 8)
    assert (first.estimate, first.low, first.high) == (
        expected.estimate, expected.low, expected.high,
    )  # fmt: skip
    assert [figure.estimate for figure in found.figures[1:]] == [0, 0, 0, 37.5]
    # Five against three and none: too few to call one of them the most frequent.
    assert found.most == ""
    assert found.tied[:2] == ("Frustrated", "Delighted")


def test_a_list_of_several_choices_counts_who_chose_anything(store, place):
    give(store, place[1], ["neutral"] * 6, causes=["waiting", "rules"])
    give(store, place[1], ["neutral"] * 4, causes=["rules"])
    give(store, place[1], ["neutral"] * 9)
    feeling, causes = read(store, place[0])
    assert (feeling.n, causes.n, causes.several) == (19, 10, True)
    shares = [(f.definition.scale.partition("=")[2], f.estimate) for f in causes.figures[:3]]
    assert shares[:2] == [("rules", 100), ("waiting", 60)]
    assert shares[2][1] == 0
    assert len(causes.figures) == 10


def test_two_that_share_the_first_place_are_not_called_the_most_frequent(store, place):
    give(store, place[1], ["neutral", "delighted"] * 4)
    assert read(store, place[0])[0].most == ""


def test_a_choice_is_the_most_frequent_only_when_it_differs_from_every_other(store, place):
    """Exact McNemar tests of all ten pairs, corrected by Holm: 30 against 14 is enough, 20 is not."""
    give(store, place[1], ["frustrated"] * 30 + ["neutral"] * 20 + ["satisfied"] * 2)
    (found,) = read(store, place[0])
    assert (found.most, found.tied) == ("", ("Frustrated", "Neutral"))
    assert found.undecided == (
        "\u201cFrustrated\u201d is not chosen significantly more often than \u201cNeutral\u201d."
    )
    give(store, place[1], ["frustrated"] * 30)
    (found,) = read(store, place[0])
    assert (found.most, found.tied, found.undecided) == ("Frustrated", (), "")


def test_of_several_choices_only_customers_who_took_one_of_two_tell_them_apart(store, place):
    """Whoever ticks "rules" mostly ticks "waiting" too: 12 against none, though shares lie close."""
    give(store, place[1], ["neutral"] * 80, causes=["waiting", "rules"])
    give(store, place[1], ["neutral"] * 14, causes=["rules"])
    causes = read(store, place[0])[1]
    assert causes.most == causes.figures[0].definition.label
    assert [figure.estimate for figure in causes.figures[:2]] == [100, pytest.approx(85.1, abs=0.1)]


def test_surveys_at_one_place_are_counted_together_and_its_end_comes_first(store, place):
    journey, first = place
    with store.writing() as session:
        known = session.get_one(Journey, journey)
        second = make_survey(session, asks=("emotion",), journey=known, name="Paper")
        end = make_survey(session, asks=("emotion",), journey=known, name="End", at_end=True)
    for survey in (first, second.id, end.id):
        give(store, survey, ["neutral"] * 5)
    found = read(store, journey)
    assert [(each.touchpoint, each.n) for each in found] == [
        (None, 5),
        ("the application form", 10),
    ]
    assert found[0].question == "How did you feel about this: Open an account?"


def test_a_handful_is_hidden_and_nothing_asked_is_nothing_shown(store, place):
    assert read(store, place[0]) == ()
    give(store, place[1], ["neutral"] * 4)
    (found,) = read(store, place[0])
    assert (found.hidden, found.n, found.figures) == (Hidden.FEW, None, ())


def test_a_segment_is_counted_by_its_rule(store, place):
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
    give(store, place[1], ["delighted"] * 6, attributes={"region": "North"})
    give(store, place[1], ["frustrated"] * 7, attributes={"region": "South"})
    (found,) = read(store, place[0], segment_id=north.id)
    assert (found.n, found.figures[-1].estimate) == (6, 100)


def test_a_group_that_everybody_minus_a_segment_gives_away_is_hidden(store, place):
    """Six in the north of ten: the other four would follow by subtraction."""
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
    give(store, place[1], ["delighted"] * 6, attributes={"region": "North"})
    give(store, place[1], ["frustrated"] * 4, attributes={"region": "South"})
    (everybody,) = read(store, place[0])
    (inside,) = read(store, place[0], segment_id=north.id)
    assert everybody.n == 10
    assert (inside.hidden, inside.n) == (Hidden.COMPLEMENT, None)


def test_a_period_is_whole_utc_months(store, place):
    give(store, place[1], ["delighted"] * 6, at=MAY)
    give(store, place[1], ["frustrated"] * 7, at=JUNE)
    (june,) = read(store, place[0], since=date(2026, 6, 5))
    (may,) = read(store, place[0], until=date(2026, 5, 31))
    assert (june.n, june.figures[0].estimate) == (7, 100)
    assert (may.n, may.figures[0].estimate) == (6, 0)


def test_a_period_whose_edge_cuts_off_a_handful_is_hidden(store, place):
    give(store, place[1], ["delighted"] * 6, at=MAY)
    give(store, place[1], ["frustrated"] * 2, at=JUNE)
    (may,) = read(store, place[0], until=date(2026, 5, 31))
    assert (may.hidden, may.n) == (Hidden.SINCE, None)
    assert read(store, place[0])[0].n == 8


def test_no_journey_and_no_segment_of_that_number(store, place):
    with pytest.raises(NotFound):
        read(store, 99)
    with pytest.raises(NotFound):
        read(store, place[0], segment_id=99)


def test_a_removed_segment_hides_nothing(store, place):
    with store.writing() as session:
        session.delete(session.get_one(Segment, make_segment(session, "n", "region = N").id))
    give(store, place[1], ["neutral"] * 5, attributes={"region": "N"})
    assert read(store, place[0])[0].n == 5


def test_a_segments_shares_stand_beside_those_of_all_other_customers(store, place):
    """Newcombe's interval and the pooled z test of each share, Holm over all shares of the journey."""
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
    give(store, place[1], ["frustrated"] * 30 + ["delighted"] * 10, attributes={"region": "North"})
    give(store, place[1], ["frustrated"] * 10 + ["delighted"] * 40, attributes={"region": "South"})
    (whole,) = read(store, place[0])
    assert all(figure.beside is None for figure in whole.figures)
    (found,) = read(store, place[0], segment_id=north.id)
    first, *_, last = found.figures
    expected = difference(share(30, 40), share(10, 50))
    assert (first.n, first.estimate) == (40, 75.0)
    assert (first.beside.rest.n, first.beside.rest.estimate) == (50, 20.0)
    contrast = first.beside.contrast
    assert (contrast.difference, contrast.low, contrast.high) == (
        expected.estimate, expected.low, expected.high,
    )  # fmt: skip
    tests = [
        difference(share(30, 40), share(10, 50)),
        *[difference(share(0, 40), share(0, 50))] * 3,
    ]
    tests.append(difference(share(10, 40), share(40, 50)))
    corrected = holm([one.p for one in tests])
    assert [figure.beside.contrast.pvalue for figure in found.figures] == pytest.approx(corrected)
    assert contrast.certain and last.beside.contrast.difference < 0
    assert beside_tested([found]) == 5
    told = choices_to_json([found], few=5)[0]["choices"][0]["other_customers"]
    assert (told["n"], told["estimate"], told["difference"]["significant"]) == (50, 20.0, True)


def test_all_other_customers_are_not_told_where_they_would_be_a_small_group(store, place):
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
    give(store, place[1], ["frustrated"] * 30, attributes={"region": "North"})
    give(store, place[1], ["delighted"] * 3, attributes={"region": "South"})
    (found,) = read(store, place[0], segment_id=north.id)
    assert found.figures == () and found.hidden is Hidden.COMPLEMENT


def test_where_everybody_is_in_the_segment_nobody_is_left_to_compare_with(store, place):
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
    give(store, place[1], ["frustrated"] * 30, attributes={"region": "North"})
    (found,) = read(store, place[0], segment_id=north.id)
    assert {(figure.beside.rest.n, figure.beside.contrast) for figure in found.figures} == {
        (0, None)
    }
    assert beside_tested([found]) == 0
