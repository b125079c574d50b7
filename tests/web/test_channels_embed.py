"""A survey inside pages of another origin: as high as it is, and only where it may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Frame, Page
from sqlalchemy import select, update

import surveyapp.web
from surveyapp.installation import Installation
from surveyapp.store.models import Response, SurveyRow
from surveyapp.surveys.channels import change_channels
from surveyapp.web.embed_script import NEWEST, integrity
from surveyapp.web.snippets import component
from tests.accessibility import violations
from tests.responses.makers import make_journey, make_survey
from tests.web.respondents import opened, parsed, sent

STATIC = Path(surveyapp.web.__file__).parent / "static"
SCRIPT = STATIC / "embed.js"
SHOP = "https://shop.example"


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    with installation.store.writing() as session:
        made = make_survey(session)
        change_channels(session, made, {"embed_origins": [SHOP]}, end_hosts=(), user_id=None)
        return made


def policy(answer) -> dict[str, str]:
    parts = answer.headers["Content-Security-Policy"].split(";")
    return dict(part.strip().split(" ", 1) for part in parts)


def test_only_the_named_origins_may_frame_it_and_only_this_way_in(client, installation, survey):
    link = survey.link
    assert policy(client.get(f"/e/{link}"))["frame-ancestors"] == SHOP
    assert policy(client.get(f"/e/{link}/thanks"))["frame-ancestors"] == SHOP
    assert policy(client.get(f"/e/{link}/item/nps-nps"))["frame-ancestors"] == SHOP
    for path in (f"/s/{link}", f"/s/{link}/thanks", "/e/nothing", "/e/nothing/thanks"):
        assert policy(client.get(path))["frame-ancestors"] == "'none'", path
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(channels={}))
    for path in (f"/e/{link}", f"/e/{link}/thanks", f"/e/{link}/item/nps-nps"):
        assert policy(client.get(path))["frame-ancestors"] == "'none'", path


def test_answers_from_inside_a_page_are_the_same_answers_and_set_no_cookie(
    client, installation, survey
):
    url = f"/e/{survey.link}"
    answer = sent(client, url)
    assert (answer.status_code, answer.location) == (303, f"{url}/thanks")
    wrong = sent(client, url, **{"nps-nps": "11"})
    assert wrong.status_code == 422
    assert policy(wrong)["frame-ancestors"] == SHOP
    assert "/static/framed.js" in wrong.text
    for each in (client.get(url), answer, wrong, client.get(f"{url}/thanks")):
        assert "Set-Cookie" not in each.headers
    with installation.store.reading() as session:
        assert session.scalars(select(Response.paradata)).all() == [{"way": "embed"}]


def test_a_personal_link_is_no_way_into_a_frame(client, survey):
    assert client.get(f"/e/{survey.link}/{'a' * 22}").status_code == 404


def test_one_question_leads_on_to_the_survey_with_its_answer(client, survey):
    page = parsed(opened(client, f"/e/{survey.link}/item/nps-nps?lang=fi"))
    buttons = [tag.attributes["value"] for tag in page.all("button", name="score")]
    assert buttons == [f"nps-nps:{value}" for value in range(11)]
    assert page.all("form")[0].attributes["action"] == f"/e/{survey.link}"
    assert page.all("input", name="lang")[0].attributes["value"] == "fi"
    for item in ("nps-nps_reason", "nps-nothing", "<b>"):
        assert client.get(f"/e/{survey.link}/item/{item}").status_code == 404


def test_the_component_is_small_and_leaves_nothing_behind():
    source = SCRIPT.read_text()
    assert len(source.encode()) < 3 * 1024
    assert not re.search(r"(window|globalThis|self)\s*\.\s*\w+\s*=", source)
    assert "eval" not in source
    assert "innerHTML" not in source


# The edition of each embedding script that pages elsewhere may name. An edition that is released never
# changes: change a copy with the next number, and let embed.js lead to it.
EDITIONS = {"embed-1.js": "sha384-96m574QgGwibMiPkQWulArR34ZMVwFZJyxOg5nGeLH34h6ZcfdRH8KG6Ie6nQRUj"}


def test_an_edition_of_the_script_never_changes_and_the_newest_has_no_number():
    assert {path.name for path in STATIC.glob("embed-*.js")} == set(EDITIONS)
    assert {name: integrity(name) for name in EDITIONS} == EDITIONS
    assert max(EDITIONS) == NEWEST
    assert SCRIPT.read_bytes() == (STATIC / NEWEST).read_bytes()


@pytest.mark.parametrize("name", ["embed.js", NEWEST])
def test_pages_elsewhere_may_check_and_run_the_script_and_no_other_file(client, name):
    with client.get(f"/static/{name}", headers={"Origin": SHOP}) as answer:
        headers = answer.headers
        tag = headers["ETag"]
        assert (headers["Access-Control-Allow-Origin"], "Set-Cookie" in headers) == ("*", False)
        assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert ("immutable" in headers["Cache-Control"]) is (name == NEWEST)
    with client.get(f"/static/{name}", headers={"If-None-Match": tag}) as again:
        assert (again.status_code, again.headers["Access-Control-Allow-Origin"]) == (304, "*")
    for other in ("/static/framed.js", "/static/staff.css", "/static/embed-999.js", "/sign-in"):
        with client.get(other) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers, other
            assert "Cross-Origin-Resource-Policy" not in answer.headers, other


def test_a_survey_that_is_embedded_may_stand_in_a_page_that_isolates_itself(client, survey):
    for path in ("", "/item/nps-nps", "/thanks"):
        headers = client.get(f"/e/{survey.link}{path}").headers
        assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    for path in (f"/s/{survey.link}", "/e/nothing"):
        assert "Cross-Origin-Resource-Policy" not in client.get(path).headers


# In a real browser, with pages of real other origins.


class Site:
    """A web site of somebody else: an origin of its own, with pages by path."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        pages, headers = self.pages, self.headers

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = pages.get(self.path, "").encode()
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site() -> Iterator[Callable[[], Site]]:
    made: list[Site] = []

    def make() -> Site:
        made.append(Site())
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 700})
    yield context.new_page()
    context.close()


HOST = """<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1>
<script>
  window.sent = 0; window.said = []; window.before = [];
  addEventListener("surveyapp:sent", () => window.sent++);
  addEventListener("message", (event) => window.said.push([event.origin, event.data]));
  window.before = Object.keys(window);
</script>
<script src="{base}/static/embed.js"></script>
<survey-app survey="{link}"{more}></survey-app><p id="after">Below</p></html>"""


def embedded(base: str, link: str, more: str = "") -> str:
    return HOST.replace("{base}", base).replace("{link}", link).replace("{more}", more)


@pytest.fixture
def shop(served: tuple[str, Installation], site: Callable[[], Site]) -> tuple[Site, str]:
    """Another site with the survey in its page, and the survey's link."""
    base, installation = served
    shop = site()
    with installation.store.writing() as session:
        journey = session.scalars(select(SurveyRow)).first()
        made = make_survey(
            session,
            journey=journey.journey if journey else make_journey(session),
            asks=("nps", "ces"),
        )
        change_channels(session, made, {"embed_origins": [shop.origin]}, end_hosts=(), user_id=None)
    shop.pages["/"] = embedded(base, made.link)
    shop.pages["/item"] = embedded(base, made.link, ' item="nps-nps" label="How did we do?"')
    return shop, made.link


def frame_of(page: Page, path: str) -> Frame:
    """The survey's frame once it shows this path and the host has given it its height."""
    for _ in range(100):
        found = [each for each in page.frames if path in each.url]
        if found and fits(page, found[0]):
            return found[0]
        page.wait_for_timeout(50)
    raise AssertionError(f"no frame at {path} that fits: {[each.url for each in page.frames]}")


def shown(page: Page, address: str) -> None:
    """Wait until the page shows this address in a frame, and nothing else in any other."""
    for _ in range(100):
        if [each.url for each in page.frames[1:]] == [address]:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not {address} alone: {[each.url for each in page.frames[1:]]}")


def height(page: Page) -> float:
    return page.evaluate(
        "document.getElementById('after').getBoundingClientRect().top"
        " - document.querySelector('survey-app').getBoundingClientRect().top"
    )


def fits(page: Page, frame: Frame) -> bool:
    """Whether the frame is as high as what is in it: nothing cut off, nothing to scroll, no gap."""
    try:
        inside = frame.evaluate(
            "[document.readyState, document.body.getBoundingClientRect().height,"
            " document.documentElement.scrollHeight, innerHeight]"
        )
    except Exception:  # it navigates at this moment
        return False
    state, body, scroll, viewport = inside
    return state == "complete" and abs(viewport - body) < 40 and scroll <= viewport + 1


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_the_frame_grows_with_faults_and_shrinks_with_thanks(page, served, shop):
    _, installation = served
    host, link = shop
    page.goto(host.origin)
    frame = frame_of(page, f"/e/{link}")
    untouched = height(page)
    assert frame.frame_element().get_attribute("title") == "Survey"
    assert frame.frame_element().get_attribute("loading") == "lazy"
    frame.get_by_role("button").last.click()
    frame.wait_for_selector("#problem")
    frame = frame_of(page, "send")
    faulty = height(page)
    assert faulty > untouched
    for group in frame.get_by_role("radiogroup").all():
        group.locator("label").nth(2).click()
    frame.get_by_role("button").last.click()
    frame.wait_for_selector(".thanks")
    frame_of(page, "thanks")
    assert height(page) < untouched / 2
    page.wait_for_function("window.sent === 1")
    assert page.evaluate("Object.keys(window).filter((key) => !window.before.includes(key))") == []
    with installation.store.reading() as session:
        own = select(Response).join(SurveyRow).where(SurveyRow.link == link)
        assert len(session.scalars(own).all()) == 1


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_each_block_of_a_survey_has_its_own_height(page, served, shop):
    _, installation = served
    host, link = shop
    with installation.store.writing() as session:
        own = update(SurveyRow).where(SurveyRow.link == link)
        session.execute(own.values(paging="blocks"))
    page.goto(host.origin)
    frame = frame_of(page, f"/e/{link}")
    first = height(page)
    frame.get_by_role("radiogroup").locator("label").nth(5).click()
    frame.locator("form footer button").last.click()
    frame.wait_for_url("**at=0")
    frame = frame_of(page, "at=0")
    assert frame.get_by_role("button", name="Back").is_visible()
    assert height(page) != first


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_a_page_of_a_foreign_origin_is_refused(page, served, shop, site):
    base, _ = served
    _, link = shop
    stranger = site()
    stranger.pages["/"] = embedded(base, link)
    refusals: list[str] = []
    page.on("console", lambda message: refusals.append(message.text))
    page.goto(stranger.origin)
    page.wait_for_timeout(800)
    assert any("frame-ancestors" in text for text in refusals)
    assert not [each for each in page.frames if "/e/" in each.url and each.url.startswith(base)]
    assert page.evaluate("window.said") == []


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_messages_of_the_wrong_origin_or_window_are_ignored(page, served, shop, site):
    host, link = shop
    stranger = site()
    stranger.pages["/"] = """<!doctype html><script>
      for (const what of ["height", "sent"]) parent.postMessage({surveyapp: what, height: 9999}, "*");
      for (const frame of [...parent.frames]) frame.postMessage({surveyapp: "hello"}, "*");
      addEventListener("message", (event) => parent.postMessage({leaked: event.data}, "*"));
    </script>"""
    page.goto(host.origin)
    frame_of(page, f"/e/{link}")
    before = height(page)
    page.evaluate(
        """(address) => new Promise((done) => {
          const frame = document.createElement("iframe");
          frame.style.position = "absolute"; frame.style.top = "3000px";
          frame.onload = () => setTimeout(done, 300);
          frame.src = address; document.body.append(frame);
          window.postMessage({surveyapp: "height", height: 9999}, "*");
          window.postMessage({surveyapp: "sent"}, "*");
        })""",
        stranger.origin,
    )
    assert height(page) == before
    assert page.evaluate("window.sent") == 0
    said = page.evaluate("window.said")
    assert not [data for _, data in said if "leaked" in data]
    assert {origin for origin, data in said if data.get("height", 0) == 9999} == {
        stranger.origin,
        host.origin,
    }


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_one_question_in_a_page_becomes_the_survey_when_it_is_answered(page, shop):
    host, _ = shop
    page.goto(f"{host.origin}/item")
    frame = frame_of(page, "/item/nps-nps")
    small = height(page)
    assert small < 300
    assert frame.frame_element().get_attribute("title") == "How did we do?"
    assert violations(frame) == []
    frame.get_by_role("button", name="9", exact=True).click()
    frame.wait_for_selector("#survey, main form section")
    frame_of(page, "score=nps-nps%3A9")
    assert height(page) > small


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_the_frame_follows_attributes_that_are_set_later(page, served, shop):
    base, _ = served
    host, link = shop
    host.pages["/late"] = embedded(base, link).replace(f' survey="{link}"', "")
    page.goto(f"{host.origin}/late")
    element = "document.querySelector('survey-app')"
    page.wait_for_function("customElements.get('survey-app') !== undefined")
    assert len(page.frames) == 1
    steps = (
        ({"survey": link, "lang": "fi"}, f"/e/{link}?lang=fi"),
        ({"lang": "en"}, f"/e/{link}?lang=en"),
        ({"item": "nps-nps"}, f"/e/{link}/item/nps-nps?lang=en"),
        ({"item": None, "lang": None}, f"/e/{link}"),
    )
    for attributes, path in steps:
        page.evaluate(
            f"""(given) => Object.entries(given).forEach(([name, value]) => value === null
            ? {element}.removeAttribute(name) : {element}.setAttribute(name, value))""",
            attributes,
        )
        shown(page, base + path)
    page.evaluate(f"{element}.setAttribute('label', 'How was it?')")
    page.wait_for_timeout(50)
    frame = frame_of(page, f"/e/{link}")
    assert frame.frame_element().get_attribute("title") == "How was it?"
    for group in frame.get_by_role("radiogroup").all():
        group.locator("label").nth(2).click()
    frame.get_by_role("button").last.click()
    page.wait_for_function("window.sent === 1")  # one, though four frames were there before
    page.evaluate(f"{element}.removeAttribute('survey')")
    page.wait_for_function(f"{element}.getBoundingClientRect().height === 0")
    assert len(page.frames) == 1


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_the_code_to_copy_works_in_a_page_that_isolates_itself(page, served, shop):
    """With its integrity value, under the strictest policy that a page can have about others' files."""
    base, _ = served
    host, link = shop
    code = component(base, link)
    host.pages["/copied"] = (
        f"<!doctype html><html lang=en><title>Shop</title>{code}<p id=after>Below</p>"
    )
    host.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    page.goto(f"{host.origin}/copied")
    assert frame_of(page, f"/e/{link}").get_by_role("radiogroup").count() == 2
    host.pages["/changed"] = host.pages["/copied"].replace("sha384-", "sha384-A")
    page.goto(f"{host.origin}/changed")
    assert page.evaluate("customElements.get('survey-app')") is None
