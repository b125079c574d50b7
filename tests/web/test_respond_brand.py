"""A brand's colours read in light and in dark, whatever the colour; the policy knows each stylesheet."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from surveyapp.design_tokens import contrast
from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.surveys.settings.theme import Theme
from surveyapp.web.respond.assets import hash_of
from surveyapp.web.respond.theme import DARK, LIGHT, TEXT, page_theme
from tests.responses.makers import make_survey
from tests.web.respondents import opened, parsed

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
@example("")
@example("#ffcc00")
@example("#777777")
@example("#ffffff")
@example("#000000")
def test_every_colour_reads_on_the_page_and_text_reads_on_it(colour: str):
    made = page_theme(colour)
    for colours, page in ((made.light, LIGHT), (made.dark, DARK)):
        for under in (page["paper"], page["wash"]):
            assert contrast(colours["accent"], under) >= TEXT
        assert contrast(colours["fill"], colours["on-fill"]) >= TEXT
    assert made.light["fill"] == colour or not colour


@pytest.mark.parametrize("page", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_and_edges_have_the_contrast_that_they_need(page):
    for under in ("paper", "wash"):
        for text in ("ink", "muted", "wrong"):
            assert contrast(page[text], page[under]) >= TEXT
        assert contrast(page["edge"], page[under]) >= 3


def test_staff_are_told_what_was_done_to_their_colour():
    notes = " ".join(page_theme("#ffcc00").notes)
    for words in ("#ffcc00 has a contrast of 1.4:1", "darker", "the text is dark"):
        assert words in notes
    assert page_theme("").notes == ()


@pytest.mark.parametrize("raw", [{"colour": "red"}, {"colour": "#12345g"}, {"css": "x"}])
def test_what_is_no_theme_is_refused(raw):
    with pytest.raises(Invalid):
        Theme.read(raw)
    assert Theme.read({"colour": "#FC0", "name": " A  b "}) == Theme("#ffcc00", None, "A b")


def test_every_stylesheet_of_a_page_is_named_in_its_policy(app: Flask, installation: Installation):
    client = app.test_client()
    with installation.store.writing() as session:
        made = make_survey(session, asks=("nps",))
        made.theme = {"colour": "#d4007a", "name": "Northbank <b>"}
        made.logic = {
            "show_if": [{"item": "nps-nps_reason", "when": "nps-nps", "sign": "<=", "value": "6"}]
        }
    url = f"/s/{made.link}"
    answers = [client.get(url), client.get(f"{url}?score=nps-nps:3"), client.get(f"{url}/thanks")]
    answers.append(client.post(url, data={}))
    for answer in answers:
        styles = [tag.text for tag in parsed(answer.text).all("style")]
        policy = answer.headers["Content-Security-Policy"]
        assert len(styles) == 2
        for style in styles:
            assert f"'{hash_of(style.rstrip())}'" in policy
        assert "#d4007a" in styles[1]
        assert "Northbank &lt;b&gt;" in answer.text
    assert "Northbank <b>" not in opened(client, url)
