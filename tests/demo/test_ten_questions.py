"""A manager's ten questions to the demonstration bank: from the start page, at most two clicks each, and
the answer that is read is the one that pandas finds in the raw answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page
from scipy import stats
from sqlalchemy import select

from surveyapp.app import create_app
from surveyapp.demo.make import EMAIL, Made
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import Comment, RegisteredChange, Response, SurveyRow, User
from surveyapp.web.installation import EXTENSION
from tests.serving import serving
from tests.web.world import session_key

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]

ACCOUNT, MORTGAGE = "Open an account", "Get a mortgage"
SCALES = {"personalization": "per", "coherence": "coh", "seamlessness": "sea"}
NUMBER = r"([+−-]?\d+(?:\.\d+)?)"


@dataclass
class Manager:
    """Somebody who begins at the start page and counts what they click."""

    page: Page
    clicks: int = 0
    begun: bool = field(default=False)

    def begin(self) -> Manager:
        assert self.page.goto("/") is not None
        self.clicks = 0
        return self

    def click(self, name: str) -> Manager:
        links = self.page.get_by_role("link", name=name, exact=True)
        links = links.and_(self.page.locator(":not(.under *)"))  # no "Part of ..." of another row
        links.locator("visible=true").first.click()
        self.page.wait_for_load_state("domcontentloaded")
        self.clicks += 1
        assert self.clicks <= 2, name
        return self

    def row(self, *words: str) -> str:
        """The first row of a table that has these words."""
        for each in self.page.locator("main tr").all():
            said = " ".join(each.inner_text().split())
            if all(word in said for word in words):
                return said
        raise AssertionError(f"no row has {words}")

    def text(self, selector: str) -> str:
        return " ".join(self.page.locator(selector).first.inner_text().split())


def score_of(name: str) -> str:
    """Where the list of journeys has a journey's first score, as a selector."""
    return f"tr:has(th > a > bdi:text-is('{name}')) td:nth-of-type(2)"


def numbers(said: str) -> list[float]:
    return [float(each.replace("−", "-")) for each in re.findall(NUMBER, said)]


def shown_as(value: float) -> Any:
    """The whole number that a page may show of it."""
    return pytest.approx(value, abs=0.5 + 1e-9)


@pytest.fixture(scope="module")
def manager(bank: tuple[Installation, Made], browser: Browser) -> Iterator[Manager]:
    app = create_app(read({}, home=bank[0].settings.home, log_level="ERROR"))
    installation = app.extensions[EXTENSION]
    with installation.store.reading() as session:
        user = session.scalars(select(User).where(User.email == EMAIL)).one()
    with installation.store.writing() as session:
        session.get_one(User, user.id).must_change_password = False
    signed = {"_user_id": session_key(installation, user)}
    cookie = app.session_interface.get_signing_serializer(app).dumps(signed)
    with serving(app) as base:
        context = browser.new_context(base_url=base, viewport={"width": 1440, "height": 900})
        name = app.config["SESSION_COOKIE_NAME"]
        context.add_cookies([{"name": name, "value": cookie, "url": base}])
        yield Manager(context.new_page())
        context.close()
    installation.close()
    with bank[0].store.writing() as session:
        session.get_one(User, user.id).must_change_password = True


@dataclass(frozen=True)
class Answers:
    """The raw answers, and the months that the start page compares."""

    rows: pd.DataFrame
    since: datetime
    until: datetime
    before: datetime

    def of(self, ends: str, read: Callable[[dict[str, Any]], float | None], **period: Any) -> Any:
        """What ``read`` makes of each answer to the surveys whose code ends so, as a series."""
        since, until = period.get("since", self.since), period.get("until", self.until)
        here = self.rows.survey.str.match(ends)
        during = (self.rows.given_at >= since) & (self.rows.given_at < until)
        return self.rows[here & during].answers.map(read).dropna().astype(float)

    def earlier(self, ends: str, read: Callable[[dict[str, Any]], float | None]) -> Any:
        return self.of(ends, read, since=self.before, until=self.since)


@pytest.fixture(scope="module")
def answers(bank: tuple[Installation, Made]) -> Answers:
    installation, _ = bank
    with installation.store.reading() as session:
        query = select(SurveyRow.code, Response.submitted_at, Response.answers)
        found = session.execute(query.join(SurveyRow, SurveyRow.id == Response.survey_id)).all()
    rows = pd.DataFrame(found, columns=["survey", "given_at", "answers"])
    month = pd.Period(installation.now().date(), freq="M")
    since, until, before = (begin(month - back) for back in (3, 0, 6))
    return Answers(rows, since, until, before)


def begin(month: pd.Period) -> datetime:
    return datetime.combine(date(month.year, month.month, 1), time(), UTC)


def sjq(given: dict[str, Any]) -> float | None:
    """The mean of the three dimensions' means, from 0 to 100."""
    parts = [dimension(code)(given) for code in SCALES.values()]
    return None if None in parts else (np.mean(parts) - 1) / 6 * 100


def nps(given: dict[str, Any]) -> float | None:
    value = given.get("nps", {}).get("nps")
    return None if value is None else 100 * ((value >= 9) - (value <= 6))


def csat(given: dict[str, Any]) -> float | None:
    value = given.get("csat", {}).get("csat")
    return None if value is None else 100 * (value >= 4)


def dimension(code: str) -> Callable[[dict[str, Any]], float | None]:
    def read_(given: dict[str, Any]) -> float | None:
        own = [value for item, value in given.get("sjq", {}).items() if item.startswith(code)]
        return float(np.mean(own)) if own else None

    return read_


END = {ACCOUNT: "account-end", MORTGAGE: "mortgage-(end|study)"}


def test_1_which_journey_scores_lowest(manager: Manager, answers: Answers):
    manager.begin()
    means = {name: answers.of(code, sjq).mean() for name, code in END.items()}
    for name, mean in means.items():
        assert numbers(manager.text(score_of(name)))[0] == shown_as(mean)
    listed = manager.page.locator(".portfolio tbody th > a").all_inner_texts()
    # Those that ask nobody anything, a target state and a blueprint, stand last.
    assert listed[:-2] == sorted(means, key=lambda name: means[name])
    assert manager.clicks == 0


def test_2_is_it_better_since_we_changed_something(
    manager: Manager, answers: Answers, bank: tuple[Installation, Made]
):
    said = manager.begin().click(ACCOUNT).click("Changes").row("New sign-in to the app")
    with bank[0].store.reading() as session:
        title = RegisteredChange.title == "New sign-in to the app"
        day = session.scalars(select(RegisteredChange.started_on).where(title)).one()
    month = pd.Period(day, freq="M")
    now = pd.Period(bank[0].now().date(), freq="M")
    after_from = month if day.day == 1 else month + 1  # a month of which it was in effect all days
    after_to = min(now + 1, after_from + 6)  # the running month so far, too
    sides = [
        answers.of("account-signin", csat, since=begin(since), until=begin(until))
        for since, until in ((month - 6, month), (after_from, after_to))
    ]
    difference = sides[1].mean() - sides[0].mean()
    assert "CSAT" in said and "higher" in said
    assert numbers(said[said.index("(") :])[0] == shown_as(difference)


def test_3_what_goes_with_recommending(manager: Manager, answers: Answers):
    manager.begin().click(ACCOUNT).click("Drivers")
    scores = {name: answers.of("account-end", dimension(code)) for name, code in SCALES.items()}
    likely = answers.of("account-end", lambda given: given.get("nps", {}).get("nps"))
    r = np.corrcoef(np.column_stack([*scores.values(), likely]), rowvar=False)

    def explained(some: tuple[int, ...]) -> float:
        within, own = r[np.ix_(some, some)], r[list(some), -1]
        return float(own @ np.linalg.solve(within, own)) if some else 0.0

    orders = list(permutations(range(3)))
    for place, name in enumerate(scores):
        gains = [
            explained(order[: order.index(place) + 1]) - explained(order[: order.index(place)])
            for order in orders
        ]
        shown = re.search(NUMBER + "%", manager.row(name.capitalize(), "%"))
        assert shown is not None and float(shown[1]) == shown_as(100 * np.mean(gains))
    assert "not a cause" in manager.text("main")


def test_4_what_do_customers_say(manager: Manager, bank: tuple[Installation, Made]):
    quotes = manager.begin().page.locator(".quote blockquote").all_inner_texts()
    with bank[0].store.reading() as session:
        known = set(session.scalars(select(Comment.text)))
    assert quotes and all(each in known for each in quotes)
    manager.click(ACCOUNT).click("Comments")
    assert manager.page.locator("main blockquote, main .comment").count() > 10


def test_5_what_to_do_first_and_what_it_would_bring(manager: Manager, answers: Answers):
    first = manager.begin().text(".rail li")
    own, rest = "account-identity", "account-(compare|advice|form|signin|card)"
    low, others = answers.of(own, csat).mean(), answers.of(rest, csat).mean()
    assert first.startswith("Identity check by video")
    score, difference = numbers(first[first.index("CSAT") :])[:2]
    assert (score, difference) == (shown_as(low), shown_as(others - low))
    results = manager.click(ACCOUNT).click("Results").text("main")
    assert "NPS per point" in results


def test_6_how_does_it_compare_with_the_months_before(manager: Manager, answers: Answers):
    said = manager.begin().click(ACCOUNT).text(".key:has-text('NPS')")
    change = answers.of("account-end", nps).mean() - answers.earlier("account-end", nps).mean()
    assert numbers(said[said.index("change") :])[0] == shown_as(change)


def test_7_how_does_it_compare_with_other_journeys(manager: Manager, answers: Answers):
    manager.begin().click("Journeys, channels and partners side by side")
    said = manager.row(MORTGAGE, ACCOUNT, "significant", "CI")
    difference = answers.of(END[MORTGAGE], sjq).mean() - answers.of(END[ACCOUNT], sjq).mean()
    assert numbers(said)[0] == shown_as(difference)


def test_8_how_does_it_compare_with_others_outside(manager: Manager, answers: Answers):
    said = manager.begin().click(ACCOUNT).row("NPS", "Customers of six invented banks")
    own = answers.of("account-end", nps).mean()
    assert numbers(said)[0] == shown_as(own)
    assert numbers(said[said.index("significant") :])[0] == shown_as(own - 12)


def test_9_can_my_boss_have_it_each_month(manager: Manager, bank: tuple[Installation, Made]):
    said = manager.begin().click(ACCOUNT).click("Scheduled reports").row("Monthly")
    following = pd.Period(bank[0].now().date(), freq="M") + 1
    assert "Executive page" in said
    assert f" 1 {following.strftime('%b %Y')}" in said


def test_10_how_sure_are_we(manager: Manager, answers: Answers):
    manager.begin()
    for name, code in END.items():
        own = answers.of(code, sjq)
        error = own.std(ddof=1) / np.sqrt(len(own)) * stats.t.ppf(0.975, len(own) - 1)
        cell = manager.text(score_of(name))
        _, low, high = numbers(cell)[:3]
        assert (low, high) == (shown_as(own.mean() - error), shown_as(own.mean() + error))
        assert f"n = {len(own)}" in cell
