"""The form of a judge on each database."""

from __future__ import annotations

from hashlib import sha256

from surveyapp.store.models import Judge
from tests.web.conftest import World

TOKEN = "j" * 43


def test_an_answer_is_stored_in_the_place_of_the_one_before(app, world: World, installation):
    with installation.store.writing() as session:
        judge = session.get_one(Judge, world.here.judge_id)
        judge.token_hash = sha256(TOKEN.encode()).hexdigest()
        judge.submitted_at = None
    item = world.here.pool_item_id
    browser = app.test_client()
    for answer in ("2", "3"):
        form = {f"answer-{item}": answer, f"remark-{item}": f"I mean {answer}.", "action": "submit"}
        assert browser.post(f"/judging/{TOKEN}", data=form).status_code == 200
    with installation.store.reading() as session:
        judge = session.get_one(Judge, world.here.judge_id)
        other = session.get_one(Judge, world.there.judge_id)
    assert (judge.answers, judge.remarks) == ({str(item): "3"}, {str(item): "I mean 3."})
    assert judge.submitted_at is not None
    assert other.answers == {str(world.there.pool_item_id): "4"}


def test_whoever_is_signed_in_is_a_stranger_on_a_judges_form(app, world: World, sign_in):
    """No name, no way into the application, and the page of a link that opens nothing says the same."""
    client = sign_in(world.users["administrator"])
    page = client.get(f"/judging/{'x' * 43}")
    assert page.status_code == 404
    assert "Sign out" not in page.text and 'href="/journeys' not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
