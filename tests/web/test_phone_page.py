"""The look of the customers' page on a phone: quiet, in the brand's colour, with one progress."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from instruments.loader import BUILT_IN
from surveyapp.demo.branding import COLOUR, drawn_logo
from surveyapp.design_tokens import contrast
from surveyapp.installation import Installation
from surveyapp.surveys.logos import read_logo
from surveyapp.web.respond.faces import FACES
from surveyapp.web.respond.theme import DARK, LIGHT, page_theme
from tests.responses.makers import make_journey, make_survey

RING = 3.0  # WCAG 2.2, 1.4.11 and 2.4.13: contrast of a focus indicator
_STYLE = "(e, name) => getComputedStyle(e)[name]"


@pytest.fixture(scope="module")
def address(served: tuple[str, Installation]) -> str:
    base, installation = served
    with installation.store.writing() as session:
        asks = ("sjq", "emotion", "nps")
        made = make_survey(session, journey=make_journey(session), asks=asks)
        made.languages, made.theme = ["fi", "ar"], {"colour": "#7a1f5c"}
    return f"{base}/s/{made.link}"


@pytest.fixture
def phone(browser: Browser, address: str):
    page = browser.new_page(viewport={"width": 320, "height": 700})
    page.goto(f"{address}?lang=en")
    yield page
    page.close()


pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def style(page: Page, selector: str, name: str) -> str:
    return str(page.locator(selector).first.evaluate(_STYLE, name))


def test_the_instruction_is_quieter_than_the_items_which_are_in_regular_weight(phone: Page):
    assert style(phone, ".ask", "fontWeight") == "400"
    size = float(style(phone, ".ask", "fontSize").removesuffix("px"))
    assert float(style(phone, ".instruction", "fontSize").removesuffix("px")) < size
    assert style(phone, ".instruction", "color") != style(phone, ".ask", "color")


def test_the_languages_are_one_small_control_that_opens_without_a_script(
    browser: Browser, address: str
):
    page = browser.new_page(viewport={"width": 320, "height": 700}, java_script_enabled=False)
    page.goto(f"{address}?lang=en")
    finnish = page.get_by_role("button", name="Suomi")
    expect(finnish).to_have_count(0)
    page.locator("summary").click()
    box = finnish.bounding_box()
    assert box is not None and box["height"] >= 44 and 0 <= box["x"] <= 320 - box["width"]
    finnish.click()
    assert page.locator("html").get_attribute("lang") == "fi"
    page.close()


def test_there_is_one_progress_which_counts_the_questions(phone: Page):
    expect(phone.locator("progress")).to_have_count(1)
    expect(phone.locator("#answered")).to_have_text("0 of 19 answered")
    assert phone.get_by_text("19 questions").count() == 1
    assert phone.get_by_text("Part 1").count() == 0


def test_an_emotion_is_a_face_with_its_word(phone: Page):
    options = phone.locator("#q-emotion-emotion .options label")
    assert options.count() == 5
    for option in options.all():
        assert option.locator("svg[aria-hidden=true]").is_visible()
        assert option.inner_text().strip()
    expect(phone.get_by_role("radio", name="Delighted", exact=True)).to_have_count(1)


def test_the_focus_ring_has_the_brands_colour(phone: Page):
    phone.keyboard.press("Tab")
    accent = phone.evaluate("getComputedStyle(document.body).getPropertyValue('--accent')")
    ring = phone.evaluate("getComputedStyle(document.activeElement).outlineColor")
    assert page_theme("#7a1f5c").light["accent"] == accent.strip()
    red, green, blue = (int(accent.strip()[k : k + 2], 16) for k in (1, 3, 5))
    assert ring == f"rgb({red}, {green}, {blue})"


@pytest.mark.parametrize("colour", ["", "#ffd400", "#000000", "#ffffff", "#7a1f5c", COLOUR])
def test_the_ring_is_told_from_the_page_in_light_and_dark(colour: str):
    theme = page_theme(colour)
    for colours, page in ((theme.light, LIGHT), (theme.dark, DARK)):
        for ground in ("paper", "wash"):
            assert contrast(colours["accent"], page[ground]) >= RING


def test_every_emotion_of_the_library_has_a_face():
    (item,) = BUILT_IN.load("emotion").asked()
    assert FACES.keys() >= {*item.choices}


def test_the_banks_logo_is_small_enough_for_the_first_view():
    logo = read_logo(drawn_logo())
    assert logo.media_type == "image/webp"
    assert len(logo.data) < 4 * 1024
