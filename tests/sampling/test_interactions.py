"""Interactions come in whole, once, and with their addresses taken off."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from surveyapp.errors import Invalid
from surveyapp.sampling.interactions import MOST_REPORTS, receive
from surveyapp.store.db import Store
from surveyapp.store.models import Contact, Interaction, JourneyRun, Touchpoint
from surveyapp.surveys.links import pseudonym
from tests.responses.makers import SECRET
from tests.sampling.makers import NOW, bring, make_bank, report


@pytest.fixture
def bank(store: Store) -> Store:
    with store.writing() as session:
        make_bank(session)
    return store


def test_a_report_becomes_an_interaction_a_contact_and_a_run(bank: Store):
    told = report(
        channel="app",
        language="fi",
        outcome="approved",
        attributes={"region": "North", "tenure": 3, "vip": True},
        email=" Anna@Example.ORG ",
        phone="+358 (40) 123-4567",
        zone="Europe/Helsinki",
        run="loan 17",
    )
    received = bring(bank, told)
    assert (received.stored, received.already, received.refused) == (1, 0, ())
    with bank.reading() as session:
        kept = session.scalars(select(Interaction)).one()
        contact = session.scalars(select(Contact)).one()
        run = session.scalars(select(JourneyRun)).one()
    who = pseudonym(SECRET, "4711")
    assert {kept.customer_ref, contact.customer_ref, run.customer_ref} == {who}
    assert (kept.at, kept.channel, kept.outcome, kept.language) == (NOW, "app", "approved", "fi")
    assert kept.attributes == {"region": "North", "tenure": 3, "vip": True}
    assert (contact.email, contact.phone) == ("anna@example.org", "+358401234567")
    assert (contact.language, contact.zone) == ("fi", "Europe/Helsinki")
    assert (run.external_ref, run.started_at, run.last_at, run.ended_at) == (
        *("loan 17", NOW, NOW),
        None,
    )
    assert kept.journey_run_id == run.id
    assert "4711" not in json.dumps([vars(each) for each in (kept, contact, run)], default=str)


def test_a_report_sent_again_changes_nothing(bank: Store):
    first, second = report(1), report(2)
    assert bring(bank, first, first, second).stored == 2
    again = bring(bank, first, {**second, "email": "late@example.org"}, report(3))
    assert (again.stored, again.already) == (1, 2)
    with bank.reading() as session:
        assert session.query(Interaction).count() == 3
        assert session.query(Contact).count() == 0


def test_without_an_id_the_same_customer_moment_and_outcome_is_one_interaction(bank: Store):
    told = report(outcome="approved")
    del told["external_id"]
    assert bring(bank, told).stored == 1
    assert bring(bank, told, {**told, "outcome": "refused"}).stored == 1


def test_an_id_counts_at_its_touchpoint_only(bank: Store):
    assert bring(bank, report(1), report(1, touchpoint="use/branch")).stored == 2


@pytest.mark.parametrize(
    ("changed", "field", "said", "cure"),
    [
        ({"journey": "nowhere"}, "journey", "no journey 'nowhere'", "account"),
        ({"touchpoint": "shop"}, "touchpoint", "no touchpoint 'shop'", "apply/form"),
        ({"touchpoint": "branch"}, "touchpoint", "2 touchpoints", "apply/branch, use/branch"),
        ({"customer_ref": " "}, "customer_ref", "missing", "reference"),
        ({"customer_ref": ["4711"]}, "customer_ref", "not a customer reference", "text"),
        ({"customer_ref": "x" * 201}, "customer_ref", "longer than 200", "number"),
        ({"at": None}, "at", "missing", "2026-03-29T14:05:00+03:00"),
        ({"at": "yesterday"}, "at", "not a time", "offset"),
        ({"at": "2026-03-19 10:00"}, "at", "no UTC offset", "offset"),
        (
            {"at": (NOW + timedelta(days=1.1)).isoformat()},
            "at",
            "future",
            "after they have happened",
        ),
        ({"at": "0001-01-01T00:00:00Z"}, "at", "1990", "after they have happened"),
        ({"email": "anna@"}, "email", "not an email address", "anna@example.org"),
        ({"email": "a@example.org\nBcc: b@example.org"}, "email", "unprintable", "single line"),
        ({"email": "Anna <a@example.org>"}, "email", "not an email address", "anna@example.org"),
        ({"phone": "040 1234567"}, "phone", "not an international phone number", "country code"),
        ({"zone": "Helsinki"}, "zone", "not a time zone", "IANA"),
        ({"zone": "../../etc/passwd"}, "zone", "not a time zone", "IANA"),
        ({"language": "Finnish!"}, "language", "not a language tag", "en or pt-BR"),
        ({"channel": "x" * 61}, "channel", "61 characters", "at most 60"),
        ({"outcome": True}, "outcome", "not a text", "quotes"),
        ({"attributes": ["North"]}, "attributes", "not an object", "region"),
        ({"attributes": {"region": "a\nb"}}, "attributes.region", "cannot be", "single line"),
        ({"attributes": {str(n): n for n in range(31)}}, "attributes", "31 attributes", "Leave"),
        ({"score": 10}, "score", "no such field", "customer_ref"),
    ],
)
def test_a_bad_report_is_refused_with_field_reason_and_cure(
    bank: Store, changed: dict[str, Any], field: str, said: str, cure: str
):
    received = bring(bank, report(1), {**report(2), **changed}, report(3))
    assert received.stored == 2
    (refused,) = received.refused
    assert (refused.place, refused.field) == (2, field)
    assert said in refused.reason
    assert cure in refused.cure


def test_every_fault_of_a_report_is_told_at_once(bank: Store):
    received = bring(bank, report(at="now", email="x", zone="Mars"), "no report at all")
    assert [(each.place, each.field) for each in received.refused] == [
        *((1, "at"), (1, "email"), (1, "zone")),
        (2, ""),
    ]
    assert received.refused_reports == 2


def test_a_batch_that_is_too_large_is_refused_as_a_whole(bank: Store):
    with pytest.raises(Invalid, match="10000"):
        bring(bank, *(report(n) for n in range(MOST_REPORTS + 1)))


def test_a_later_report_keeps_what_it_does_not_know(bank: Store):
    bring(bank, report(1, days=2, email="old@example.org", phone="+358401234567"))
    with bank.writing() as session:
        session.scalars(select(Contact)).one().bounced_at = NOW
    bring(bank, report(2, days=1, zone="Europe/Oslo"))
    with bank.reading() as session:
        contact = session.scalars(select(Contact)).one()
        assert (contact.email, contact.phone, contact.zone) == (
            *("old@example.org", "+358401234567"),
            "Europe/Oslo",
        )
        assert contact.bounced_at == NOW
    bring(bank, report(3, email="new@example.org"))
    with bank.reading() as session:
        contact = session.scalars(select(Contact)).one()
        assert (contact.email, contact.bounced_at) == ("new@example.org", None)


def test_of_two_addresses_in_a_batch_the_later_interaction_knows(bank: Store):
    bring(
        bank, report(1, days=1, email="new@example.org"), report(2, days=3, email="old@example.org")
    )
    with bank.reading() as session:
        assert session.scalars(select(Contact.email)).one() == "new@example.org"


def facts(store: Store) -> list[Any]:
    """What is stored, without numbers: interactions by id, and which of them share a run."""
    with store.reading() as session:
        rows = session.execute(
            select(
                Touchpoint.code,
                Interaction.external_id,
                Interaction.at,
                JourneyRun.started_at,
                JourneyRun.last_at,
                JourneyRun.ended_at,
                JourneyRun.external_ref,
            )
            .join(Touchpoint, Touchpoint.id == Interaction.touchpoint_id)
            .join(JourneyRun, JourneyRun.id == Interaction.journey_run_id)
            .order_by(Touchpoint.code, Interaction.external_id)
        )
        return [tuple(row) for row in rows]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_order_and_repetition_within_a_batch_do_not_matter(store: Store, data: st.DataObject):
    """Any order of a batch, with reports twice, ends in the same interactions and runs."""
    days = data.draw(st.lists(st.integers(0, 90), min_size=1, max_size=8), label="days")
    refs = [data.draw(st.sampled_from([None, "a", "b"])) for _ in days]
    batch = [
        report(n, days=day, run=ref) for n, (day, ref) in enumerate(zip(days, refs, strict=True))
    ]
    shuffled = data.draw(st.permutations(batch)) + batch[: data.draw(st.integers(0, 3))]
    found = []
    for reports in (batch, shuffled):
        with store.writing() as session:
            session.query(Interaction).delete()
            session.query(JourneyRun).delete()
            if session.query(Touchpoint).count() == 0:
                make_bank(session, gap=30)
        received = bring(store, *reports)
        assert (received.stored, received.already) == (len(batch), len(reports) - len(batch))
        found.append(facts(store))
    assert found[0] == found[1]
    with store.reading() as session:
        assert session.query(JourneyRun).filter(JourneyRun.ended_at.is_(None)).count() <= 1


def test_a_batch_costs_a_few_statements(bank: Store):
    """Not one a report: that is what makes thousands a second possible."""
    batch = [
        report(n, customer_ref=f"c{n % 700}", email=f"c{n % 700}@example.org") for n in range(2000)
    ]
    statements = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(bank.engine, "before_cursor_execute", count)
    assert bring(bank, *batch).stored == 2000
    assert len(statements) < 20


def test_batches_that_overlap_come_in_at_once(bank: Store):
    """Four doors, the same reports in different orders: each is stored once, and nobody is refused."""
    batch = [
        report(n, customer_ref=f"c{n % 50}", email=f"c{n % 50}@example.org", days=n / 30)
        for n in range(200)
    ]
    found: list[int] = []

    def door(number: int) -> None:
        mixed = batch[:]
        random.Random(number).shuffle(mixed)  # noqa: S311 - seeded on purpose
        for start in range(0, 200, 40):
            found.append(bring(bank, *mixed[start : start + 40]).stored)

    doors = [Thread(target=door, args=(number,)) for number in range(4)]
    for each in doors:
        each.start()
    for each in doors:
        each.join()
    assert (len(found), sum(found)) == (20, 200)
    with bank.reading() as session:
        assert session.query(Interaction).count() == 200
        assert session.query(JourneyRun).count() == 50
        assert session.query(Contact).count() == 50


def test_two_doors_bring_the_same_batch_once(bank: Store):
    """What is found to be there only when it is stored counts as there already."""
    from surveyapp.sampling import interactions

    known = interactions._unknown
    other = [report(1), report(2)]

    def while_another_door_is_quicker(connection: Any, good: Any) -> Any:
        fresh = known(connection, good)
        interactions._unknown = known
        receive(session, other, secret_key=SECRET, source="api", now=NOW)
        return fresh

    with bank.writing() as session:
        interactions._unknown = while_another_door_is_quicker
        received = receive(session, [*other, report(3)], secret_key=SECRET, source="api", now=NOW)
    assert (received.stored, received.already) == (1, 2)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("anna@faß.de", "anna@xn--fa-hia.de"),
        ("Anna@FAß.de", "anna@xn--fa-hia.de"),
        ("anna@fass.de", "anna@fass.de"),
        ("anna@Bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@σίγμας.gr", "anna@xn--kxaef0b5ab.gr"),
    ],
)
def test_an_address_has_the_domain_that_dns_knows(bank: Store, written: str, kept: str):
    bring(bank, report(email=written))
    with bank.reading() as session:
        assert session.scalars(select(Contact.email)).one() == kept


def test_a_domain_that_no_host_can_have_is_refused(bank: Store):
    received = bring(bank, report(email="anna@☃.example"))
    assert [(each.field, "not an email address" in each.reason) for each in received.refused] == [
        ("email", True)
    ]
