"""The ends of a long scale: each label stands at its own point, at every width."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from surveyapp.installation import Installation
from tests.responses.makers import make_journey, make_survey

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_BOXES = """() => {
    const box = (each) => { const { left, right, top, bottom } = each.getBoundingClientRect(); return { left, right, top, bottom }; };
    const labels = [...document.querySelectorAll(".n11 > *")].map(box);
    const text = (each) => { const range = document.createRange(); range.selectNodeContents(each); return box(range); };
    const [low, high] = [...document.querySelectorAll(".wraps .ends span")].map(text);
    return { points: labels, low, high };
}"""


@pytest.fixture(scope="module")
def addresses(served: tuple[str, Installation]) -> dict[str, str]:
    base, installation = served
    with installation.store.writing() as session:
        journey = make_journey(session)
        made = {
            language: make_survey(session, journey=journey, asks=("nps",), language=language)
            for language in ("en", "ar")
        }
    return {language: f"{base}/s/{survey.link}" for language, survey in made.items()}


@pytest.mark.parametrize("path", ["survey", "embedded question"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_labels_stand_at_0_and_10(browser: Browser, addresses, language: str, path: str):
    address = addresses[language]
    if path != "survey":
        address = f"{address.replace('/s/', '/e/')}/item/nps-nps"
    address = f"{address}?lang={language}"
    page = browser.new_page()
    for width in (320, 390, 600, 640, 768, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(address)
        check(page, right_to_left=language == "ar", where=f"{width} px")
    page.close()


def check(page: Page, *, right_to_left: bool, where: str) -> None:
    boxes = page.evaluate(_BOXES)
    points, low, high = boxes["points"], boxes["low"], boxes["high"]
    begin, end = ("right", "left") if right_to_left else ("left", "right")
    assert len(points) == 11
    assert low[begin] == pytest.approx(points[0][begin], abs=4), where
    assert high[end] == pytest.approx(points[10][end], abs=4), where
    # Nothing stands between a label and its point.
    assert min(abs(low["bottom"] - points[0]["top"]), abs(low["top"] - points[0]["bottom"])) < 16
    assert abs(high["top"] - points[10]["bottom"]) < 16, where
