"""Access and API keys, given and taken from a shell."""

from __future__ import annotations

import re

from sqlalchemy import select

from surveyapp.auth import api_keys
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, Journey, JourneyGrant
from tests.cli.conftest import Run

PASSWORD = "quiet lake morning"


def grants_of(store: Store) -> set[tuple[int | None, str]]:
    with store.reading() as session:
        rows = session.execute(select(JourneyGrant.journey_id, JourneyGrant.kind)).all()
        return {(journey_id, kind) for journey_id, kind in rows}


def test_access_is_granted_and_revoked_by_command(run_stored: Run, store: Store):
    with store.writing() as session:
        session.add(Journey(code="onboarding", name="Onboarding", provider="Bank"))
    ann = "ann@example.org"
    made = run_stored(
        "user", "create", ann, "--role", "manager", "--all-journeys", "--password", PASSWORD
    )
    assert made.code == 0, made.err
    assert grants_of(store) == {(None, "reader"), (None, "comments")}
    assert run_stored("user", "revoke", ann, "reader", "--all-journeys").code == 0
    assert grants_of(store) == set()
    for kind in ("reader", "contacts"):
        told = run_stored("user", "grant", ann, kind, "--journey", "onboarding")
        assert told.out == f"{ann}: {kind} of journey onboarding granted.\n"
    assert grants_of(store) == {(1, "reader"), (1, "contacts")}
    for wrong in (
        ("grant", ann, "reader"),
        ("grant", ann, "reader", "--journey", "onboarding", "--all-journeys"),
        ("grant", ann, "king", "--all-journeys"),
        ("grant", "bo@example.org", "reader", "--all-journeys"),
        ("grant", ann, "reader", "--journey", "nowhere"),
        ("revoke", ann, "editor", "--journey", "onboarding"),
    ):
        assert run_stored("user", *wrong).code == 2, wrong
    with store.reading() as session:
        query = select(AuditEntry.action).order_by(AuditEntry.id)
        actions = session.scalars(query).all()
    assert actions == ["create user", *["grant access"] * 2, "revoke access", *["grant access"] * 2]


def test_a_key_is_made_listed_rotated_and_revoked_by_command(run_stored: Run, store: Store):
    with store.writing() as session:
        session.add(Journey(code="onboarding", name="Onboarding", provider="Bank"))
    asked = ("--scope", "read results", "--journey", "onboarding", "--network", "192.0.2.0/24")
    first = run_stored("key", "create", "Branches", *asked, "--last-day", "2090-12-31").out.strip()
    line = run_stored("key", "list").out
    prefix = first[:12]
    for part in (
        *(prefix, "in force", "Branches", "read results", "Onboarding", "from 192.0.2.0/24"),
        *("until 2091-01-01 00:00 UTC", "never used"),
    ):
        assert part in line
    assert first not in line
    second = run_stored("key", "rotate", f"{prefix}_", "--days", "2").out.strip()
    assert "old secret until" in run_stored("key", "list").out
    with store.reading() as session:
        for text in (first, second):
            found = api_keys.caller(session, text, now=utc_now(), address="192.0.2.1")
            assert found is not None and found.journey_id == 1
    assert re.search("has been revoked", run_stored("key", "revoke", prefix).out)
    assert "revoked" in run_stored("key", "list").out
    for wrong in (("revoke", prefix), ("revoke", "sak_nothing"), ("rotate", prefix)):
        assert run_stored("key", *wrong).code == 2, wrong
    assert run_stored("key", "create", "B", "--scope", "read results", "--network", "x").code == 2
