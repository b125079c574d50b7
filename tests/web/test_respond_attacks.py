"""What strangers try on survey pages: stored scripts, stuffed ballots, joined anonymity, big bodies."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlencode

import pytest
from sqlalchemy import select, text

from surveyapp.installation import Installation
from surveyapp.responses import rollups
from surveyapp.responses.release_duty import release_all
from surveyapp.store.models import Base, Invitation, Response, SurveyRow
from surveyapp.web.respond.assets import script, script_hash, style
from surveyapp.web.respond.views import LARGEST_BODY
from tests.responses.makers import make_journey, make_segment, make_survey
from tests.web.respondents import fields, form_key, opened, parsed, sent, single_use

SCRIPT = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}{provider.__class__}%0d%0a"
)


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    with installation.store.writing() as session:
        return make_survey(session)


def test_texts_from_staff_and_customers_stay_texts(client, installation):
    with installation.store.writing() as session:
        journey = make_journey(session)
        journey.provider = SCRIPT
        journey.stages[0].touchpoints[0].name = SCRIPT
        made = make_survey(
            session, journey=journey, introduction=SCRIPT, consent=SCRIPT, name=SCRIPT
        )
    url = f"/s/{made.link}"
    pages = [
        opened(client, url),
        sent(client, url, **{"nps-nps_reason": SCRIPT, "nps-nps": SCRIPT}).text,
        sent(client, url, **{SCRIPT: SCRIPT}).text,
        client.get(f"{url}/thanks?lang={SCRIPT}").text,
        client.get(f"{url}?lang={SCRIPT}").text,
        client.get(f"/s/{SCRIPT}").text,
    ]
    for page in pages:
        tags = parsed(page)
        own = [tag.text.strip() for tag in tags.all("script")]
        assert set(own) <= {script().strip()}
        assert tags.all("img") == []
        assert not [name for tag in tags.tags for name in tag.attributes if name.startswith("on")]
        if 'name="form-key"' in page:
            said = page.replace(form_key(page), "").replace(style(), "").replace(script(), "")
            assert "49" not in said
    assert "{provider.__class__}" in pages[0]
    assert "{{7*7}}" in pages[0]


def test_the_policy_allows_our_stylesheet_and_script_and_nothing_else(client, survey):
    for path, status in ((f"/s/{survey.link}", 200), ("/s/nothing", 404)):
        answer = client.get(path)
        policy = dict(
            part.strip().split(" ", 1)
            for part in answer.headers["Content-Security-Policy"].split(";")
        )
        assert answer.status_code == status
        assert policy["default-src"] == "'none'"
        assert policy["style-src"].startswith("'sha256-")
        assert (policy["form-action"], policy["frame-ancestors"]) == ("'self'", "'none'")
        assert policy["script-src"] == f"'{script_hash()}'"
        assert (policy["connect-src"], policy["img-src"]) == ("'self'", "'self' data:")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]


def test_many_posts_of_one_invitation_at_once_are_one_response(app, client, installation, survey):
    count = 8
    (path,) = single_use(installation, survey, {"customer_ref": "4711"})
    forms = [{**fields(seed), "form-key": form_key(opened(client, path))} for seed in range(count)]
    together = Barrier(count)

    def post(form: dict[str, str]) -> int:
        together.wait()
        return app.test_client().post(path, data=form).status_code

    with ThreadPoolExecutor(count) as threads:
        assert list(threads.map(post, forms)) == [303] * count
    with installation.store.reading() as session:
        assert session.query(Response).count() == 1
        assert rollups.recount(session) == []


def test_many_posts_of_one_open_form_at_once_are_one_response(app, client, installation, survey):
    count = 8
    url = f"/s/{survey.link}"
    form = {**fields(1), "form-key": form_key(opened(client, url))}
    together = Barrier(count)

    def post(_: int) -> int:
        together.wait()
        return app.test_client().post(url, data=form).status_code

    with ThreadPoolExecutor(count) as threads:
        assert list(threads.map(post, range(count))) == [303] * count
    with installation.store.reading() as session:
        assert session.query(Response).count() == 1
        assert rollups.recount(session) == []


def test_answers_that_come_together_are_all_counted(app, client, installation, survey):
    """Different people at the same moment add to the same rollup rows."""
    count = 8
    with installation.store.writing() as session:
        make_segment(session, "north", "region = North")
    customers = [{"attributes": {"region": "North"}}] * count
    paths = single_use(installation, survey, *customers)
    forms = [
        (path, {**fields(seed), "form-key": form_key(opened(client, path))})
        for seed, path in enumerate(paths)
    ]
    together = Barrier(count)

    def post(job: tuple[str, dict[str, str]]) -> int:
        together.wait()
        return app.test_client().post(job[0], data=job[1]).status_code

    with ThreadPoolExecutor(count) as threads:
        assert list(threads.map(post, forms)) == [303] * count
    with installation.store.reading() as session:
        assert session.query(Response).count() == count
        assert rollups.recount(session) == []


def test_a_key_of_one_link_or_invitation_sends_no_other(client, installation, survey):
    first, second = single_use(installation, survey, {}, {})
    key = form_key(opened(client, first))
    for path in (second, f"/s/{survey.link}"):
        assert client.post(path, data={**fields(1), "form-key": key}).status_code == 422
    with installation.store.reading() as session:
        assert session.query(Response).count() == 0


def dump(installation: Installation) -> str:
    """Every row of every table, as whoever copies the database sees them."""
    with installation.store.engine.connect() as connection:
        tables = Base.metadata.sorted_tables
        rows = {table.name: connection.execute(table.select()).all() for table in tables}
    return json.dumps(
        {name: [list(row) for row in found] for name, found in rows.items()}, default=str
    )


def test_a_dump_of_an_anonymous_survey_joins_no_answer_to_a_link(client, installation):
    count = 12
    with installation.store.writing() as session:
        made = make_survey(session, anonymity="anonymous")
    customers = [
        {"customer_ref": f"customer-{k}", "attributes": {"region": "North"}} for k in range(count)
    ]
    paths = single_use(installation, made, *customers)
    with installation.store.reading() as session:
        hashes = list(session.scalars(select(Invitation.token_hash).order_by(Invitation.id)))
    answered = paths[: count - 2]
    for seed, path in enumerate(answered):
        assert sent(client, path, seed).status_code == 303
    with installation.store.reading() as session:
        assert session.scalars(select(Response)).all() == []
    assert release_all(installation, installation.now()) == count - 2
    held = dump(installation)
    assert "customer-" not in held
    assert all(path.rsplit("/", 1)[1] not in held for path in paths)
    # What was used is gone: no row is left whose place or time could be matched with an answer's.
    assert [token in held for token in hashes] == [False] * (count - 2) + [True] * 2
    with installation.store.reading() as session:
        kept = session.scalars(select(Response)).all()
        left = session.scalars(select(Invitation)).all()
        assert rollups.recount(session) == []
    assert {(r.invitation_id, r.journey_run_id, r.external_id, r.started_at) for r in kept} == {
        (None, None, None, None)
    }
    assert {r.submitted_at.time().isoformat() for r in kept} == {"00:00:00"}
    assert {(i.state, i.opened_at, i.completed_at) for i in left} == {("created", None, None)}
    by_id = sorted(kept, key=lambda response: response.id)
    reasons = [response.answers["nps"]["nps_reason"] for response in by_id]
    assert reasons != [f"reason {seed}" for seed in range(count - 2)]


def test_a_pseudonymous_dump_holds_no_reference_and_no_token(client, installation, survey):
    (path,) = single_use(installation, survey, {"customer_ref": "customer-1"})
    sent(client, path)
    held = dump(installation)
    assert "customer-1" not in held
    assert path.rsplit("/", 1)[1] not in held
    assert path.rsplit("/", 1)[1].split(".")[0] not in held


def test_the_log_and_the_pages_do_not_repeat_a_token(client, installation, survey, capsys):
    (path,) = single_use(installation, survey)
    ticket = path.rsplit("/", 1)[1]
    answer = sent(client, path)
    assert ticket not in answer.headers["Location"]
    assert ticket not in opened(client, single_use(installation, survey)[0])
    printed = capsys.readouterr()
    assert "/s/<link>/<ticket>" in printed.err
    assert ticket not in printed.err + printed.out


@pytest.mark.parametrize(
    "data",
    [
        {"nps-nps_reason": "x" * LARGEST_BODY},
        "nps-nps=1&" * 60_000,
    ],
    ids=["text", "repeats"],
)
def test_a_body_that_is_too_large_is_refused_in_words(client, installation, survey, data):
    kind = "application/x-www-form-urlencoded"
    answer = client.post(f"/s/{survey.link}", data=data, content_type=kind)
    assert (answer.status_code, "larger than this survey accepts" in answer.text) == (413, True)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"nps-nps": 9}'),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("text/plain", b"\xff\xfe\x00"),
        ("application/x-www-form-urlencoded", b"".join(b"f%d=&" % k for k in range(30_000))),
        ("application/x-www-form-urlencoded", b"nps-nps=%ff%00&nps-nps_reason=%ed%a0%80&%00=%00"),
    ],
)
def test_bodies_that_are_no_form_get_the_form_back(
    client, installation, survey, content_type, body
):
    answer = client.post(f"/s/{survey.link}", data=body, content_type=content_type)
    assert answer.status_code in {400, 422}
    with installation.store.reading() as session:
        assert session.query(Response).count() == 0


def test_what_no_database_can_hold_is_taken_out_of_a_text(client, installation, survey):
    url = f"/s/{survey.link}"
    form = {**fields(1), "form-key": form_key(opened(client, url))}
    del form["nps-nps_reason"]
    body = urlencode(form) + "&nps-nps_reason=a%00b%ed%a0%80c"
    kind = "application/x-www-form-urlencoded"
    assert client.post(url, data=body, content_type=kind).status_code == 303
    with installation.store.reading() as session:
        (kept,) = session.scalars(select(Response))
    # Bytes that spell no letter stay as they were sent, percent and all.
    assert kept.answers["nps"]["nps_reason"] == "ab%ED%A0%80c"


@pytest.mark.parametrize(
    "path",
    ["/s/%00", "/s/a%00b", "/s/x" + "y" * 5000, "/s/x/" + "y" * 9000, "/s/..%2f..", "/s/%ff"],
)
def test_odd_addresses_get_the_neutral_page(client, installation, path: str):
    answer = client.get(path)
    assert (answer.status_code, "cannot be used" in answer.text) == (404, True)


def test_without_its_database_the_page_says_so_and_nothing_is_half_written(
    app, client, installation, survey
):
    url = f"/s/{survey.link}"
    form = {**fields(1), "form-key": form_key(opened(client, url))}
    with installation.store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE scores RENAME TO scores_away"))
    try:
        answer = client.post(url, data=form)
    finally:
        with installation.store.engine.begin() as connection:
            connection.execute(text("ALTER TABLE scores_away RENAME TO scores"))
    assert (answer.status_code, "could not be saved just now" in answer.text) == (503, True)
    with installation.store.reading() as session:
        assert session.query(Response).count() == 0
    assert client.post(url, data=form).status_code == 303
