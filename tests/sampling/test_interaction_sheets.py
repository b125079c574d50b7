"""Interactions from files: by the command and by function, each row stored or listed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from sqlalchemy import select

from surveyapp.errors import Invalid
from surveyapp.sampling.interaction_sheets import receive_file
from surveyapp.store.db import Store
from surveyapp.store.models import Contact, Interaction
from tests.installations import installation_on
from tests.sampling.makers import NOW, make_bank

FILE = """journey;Touchpoint;customer_ref;at;email;region;attribute.Tenure (years)
account;form;4711;2026-03-19T10:00:00+02:00;anna@example.org;North;3
account;branch;4711;2026-03-19T11:00:00+02:00;;North;3
account;use/branch;4712;2026-03-19T12:00:00;;South;
account;form;4713;2026-03-19T12:00:00Z;;South;West;1
account;form;4714;2026-03-19T12:00:00Z;bad;South;1
account;form;007;2026-03-19T12:00:00Z;;;
"""


@pytest.fixture
def bank(store: Store) -> Store:
    with store.writing() as session:
        make_bank(session)
    return store


def read(store: Store, text: str, journey: str | None = None):
    file = io.BytesIO(text.encode())
    return receive_file(installation_on(store), file, journey=journey, now=NOW)


def test_every_row_is_stored_or_listed_with_its_line(bank: Store):
    report = read(bank, FILE)
    assert (report.count_in, report.stored, report.already, report.refused_rows) == (6, 2, 0, 4)
    assert sorted((each.place, each.column) for each in report.refused) == [
        *(("B3", "touchpoint"), ("D4", "at"), ("E6", "email"), ("row 5", "")),
    ]
    assert report.notes == [
        "Read as UTF-8, separated by semicolon.",
        "Attributes: region, Tenure_years.",
    ]
    with bank.reading() as session:
        assert session.scalars(select(Contact.email)).all() == ["anna@example.org"]
        kept = session.scalars(select(Interaction).order_by(Interaction.id)).all()
        assert [each.attributes for each in kept] == [{"region": "North", "Tenure_years": 3}, {}]
        assert {each.source for each in kept} == {"csv"}


def test_the_same_file_again_adds_nothing(bank: Store):
    read(bank, FILE)
    again = read(bank, FILE)
    assert (again.stored, again.already, again.refused_rows) == (0, 2, 4)


def test_one_journey_may_be_named_beside_the_file(bank: Store):
    text = "touchpoint,customer_ref,at\nform,1,2026-03-19T10:00:00Z\n"
    assert read(bank, text, "account").stored == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("touchpoint,customer_ref,at\n", "no column journey"),
        ("journey,customer_ref\n", "no column touchpoint, at"),
        ("journey,touchpoint,customer_ref,at,at\n", "Two columns are named at"),
        ("journey,touchpoint,customer_ref,,at\n", "Column D has no heading"),
        ("", "empty"),
    ],
)
def test_a_file_without_its_columns_is_refused_as_a_whole(bank: Store, text: str, said: str):
    with pytest.raises(Invalid, match=said):
        read(bank, text)


def test_the_command_tells_what_became_of_each_row(run_stored, bank: Store, tmp_path: Path):
    (tmp_path / "in.csv").write_text(FILE)
    ran = run_stored("interactions", tmp_path / "in.csv")
    assert ran.code == 2
    assert "D4 (at): '2026-03-19T12:00:00' has no UTC offset. Write" in ran.out
    assert "6 rows: 2 stored, 0 already stored, 4 rejected." in ran.out
    unknown = run_stored("interactions", tmp_path / "in.csv", "--journey", "nowhere")
    assert (unknown.code, "There is no journey 'nowhere'" in unknown.err) == (2, True)
