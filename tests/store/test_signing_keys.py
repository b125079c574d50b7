"""The key that signs is changed while everything runs: nothing signed before is lost, until its time is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.store import signing_keys
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, SigningKey
from surveyapp.store.signing_keys import TAKES_OVER_AFTER
from tests.installations import installation_on
from tests.responses.makers import SECRET

NOW = utc_now()
MONTH = timedelta(days=30)


def rotated(store: Store, overlap: timedelta, now=NOW) -> None:
    with store.writing() as session:
        signing_keys.rotate(session, SECRET, overlap=overlap, now=now)


def keys_at(store: Store, now) -> tuple[str, ...]:
    with store.reading() as session:
        return signing_keys.accepted(session, SECRET, now)


def test_without_a_change_the_secret_key_signs(store: Store):
    assert installation_on(store).signing_keys == (SECRET,)


def test_a_new_key_is_accepted_at_once_signs_once_all_know_it_and_ends_the_old_ones_later(store):
    rotated(store, MONTH)
    new, first = keys_at(store, NOW)
    assert (first, len(new) > 40, new != SECRET) == (SECRET, True, True)
    takes_over = NOW + TAKES_OVER_AFTER
    assert keys_at(store, takes_over) == (SECRET, new)
    assert keys_at(store, takes_over + MONTH - timedelta(seconds=1)) == (SECRET, new)
    assert keys_at(store, takes_over + MONTH) == (new,)
    later = takes_over + timedelta(days=10)
    rotated(store, timedelta(0), now=later)
    assert len(keys_at(store, later + TAKES_OVER_AFTER)) == 1
    with store.reading() as session:
        sealed = session.scalars(select(SigningKey.sealed)).all()
        entries = session.scalars(select(AuditEntry.detail).order_by(AuditEntry.id)).all()
    assert not [each for each in sealed if SECRET in each or new in each]
    assert [each["overlap_days"] for each in entries] == [30, 0]


def test_a_process_that_has_not_read_the_change_yet_and_one_that_has_take_each_others_links(store):
    """Fact: at no moment does one of two processes refuse what the other has just signed."""
    rotated(store, MONTH)

    def knowing(now) -> tuple[str, ...]:
        return installation_on(store, now=lambda: now).signing_keys

    moments = [NOW + timedelta(seconds=20 * k) for k in range(20)]
    for number, moment in enumerate(moments):
        reads_late = knowing(moments[max(0, number - 3)])  # a minute ago
        for one, other in ((knowing(moment), reads_late), (reads_late, knowing(moment))):
            text = URLSafeSerializer(one).dumps("a link")
            assert URLSafeSerializer(other).loads(text) == "a link"
    with pytest.raises(BadSignature):
        URLSafeSerializer(knowing(NOW + 2 * MONTH)).loads(URLSafeSerializer(SECRET).dumps("x"))


def test_keys_are_read_once_a_minute_and_those_known_stay_while_the_database_is_away(
    store: Store, monkeypatch
):
    clock = [1000.0]
    monkeypatch.setattr(signing_keys, "monotonic", lambda: clock[0])
    installation: Installation = installation_on(store, now=lambda: NOW + TAKES_OVER_AFTER)
    assert installation.signing_keys == (SECRET,)
    rotated(store, MONTH)
    assert installation.signing_keys == (SECRET,)
    clock[0] += 61
    assert len(installation.signing_keys) == 2
    away = replace(installation, store=Store("postgresql+psycopg://nobody@127.0.0.1:9/none"))
    clock[0] += 61
    assert away.signing_keys == installation_on(store, now=installation.now).signing_keys
    assert installation_on(away.store).signing_keys == (SECRET,)
