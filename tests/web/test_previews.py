"""Before an import is confirmed its page shows everything; afterwards it can be looked at and removed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.responses import rollups, stored_previews
from surveyapp.store.columns import utc_now
from surveyapp.store.models import (
    Erasure,
    File,
    ImportBatch,
    ImportPreview,
    Response,
    SurveyRow,
)
from tests.web.conftest import World
from tests.web.importing import previewed, sent
from tests.web.test_kiosk_device import kiosk_file
from tests.web.test_trips import run_jobs
from tests.web.world import add_user

# Pages do not differ by database; where rows are locked or deleted both are used.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MONTH = b"id,nps,region\nx1,9,North\nx2,12,North\nx3,4,South\n"


@pytest.fixture
def base(world: World) -> str:
    return f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}"


@pytest.fixture
def client(world: World, sign_in):
    return sign_in(world.users["administrator"])


def words(page: str) -> str:
    return re.sub(r"\s+", " ", page)


def imported(installation: Installation) -> list[Response]:
    with installation.store.reading() as session:
        assert rollups.recount(session) == []
        own = select(Response).where(Response.source == "import").order_by(Response.id)
        return list(session.scalars(own))


def batches(installation: Installation, world: World) -> list[ImportBatch]:
    with installation.store.reading() as session:
        own = ImportBatch.survey_id == world.here.survey_id
        return [b for b in session.scalars(select(ImportBatch).where(own)) if b.job_id]


@sqlite
def test_columns_are_assigned_on_the_page_until_the_preview_is_right(
    installation: Installation, client, base: str
):
    data = b"Q1;E-Mail;Q2\n9;a@example.org;North\n3;b@example.org;South\n"
    preview = previewed(installation, client, base, data)
    page = words(client.get(preview).text)
    assert "No column is called like an item" in page and "a@example.org" not in page
    assert 'value="import"' not in page
    # Without script: selects and two buttons.
    again = sent(client, preview, step="update", **{"column-0": "item:nps.nps"})
    assert again.location == preview
    run_jobs(installation)
    page = words(client.get(preview).text)
    assert "2 rows of 2 will be stored" in page and "It looks like personal data." in page
    assert '<option value="item:nps.nps" selected>' in page
    # What was changed and not looked at is not imported.
    changed = sent(client, preview, **{"column-1": "attribute", "column-2": "left_out"})
    assert changed.location == preview
    run_jobs(installation)
    assert imported(installation) == []
    assert "The preview shows your changes now" in client.get(preview).text
    assert sent(client, preview).status_code == 303
    run_jobs(installation)
    assert [each.attributes for each in imported(installation)] == [
        {"E-Mail": "a@example.org"},
        {"E-Mail": "b@example.org"},
    ]


def test_confirming_twice_imports_once_and_the_import_has_a_page(
    installation: Installation, world: World, client, base: str
):
    preview = previewed(installation, client, base, MONTH, "january.csv")
    listed = client.get(f"{preview}/refused.csv")
    assert "outside 0 to 10" in listed.text and listed.mimetype == "text/csv"
    first, second = (
        client.post(preview, data={"step": "import", "conflicts": "refuse"}) for _ in "ab"
    )
    assert first.location == second.location
    run_jobs(installation)
    (batch,) = batches(installation, world)
    page = words(client.get(first.location).text)
    assert first.location == f"{base}/imports/{batch.id}"
    for said in (
        "january.csv",
        "<dt>Stored</dt><dd>2</dd>",
        "<dt>Rejected</dt><dd>1,",
        "nps: en-1",
    ):
        assert said in page, said
    assert "january.csv" in client.get(f"{base}/imports").text
    assert "This file has been imported." in client.get(preview).text
    assert len(imported(installation)) == 2


def test_a_preview_is_its_owner_s_and_goes_after_a_day(
    installation: Installation, world: World, client, sign_in, base: str
):
    preview = previewed(installation, client, base, MONTH, "january.csv")
    with installation.store.writing() as session:
        other = add_user(session, "administrator", email="berta@example.org")
    assert sign_in(other).get(preview).status_code == 404
    assert sign_in(other).post(f"{preview}/discard").status_code == 404
    tomorrow = utc_now() + timedelta(hours=25)
    assert stored_previews.forget(installation, utc_now()) == 0
    assert stored_previews.forget(installation, tomorrow) == 3  # with those of the world
    with installation.store.reading() as session:
        assert session.scalars(select(ImportPreview)).all() == []
        assert session.scalars(select(File).where(File.name.like("january.csv%"))).all() == []
    gone = client.get(preview)
    assert gone.status_code == 404 and "Upload the file again" in words(gone.text)


@sqlite
def test_a_discarded_file_is_deleted_at_once(
    installation: Installation, world: World, client, base: str
):
    preview = previewed(installation, client, base, MONTH, "january.csv")
    assert client.post(f"{preview}/discard").location == f"{base}/imports"
    with installation.store.reading() as session:
        assert session.scalars(select(File).where(File.name.like("january.csv%"))).all() == []
    assert client.get(preview).status_code == 404
    assert batches(installation, world) == []


@sqlite
def test_what_has_changed_since_the_preview_is_noticed(
    installation: Installation, world: World, client, base: str
):
    preview = previewed(installation, client, base, MONTH)
    with installation.store.writing() as session:
        session.get_one(SurveyRow, world.here.survey_id).anonymity = "anonymous"
    assert sent(client, preview).location == preview
    assert batches(installation, world) == []
    assert "has changed since this preview was made" in client.get(preview).text
    run_jobs(installation)
    page = words(client.get(preview).text)
    assert "This survey is anonymous" in page and "Fewer than 5 rows share a value" in page
    assert sent(client, preview).location != preview
    run_jobs(installation)
    assert [each.attributes for each in imported(installation)] == [{}, {}]


@sqlite
def test_conflicts_and_overlaps_are_asked_on_the_page(
    installation: Installation, client, base: str
):
    sent(client, previewed(installation, client, base, MONTH))
    run_jobs(installation)
    preview = previewed(installation, client, base, b"id,nps\nx1,2\nx9,8\n")
    page = words(client.get(preview).text)
    assert "Same ID, other answers" in page and "cannot be imported like this" in page
    sent(client, preview, step="update", conflicts="replace")
    run_jobs(installation)
    assert "1 row of 2 will be stored and 1 stored response corrected" in words(
        client.get(preview).text
    )
    made = sent(client, preview)
    run_jobs(installation)
    found = {each.external_id: each.answers["nps"]["nps"] for each in imported(installation)}
    assert found == {"x1": 2, "x3": 4, "x9": 8}
    assert "Stored answers corrected" in client.get(made.location).text


@sqlite
def test_an_import_is_removed_after_a_page_that_says_what_goes(
    installation: Installation, world: World, client, base: str
):
    made = sent(client, previewed(installation, client, base, MONTH, "january.csv"))
    run_jobs(installation)
    address = f"{made.location}/remove"
    page = words(client.get(address).text)
    assert "Remove 2 responses?" in page and "january.csv" in page
    assert "Webhooks and the API" in page and "1 report is marked as out of date" in page
    assert len(imported(installation)) == 2
    assert client.post(address).location == made.location
    assert "progress.js" in client.get(made.location).text
    run_jobs(installation)
    assert imported(installation) == []
    page = words(client.get(made.location).text)
    assert "removed" in page and "2 responses" in page and "Remove this import" not in page
    with installation.store.reading() as session:
        reasons = session.execute(select(Erasure.reason, Erasure.erased_by)).all()
    assert [tuple(each) for each in reasons] == [("import", world.users["administrator"].id)] * 2


@sqlite
def test_a_response_is_removed_for_a_reason_and_an_anonymous_one_never(
    installation: Installation, world: World, sign_in
):
    client = sign_in(world.users["researcher"])
    here, there = world.here, world.there
    address = f"/journeys/{here.journey_id}/responses/{here.response_id}/remove"
    for fields, said in (({}, "Choose why"), ({"reason": "other"}, "Write why")):
        refused = client.post(address, data=fields)
        assert (refused.status_code, said in refused.text) == (422, True)
    done = client.post(address, data={"reason": "wrong_person", "note": "His wife answered."})
    assert done.status_code == 303
    assert "Removed by staff: answered by the wrong person 1." in client.get(done.location).text
    with installation.store.reading() as session:
        gone = session.scalars(select(Erasure)).one()
        assert session.get(Response, here.response_id) is None
        assert rollups.recount(session) == []
    assert (gone.reason, gone.note, gone.erased_by) == (
        "wrong_person",
        "His wife answered.",
        world.users["researcher"].id,
    )
    with installation.store.writing() as session:
        session.get_one(SurveyRow, there.survey_id).anonymity = "anonymous"
    address = f"/journeys/{there.journey_id}/responses/{there.response_id}"
    assert "cannot be removed" in words(client.get(address).text)
    page = client.get(f"{address}/remove").text
    assert "cannot be removed" in page and "<fieldset" not in page
    assert client.post(f"{address}/remove", data={"reason": "spam"}).status_code == 422
    with installation.store.reading() as session:
        assert session.get(Response, there.response_id) is not None


@sqlite
def test_a_kiosk_s_file_is_looked_at_as_any_other(
    installation: Installation, world: World, client, base: str
):
    with installation.store.reading() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
    fields = [["form-key", "x"], ["nps-nps", "9"]]
    file = kiosk_file(survey, {"fields": fields}, {"fields": fields, "link": "another"})
    preview = previewed(installation, client, base, file.getvalue(), "kiosk.json")
    page = words(client.get(preview).text)
    assert "1 row of 2 will be stored" in page and "It was given to another survey." in page
    assert 'name="column-0"' not in page and 'value="update"' not in page
    made = sent(client, preview)
    assert made.status_code == 303
    run_jobs(installation)
    assert [each.answers["nps"] for each in imported(installation)] == [{"nps": 9}]
