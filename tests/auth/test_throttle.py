"""Limits on guessing: shared through the database, exact under concurrency, bounded in rows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from surveyapp.auth import throttle
from surveyapp.auth.throttle import (
    BY_ACCOUNT,
    BY_ADDRESS,
    BY_DEVICE,
    Attempt,
    Limit,
    attempts_to_sign_in,
    client_of,
)
from surveyapp.installation import Installation
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import Throttle
from tests.installations import installation_on

START = utc_now()
THREE = Limit("test", 3, 60)


class Clock:
    minutes = 0.0

    def __call__(self):
        return START + timedelta(minutes=self.minutes)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def installation(store: Store, clock: Clock) -> Installation:
    return installation_on(store, now=clock)


def tried(installation: Installation, *names: str, limit: Limit = THREE) -> bool:
    attempts = tuple(Attempt(limit, name) for name in names)
    with installation.store.writing() as session:
        return throttle.admit(session, attempts, installation)


def rows(installation: Installation) -> int:
    with installation.store.reading() as session:
        return session.scalar(select(func.count()).select_from(Throttle)) or 0


def test_a_burst_is_let_through_then_one_a_minute(installation: Installation, clock: Clock):
    assert [tried(installation, "ada") for _ in range(5)] == [True] * 3 + [False] * 2
    assert tried(installation, "bo")
    clock.minutes = 1
    assert [tried(installation, "ada") for _ in range(2)] == [True, False]
    clock.minutes = 60
    assert [tried(installation, "ada") for _ in range(4)] == [True] * 3 + [False]


def test_what_was_no_guess_is_given_back(installation: Installation):
    for _ in range(9):
        assert tried(installation, "ada")
        with installation.store.writing() as session:
            throttle.give_back(session, (Attempt(THREE, "ada"),), installation)


def test_attempts_at_one_moment_are_counted_one_by_one(installation: Installation):
    with ThreadPoolExecutor(8) as pool:
        let_in = list(pool.map(lambda _: tried(installation, "ada"), range(12)))
    assert sum(let_in) == 3


def test_rows_are_few_and_say_no_names(
    installation: Installation, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(throttle, "MOST_ROWS", 10)
    for _ in range(3):
        tried(installation, "guessed@example.org")
    assert tried(installation, *(f"nobody{i}@example.org" for i in range(30)))
    assert rows(installation) == 10
    assert not tried(installation, "guessed@example.org")  # who is guessed most is kept
    with installation.store.reading() as session:
        assert "@" not in "".join(session.scalars(select(Throttle.key_hash)))
    clock.minutes = 10
    tried(installation, "ada")
    assert rows(installation) == 1


def test_what_an_attempt_counts_under():
    stranger = attempts_to_sign_in(" Ada@Example.org", "192.0.2.1", None)
    assert stranger == (Attempt(BY_ADDRESS, "192.0.2.1"), Attempt(BY_ACCOUNT, "ada@example.org"))
    assert attempts_to_sign_in("ada@example.org", "192.0.2.1", "d 1") == (
        Attempt(BY_DEVICE, "d 1"),
    )
    assert client_of("2001:db8:1:2:3::4") == client_of("2001:db8:1:2:ffff::5")
    assert client_of("2001:db8:1:2:3::4") != client_of("2001:db8:1:3:3::4")
    assert client_of("::ffff:192.0.2.1") == "192.0.2.1"
