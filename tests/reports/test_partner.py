"""The partner report has the pages' numbers of one partner's touchpoints, and nothing of others."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.auth.permissions import Role
from surveyapp.errors import Conflict, Invalid, NotAllowed
from surveyapp.installation import Installation, open_installation
from surveyapp.reports import make
from surveyapp.reports.actions import ask_report
from surveyapp.reports.document import Paragraph, Table, plain
from surveyapp.reports.journeys import partner
from surveyapp.reports.journeys.partner_numbers import numbers_of
from surveyapp.results import dashboards, phrases
from surveyapp.results.partners import partners
from surveyapp.results.scope import Comparison, Scope
from surveyapp.settings import read
from surveyapp.store.models import Comment, Journey, Report, Response, Touchpoint, User
from tests.results import bank

pytestmark = pytest.mark.xdist_group("partner")  # its tests share what is made once

WHEN = {"since": date(2026, 5, 1), "until": date(2026, 10, 31)}
OTHERS = ("Opening an account in the app", "Paying and transferring", "Chat support")
OWN = {"id": "IDco", "meet": " adviser  LTD", "offer": "Adviser Ltd"}


@pytest.fixture(scope="module")
def made(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, bank.Bank]]:
    home = tmp_path_factory.mktemp("partner")
    database = shutil.copy(migrated_sqlite, home / "surveyapp.db")
    opened = open_installation(read({}, home=home, database_url=f"sqlite:///{database}"))
    with opened.store.writing() as session:
        found = bank.filled(session, a_place=180)
        for code, name in OWN.items():
            session.get_one(Touchpoint, found.touchpoints[code]).partner = name
        comment(session, found.surveys["id"], "They asked twice.", may_quote=True)
        comment(session, found.surveys["id"], "Do not print this.", may_quote=False)
        comment(session, found.surveys["chat"], "A chat was fine.", may_quote=True)
        session.add(User(email="no@bank.example", name="No", password_hash="x", role=Role.MANAGER))
    yield opened, found
    opened.close()


def comment(session: Any, survey: int, text: str, *, may_quote: bool) -> None:
    taken = select(Comment.response_id)
    own = select(Response).where(Response.survey_id == survey, Response.id.not_in(taken))
    response = session.scalars(own.order_by(Response.submitted_at.desc()).limit(1)).one()
    assert response.submitted_at.date() <= WHEN["until"] + timedelta(days=60)
    response.submitted_at = response.submitted_at.replace(month=10, year=2026, day=5)
    session.add(
        Comment(
            response_id=response.id, item="csat-why", survey_id=survey, text=text, language="en",
            submitted_at=response.submitted_at, channel="link", may_quote=may_quote,
        )
    )  # fmt: skip
    session.flush()


def numbers(installation: Installation, scope: Scope, name: str, **asked: Any) -> partner.Numbers:
    with installation.store.writing() as session:
        report = ask_report(
            session, kind="partner", scope=scope, partner=name, user_id=None, **asked
        )
    with installation.store.reading() as session:
        return numbers_of(installation, session, session.get_one(Report, report.id))


def words(found: partner.Numbers) -> str:
    blocks = partner.content(found, made=date(2026, 11, 1)).blocks
    said = [plain(each.text) for each in blocks if isinstance(each, Paragraph)]
    for table in (each for each in blocks if isinstance(each, Table)):
        said += [plain(cell) for row in table.rows for cell in row]
    return " ".join(said)


def test_the_report_has_the_pages_numbers_of_the_partner_alone(made):
    installation, place = made
    scope = Scope(place.journey, **WHEN, comparison=Comparison.BEFORE)
    found = numbers(installation, scope, "idco")
    with installation.store.reading() as session:
        page = dashboards.journey_overview(session, scope, library=BUILT_IN)
        assert partners(session.get_one(Journey, place.journey)) == ["IDco", "adviser LTD"]
    [own] = found.overview.touchpoints
    assert own.figures == next(t for t in page.touchpoints if t.code == "id").figures
    left = found.overview
    assert (left.end, left.responses, left.responses_shown, left.first_day) == ((), None, 0, None)
    assert (left.advice, left.lowest, left.sides) == (None, (), None)
    assert {each.touchpoint_id for each in found.trends} == {place.touchpoints["id"]}
    said = words(found)
    for figure in own.figures:
        assert phrases.value(figure) in said and phrases.interval(figure) in said
        assert figure.change is not None and phrases.change(figure) in said
    assert not [name for name in (*OTHERS, "Meeting an adviser") if name in said]
    assert "Other touchpoints. There is no score of touchpoints that others run" in said


def test_a_weighted_report_has_the_partners_scores_with_weights(made):
    installation, place = made
    with installation.store.writing() as session:
        bank.set_regions(session, place.journey)
    bank.count_cells(installation.store)
    scope = Scope(place.journey, weighted=True)
    said = words(found := numbers(installation, scope, "idco"))
    [own] = found.overview.touchpoints
    for figure in own.figures:
        assert figure.weighted is not None and figure.weighted.figure is not None
        assert phrases.interval(figure.weighted.figure) in said
    assert "by region (Customer register, 31 December 2025)" in said
    assert not [name for name in (*OTHERS, "Meeting an adviser") if name in said]
    with installation.store.writing() as session:
        bank.remove_regions(session, place.journey)


def test_the_place_among_all_is_told_where_it_differs_from_every_other_and_there_are_others(made):
    installation, place = made
    scope = Scope(place.journey)
    [csat, ces] = numbers(installation, scope, "Adviser Ltd").stands
    assert (csat.definition.scale, csat.among, ces.among) == ("csat", 6, 6)
    with installation.store.writing() as session:
        for code in ("pay", "chat"):
            session.get_one(Touchpoint, place.touchpoints[code]).partner = "Adviser Ltd"
    # Two touchpoints are left for others: who scores lower than whom would be told of one of them.
    assert numbers(installation, scope, "Adviser Ltd").stands == ()
    with installation.store.writing() as session:
        for code in ("pay", "chat"):
            session.get_one(Touchpoint, place.touchpoints[code]).partner = ""


def test_an_end_is_told_only_where_every_pair_is_significant(made):
    installation, place = made
    before = Scope(place.journey, since=date(2025, 11, 1), until=date(2026, 4, 30))
    found = numbers(installation, before, "IDco")
    csat = found.stands[0]
    assert [str(which) for _, which in csat.ends] == ["lowest"]
    assert "Identity check scores lowest on CSAT of all 6 touchpoints that ask it." in words(found)
    later = numbers(installation, Scope(place.journey, **WHEN), "IDco")  # when it had got better
    assert [each.ends for each in later.stands] == [(), ()]
    assert "On CSAT, Identity check scores neither significantly lowest nor highest" in words(later)


def test_only_what_customers_let_be_quoted_is_quoted_and_only_of_all_customers(made):
    installation, place = made
    whole = numbers(installation, Scope(place.journey, **WHEN), "IDco", quotes=True)
    said = words(whole)
    assert "“They asked twice.”" in said
    assert "Do not print" not in said and "A chat was fine" not in said
    assert "What customers say" not in words(numbers(installation, Scope(place.journey), "IDco"))
    north = Scope(place.journey, place.segments["north"], **WHEN)
    cut = words(numbers(installation, north, "IDco", quotes=True))
    assert "They asked twice" not in cut and "in a report on all customers only" in cut
    few = Scope(place.journey, since=date(2020, 1, 1), until=date(2020, 1, 31))
    assert numbers(installation, few, "IDco", quotes=True).quotes == {}
    with installation.store.writing() as session:
        nobody = session.query(User).filter_by(name="No").one().id
        with pytest.raises(NotAllowed, match="No may not read the comments of"):
            ask_report(
                session,
                kind="partner",
                scope=north,
                partner="IDco",
                quotes=True,
                user_id=nobody,
            )


@pytest.mark.parametrize(
    ("asked", "error", "text"),
    [
        ({"kind": "partner", "partner": "Nobody"}, Invalid, "choose IDco or adviser LTD"),
        ({"kind": "partner"}, Invalid, "a partner is missing; choose IDco"),
        ({"kind": "benchmark", "partner": "IDco"}, Invalid, "is of no partner; leave it out"),
        ({"kind": "executive", "quotes": True}, Invalid, "has no quotes; leave them out"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(made, asked, error, text):
    installation, place = made
    with installation.store.writing() as session, pytest.raises(error, match=text):
        ask_report(session, scope=Scope(place.journey), user_id=None, **asked)


def test_a_journey_without_partners_and_a_partner_that_left_are_told_apart(made):
    installation, place = made
    with installation.store.writing() as session:
        report = ask_report(
            session, kind="partner", scope=Scope(place.journey), partner="IDco", user_id=None
        ).id
        point = session.get_one(Touchpoint, place.touchpoints["id"])
        point.partner = "Another"
    with pytest.raises(Conflict, match="names IDco any more"):
        make.of_scope(installation, report, progress=lambda *_: None)
    with installation.store.writing() as session:
        session.get_one(Touchpoint, place.touchpoints["id"]).partner = "IDco"
        bare = bank.make_journey(session, "bare", name="Bare")
        with pytest.raises(Conflict, match="No touchpoint of Bare names a partner"):
            ask_report(session, kind="partner", scope=Scope(bare.journey), user_id=None)


def test_the_pdf_holds_the_same_words(made):
    installation, place = made
    with installation.store.writing() as session:
        report = ask_report(
            session, kind="partner", scope=Scope(place.journey, **WHEN), partner="IDco",
            formats=("docx", "pptx", "html"), user_id=None,
        ).id  # fmt: skip
    make.of_scope(installation, report, progress=lambda *_: None)
    with installation.store.reading() as session:
        kept = session.get_one(Report, report)
        assert kept.file is not None and sorted(f.format for f in kept.documents) == [
            "docx",
            "html",
            "pptx",
        ]
        reader = PdfReader(io.BytesIO(installation.files.read(kept.file)))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert "Partner report" in text and "IDco" in text and "Identity check" in text
    assert not [name for name in OTHERS if name in text]
