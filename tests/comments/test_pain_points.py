"""Pain points: what is refused, whom they affect, what shows them, and what comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete

from analysis.metrics import share
from instruments.loader import BUILT_IN
from surveyapp.comments import code_book, evidence, pain_points
from surveyapp.comments.pain_points import PainPointText, WantedPainPoints
from surveyapp.errors import Invalid, NotFound
from surveyapp.results.comments.affected_shares import AffectedShares, affected_rules
from surveyapp.results.scope import Scope
from surveyapp.store.models import Journey, PainPoint, Response
from tests.comments.test_coding import ITEM, Coders, coders
from tests.responses.makers import NOW

__all__ = ["coders"]


def add(coders: Coders, title: str = "Long wait", **said) -> int:
    with coders.store.writing() as session:
        journey = session.get_one(Journey, coders.journey_id)
        text = PainPointText(title, **said)
        return pain_points.write_pain_point(session, journey, None, text, user_id=None).id


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"title": " "}, "Enter a title"),
        ({"severity": "awful"}, "'awful' is not one of trivial, workaround, abandons"),
        ({"affected_by": "theme"}, "Choose the theme"),
        ({"touchpoint_id": 999}, "not in this journey"),
        ({"owner_id": 999}, "no active account"),
        ({"whys": ["why"] * 6}, "at most 5 answers"),
    ],
)
def test_what_a_pain_point_cannot_be_is_said_at_its_field(coders: Coders, said, fault):
    with pytest.raises(Invalid, match=fault):
        add(coders, **{"title": "Long wait", **said})


def test_the_worst_open_ones_come_first_and_a_removed_one_comes_back(coders: Coders):
    names = {
        severity: add(coders, severity or "none", severity=severity)
        for severity in ("", "trivial", "abandons", "workaround")
    }
    add(coders, "solved", severity="abandons", state="solved")
    with coders.store.writing() as session:
        journey = session.get_one(Journey, coders.journey_id)
        listed = [each.title for each in pain_points.pain_points_of(session, journey.id)]
        assert listed == ["abandons", "workaround", "trivial", "none", "solved"]
        only = WantedPainPoints(state="open", severity="abandons")
        (worst,) = pain_points.pain_points_of(session, journey.id, only)
        pain_points.remove_pain_point(session, journey, worst, user_id=None, now=NOW)
        with pytest.raises(NotFound):
            pain_points.pain_point_of(session, journey.id, names["abandons"])
        (gone,) = pain_points.removed_pain_points(session, journey.id, NOW)
        assert gone.id == names["abandons"]
        assert not pain_points.removed_pain_points(session, journey.id, NOW + timedelta(days=91))
        back = pain_points.restore_pain_point(session, journey, gone.id, user_id=None)
        assert back == "abandons"
        with pytest.raises(NotFound, match="restored already"):
            pain_points.restore_pain_point(session, journey, gone.id, user_id=None)


def test_a_theme_affects_the_share_of_coded_comments_and_hides_few(coders: Coders):
    with coders.store.writing() as session:
        code_book.code_of(session, coders.journey_id, coders.wait).theme = "Time"
    point_id = add(coders, theme="Time", affected_by="theme")

    def affected(reads_comments: bool = True):
        with coders.store.reading() as session:
            scope = Scope(coders.journey_id)
            found = AffectedShares(session, scope, minimum_cell=5, library=BUILT_IN)
            point = session.get_one(PainPoint, point_id)
            return found.of(point, reads_comments=reads_comments)

    for k in range(12):
        coders.code(0, coders.commented.say("said"), coders.wait if k < 4 else coders.staff)
    assert (affected().share, affected().why) == (None, "hidden (fewer than 5)")
    coders.code(0, coders.commented.say("said"), coders.wait)
    assert affected().share == share(5, 13)
    assert affected(reads_comments=False).share is None


def test_a_low_answer_affects_by_the_counts_that_the_results_publish(coders: Coders):
    place = {"touchpoint_id": coders.commented.row.touchpoint_id}
    rule = {"affected_by": "low", **place}
    ids = [add(coders, affected_key=key, **rule) for key in ("nps.nps", "csat.csat")]
    for nps in [3] * 7 + [10] * 5:
        coders.commented.say("said", nps=nps)
    with coders.store.reading() as session:
        found = AffectedShares(session, Scope(coders.journey_id), minimum_cell=5, library=BUILT_IN)
        low, unasked = (
            found.of(session.get_one(PainPoint, number), reads_comments=False) for number in ids
        )
        rules = {
            (rule.by, rule.key)
            for rule in affected_rules(session, coders.journey_id, library=BUILT_IN)
        }
    assert low.share == share(7, 12)
    assert unasked.share is None and "not asked, or not answered yet" in unasked.why
    assert ("low", "nps.nps") in rules


def test_evidence_is_of_the_journey_once_and_goes_with_its_response(coders: Coders):
    with coders.store.writing() as session:
        code_book.code_of(session, coders.journey_id, coders.wait).theme = "Time"
    first, second = (coders.commented.say(text) for text in ("old wait", "new wait"))
    for number in (first, second):
        coders.code(0, number, coders.wait)
    point_id = add(coders, theme="Time")
    with coders.store.writing() as session:
        journey = session.get_one(Journey, coders.journey_id)
        point = session.get_one(PainPoint, point_id)
        assert [each.text for each in evidence.proposed_evidence(session, point)] == [
            *("new wait", "old wait")
        ]
        for _ in range(2):
            evidence.add_evidence(session, journey, point, "comment", second, ITEM, user_id=None)
        evidence.add_evidence(session, journey, point, "response", first, user_id=None)
        for kind, number, item in (("case", 1, ""), ("response", 99, ""), ("comment", first, "x")):
            with pytest.raises(NotFound):
                evidence.add_evidence(session, journey, point, kind, number, item, user_id=None)
        (proposed,) = evidence.proposed_evidence(session, point)
        assert proposed.text == "old wait"  # the response is linked, its comment is not
    with coders.store.writing() as session:
        session.execute(delete(Response).where(Response.id == first))
    with coders.store.reading() as session:
        (left,) = evidence.evidence_of(session, session.get_one(PainPoint, point_id))
    assert (left.kind, left.text) == ("comment", "new wait")
