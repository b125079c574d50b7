"""Pages that take a table take every kind of file, and offer what the commands offer."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.store.models import Invitation, Journey, Response
from tests.tables.writers import WRITERS, xlsx_bytes
from tests.web import importing
from tests.web.importing import previewed
from tests.web.test_trips import run_jobs

LIST = [["Customer_Ref", "region"], ["00123", "North"], ["00124", "South"]]


@pytest.fixture
def base(world) -> str:
    return f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}"


def sent(client, address: str, field: str, data: bytes, name: str = "x", **options: str):
    return client.post(address, data={field: (io.BytesIO(data), name), **options})


def test_answers_come_in_from_a_workbook_as_the_page_s_options_say(
    installation: Installation, world, sign_in, base: str
):
    client = sign_in(world.users["administrator"])
    rows = [
        ["Kunde", "Frage 1", "Email", "when"],
        ["k1", 9, "a@example.org", "3/2/2026 10:00"],
        ["k2", -99, "b@example.org", "4/2/2026 10:00"],
    ]
    data = xlsx_bytes(rows, "March", Notes=[["nothing"]])
    chosen = {
        "sheet": "March",
        "missing": "-99",
        "dates": "day-first",
        "time_zone": "Europe/Helsinki",
        "id_column": "Kunde",
        "columns": "Frage 1=nps\nwhen=submitted_at",
        "attributes": "Email",
    }
    preview = previewed(installation, client, base, data, "a.xlsx", **chosen)
    page = re.sub(r"\s+", " ", client.get(preview).text)
    assert "1 row of 2 will be stored" in page and "<dd><bdi>March</bdi></dd>" in page
    made = importing.sent(client, preview)
    assert made.status_code == 303
    (job,) = run_jobs(installation)
    batch = re.sub(r"\s+", " ", client.get(made.location).text)
    for page in (batch, re.sub(r"\s+", " ", client.get(f"/jobs/{job.id}").text)):
        assert "Read as workbook, sheet March." in page
        assert "Taken as missing, -99: Frage 1: 1." in page
    assert "<td>row 3</td>" in page and "The row holds no answer." in page
    with installation.store.reading() as session:
        response = session.scalars(select(Response).where(Response.external_id == "k1")).one()
        assert response.attributes == {"Email": "a@example.org"}
        assert f"{response.submitted_at:%Y-%m-%d %H:%M}" == "2026-02-03 08:00"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"columns": "no equals sign"}, "write HEADING=ITEM"),
        ({"time_zone": "Mars/Olympus"}, "is no IANA time zone"),
        ({"overlap": "perhaps"}, "Not a valid choice"),
    ],
)
def test_an_option_of_an_import_is_refused_at_its_field(
    world, sign_in, base: str, options: dict[str, str], words: str
):
    client = sign_in(world.users["administrator"])
    page = sent(client, f"{base}/imports", "answers", b"nps\n9\n", "a.csv", **options)
    assert (page.status_code, words in page.text) == (422, True)


def test_what_a_file_has_two_readings_of_is_asked_for_by_the_preview(
    installation: Installation, world, sign_in, base: str
):
    client = sign_in(world.users["administrator"])
    data = xlsx_bytes([["nps"], [9]], "March", April=[["nps"], [3]])
    preview = previewed(installation, client, base, data, "a.xlsx")
    assert "choose the sheet (--sheet)" in client.get(preview).text
    again = importing.sent(client, preview, step="update", sheet="April")
    run_jobs(installation)
    assert "1 row of 1 will be stored" in client.get(again.location).text


@pytest.mark.parametrize("kind", [kind for kind in WRITERS if kind != "por"])
def test_links_are_made_from_every_kind_of_list(
    installation: Installation, world, sign_in, base: str, kind: str
):
    client = sign_in(world.users["researcher"])
    made = sent(client, f"{base}/links", "customers", WRITERS[kind](LIST), f"list.{kind}")
    assert made.status_code == 200, made.text
    lines = made.text.splitlines()
    assert lines[0].removeprefix("\ufeff") == "customer_ref,link,region"
    assert lines[1].startswith("00123,") and lines[1].endswith(",North")
    with installation.store.reading() as session:
        assert len(session.scalars(select(Invitation)).all()) >= 2


def test_separators_in_quoted_headings_and_a_missing_column_of_customers(world, sign_in, base: str):
    client = sign_in(world.users["researcher"])
    quoted = b'customer_ref;"region, sub-region, country"\n00123;North\n00124;South\n'
    made = sent(client, f"{base}/links", "customers", quoted, "c.csv")
    assert "customer_ref,link,region_sub-region_country" in made.text
    none = sent(client, f"{base}/links", "customers", b"Customer ID,region\n00123,North\n", "c.csv")
    assert none.status_code == 422
    assert "no column customer_ref; it has Customer ID, region" in none.text


def test_a_list_that_needs_an_option_says_so_at_its_field_and_takes_it(world, sign_in, base: str):
    client = sign_in(world.users["administrator"])
    data = xlsx_bytes([["email"], ["a@example.org"]], "A", B=[["email"], ["b@example.org"]])
    asked = sent(client, f"{base}/campaigns/bounces", "bounces", data, "b.xlsx")
    assert asked.status_code == 422
    assert 'id="bounces-sheet-error"' in asked.text and "<details open>" in asked.text
    page = sent(client, f"{base}/campaigns/bounces", "bounces", data, "b.xlsx", sheet="B")
    assert "not among your customers" in page.text
    ids = re.findall(r'\bid="([^"]+)"', page.text)
    assert len(ids) == len(set(ids))


def test_events_come_in_from_a_workbook_whose_times_need_a_zone(world, sign_in, installation):
    client = sign_in(world.users["administrator"])
    address = f"/journeys/{world.here.journey_id}/sampling/interactions"
    with installation.store.reading() as session:
        point = session.get_one(Journey, world.here.journey_id).stages[0].touchpoints[0].code
    rows = [["touchpoint", "customer_ref", "at", "score"], [point, "4711", "29.3.2026 14:05", 1.5]]
    refused = sent(client, address, "interactions", xlsx_bytes(rows), "e.xlsx")
    assert "1 rows: 0 stored" in refused.text and "C2" in refused.text
    zoned = sent(
        client, address, "interactions", xlsx_bytes(rows), "e.xlsx", time_zone="Europe/Helsinki"
    )
    assert "1 rows: 1 stored" in zoned.text
