"""Outcomes of customers: each stored once or refused by name, and gone with the customer."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from surveyapp.errors import Invalid
from surveyapp.sampling import forgetting
from surveyapp.sampling.interactions import Received
from surveyapp.sampling.outcome_sheets import receive_outcome_file
from surveyapp.sampling.outcomes import receive_outcomes
from surveyapp.sampling.subject_access import document
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, CustomerOutcome
from surveyapp.surveys.links import pseudonym
from tests.installations import installation_on
from tests.responses.makers import SECRET
from tests.sampling.makers import NOW, make_bank

ANNA = pseudonym(SECRET, "anna")
FILE = """journey;customer_ref;kind;value;at;external_id
account;anna;revenue;1.234,50;2026-03-19T10:00:00+02:00;1
account;anna;churn;;2026-03-19T11:00:00Z;2
account;bert;churn;2;2026-03-19T11:00:00Z;3
nowhere;bert;churn;1;2026-03-19T11:00:00Z;4
account;;complaint;1;2026-03-19T11:00:00Z;5
account;bert;joy;1;2026-03-19T11:00:00Z;6
account;bert;waiting_time;-3;2026-03-19T11:00:00Z;7
account;bert;waiting_time;3;2027-03-19T11:00:00Z;8
account;bert;revenue;;2026-03-19T11:00:00Z;9
"""


@pytest.fixture
def bank(store: Store) -> Store:
    with store.writing() as session:
        make_bank(session)
    return store


def outcome(**other: Any) -> dict[str, Any]:
    return {
        "journey": "account",
        "customer_ref": "anna",
        "kind": "churn",
        "at": (NOW - timedelta(days=3)).isoformat(),
        **other,
    }


def keep(store: Store, *reports: object, journey_id: int | None = None) -> Received:
    with store.writing() as session:
        return receive_outcomes(
            session, reports, secret_key=SECRET, source="api", journey_id=journey_id, now=NOW
        )


def count(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count(CustomerOutcome.id))) or 0


def read(store: Store, text: str = FILE):
    return receive_outcome_file(
        installation_on(store), io.BytesIO(text.encode()), name="o.csv", now=NOW
    )


def test_every_row_is_stored_or_listed_with_its_cell(bank: Store):
    report = read(bank)
    assert (report.count_in, report.stored, report.already, report.refused_rows) == (9, 2, 0, 7)
    assert sorted((each.place, each.column) for each in report.refused) == [
        ("A5", "journey"),
        ("B6", "customer_ref"),
        ("C7", "kind"),
        ("D10", "value"),
        ("D4", "value"),
        ("D8", "value"),
        ("E9", "at"),
    ]
    with bank.reading() as session:
        kept = session.scalars(select(CustomerOutcome).order_by(CustomerOutcome.id)).all()
        assert [(each.kind, each.value) for each in kept] == [("revenue", 1234.5), ("churn", 1)]
        assert {each.customer_ref for each in kept} == {ANNA}
        assert {each.source for each in kept} == {"csv"}


def test_the_same_file_again_adds_nothing(bank: Store):
    read(bank)
    again = read(bank)
    assert (again.stored, again.already, again.refused_rows) == (0, 2, 7)
    assert count(bank) == 2


def test_a_column_that_is_no_field_is_refused_as_it_may_hold_a_name(bank: Store):
    with pytest.raises(Invalid, match="The column 'name' is not used"):
        read(bank, "journey,customer_ref,kind,at,name\n")
    with pytest.raises(Invalid, match="no column kind"):
        read(bank, "journey,customer_ref,at\n")


def test_an_outcome_without_an_id_is_the_same_when_reported_again(bank: Store):
    assert keep(bank, outcome(), outcome()) == Received(1, 1, ())
    assert keep(bank, outcome()).already == 1
    assert keep(bank, outcome(value=0)).stored == 1


def test_the_batch_is_noted_in_the_audit_log(bank: Store):
    keep(bank, outcome(), outcome(kind="revenue", value=3))
    with bank.reading() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "bring in outcomes")
        ).one()
        assert entry.detail == {"outcomes": 2, "kinds": {"churn": 1, "revenue": 1}}


def test_another_journey_than_the_granted_one_is_as_if_there_were_none(bank: Store):
    refused = keep(bank, outcome(), journey_id=999).refused
    assert [(each.field, each.place) for each in refused] == [("journey", 1)]
    assert count(bank) == 0


@pytest.mark.parametrize("raw", [7, None, {"x": 1}, outcome(value=True), outcome(at="soon")])
def test_nonsense_is_refused(bank: Store, raw: object):
    assert keep(bank, raw).refused_reports == 1


def test_a_customer_who_is_forgotten_takes_their_outcomes_along(bank: Store):
    keep(bank, outcome(), outcome(kind="revenue", value=9), outcome(customer_ref="bert"))
    with bank.writing() as session:
        told = document(session, ANNA, secret_key=SECRET)["outcomes"]
        assert [(each["kind"], each["value"]) for each in told] == [("churn", 1), ("revenue", 9)]
        forgetting.forget(session, ANNA, user_id=None, now=NOW, secret_key=SECRET)
    with bank.reading() as session:
        assert document(session, ANNA, secret_key=SECRET)["outcomes"] == []
    assert count(bank) == 1


def test_outcomes_older_than_they_may_be_kept_go(bank: Store):
    keep(bank, outcome(), outcome(at=(NOW - timedelta(days=90)).isoformat()))
    before = NOW - timedelta(days=30)
    with bank.writing() as session:
        found = forgetting.old(session, before=before)
        assert forgetting.retire(session, found, before=before) == 1
    assert count(bank) == 1


def test_the_command_tells_what_became_of_each_row(run_stored, bank: Store, tmp_path: Path):
    (tmp_path / "outcomes.csv").write_text(FILE)
    ran = run_stored("outcomes", "import", tmp_path / "outcomes.csv")
    assert (ran.code, "A5 (journey): There is no journey 'nowhere'" in ran.out) == (2, True)
    assert "9 rows: 2 stored, 0 already stored, 7 rejected." in ran.out
