"""The list of journeys shows what each journey's own page shows, and ranks no tie."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.journeys.portfolio import Search, listed, place_journey
from surveyapp.results import dashboards
from surveyapp.results.cells import Sums
from surveyapp.results.portfolio import phrases as portfolio_phrases
from surveyapp.results.portfolio.headlines import everybody_published
from surveyapp.results.portfolio.portfolio import Asked, Portfolio, portfolio
from surveyapp.results.portfolio.portfolio_json import portfolio_to_json
from surveyapp.results.scope import Scope
from surveyapp.results.side_by_side import Groups, SideBySide, side_by_side
from surveyapp.results.suppression.overlaps import overlaps
from surveyapp.results.suppression.publication import publication
from surveyapp.results.targets.actions import set_target
from surveyapp.results.view_models import Figure
from surveyapp.store.db import Store
from surveyapp.store.models import EVERYBODY, Case, Journey, Rollup, SurveyRow, Touchpoint
from tests.responses.makers import count_months
from tests.results import bank

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
SCOPE = Scope(0, EVERYBODY, date(2026, 2, 1), date(2026, 4, 30))
NAMES = ("Borrow", "Move", "Repair", "Pay")


@pytest.fixture(scope="module")
def store(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A bank's journey with answers everywhere, and small ones with NPS alone: 0, 0, high, one answer."""
    home = tmp_path_factory.mktemp("portfolio")
    shutil.copy(migrated_sqlite, home / "p.db")
    made = Store(f"sqlite:///{home / 'p.db'}")
    with made.writing() as session:
        bank.filled(session, a_place=60, months=6)
        for name in NAMES:
            small(session, name)
        recommend(session, "Borrow", {0: 20, 5: 20, 10: 22})
        recommend(session, "Move", {0: 20, 6: 20, 9: 22})
        recommend(session, "Repair", {10: 60, 9: 20, 7: 10})
        recommend(session, "Pay", {3: 1})
    yield made
    made.close()


def small(session: Session, name: str) -> None:
    journey = Journey(code=name.lower(), name=name, provider="P")
    session.add(journey)
    session.flush()
    asks = [{"instrument": "nps", "version": "1"}]
    session.add(
        SurveyRow(journey_id=journey.id, code=name, name=name, asks=asks, link=name.lower())
    )
    session.flush()


def recommend(session: Session, name: str, answers: dict[int, int]) -> None:
    """NPS answers of one day in March, and as many in December."""
    survey = session.query(SurveyRow).filter_by(code=name).one()
    n, total = sum(answers.values()), sum(k * v for k, v in answers.items())
    squares = sum(k * k * v for k, v in answers.items())
    bins = {f"b{i}": answers.get(i, 0) for i in range(11)}
    row = {"survey_id": survey.id, "segment_id": EVERYBODY, "n": n, "total": total}
    session.execute(
        insert(Rollup),
        [
            {**row, "total_squares": squares, **bins, "scale": scale, "day": day}
            for day in (date(2026, 3, 5), date(2025, 12, 5))
            for scale in ("nps", "responses")
        ],
    )
    count_months(session)


def read(store: Store, *, order: str = "", search: Search | None = None) -> Portfolio:
    with store.reading() as session:
        chosen = [each for each in listed(session) if (search or Search()).finds(each)]
        asked = Asked(SCOPE.period, SCOPE.baseline, order, today=NOW.date())
        return portfolio(session, chosen, asked, now=NOW, library=BUILT_IN)


def numbers(figure: Figure) -> list[float | None]:
    return [figure.n, figure.estimate, figure.low, figure.high]


def test_a_row_has_the_numbers_of_the_journeys_own_page(store: Store):
    [line] = [each for each in read(store).lines if each.stages]
    scope = Scope(line.journey.id, EVERYBODY, SCOPE.since, SCOPE.until)
    with store.reading() as session:
        page = dashboards.journey_overview(session, scope, library=BUILT_IN)
        rates = dashboards.response_rates(session, scope, minimum_cell=5, library=BUILT_IN)
        months = dashboards.trend(session, scope, library=BUILT_IN)
    own = {figure.definition.scale: figure for figure in page.end}
    for figure in line.figures:
        there = own[figure.definition.scale]
        assert numbers(figure) == pytest.approx(numbers(there))
        assert figure.change and there.change
        assert numbers(figure.change.before) == pytest.approx(numbers(there.change.before))
        assert figure.change.contrast and there.change.contrast
        difference = pytest.approx(there.change.contrast.difference)
        assert figure.change.contrast.difference == difference
    assert [figure.definition.scale for figure in line.figures] == ["sjq", "nps"]
    assert line.answers.shown == page.responses_shown
    assert (line.stages, line.touchpoints) == (3, 6)
    assert line.weakest == page.lowest[0]
    known = [rate for rate in rates if not rate.hidden]
    assert (
        line.rate is None
    )  # its invitations were made when the test ran, in no month of the period
    assert sum(rate.sent for rate in known) == 0
    [trend] = [each for each in months if each.definition.scale == line.trend[0].figure.definition.scale and each.touchpoint is None]  # fmt: skip
    shown = {month.first: month.figure.estimate for month in trend.months if month.figure.shown}
    months_of = {m.first: m.figure.estimate for m in line.trend if m.figure.shown}
    assert months_of == pytest.approx(shown)
    assert line.trend[-1].first == date(2026, 4, 1)
    assert len(line.trend) == 12


def test_the_worst_comes_first_and_a_tie_is_a_tie(store: Store):
    found = read(store, order="nps")
    ranks = {line.journey.name: line.rank for line in found.lines}
    assert {found.lines[0].journey.name, found.lines[1].journey.name} == {"Borrow", "Move"}
    assert ranks["Borrow"] == ranks["Move"]
    assert ranks["Borrow"] is not None
    assert (ranks["Borrow"].first, ranks["Borrow"].is_lowest) == (1, False)
    assert portfolio_phrases.rank(found.lines[0]) == "1="
    assert portfolio_phrases.rank_range(found.lines[0], found.ranked).startswith("1 to ")
    assert ranks["Repair"] is not None
    assert ranks["Repair"].first == ranks["Repair"].last == found.ranked == 4
    assert "lowest" not in portfolio_phrases.sentence(found)
    assert (found.lines[-1].journey.name, ranks["Pay"]) == ("Pay", None)  # one answer is hidden


def test_who_differs_from_every_other_scores_lowest(store: Store):
    only = [name for name in NAMES if name != "Move"]
    with store.reading() as session:
        chosen = [each for each in listed(session) if each.name in only]
        asked = Asked(SCOPE.period, SCOPE.baseline, "nps", today=NOW.date())
        found = portfolio(session, chosen, asked, now=NOW, library=BUILT_IN)
    said = portfolio_phrases.sentence(found)
    assert said.startswith("Borrow scores lowest of 2 journeys: NPS \N{MINUS SIGN}29 (95% CI ")
    assert "no significant change; " in said
    assert found.power is not None
    assert found.power.needed is None  # 62 answers before show no change of 10
    assert "one of 10 points would need more answers in the period before" in said
    document = portfolio_to_json(found, few=5)
    assert document["journeys"][0]["rank"] == {"first": 1, "last": 1, "of": 2}
    assert document["sentence"] == said


def test_changes_are_corrected_for_all_journeys_together(store: Store):
    found = read(store)
    changes = [f.change for line in found.lines for f in line.figures if f.change and f.change.contrast]  # fmt: skip
    assert found.compared is not None
    assert found.compared.tested == len(changes) == 5  # SJQ of one journey, NPS of four
    alone = read(store, search=Search(name="borrow"))
    [change] = [figure.change for figure in alone.lines[0].figures]
    assert change and change.contrast and change.contrast.pvalue == pytest.approx(1.0)


def test_one_page_asks_as_often_for_many_journeys_as_for_one(store: Store):
    counts = []
    for search in (Search(name="opening"), Search()):
        asked: list[str] = []
        listener = lambda *args: asked.append(args[2])  # noqa: E731, B023
        event.listen(store.engine, "before_cursor_execute", listener)
        read(store, search=search)
        event.remove(store.engine, "before_cursor_execute", listener)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 17  # one of them for the tests over time


def test_segments_never_change_what_is_shown_of_all_customers():
    """So that the list need not read them, and still hides what each journey's page hides."""
    draw = np.random.default_rng(5)
    rules = tuple((i, f"region = r{i}") for i in (1, 2, 3))
    for _ in range(40):
        months = [(2026, month) for month in range(1, draw.integers(2, 10))]
        parts = {i: {m: int(draw.choice((0, 0, 1, 2, 4, 9))) for m in months} for i in (1, 2, 3)}
        other = {m: int(draw.choice((0, 1, 3, 7))) for m in months}
        every = {m: other[m] + sum(part[m] for part in parts.values()) for m in months}
        counts = {EVERYBODY: every, **parts}
        full = publication(counts, overlaps(rules), minimum=5)
        alone = everybody_published({m: Sums(n=n) for m, n in every.items()}, minimum=5)
        for since in (None, *months):
            for until in (None, *months):
                if since and until and until < since:
                    continue
                assert full.why_hidden(EVERYBODY, since, until) is alone.why_hidden(
                    EVERYBODY, since, until
                )


def test_journeys_are_found_by_what_is_said_of_them(store: Store):
    with store.writing() as session:
        journey = session.query(Journey).filter_by(name="Repair").one()
        place_journey(
            session, journey, group="Home", tags="fast, Café,، حسابات", owner_id=None,
            next_review=date(2026, 6, 1), user_id=None,
        )  # fmt: skip
        set_target(
            session, journey, place="", metric="nps", value=80, user_id=None, library=BUILT_IN
        )
        survey = session.query(SurveyRow).filter_by(code="Repair").one()
        overdue = {"survey_id": survey.id, "scale": "nps", "value": 1.0}
        session.add_all(
            [
                Case(**overdue, due_at=NOW - timedelta(days=1)),
                Case(**overdue, due_at=NOW - timedelta(days=1), state="closed"),
                Case(**overdue, due_at=NOW + timedelta(days=1)),
            ]
        )
    for search in (Search(group="Home"), Search(tag="fast"), Search(name=" RÉPAIR")):
        [line] = read(store, search=search).lines
        assert line.journey.name == "Repair"
    assert line.journey.tags == ("Café", "fast", "حسابات")
    assert (line.journey.next_review, line.overdue) == (date(2026, 6, 1), 1)
    assert line.figures[0].target is not None
    assert line.figures[0].target.target.value == 80
    assert read(store, order="group").lines[0].journey.group == "Home"
    assert [line.journey.name for line in read(store, order="name").lines][:2] == ["Borrow", "Move"]


def test_more_journeys_than_fit_come_on_pages(store: Store, monkeypatch: pytest.MonkeyPatch):
    """And their months are kept for a minute, with the same numbers."""
    whole = read(store, order="name")
    monkeypatch.setattr("surveyapp.results.portfolio.portfolio.PAGE", 2)
    lines = []
    with store.reading() as session:
        chosen = [each for each in listed(session) if Search().finds(each)]
        for page in (1, 2, 3, 9):
            asked = Asked(SCOPE.period, SCOPE.baseline, "name", page, NOW.date())
            found = portfolio(session, chosen, asked, now=NOW, library=BUILT_IN)
            assert (found.pages, found.total, found.page) == (3, 5, min(page, 3))
            lines += [] if page == 9 else found.lines
    assert lines == list(whole.lines)


def beside(store: Store, groups: Groups) -> SideBySide:
    with store.reading() as session:
        chosen = [each for each in listed(session) if Search().finds(each)]
        return side_by_side(session, chosen, groups, SCOPE.period, library=BUILT_IN)


def test_journeys_stand_side_by_side_with_every_pair_tested(store: Store):
    found = beside(store, Groups.JOURNEYS)
    sjq, nps = found.scores
    assert (sjq.definition.scale, nps.definition.scale) == ("sjq", "nps")
    assert sjq.pairs is None  # nothing says that its items measure the same in both
    shown = {member.name: member.figure for member in nps.members if member.figure.shown}
    listed_there = {line.journey.name: line.figure("nps") for line in read(store).lines}
    for name, figure in shown.items():
        there = listed_there[name]
        assert there is not None
        assert (figure.n, figure.estimate) == (there.n, there.estimate)
    assert nps.pairs is not None
    known = {(pair.first, pair.second): pair.contrast for pair in nps.pairs}
    assert len(known) == 10
    assert found.tested == 6  # of five journeys one is hidden
    borrow = known.get(("Borrow", "Repair")) or known["Repair", "Borrow"].turned
    assert borrow.certain and borrow.difference < 0
    tie = known.get(("Borrow", "Move")) or known["Move", "Borrow"]
    assert tie is not None and not tie.certain


def test_touchpoints_of_a_channel_and_of_a_partner_are_put_together(store: Store):
    with store.writing() as session:
        points = {point.code: point for point in session.query(Touchpoint)}
        points["meet"].channel, points["offer"].channel = "Branch", " branch "
        points["id"].partner = points["chat"].partner = "IDco"
        for code in ("meet", "offer", "pay"):
            points[code].partner = "Adviser Ltd"
    channels = {each.definition.scale: each for each in beside(store, Groups.CHANNELS).scores}
    assert [member.name for member in channels["csat"].members] == ["app", "Branch"]
    partners = {each.definition.scale: each for each in beside(store, Groups.PARTNERS).scores}
    with store.reading() as session:
        number = session.query(Journey).filter_by(code="current-account").one().id
        scope = Scope(number, EVERYBODY, SCOPE.since, SCOPE.until)
        page = dashboards.journey_overview(session, scope, library=BUILT_IN)
    own = {point.code: point.figures[0] for point in page.touchpoints}
    members = {member.name: member.figure for member in partners["csat"].members}
    assert members["IDco"].n == sum(own[code].n or 0 for code in ("id", "chat"))
    assert members["Adviser Ltd"].n == sum(own[c].n or 0 for c in ("meet", "offer", "pay"))
    assert partners["csat"].pairs is not None
    [pair] = partners["csat"].pairs
    assert pair.contrast is not None
    lower = pair.contrast if pair.first == "IDco" else pair.contrast.turned
    assert lower.certain and lower.difference < 0
