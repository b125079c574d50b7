"""A survey from its first page to its thanks in Firefox and WebKit, with scripts and without."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from surveyapp.i18n.languages import texts
from surveyapp.installation import Installation
from surveyapp.store.models import Response
from tests.responses.makers import make_journey, make_survey
from tests.slow.webdriver import Driver, Element, firefox, webkit
from tests.web.respondents import single_use

NARROW = {"x": 0, "y": 0, "width": 480, "height": 800}  # as narrow as a window may be in both


@pytest.fixture(scope="module", params=["firefox", "webkit"])
def browser(request: pytest.FixtureRequest) -> Callable:
    return {"firefox": firefox, "webkit": webkit}[request.param]


@pytest.fixture(scope="module", params=[True, False], ids=["scripts", "no scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def driver(
    browser: Callable, scripts: bool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Driver]:
    with browser(tmp_path_factory.mktemp("browser"), scripts=scripts) as started:
        started.ask("size", **NARROW)
        yield started


@pytest.fixture
def link(served: tuple[str, Installation]) -> Callable[..., str]:
    """Make a survey in English, German and Arabic, and return a personal or an open link of it."""
    base, installation = served

    def made(*, personal: bool = False, **options: object) -> str:
        with installation.store.writing() as session:
            journey = make_journey(session, f"journey-{time.monotonic_ns()}")
            row = make_survey(session, journey=journey, asks=("csat", "ces", "nps"), **options)
            row.languages = ["en", "ar", "de"]
        path = single_use(installation, row)[0] if personal else f"/s/{row.link}"
        return f"{base}{path}?lang=en"

    return made


def stored(installation: Installation) -> list[Response]:
    with installation.store.reading() as session:
        return list(session.scalars(select(Response).order_by(Response.id)))


def choose(driver: Driver, name: str, value: int) -> None:
    """Press the answer that is seen; the field itself lies over it and cannot be seen."""
    driver.one(f"label:has(> input[name={name}][value='{value}'])").click()
    assert is_chosen(driver, name, value)


def is_chosen(driver: Driver, name: str, value: int) -> bool:
    return driver.one(f"input[name={name}][value='{value}']").selected


def press(driver: Driver, value: str) -> None:
    """Press the button that is seen: the first of this name is for the Enter key alone."""
    driver.all(f"button[name=go][value={value}]")[-1].click()


def speak(driver: Driver, language: str) -> None:
    """Choose a language as a customer does: open the control, press the name."""
    driver.one("details.languages summary").click()
    button = driver.one(f"button[name=lang][value={language}]")
    assert button.displayed
    button.click()
    driver.one(f"html[lang={language}]")


def focused(driver: Driver) -> str | None:
    found = driver.ask("active")
    return Element(driver, next(iter(found.values()))).attribute("id")


def test_one_page_is_answered_in_another_language_after_a_mistake(driver, served, link, scripts):
    _, installation = served
    before = len(stored(installation))
    driver.open(link())
    choose(driver, "csat-csat", 4)
    if scripts:
        assert driver.one("#answered").text.startswith("1 ")
    driver.one("#csat-csat_reason").type("Grüße ☃")
    speak(driver, "ar")
    assert driver.one("html").attribute("dir") == "rtl"
    assert is_chosen(driver, "csat-csat", 4)
    press(driver, "send")
    assert driver.one("#problem").displayed
    assert focused(driver) == "problem"
    assert texts("ar").required in driver.one("#ces-ces-fault").text
    assert is_chosen(driver, "csat-csat", 4)
    assert len(stored(installation)) == before
    speak(driver, "de")
    choose(driver, "ces-ces", 2)
    choose(driver, "nps-nps", 10)
    press(driver, "send")
    assert driver.one(".thanks h1").text == texts("de").thanks_title
    assert driver.address.partition("?")[0].endswith("/thanks")
    (*_, kept) = stored(installation)
    assert len(stored(installation)) == before + 1
    assert kept.language == "de"
    assert kept.answers == {
        "csat": {"csat": 4, "csat_reason": "Grüße ☃"},
        "ces": {"ces": 2},
        "nps": {"nps": 10},
    }
    driver.back()
    assert is_chosen(driver, "nps-nps", 10)
    press(driver, "send")
    driver.one(".thanks")
    assert len(stored(installation)) == before + 1


def test_blocks_are_turned_in_both_directions_and_come_back_by_the_personal_link(
    driver, served, link
):
    _, installation = served
    before = len(stored(installation))
    address = link(personal=True, paging="blocks")
    driver.open(address)
    press(driver, "next")
    assert driver.one("#problem").displayed
    choose(driver, "csat-csat", 2)
    press(driver, "next")
    driver.one("input[name=ces-ces][value='1']")
    press(driver, "back")
    driver.one("input[name=csat-csat][value='1']")
    assert is_chosen(driver, "csat-csat", 2)
    press(driver, "next")
    choose(driver, "ces-ces", 6)
    press(driver, "next")
    driver.one("input[name=nps-nps]")
    driver.open(address)  # on another day
    assert texts("en").resumed in driver.one("#resumed").text
    choose(driver, "nps-nps", 0)
    press(driver, "send")
    driver.one(".thanks")
    (*_, kept) = stored(installation)
    assert len(stored(installation)) == before + 1
    answers = {code: given[code] for code, given in kept.answers.items()}
    assert answers == {"csat": 2, "ces": 6, "nps": 0}


def test_every_answer_can_be_reached_and_pressed(driver, link):
    """Nothing stands outside the window, on top of another, or smaller than a finger."""
    driver.open(link())
    for language in ("en", "ar"):
        driver.open(f"{driver.address.partition('?')[0]}?lang={language}")
        width = driver.one("main").box["width"]
        boxes = [each.box for each in driver.all(".options label") if each.displayed]
        assert len(boxes) == 5 + 7 + 11
        for box in boxes:
            assert min(box["width"], box["height"]) >= 24
            assert box["x"] >= 0 and box["x"] + box["width"] <= width
        for one in boxes:
            for other in boxes:
                assert one is other or apart(one, other)


def apart(one: dict[str, float], other: dict[str, float]) -> bool:
    return any(
        one[axis] + one[size] <= other[axis] + 0.5 or other[axis] + other[size] <= one[axis] + 0.5
        for axis, size in (("x", "width"), ("y", "height"))
    )


def test_answers_of_the_open_link_are_there_after_a_reload(driver, link, scripts):
    """Kept by the script in this browser; without scripts the page makes no such promise."""
    address = link()
    driver.open(address)
    choose(driver, "nps-nps", 7)
    if scripts:
        assert driver.one("#saved-here").text == texts("en").saved_here
        driver.open("about:blank")
        driver.open(address)
        assert texts("en").resumed in driver.one("#resumed").text
        assert is_chosen(driver, "nps-nps", 7)
    else:
        assert texts("en").saved_here not in driver.one("main").text
