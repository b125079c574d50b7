"""A customer is met in the language of the link, of the browser, or the survey's own."""

from __future__ import annotations

import pytest

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.surveys.languages import negotiated, read_languages, reviewed, spoken

OFFERED = ("en", "fi", "sv", "de", "ar")


@pytest.mark.parametrize(
    ("link", "header", "met"),
    [
        (None, None, "en"),
        (None, "", "en"),
        ("fi", "de", "fi"),
        ("FI", None, "fi"),
        ("fi-FI", None, "fi"),
        ("et", "de", "de"),
        ("", "de", "de"),
        (None, "da, en-gb;q=0.8, fi;q=0.7", "en"),
        (None, "fi;q=0.7, sv;q=0.9", "sv"),
        (None, "fi;q=0.7,sv;q=0.7", "fi"),
        (None, "sv-FI, fi;q=0.8", "sv"),
        (None, "zh-Hant-TW", "en"),
        (None, "de-CH-1996", "de"),
        (None, "et, *;q=0.5", "en"),
        (None, "fi;q=0, *", "en"),
        (None, "en;q=0, fi;q=0.1", "fi"),
        (None, "en;q=0", "en"),
        (None, "fi ; q=0.5 , sv\t;\tQ=1.000", "sv"),
        (None, "fi;q=1.5, sv;q=-1, de;q=x, ar;q=0.1", "ar"),
        (None, "fi;q=0.1234, sv;q=0.123", "sv"),
        (None, ";;;,,,=\x00,fi", "fi"),
        (None, "fi" * 100_000, "en"),
        (None, ",".join(["et"] * 100_000) + ",fi", "en"),
    ],
)
def test_the_link_goes_before_the_browser_and_the_browser_before_the_survey(link, header, met):
    assert negotiated(OFFERED, link, header) == met


def test_a_main_language_is_met_in_a_region_that_is_offered():
    assert negotiated(("en", "pt-BR"), None, "pt, en;q=0.5") == "pt-BR"
    assert negotiated(("en", "pt-BR", "pt"), None, "pt-PT") == "pt"
    assert negotiated(("en", "pt-BR", "pt"), None, "pt-br") == "pt-BR"


def test_the_own_language_comes_first_and_doubles_count_once():
    both = [BUILT_IN.load("sjq"), BUILT_IN.load("nps")]
    assert read_languages(["fi", "en", "fi", " ar "], both, "en") == ("en", "fi", "ar")
    assert read_languages([], both, "fi") == ("fi",)


def test_a_language_that_an_instrument_lacks_is_refused_by_the_instruments_name():
    asked = [BUILT_IN.load("sjq"), BUILT_IN.load("ecsi-mobile")]
    with pytest.raises(
        Invalid, match=r"No text in 'fi': .*mobile.*All of them are available in: en"
    ) as told:
        read_languages(["fi"], asked, "en")
    assert told.value.field == "languages"
    assert "Service journey quality" not in str(told.value)


def test_the_own_language_is_kept_where_an_instrument_lacks_it():
    """Its English is shown there; the survey was made so, and nothing here may close it."""
    assert read_languages([], [BUILT_IN.load("ecsi-mobile")], "fi") == ("fi",)


@pytest.mark.parametrize("raw", ["fi", None, {"fi": True}, [1], [["fi"]]])
def test_what_is_no_list_of_tags_is_refused(raw):
    with pytest.raises(Invalid, match="must be a list of language tags"):
        read_languages(raw, [BUILT_IN.load("nps")], "en")


def test_drafts_are_spoken_and_not_reviewed():
    asked = [BUILT_IN.load("nps")]
    assert {"en", "fi", "de", "fr", "es", "ar"} <= set(spoken(asked))
    assert reviewed(asked) == ("en",)
    # Changed words are no longer those that were reviewed.
    assert "en" in spoken([BUILT_IN.load("sjq")]) and reviewed([BUILT_IN.load("sjq")]) == ()
    assert spoken([BUILT_IN.load("sjq"), BUILT_IN.load("ecsi-mobile")]) == ("en",)
    assert spoken([]) == reviewed([]) == ()
