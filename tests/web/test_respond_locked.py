"""A database that somebody else holds: customers are told at once, and nothing they typed is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from surveyapp.app import create_app
from surveyapp.settings import read
from surveyapp.store import db
from surveyapp.store.db import Store
from surveyapp.store.models import Draft, Response
from surveyapp.web.installation import EXTENSION
from tests.responses.makers import make_survey
from tests.web.respondents import form_key, form_of, opened, single_use

LOCK_SECONDS = 1
CROWD = 12


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    settings = read(
        {}, home=tmp_path / "home", database_url=database_url, lock_seconds=LOCK_SECONDS
    )
    made = create_app(settings)
    made.testing = True
    yield made
    made.extensions[EXTENSION].close()


@contextmanager
def held(store: Store, table: str) -> Iterator[None]:
    """Somebody else's transaction that lets nobody write."""
    with store.writing() as session:
        if not store.is_sqlite:
            session.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


def kept(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(Response)) or 0


def test_answers_sent_to_a_locked_database_come_back_in_the_form_and_are_stored_once_later(
    app, client, installation
):
    store = installation.store
    with store.writing() as session:
        url = f"/s/{make_survey(session, asks=('nps',)).link}"
    form = {
        "form-key": form_key(opened(client, url)),
        "nps-nps": "7",
        "nps-nps_reason": "Slow café",
    }
    with held(store, "scores"):
        begun = monotonic()
        answer = client.post(url, data=form)
        took = monotonic() - begun
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert took < LOCK_SECONDS + 3
    assert "could not be saved just now" in answer.text
    again = {name: values[0] for name, values in form_of(answer.text).items() if values[0]}
    assert form.items() <= again.items()
    assert kept(store) == 0
    assert [client.post(url, data=form).status_code for _ in range(2)] == [303, 303]
    assert kept(store) == 1


def test_a_crowd_before_a_locked_database_is_answered_in_the_time_of_one(app, installation):
    """As many threads as wait for it would else be missing where pages are only read."""
    store = installation.store
    with store.writing() as session:
        url = f"/s/{make_survey(session, asks=('nps',)).link}"

    def send(number: int) -> int:
        client = app.test_client()
        form = {"form-key": form_key(opened(client, url)), "nps-nps": str(number % 11)}
        return client.post(url, data=form).status_code

    with ThreadPoolExecutor(CROWD) as pool:
        with held(store, "scores"):
            begun = monotonic()
            assert set(pool.map(send, range(CROWD))) == {503}
            assert monotonic() - begun < 2 * LOCK_SECONDS + 4
        assert set(pool.map(send, range(CROWD))) == {303}
    assert kept(store) == CROWD


def test_where_every_connection_is_in_use_pages_say_when_to_try_again(app, client, installation):
    store = installation.store
    with store.writing() as session:
        url = f"/s/{make_survey(session, asks=('nps',)).link}"
    form = {"form-key": form_key(opened(client, url)), "nps-nps": "7"}

    def answered(path: str) -> tuple[int, str | None]:
        other = app.test_client()
        answer = other.post(path, data=form) if path == url else other.get(path)
        return answer.status_code, answer.headers.get("Retry-After")

    paths = (url, "/sign-in")
    store.close()  # else some would be kept for customers
    with ExitStack() as others, ThreadPoolExecutor(len(paths)) as crowd:
        for _ in range(db.MOST_CONNECTIONS):
            others.enter_context(store.engine.connect())
        assert set(crowd.map(answered, paths)) == {(503, "5")}
    assert client.post(url, data=form).status_code == 303
    assert kept(store) == 1


def test_blocks_go_on_where_what_was_begun_cannot_be_kept(client, installation):
    store = installation.store
    with store.writing() as session:
        survey = make_survey(session, asks=("nps", "csat"), paging="blocks")
    (url,) = single_use(installation, survey)
    page = opened(client, url)
    form = {**form_of(page), "go": "next", "nps-nps": "7"}
    with held(store, "drafts"):
        turned = client.post(url, data=form)
        draft = client.post(f"{url}?draft=1", data=form)
    assert (turned.status_code, "csat-csat" in turned.text) == (200, True)
    assert form_of(turned.text)["nps-nps"] == ["7"]
    assert draft.status_code == 503
    with store.reading() as session:
        assert session.scalars(select(Draft)).all() == []
