"""<survey-app> in pages that React and Vue build, in Chromium, Firefox and WebKit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from surveyapp.installation import Installation
from surveyapp.surveys.channels import change_channels
from surveyapp.web.snippets import component
from tests.responses.makers import make_survey
from tests.slow.node import PROJECT, installed, npm
from tests.slow.webdriver import Driver, firefox, webkit
from tests.web.test_channels_embed import frame_of, shown

FRAMEWORKS = ("react", "vue")


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, in a page that isolates itself."""

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shop(
    served: tuple[str, Installation], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """The origin of a shop, built by Vite, that shows a survey; and the survey's link."""
    base, installation = served
    project = installed(tmp_path_factory.mktemp("shop"))
    with installation.store.writing() as session:
        survey = make_survey(session, asks=("nps", "ces"))
        survey.languages = ["en", "fi"]
    script, _ = component(base, survey.link).splitlines()
    npm(project, "run", "build", VITE_SCRIPT=script)
    built = project / "dist"
    (built / "survey.json").write_text(json.dumps({"survey": survey.link}))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built)))
    origin = f"http://127.0.0.1:{server.server_port}"
    with installation.store.writing() as session:
        row = session.get_one(type(survey), survey.id)
        change_channels(session, row, {"embed_origins": [origin]}, end_hosts=(), user_id=None)
    Thread(target=server.serve_forever, daemon=True).start()
    yield origin, survey.link
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_the_lock_file_names_no_registry():
    packages = json.loads((PROJECT / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_survey_that_arrives_late_is_shown_and_follows_the_pages_language(
    page: Page, served, shop, framework: str
):
    base, _ = served
    origin, link = shop
    page.goto(f"{origin}/{framework}.html")
    shown(page, f"{base}/e/{link}?lang=en")
    page.get_by_role("button", name="Suomi").click()
    shown(page, f"{base}/e/{link}?lang=fi")
    frame = frame_of(page, "lang=fi")
    for group in frame.get_by_role("radiogroup").all():
        group.locator("label").nth(2).click()
    frame.get_by_role("button").last.click()
    expect(page.locator("#sent")).to_have_text("1")
    page.get_by_role("button", name="Open or close").click()
    page.wait_for_function("!document.querySelector('survey-app')")
    assert len(page.frames) == 1
    page.get_by_role("button", name="Open or close").click()
    shown(page, f"{base}/e/{link}?lang=fi")


@pytest.mark.parametrize("start", [firefox, webkit], ids=["firefox", "webkit"])
def test_other_browsers_show_it_at_its_full_height(
    shop, tmp_path: Path, start: Callable[..., object]
):
    origin, _ = shop
    with start(tmp_path, scripts=True) as driver:
        for framework in FRAMEWORKS:
            driver.open(f"{origin}/{framework}.html")
            assert high(driver, 400) < 4000
            driver.one("#open").click()
            driver.one("#open").click()
            assert high(driver, 400) < 4000


def high(driver: Driver, least: float) -> float:
    """The element's height once it is at least this."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = driver.one("survey-app").box["height"]
        if found >= least:
            return found
        time.sleep(0.1)
    raise AssertionError(f"only {found} px high")
