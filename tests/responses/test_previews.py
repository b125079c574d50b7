"""A preview says what an import would do, and stores nothing."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import func, select

from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.previews import SHOWN, FilePreview, RefusedRows, preview_file
from surveyapp.store.db import Store
from surveyapp.store.models import Base, SurveyRow
from surveyapp.tables.options import read_options
from tests.installations import installation_on
from tests.responses.makers import as_survey, make_survey
from tests.responses.test_imports import bring, kept
from tests.responses.test_waves import telling, text_of
from tests.tables.writers import xlsx_bytes

# What is found in a file does not differ by database; what it has in common with stored rows might.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def survey(store: Store) -> SurveyRow:
    with store.writing() as session:
        return make_survey(session, asks=("csat", "nps"))


@pytest.fixture
def anonymous(store: Store) -> SurveyRow:
    with store.writing() as session:
        return make_survey(session, asks=("nps",), anonymity="anonymous")


def looked(
    store: Store, survey: SurveyRow, text: str | bytes, refused: RefusedRows | None = None, **chosen
) -> FilePreview:
    data = text if isinstance(text, bytes) else text.encode()
    installation = installation_on(store)
    before = rows_of(store)
    found = preview_file(
        installation,
        as_survey(installation, survey),
        io.BytesIO(data),
        name="a.csv",
        choices=ImportChoices(**chosen),
        refused=refused,
    )
    assert rows_of(store) == before
    counts = found.counts
    told = counts.to_store + counts.already + counts.to_correct + counts.refused
    assert told == counts.rows or found.problem
    return found


def rows_of(store: Store) -> list[int]:
    with store.reading() as session:
        return [
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        ]


def agree(found: FilePreview, report) -> bool:
    counts = found.counts
    told = (counts.rows, counts.to_store, counts.already, counts.to_correct, counts.refused)
    made = (report.count_in, report.stored, report.already, report.corrected, report.refused_rows)
    return told == made and found.notes == report.notes


MIXED = (
    "ResponseId;csat;Overall, how satisfied were you?;Score;RecipientEmail;LocationLatitude;region;when\n"
    "a;5;;10;a@example.org;60,1;North;31.1.2026\nb;7;;11;b@example.org;60,2;South;1.2.2026\n"
    "c;4;;9;c@example.org;60,3;South;2.2.2026\n"
)


@sqlite
def test_it_says_what_the_file_is_and_how_each_column_was_found(store, survey):
    columns = {"Score": "nps", "when": "submitted_at"}
    found = looked(store, survey, MIXED, columns=columns, id_column="ResponseId")
    assert (found.file.kind, found.file.delimiter, found.file.header_rows) == (
        "UTF-8",
        "semicolon",
        1,
    )
    assert [(c.place, c.role, c.target, c.found, c.type) for c in found.columns] == [
        ("A", "about", "external_id", "by hand", "text"),
        ("B", "item", "csat.csat", "by its code", "whole numbers"),
        ("C", "attribute", "Overall_how_satisfied_were_you", "", "empty"),
        ("D", "item", "nps.nps", "by hand", "whole numbers"),
        ("E", "left_out", "", "", "text"),
        ("F", "left_out", "", "", "decimal numbers"),
        ("G", "attribute", "region", "", "text"),
        ("H", "about", "submitted_at", "by hand", "dates"),
    ]
    # What looks like personal data is neither stored nor shown.
    assert [c.reason for c in found.columns[4:6]] == ["It looks like personal data."] * 2
    assert [c.examples for c in found.columns[4:7]] == [(), (), ("North", "South")]
    assert [(r.place, r.value) for r in found.refused] == [("B3", '"7"'), ("D3", '"11"')]
    assert (found.first_month, found.last_month, found.may_be_stored) == (
        "2026-01",
        "2026-02",
        True,
    )
    assert agree(found, bring(store, survey, MIXED, columns=columns, id_column="ResponseId"))


@sqlite
def test_personal_columns_are_stored_where_they_are_chosen_by_name(store, survey):
    """Qualtrics writes addresses and names beside the answers."""
    text = (
        "ResponseId,RecipientEmail,RecipientLastName,IPAddress,nps,branch\n"
        "R_1,ada@example.org,Lovelace,203.0.113.9,9,North\n"
    )
    found = looked(store, survey, text, id_column="ResponseId")
    kinds = {column.heading: column.role for column in found.columns}
    assert [name for name, role in kinds.items() if role == "left_out"] == [
        "RecipientEmail",
        "RecipientLastName",
        "IPAddress",
    ]
    chosen = {"id_column": "ResponseId", "attributes": ("RecipientEmail",), "left_out": ("branch",)}
    found = looked(store, survey, text, **chosen)
    assert [(c.heading, c.role) for c in found.columns if c.found == "by hand"][1:] == [
        ("RecipientEmail", "attribute"),
        ("branch", "left_out"),
    ]
    assert agree(found, bring(store, survey, text, **chosen))
    assert kept(store)[0].attributes == {"RecipientEmail": "ada@example.org"}


def test_an_anonymous_survey_takes_no_attribute_that_too_few_share(store, anonymous):
    text = "id,nps,email,name,region\n1,9,a@b.org,Ada,North\n2,8,c@d.org,Bo,North\n"
    found = looked(store, anonymous, text)
    reasons = {column.heading: column.reason for column in found.columns if column.reason}
    assert list(reasons) == ["email", "name", "region"]
    assert reasons["region"] == "Fewer than 5 rows share a value, in an anonymous survey."
    refused = looked(store, anonymous, text, attributes=("email",))
    assert refused.problem is not None and refused.problem.field == "attributes"
    assert len(refused.columns) == 5 and not refused.may_be_stored
    assert agree(found, bring(store, anonymous, text))
    assert [response.attributes for response in kept(store)] == [{}, {}]
    again = looked(store, anonymous, text.replace(",9,", ",1,"))
    assert (again.counts.already, again.conflicts, again.anonymous) == (2, [], True)


def test_two_waves_without_ids_are_other_answers_and_the_same_file_is_not(store, survey):
    january, february = "nps\n9\n9\n10\n3\n", "nps\n9\n10\n10\n8\n"
    assert agree(looked(store, survey, january), bring(store, survey, january))
    found = looked(store, survey, february)
    assert (found.counts.to_store, found.overlap.text) == (4, "")
    assert agree(found, bring(store, survey, february))
    again = looked(store, survey, january)
    assert (again.overlap.same, again.counts.already, again.may_be_stored) == (1, 4, False)


@sqlite
def test_a_file_that_overlaps_an_earlier_one_in_part_asks_what_its_rows_are(store, survey):
    first, second = telling(1), telling(2)
    bring(store, survey, text_of(first))
    grown = text_of([*first, *second])
    found = looked(store, survey, grown)
    assert "equal rows of an earlier import" in found.overlap.text
    assert (found.overlap.rows, found.overlap.imports, found.may_be_stored) == (40, (1,), False)
    skipped = looked(store, survey, grown, overlap="skip")
    assert (skipped.counts.to_store, skipped.counts.already) == (40, 40)
    assert skipped.may_be_stored
    assert agree(skipped, bring(store, survey, grown, overlap="skip"))


def test_the_file_that_was_skipped_in_part_is_read_the_same_way_again(store, survey):
    first, second = telling(1), telling(2)
    bring(store, survey, text_of(first))
    grown = text_of([*first, *second])
    bring(store, survey, grown, overlap="skip")
    assert looked(store, survey, grown).counts.already == 80
    assert (bring(store, survey, grown).stored, len(kept(store))) == (0, 80)


def test_conflicts_are_listed_and_stop_the_file_until_somebody_chooses(store, survey):
    bring(store, survey, "id,csat,nps\na,5,9\nb,4,8\n")
    text = "id,csat,nps\na,5,2\nb,,8\nc,3,3\nc,3,4\n"
    found = looked(store, survey, text)
    told = [
        (
            each.row,
            each.id,
            each.with_row,
            [(d.item, d.stored, d.in_file) for d in each.differences],
        )
        for each in found.conflicts
    ]
    assert told == [
        (2, "a", None, [("nps", 9, 2)]),
        (3, "b", None, [("csat", 4, None)]),
        (5, "c", 4, [("nps", 3, 4)]),
    ]
    assert found.problem is not None and found.problem.field == "conflicts"
    for mode in ("keep", "replace"):
        chosen = looked(store, survey, text, conflicts=mode)
        assert chosen.may_be_stored
    assert agree(chosen, bring(store, survey, text, conflicts="replace"))


@sqlite
def test_rows_with_one_id_are_told_however_far_apart_they_stand(store, survey, monkeypatch):
    monkeypatch.setattr("surveyapp.responses.previews._AT_ONCE", 2)
    monkeypatch.setattr("surveyapp.responses.imports.BATCH", 2)
    text = "id,nps\na,9\nb,1\nc,1\na,9\nd,2\na,3\n"
    found = looked(store, survey, text)
    assert [(each.row, each.with_row) for each in found.conflicts] == [(7, 2)]
    assert agree(found, bring(store, survey, text))


@sqlite
@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        (b"", "file", "is empty"),
        (b"PK\x03\x04rest of a workbook", "file", "workbook"),
        ("csat\n5\n".encode("utf-16")[:-1], "file", "UTF-16"),
        (b"a,b\n1,2\n", "columns", "No column is called like an item"),
        (xlsx_bytes([["nps"], [9]], "March", April=[["nps"], [3]]), "sheet", "2 sheets"),
        (b"nps,submitted_at\n9,3/4/2026\n", "dates", "3/4/2026 may be"),
    ],
    ids=["empty", "broken workbook", "broken text", "no item", "two sheets", "two dates"],
)
def test_what_stops_a_file_is_said_and_its_columns_are_shown_all_the_same(
    store, survey, data: bytes, field: str, words: str
):
    found = looked(store, survey, data)
    assert found.problem is not None and words in found.problem.text
    assert found.problem.field in {field, "encoding"} and not found.may_be_stored
    assert [column.heading for column in found.columns] == {
        "columns": ["a", "b"],
        "dates": ["nps", "submitted_at"],
    }.get(field, [])


@sqlite
def test_a_file_without_rows_and_one_with_a_single_row(store, survey):
    none = looked(store, survey, "csat,nps\n")
    assert (none.counts.rows, none.problem, none.may_be_stored) == (0, None, False)
    one = looked(store, survey, "csat,nps\n5,9\n")
    assert (one.counts.to_store, one.may_be_stored) == (1, True)


@sqlite
def test_a_long_file_is_told_by_its_first_rows_and_every_refused_row_is_in_the_csv(store, survey):
    text = "id,nps,city\n" + "".join(f"{k},{k % 22},=c{k % 3}\n" for k in range(1000))
    refused = RefusedRows()
    found = looked(store, survey, text, refused)
    assert (len(found.refused), found.counts.refused) == (SHOWN, refused.count)
    listed = list(csv.DictReader(io.StringIO(refused.content().decode("utf-8-sig"))))
    assert (len(listed), listed[-1]["row"], listed[-1]["column"]) == (refused.count, "991", "nps")
    assert len(str(found.to_json())) < 25_000


@sqlite
def test_the_decimal_sign_that_was_found_is_told(store, survey):
    found = looked(store, survey, "nps;weight\n9;1,25\n8;0,75\n")
    assert found.file.decimal == "comma"
    asked = looked(store, survey, "nps;weight\n9;1.250\n8;2.750\n", reading=read_options())
    assert asked.problem is None or asked.problem.field == "decimal"
