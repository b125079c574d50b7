"""Who somebody is comes in only where it is chosen, and into an anonymous survey never."""

from __future__ import annotations

import pytest

from surveyapp.errors import Invalid
from surveyapp.responses.personal_columns import is_personal
from surveyapp.store.db import Store
from surveyapp.tables.profile import ColumnProfile
from tests.responses.makers import make_survey
from tests.responses.test_imports import bring, kept


def profile(*cells: str) -> ColumnProfile:
    made = ColumnProfile()
    made.add(cells)
    made.look()
    return made


@pytest.mark.parametrize(
    ("heading", "cells", "personal"),
    [
        ("RecipientEmail", (), True),
        ("E-Mail", (), True),
        ("First name", (), True),
        ("firstName", (), True),
        ("Sähköposti", (), True),
        ("IP-Adresse", (), True),
        ("LocationLatitude", (), True),
        ("name", (), True),
        ("branch_name", (), False),
        ("Product name", (), False),
        ("region", ("North", "South"), False),
        ("login", ("a@example.org", "b@example.org", ""), True),
        ("host", ("203.0.113.9", "2001:db8:0:0:0:0:0:1"), True),
        ("comment", ("write to a@example.org", "fine", "a@example.org"), False),
        ("version", ("1.2.3", "10.4"), False),
    ],
)
def test_a_column_is_known_by_its_heading_or_by_most_of_its_cells(
    heading: str, cells: tuple[str, ...], personal: bool
):
    assert is_personal(heading, profile(*cells)) is personal


def test_names_and_addresses_are_left_out_with_a_note_unless_chosen(store: Store):
    with store.writing() as session:
        survey = make_survey(session, asks=("nps",))
    text = "id,nps,IPAddress,Last Name,login,region\na,9,203.0.113.9,Virtanen,a@example.org,North\n"
    report = bring(store, survey, text)
    assert (
        "Left out, as they look like personal data: IPAddress, Last Name, login; --attribute stores"
        " one." in report.notes
    )
    assert "Attributes: region." in report.notes
    bring(store, survey, text.replace("\na,", "\nb,"), attributes=("login",))
    assert [response.attributes for response in kept(store)] == [
        {"region": "North"},
        {"login": "a@example.org", "region": "North"},
    ]


def test_an_anonymous_survey_keeps_only_what_enough_rows_share(store: Store):
    with store.writing() as session:
        survey = make_survey(session, asks=("nps",), anonymity="anonymous")
    # Region and plan are shared by enough, but not together; the branch is one person's.
    rows = [
        (f"p{k}@example.org", "North" if k < 6 else "South", "basic" if k % 6 else "gold", f"b{k}")
        for k in range(12)
    ]
    lines = [f"{k},{k % 11},{','.join(row)}" for k, row in enumerate(rows)]
    text = "\n".join(["id,nps,email,region,plan,branch", *lines])
    report = bring(store, survey, text)
    assert report.stored == 12
    assert {tuple(r.attributes) for r in kept(store)} == {("region",)}
    assert (
        "Left out of an anonymous survey, as fewer than 5 rows share a value: plan, branch."
        in report.notes
    )
    with pytest.raises(Invalid, match="branch: fewer than 5 rows share a value"):
        bring(store, survey, text, attributes=("branch",))
    assert bring(store, survey, text, minimum_cell=1).already == 12


@pytest.mark.parametrize("text", ["\u200b\u200b\u2060", "\u3164", "\u202e", "\ufe0f", "\u2800 "])
def test_a_comment_that_nobody_can_see_is_no_answer(store: Store, text: str):
    with store.writing() as session:
        survey = make_survey(session, asks=("nps",))
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    bring(store, survey, f"id,nps,nps_reason\na,9,{text}\nb,8,{family}\nc,7,\u202eevil\n")
    assert [response.answers["nps"].get("nps_reason") for response in kept(store)] == [
        None,
        family,
        "\u202eevil",
    ]
    alone = bring(store, survey, f"id,nps,nps_reason\nd,,{text}\n")
    assert [refusal.reason for refusal in alone.refused] == ["The row holds no answer."]
