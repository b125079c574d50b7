"""Codes by frequency, and the scores that go with them."""

from __future__ import annotations

from instruments.loader import BUILT_IN
from surveyapp.comments import code_book
from surveyapp.comments.bands import bands_of
from surveyapp.results.comments.causes import causes
from surveyapp.store.models import Journey
from tests.comments.test_coding import Coders, coders

__all__ = ["coders"]


def test_causes_are_ordered_small_ones_hidden_and_scores_compared(coders: Coders):
    said = [("wait", 2, 12), ("staff", 9, 8), ("both", 5, 1)]
    for what, nps, times in said:
        for k in range(times):
            number = coders.commented.say(what, nps=nps - k % 3)
            codes = {"wait": [coders.wait], "staff": [coders.staff]}
            coders.code(0, number, *codes.get(what, [coders.wait, coders.staff]))
    with coders.store.reading() as session:
        book = code_book.codes_of(session, coders.journey_id)
        bands = bands_of([coders.commented.survey], BUILT_IN)
        found = causes(session, coders.ids, book, bands, minimum=5)
        hiding = causes(session, coders.ids, book, bands, minimum=10)
    assert found.coded == 21
    assert [(each.name, each.count, round(each.cumulative)) for each in found.causes] == [
        *[("Wait", 13, 59), ("Staff", 9, 100)]
    ]
    wait, staff = found.impacts["nps"]
    assert (wait.name, staff.name) == ("Wait", "Staff") and wait.is_significant
    assert wait.mention.difference < -4 < 4 < staff.mention.difference
    assert ([each.name for each in hiding.causes], hiding.hidden) == (["Wait"], 1)
    assert hiding.impacts == {}
    assert found.themes == {}  # no theme has two codes


def test_a_theme_is_mentioned_where_one_of_its_codes_is_and_hides_no_small_one(coders: Coders):
    with coders.store.writing() as session:
        journey = session.get_one(Journey, coders.journey_id)
        rare = code_book.add_code(
            session, journey, {"code": "rare", "name": "Rare", "theme": "Other"}, user_id=None
        ).id
        for code in code_book.codes_of(session, coders.journey_id):
            code.theme = code.theme or "Branch"
    for codes, nps, times in (
        ([coders.wait], 2, 6),
        ([coders.staff], 4, 6),
        ([coders.wait, coders.staff], 3, 2),
        ([rare], 9, 3),
        ([], 8, 5),
    ):
        for k in range(times):
            coders.code(0, coders.commented.say("said", nps=nps - k % 2), *codes)

    def themes() -> dict[str, tuple[str, int, int]]:
        with coders.store.reading() as session:
            book = code_book.codes_of(session, coders.journey_id)
            bands = bands_of([coders.commented.survey], BUILT_IN)
            found = causes(session, coders.ids, book, bands, minimum=5)
        return {
            scale: [(each.name, each.mention.n, each.mention.n_others) for each in impacts]
            for scale, impacts in found.themes.items()
        }

    assert themes() == {"nps": [("Branch", 14, 8)]}
    with coders.store.writing() as session:
        code_book.code_of(session, coders.journey_id, rare).theme = "Branch"
    assert themes() == {}
