"""Each sector's template asks what there is, and its own questions can be published as they are."""

from __future__ import annotations

import pytest

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.questionnaires.faults import examined
from surveyapp.questionnaires.sectors import draft_for, sector, sectors

LANGUAGES = {"ar", "de", "en", "es", "fi", "fr", "sv"}


def test_there_is_a_template_for_each_sector():
    names = {"bank", "e-commerce", "hospital", "insurance", "public-service", "service-desk"}
    assert set(sectors()) == names
    assert sector("") is None
    with pytest.raises(Invalid, match="'bakery' is no sector; use bank"):
        sector("bakery")


@pytest.mark.parametrize("code", sectors())
def test_it_asks_questionnaires_that_there_are_and_none_that_it_advises_against(code: str):
    template = sectors()[code]
    asked = {instrument for each in template.sets for instrument in each.instruments}
    assert asked | set(template.more) <= set(BUILT_IN.available())
    assert not asked & set(template.more)
    assert {each.place for each in template.sets} == {"touchpoint", "end"}
    assert all(template.more.values())


@pytest.mark.parametrize("code", sectors())
def test_its_own_questions_have_no_fault_in_any_language(code: str):
    instrument, faults = examined(draft_for(sectors()[code], "own-template"))
    assert faults == ()
    assert {each.language for each in instrument.wordings.values()} == LANGUAGES
    assert instrument.items[1].show_if is not None
