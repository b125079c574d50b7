"""The demonstration's surveys greet customers in every language that they are asked in."""

from __future__ import annotations

from instruments.loader import BUILT_IN
from surveyapp.demo import study
from surveyapp.demo.bank import JOURNEYS
from surveyapp.demo.surveys import draw_map
from surveyapp.store.db import Store
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.texts import said, spread
from surveyapp.surveys.translations import others


def test_texts_are_there_in_seven_languages_and_one_is_left_to_be_translated(store: Store):
    with store.writing() as session:
        for plan in JOURNEYS:
            for code, made in draw_map(session, plan).items():
                beside = others(survey_of(made), library=BUILT_IN)
                assert len(beside) == 6
                for name in ("introduction", "consent", "touchpoint"):
                    assert spread(survey_of(made), name, beside).written == beside, (code, name)
                read = {said(survey_of(made), "draw", each).language for each in ("fi", "sv", "ar")}
                assert bool(made.draw) == (code == study.PLACE)
                assert read == ({"fi", "sv", "en"} if made.draw else {"en"})
