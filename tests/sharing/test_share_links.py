"""Share links: what they show, what they never show, and what ends them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml.html import fromstring
from sqlalchemy import select, update

from instruments.loader import BUILT_IN
from surveyapp.auth import actions as auth
from surveyapp.auth import grants
from surveyapp.auth.throttle import BY_ADDRESS, LINK_OPENED, LINK_PASSWORD
from surveyapp.installation import Installation
from surveyapp.responses.actions import submit
from surveyapp.sharing import share_links
from surveyapp.store.models import (
    AuditEntry,
    Journey,
    JourneyGrant,
    Segment,
    ShareLink,
    Target,
    Touchpoint,
    User,
)
from tests.responses.makers import NOW, as_survey, make_segment, make_survey, some_answers
from tests.sharing.conftest import People

pytestmark = pytest.mark.xdist_group("sharing")  # its tests share what is made once

MONTH = f"{NOW:%Y-%m}"
PASSWORD = "violet tram umbrella"
SECRET_WORD = "quokka"  # in every comment


@dataclass(frozen=True)
class Measured:
    """A journey with six answers at its end, three of them of the north, and their comments."""

    journey_id: int
    north: int
    point: int

    def page(self, tab: str = "", **more: object) -> str:
        query = "&".join(f"{name}={value}" for name, value in {"from": MONTH, **more}.items())
        return f"/journeys/{self.journey_id}{tab}?{query}&to="


@pytest.fixture(scope="package")
def measured(installation: Installation, people: People) -> Measured:
    with installation.store.writing() as session:
        made = make_survey(session, asks=("csat",))
        north = make_segment(session, "north", "region = North")
        for at in range(6):
            answers = some_answers(at + 1, ("csat",))
            answers["csat"] = {**answers["csat"], "csat_reason": SECRET_WORD}
            submit(
                session,
                as_survey(session, made),
                answers,
                submission_key=f"shared {at}",
                attributes={"region": ("North", "South")[at % 2]},
                now=NOW,
                library=BUILT_IN,
            )
        point = session.get_one(Touchpoint, made.touchpoint_id)
        point.channel = "app"
        session.add(
            Target(journey_id=made.journey_id, place="apply/form", metric="csat", value=70.0)
        )
        return Measured(made.journey_id, north.id, point.id)


def make(client: FlaskClient, of: str, *, purpose: str = "Board", **fields: str) -> str:
    """The path of a new link."""
    journey_id = re.search(r"/journeys/(\d+)", of)[1]
    sent = {"of": of, "purpose": purpose, "days": "30", **fields}
    answer = client.post(f"/journeys/{journey_id}/share-links/new", data=sent)
    assert answer.status_code == 200, answer.text
    found = re.search(r'value="https?://[^/"]+(/shared/[^"]+)"', answer.text)
    assert found, answer.text
    return found[1]


def newest(installation: Installation) -> ShareLink:
    with installation.store.reading() as session:
        return session.scalars(select(ShareLink).order_by(ShareLink.id.desc()).limit(1)).one()


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """Somebody without an account."""
    return app.test_client()


def rows(page: str) -> list[list[str]]:
    """The figures of every row of a page's tables in words, without what leads staff on from them."""
    tree = fromstring(page)
    for link in tree.xpath("//td//a"):
        link.drop_tree()
    found = [
        [" ".join(cell.text_content().split()) for cell in row.iter("td")]
        for table in tree.iter("table")
        for row in table.iter("tr")
    ]
    return [row for row in found if row]


# What they show


@pytest.mark.parametrize("segment", [False, True])
@pytest.mark.parametrize(
    "tab", ["", "/results", "/touchpoints/{}/answers", "/answers", "/targets", "/drivers"]
)
def test_a_link_shows_the_figures_of_its_page_and_hides_what_a_reader_is_not_shown(
    measured, ada, stranger, tab: str, segment: bool
):
    tab = tab.format(measured.point)
    of = measured.page(tab, **({"segment": measured.north} if segment else {}))
    shown = stranger.get(make(ada, of)).text
    theirs, own = rows(shown), rows(ada.get(of).text)
    if tab == "/targets":
        assert any("70%" in row for row in theirs) is not segment  # set for all customers
        own = [row[:-2] for row in own]  # without the owner, whom strangers need not know
        assert "Ada" not in shown
    elif tab == "/drivers":
        assert "No outcome to compare with is asked" in shown and not theirs
    elif tab == "/answers":
        assert "not asked here" in shown and not theirs  # nothing is at the journey's end
    elif not (tab.endswith("/answers") and segment):  # whose three answers are hidden
        assert theirs
    for row in theirs:
        if "above" not in " ".join(row):  # the staff's page draws it as a triangle
            assert row in own, row
    if tab in ("", "/results"):
        assert any("6" in row or "n 6" in " ".join(row) for row in theirs) or segment
    if tab == "/results" or (segment and (not tab or tab.startswith("/touchpoints"))):
        assert "hidden (fewer than 5)" in shown
    assert SECRET_WORD not in shown


def test_a_link_shows_a_touchpoint(people, ada, stranger):
    of = f"/journeys/{people.here.journey_id}/touchpoints/{people.here.touchpoint_id}?period=all"
    page = stranger.get(make(ada, of)).text
    assert "Form" in page and "hidden (fewer than 5)" in page and "Fine." not in page


def test_a_page_says_as_of_when_it_is_of_which_months_and_until_when(
    installation, measured, ada, stranger
):
    path = make(ada, measured.page())
    page = stranger.get(path).text
    now = installation.now()
    assert f"Numbers as of {now.day} {now:%b %Y, }" in page
    end = now + timedelta(days=30)
    assert f"This link ends on {end.day} {end:%b %Y}" in page
    assert "All customers" in page


def test_the_months_of_a_link_stay_those_that_its_maker_saw(
    installation, measured, ada, stranger, monkeypatch
):
    path = make(ada, f"/journeys/{measured.journey_id}", days="60")
    months = re.fullmatch(r"from=(\d{4}-\d{2})&to=\d{4}-\d{2}", newest(installation).arguments)
    said = re.search(r"All customers, [^.]+", stranger.get(path).text)[0]
    later = installation.now() + timedelta(days=32)
    assert months and f"{later:%Y-%m}" != f"{installation.now():%Y-%m}"
    monkeypatch.setitem(vars(installation), "now", lambda: later)
    assert said in stranger.get(path).text


# The list


def test_the_list_says_what_each_link_shows_and_how_often_it_was_opened(people, ada, bo, stranger):
    journey = f"/journeys/{people.there.journey_id}"
    before = bo.get(f"{journey}/share-links").text
    assert "never" in before  # the world's own link
    path = make(ada, f"{journey}/results?from=2026-01&to=2026-02", purpose="Mr <b> & board")
    for _ in range(3):
        assert stranger.get(path).status_code == 200
    page = bo.get(f"{journey}/share-links").text
    assert "Mr &lt;b&gt; &amp; board" in page and "3 times" in page and "by <bdi>Ada" in page
    assert "Results" in page and "Feb 2026" in page
    assert path.rpartition("/")[2] not in page


def test_a_journey_without_links_says_so_and_many_are_listed_to_the_end(
    installation, measured, ada, monkeypatch
):
    path = f"/journeys/{measured.journey_id}/share-links"
    with installation.store.writing() as session:
        session.execute(
            update(ShareLink)
            .where(ShareLink.journey_id == measured.journey_id)
            .values(revoked_at=installation.now())
        )
    assert "No open links" in ada.get(path).text
    monkeypatch.setattr(share_links, "LISTED_ENDED", 1)
    assert "that ended earlier are left out" in ada.get(path).text
    monkeypatch.setattr(share_links, "MOST_OPEN", 0)
    form = {"of": measured.page(), "purpose": "One more", "days": "3"}
    refused = ada.post(f"{path}/new", data=form)
    assert refused.status_code == 422 and "revoke one first" in refused.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"days": "0"}, "between 1 and 90"),
        ({"days": "91"}, "between 1 and 90"),
        ({"days": "soon"}, "integer"),
        ({"purpose": " "}, "0 characters"),
        ({"password": "short"}, "use at least 12"),
        ({"token": "x"}, "no field"),
    ],
)
def test_a_link_that_cannot_be_is_refused_at_its_field(measured, ada, fields, said: str):
    sent = {"of": measured.page(), "purpose": "Board", "days": "30", **fields}
    answer = ada.post(f"/journeys/{measured.journey_id}/share-links/new", data=sent)
    assert answer.status_code == 422
    assert said in html.unescape(answer.text)


def test_pages_that_hold_more_than_figures_cannot_be_shared(people, measured, ada):
    here, own = people.here.journey_id, f"/journeys/{measured.journey_id}"
    for of in (
        f"{own}/comments",
        f"{own}/responses",
        f"{own}/benchmarks",
        "/journeys",
        "/side-by-side",  # of whichever journeys there are
        f"/side-by-side?journey={here}",
        f"/side-by-side?journey={measured.journey_id}&groups=moons",
        f"/journeys/{here}",  # of another journey than the form's
        f"{own}/touchpoints/{people.here.touchpoint_id}",
        "/account",
    ):
        sent = {"of": of, "purpose": "Trap", "days": "30"}
        answer = ada.post(f"{own}/share-links/new", data=sent)
        assert answer.status_code in {404, 422}, of
        if "comments" in of:
            assert "own words, in which somebody may be known again" in html.unescape(answer.text)
    assert "Share by link" in ada.get(measured.page()).text
    for path in (f"{own}/benchmarks", f"{own}/comments", "/side-by-side"):
        assert "Share by link" not in ada.get(path).text, path


def test_pages_that_count_long_are_not_shared_of_large_journeys(
    measured, ada, stranger, monkeypatch
):
    tabs = (f"/touchpoints/{measured.point}/answers", "/drivers")
    paths = [make(ada, measured.page(tab)) for tab in tabs]
    for limit in ("ANSWERS_AT_ONCE", "COUNTED_AT_ONCE"):
        monkeypatch.setattr(f"surveyapp.web.share_links.{limit}", 5)
    for path in paths:
        shown = stranger.get(path)
        assert shown.status_code == 200 and "for a journey of this size" in shown.text
    sent = {"of": measured.page("/drivers"), "purpose": "Board", "days": "3"}
    refused = ada.post(f"/journeys/{measured.journey_id}/share-links/new", data=sent)
    assert refused.status_code == 422 and "share its results, or a report" in refused.text


def test_journeys_side_by_side_are_shared_by_whoever_may_share_each(
    installation, people, measured, sign_in, ada, stranger
):
    """The link is found and revoked at each journey, and ends with the right to either."""
    both = (measured.journey_id, people.there.journey_id)
    of = f"/side-by-side?journey={both[0]}&journey={both[1]}&groups=channels&from={MONTH}&to="
    assert "Share by link" in ada.get(of).text
    with installation.store.writing() as session:
        fay = User(email="fay@example.org", name="Fay", role="manager", password_hash="")
        session.add(fay)
        session.flush()
        session.add(JourneyGrant(user_id=fay.id, journey_id=both[0], kind="editor"))
        session.add(JourneyGrant(user_id=fay.id, journey_id=both[1], kind="reader"))
    theirs, new = sign_in(fay), f"/journeys/{both[0]}/share-links/new"
    sent = {"of": of, "purpose": "Both", "days": "3"}
    assert theirs.post(new, data=sent).status_code == 403
    with installation.store.writing() as session:
        session.add(JourneyGrant(user_id=fay.id, journey_id=both[1], kind="editor"))
    answer = theirs.post(new, data=sent)
    path = re.search(r'value="https?://[^/"]+(/shared/[^"]+)"', answer.text)[1]
    shown, own = rows(stranger.get(path).text), rows(ada.get(of).text)
    assert shown and all(row in own for row in shown)
    assert "/side-by-side" not in stranger.get(path).text
    lists = [f"/journeys/{each}/share-links" for each in both]
    for at in lists:
        assert "2 journeys" in ada.get(at).text, at
    assert "2 journeys" not in ada.get(f"/journeys/{people.here.journey_id}/share-links").text
    link = newest(installation)
    other = f"/journeys/{people.here.journey_id}/share-links/{link.id}/revoke"
    assert ada.post(other).status_code == 404
    with installation.store.writing() as session:
        grants.take(session, fay.id, "editor", both[1], by=people.ada.id)
    assert stranger.get(path).status_code == 404
    assert newest(installation).revoked_at is not None
    second = ada.post(new, data=sent)
    path = re.search(r'value="https?://[^/"]+(/shared/[^"]+)"', second.text)[1]
    assert stranger.get(path).status_code == 200
    assert ada.post(f"{lists[1]}/{newest(installation).id}/revoke").status_code == 303
    assert stranger.get(path).status_code == 404


# 6, 12: nothing else is reachable, and nothing acts for somebody


def test_a_shared_page_has_no_script_no_form_no_cookie_and_leads_nowhere(measured, ada, stranger):
    for tab in ("", "/results", "/answers", "/targets"):
        answer = stranger.get(make(ada, measured.page(tab)))
        tree = fromstring(answer.text)
        assert tree.xpath("//script | //form | //iframe | //object | //a | //@style") == []
        for address in tree.xpath("//@href | //@src"):
            assert re.match(r"(/static/|/bootstrap/|/stylesheet|/theme|data:)", address), address
        signed_in = ada.get(make(ada, measured.page(tab)))
        assert "Set-Cookie" not in signed_in.headers and "Ada" not in signed_in.text
        assert "Set-Cookie" not in answer.headers
    for path in ("/journeys", f"/journeys/{measured.journey_id}", "/saved-views", "/cases"):
        assert stranger.get(path).location.startswith("/sign-in")


def test_a_shared_page_is_neither_kept_nor_found_nor_told_of(measured, ada, stranger):
    for path in (make(ada, measured.page()), "/shared/unknown"):
        headers = stranger.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]
        policy = headers["Content-Security-Policy"]
        assert "script-src" not in policy and "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy


def test_links_are_made_and_revoked_by_forms_of_ours_alone(app, installation, measured, ada):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        base = f"/journeys/{measured.journey_id}/share-links"
        form = {"of": measured.page(), "purpose": "Trap", "days": "3"}
        assert ada.post(f"{base}/new", data=form).status_code == 400
        assert ada.post(f"{base}/{newest(installation).id}/revoke").status_code == 400
        view = {"of": measured.page(), "name": "Trap"}
        assert ada.post("/saved-views/new", data=view).status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


# 8: the token


def test_a_token_is_long_and_stored_nowhere_nor_logged(
    installation, measured, ada, stranger, capsys
):
    path = make(ada, measured.page())
    token = path.rpartition("/")[2]
    assert len(token) >= 43  # 256 bits in base64
    assert make(ada, measured.page()) != path
    assert stranger.get(path).status_code == 200
    stranger.get(f"{path}x")
    stranger.get(f"{path}/more")
    said = capsys.readouterr()
    assert "/shared/<token>" in said.err
    assert token not in said.err + said.out
    home = installation.settings.home
    stored = b"".join(each.read_bytes() for each in home.rglob("surveyapp.db*"))
    assert b"share link" in stored and token.encode() not in stored


def test_unknown_expired_revoked_and_forbidden_links_get_the_same_answer(
    installation, measured, ada, stranger
):
    answers = [stranger.get("/shared/unknown"), stranger.get("/shared/" + "x" * 3000)]
    for how in ("expired", "revoked", "closed", "too old"):
        path = make(ada, measured.page(), password=PASSWORD)
        link = newest(installation)
        with installation.store.writing() as session:
            row = session.get_one(ShareLink, link.id)
            if how == "expired":
                row.expires_at = installation.now()
            if how == "too old":
                row.made_at -= timedelta(days=90)
                row.expires_at += timedelta(days=400)
            if how == "closed":
                session.get_one(User, row.made_by).active = False
        if how == "revoked":
            base = f"/journeys/{measured.journey_id}/share-links"
            assert ada.post(f"{base}/{link.id}/revoke").status_code == 303
        answers += [stranger.get(path), stranger.post(path, data={"password": PASSWORD})]
        with installation.store.writing() as session:
            session.get_one(User, link.made_by).active = True
    assert {each.status_code for each in answers} == {404}
    assert len({each.text for each in answers}) == 1
    assert len({str(each.headers) for each in answers}) == 1


def test_looking_by_head_opens_nothing(installation, measured, ada, stranger):
    path = make(ada, measured.page())
    assert stranger.head(path).status_code == 200
    assert newest(installation).opened == 0
    stranger.get(path)
    assert newest(installation).opened == 1 and newest(installation).opened_at is not None


# 16, 30: the password, and whom its throttle holds up


def test_a_password_is_asked_each_time_and_a_wrong_one_says_nothing(
    installation, measured, ada, stranger
):
    path = make(ada, measured.page(), password=PASSWORD)
    stored = newest(installation)
    assert stored.password_hash.startswith("$argon2id$")
    asked = stranger.get(path)
    assert asked.status_code == 200 and 'type="password"' in asked.text
    with installation.store.reading() as session:
        name = session.get_one(Journey, measured.journey_id).name
    wrong = stranger.post(path, data={"password": "not this one"})
    assert wrong.status_code == 422 and "Incorrect password" in wrong.text
    for answer in (asked, wrong):
        assert name not in answer.text and "Set-Cookie" not in answer.headers
    assert newest(installation).opened == 0
    right = stranger.post(path, data={"password": PASSWORD})
    assert right.status_code == 200 and name in right.text
    assert newest(installation).opened == 1
    assert 'type="password"' in stranger.get(path).text  # nobody is remembered


def test_whoever_guesses_is_held_up_and_nobody_else(measured, ada, stranger, monkeypatch):
    assert (LINK_PASSWORD.burst, LINK_PASSWORD.seconds) == (BY_ADDRESS.burst, BY_ADDRESS.seconds)
    monkeypatch.setattr("surveyapp.web.shared.LINK_PASSWORD", replace(LINK_PASSWORD, burst=2))
    path = make(ada, measured.page(), password=PASSWORD)
    guesser = {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}
    codes = [
        stranger.post(path, data={"password": f"guess {at}"}, **guesser).status_code
        for at in range(3)
    ]
    assert codes == [422, 422, 429]
    held = stranger.post(path, data={"password": PASSWORD}, **guesser)
    assert held.status_code == 429 and "Wait" in held.text and "/journeys" not in held.text
    other = {"environ_base": {"REMOTE_ADDR": "198.51.100.9"}}
    for _ in range(3):  # a right one is no guess
        assert stranger.post(path, data={"password": PASSWORD}, **other).status_code == 200
    assert stranger.get(make(ada, measured.page()), **guesser).status_code == 200  # another link


def test_a_link_without_a_password_cannot_be_reloaded_without_end(
    measured, ada, stranger, monkeypatch
):
    monkeypatch.setattr(
        "surveyapp.web.shared.LINK_OPENED", replace(LINK_OPENED, burst=2, seconds=60)
    )
    path = make(ada, measured.page())
    assert [stranger.get(path).status_code for _ in range(3)] == [200, 200, 429]
    elsewhere = {"environ_base": {"REMOTE_ADDR": "198.51.100.20"}}
    assert stranger.get(path, **elsewhere).status_code == 200


# 30: the right of who made it


def test_a_link_ends_with_its_makers_right(installation, measured, sign_in, stranger):
    with installation.store.writing() as session:
        dan = User(email="dan@example.org", name="Dan", role="manager", password_hash="")
        session.add(dan)
        session.flush()
        session.add(JourneyGrant(user_id=dan.id, journey_id=measured.journey_id, kind="editor"))
    client = sign_in(dan)
    path = make(client, measured.page())
    assert stranger.get(path).status_code == 200

    def grant(kind: str | None) -> None:
        with installation.store.writing() as session:
            for row in session.scalars(select(JourneyGrant).where(JourneyGrant.user_id == dan.id)):
                session.delete(row)
            session.flush()
            if kind:
                session.add(JourneyGrant(user_id=dan.id, journey_id=measured.journey_id, kind=kind))

    for kind in ("reader", None, "comments"):
        grant(kind)
        assert stranger.get(path).status_code == 404, kind
    sent = {"of": measured.page(), "purpose": "Trap", "days": "3"}
    grant("reader")
    new = f"/journeys/{measured.journey_id}/share-links/new"
    assert client.post(new, data=sent).status_code == 403
    assert "Share by link" not in client.get(measured.page()).text


def test_a_right_that_comes_back_brings_no_link_along(installation, measured, sign_in, stranger):
    """By every way in which somebody loses it: each ends the links that there are, and says so."""
    with installation.store.writing() as session:
        eve = auth.create_user(
            session, email="eve@example.org", name="Eve", role="manager", password=PASSWORD
        )
        auth.create_user(  # one stays when Eve is none any more
            session, email="max@example.org", name="Max", role="administrator", password=PASSWORD
        )
        grants.give(session, eve.id, "editor", measured.journey_id, by=None)
        user = session.get_one(User, eve.id)
    client, at, store = sign_in(user), measured.journey_id, installation.store
    ways = {
        "grant": (
            lambda session: grants.take(session, eve.id, "editor", at, by=None),
            lambda session: grants.give(session, eve.id, "editor", at, by=None),
        ),
        "level": (
            lambda session: grants.give(session, eve.id, "reader", at, by=None),
            lambda session: grants.give(session, eve.id, "editor", at, by=None),
        ),
        "account": (
            lambda session: auth.set_active(session, eve.id, False, by=None),
            lambda session: auth.set_active(session, eve.id, True, by=None),
        ),
    }
    for way, (lose, win) in ways.items():
        path = make(client, measured.page())
        assert stranger.get(path).status_code == 200
        with store.writing() as session:
            lose(session)
        assert stranger.get(path).status_code == 404, way
        with store.writing() as session:
            win(session)
            user = session.get_one(User, eve.id)
        client = sign_in(user)
        assert stranger.get(path).status_code == 404, way
    kept = make(client, measured.page())
    with store.writing() as session:  # an administrator may share, too
        auth.set_role(session, eve.id, "administrator", by=None)
    assert stranger.get(kept).status_code == 200
    with store.writing() as session:
        grants.take(session, eve.id, "editor", at, by=None)
        auth.set_role(session, eve.id, "manager", by=None)
        ended = session.scalars(select(AuditEntry).where(AuditEntry.action == "end share link"))
        assert sum(each.detail["maker"] == eve.email for each in ended) == len(ways) + 1
    assert stranger.get(kept).status_code == 404


def test_switching_links_off_ends_all_of_them(installation, measured, ada, stranger):
    path = make(ada, measured.page())
    object.__setattr__(installation.settings, "share_link_days", 0)
    try:
        assert stranger.get(path).status_code == 404
        base = f"/journeys/{measured.journey_id}/share-links"
        assert "switched off" in ada.get(base).text
        sent = {"of": measured.page(), "purpose": "Trap", "days": "1"}
        assert ada.post(f"{base}/new", data=sent).status_code == 422
    finally:
        object.__setattr__(installation.settings, "share_link_days", 90)
    assert stranger.get(path).status_code == 200


# 25: no figure that the pages hide


def test_a_segment_that_is_gone_or_being_counted_shows_no_figure(
    installation, measured, ada, stranger
):
    path = make(ada, measured.page(segment=measured.north))
    with installation.store.writing() as session:
        session.get_one(Segment, measured.north).sorted_to = 1
    counting = stranger.get(path)
    assert counting.status_code == 409 and "counted anew" in counting.text
    with installation.store.writing() as session:
        session.get_one(Segment, measured.north).sorted_to = None
        link = newest(installation)
        session.get_one(ShareLink, link.id).arguments = "segment=999999"
    gone = stranger.get(path)
    assert gone.status_code == 404 and gone.text == stranger.get("/shared/unknown").text


def test_a_touchpoint_that_left_the_map_is_gone(installation, people, ada, stranger):
    of = f"/journeys/{people.here.journey_id}/touchpoints/{people.here.touchpoint_id}"
    path = make(ada, of)
    with installation.store.writing() as session:
        link = newest(installation)
        unknown = session.scalars(select(Touchpoint.id).order_by(Touchpoint.id.desc())).first()
        session.get_one(ShareLink, link.id).touchpoint_id = (unknown or 0) + 1
    assert stranger.get(path).status_code == 404


# 31: what the audit log holds


def test_making_opening_refusing_and_revoking_are_in_the_audit_log(
    installation, people, measured, ada, stranger
):
    path = make(ada, measured.page(), password=PASSWORD)
    link = newest(installation)
    stranger.post(path, data={"password": "wrong"})
    stranger.post(path, data={"password": PASSWORD})
    base = f"/journeys/{measured.journey_id}/share-links"
    ada.post(f"{base}/{link.id}/revoke")
    ada.post(f"{base}/{link.id}/revoke")  # a second time changes nothing
    with installation.store.reading() as session:
        entries = [
            each
            for each in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
            if each.detail.get("link") == link.id
        ]
    assert [(each.action, each.user_id) for each in entries] == [
        ("make share link", people.ada.id),
        ("refuse share link", None),
        ("open share link", None),
        ("revoke share link", people.ada.id),
    ]
    said = " ".join(str(each.detail) for each in entries)
    assert path.rpartition("/")[2] not in said and PASSWORD not in said


# A map inside the pages of others


def test_a_map_is_framed_by_the_pages_that_its_maker_named_and_by_no_others(
    installation, measured, ada, stranger
):
    with installation.store.writing() as session:
        journey = session.get_one(Journey, measured.journey_id)
        before, journey.name = journey.name, '"><img src=x onerror=alert(1)>'
    of = measured.page("/journey-map")
    sent = {"of": of, "purpose": "Intranet", "days": "30"}
    origins = "https://Intranet.example/\nhttps://wiki.example:8443\n\nhttps://intranet.example"
    new = f"/journeys/{measured.journey_id}/share-links/new"
    made = ada.post(new, data={**sent, "frame_origins": origins})
    (code,) = fromstring(made.text).xpath("//textarea[@id='frame-code']/text()")
    frame = fromstring(code.strip())
    assert frame.tag == "iframe" and set(frame.attrib) <= {
        "src", "title", "width", "height", "loading", "referrerpolicy", "sandbox"
    }  # fmt: skip
    with installation.store.writing() as session:
        session.get_one(Journey, measured.journey_id).name = before
    path = frame.get("src").partition("//")[2].partition("/")[2]
    answer = stranger.get(f"/{path}")
    assert answer.status_code == 200, answer.text
    assert "the application form" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith("; frame-ancestors https://intranet.example https://wiki.example:8443")
    assert "script-src" not in policy and "default-src 'none'" in policy
    tree = fromstring(answer.text)
    assert tree.xpath("//script | //form | //iframe | //object | //a | //@style") == []
    assert "Set-Cookie" not in answer.headers
    whole = stranger.get(f"/{path.removesuffix('/frame')}")
    assert "frame-ancestors 'none'" in whole.headers["Content-Security-Policy"]
    assert "embedded by https://intranet.example" in ada.get(new.removesuffix("/new")).text
    link = newest(installation)
    assert link.opened == 2
    assert ada.post(f"{new.removesuffix('new')}{link.id}/revoke").status_code == 303
    gone = stranger.get(f"/{path}")
    assert gone.status_code == 404
    assert "frame-ancestors 'none'" in gone.headers["Content-Security-Policy"]


def test_a_link_without_named_pages_cannot_be_framed(measured, ada, stranger):
    answer = stranger.get(make(ada, measured.page("/journey-map")) + "/frame")
    assert answer.status_code == 404
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("tab", "fields", "said"),
    [
        ("/journey-map", {"frame_origins": "https://*.example"}, "is not an origin"),
        ("/journey-map", {"frame_origins": "http://intranet.example"}, "Only https"),
        ("/journey-map", {"frame_origins": "https://a.example/map; script-src *"}, "not an origin"),
        ("/journey-map", {"frame_origins": "\n".join(f"https://{n}.example" for n in range(11))},
         "at most 10"),
        ("/journey-map", {"frame_origins": "https://a.example", "password": PASSWORD},
         "cannot ask for a password"),
        ("/results", {"frame_origins": "https://a.example"}, "no field"),
    ],
)  # fmt: skip
def test_a_frame_that_cannot_be_is_refused_at_its_field(measured, ada, tab, fields, said: str):
    sent = {"of": measured.page(tab), "purpose": "Intranet", "days": "30", **fields}
    answer = ada.post(f"/journeys/{measured.journey_id}/share-links/new", data=sent)
    assert answer.status_code == 422
    assert said in html.unescape(answer.text)
