"""A file of answers is gone once it has been brought in; what was refused of it is told for a month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from surveyapp.errors import NotFound
from surveyapp.installation import Installation, open_installation
from surveyapp.responses import uploads
from surveyapp.responses.imports import ask_import
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.models import File, FileContent, Job, Response
from surveyapp.worker import run_job
from tests.responses.makers import as_survey, make_survey

GOOD = b"nps,csat\n9,4\n3,77\n"


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    opened = open_installation(read({}, home=tmp_path, database_url=database_url))
    yield opened
    opened.close()


def uploaded(installation: Installation, data: bytes = GOOD) -> int:
    """The job of a file that waits to be brought in."""
    with installation.store.writing() as session:
        survey = make_survey(session, asks=("csat", "nps"))
        file = installation.files.put(session, data, name="a.csv", media_type="text/csv")
        return ask_import(session, as_survey(session, survey), file, user_id=None).id


def job(installation: Installation, number: int) -> Job:
    with installation.store.reading() as session:
        return session.get_one(Job, number)


def stored_files(installation: Installation) -> list[object]:
    """What the file store holds: the bytes' places on disk, or when the database got them."""
    if installation.store.is_sqlite:
        folder = installation.settings.files_path
        return [path.stat().st_ino for path in folder.rglob("*") if path.is_file()]
    with installation.store.reading() as session:
        return list(session.scalars(select(FileContent.stored_at)))


def lose(installation: Installation, digest: str) -> None:
    """Somebody removes the bytes beside the file store."""
    installation.files.kept.remove(digest)


@pytest.mark.parametrize("data", [GOOD, b"no,such,column\n1,2,3\n"])
def test_a_file_goes_when_its_job_is_over_and_not_before(installation: Installation, data: bytes):
    number = uploaded(installation, data)
    assert uploads.forget(installation, utc_now()) == 0
    assert len(stored_files(installation)) == 1
    run_job(installation, number, worker="w")
    assert job(installation, number).state == ("done" if data == GOOD else "failed")
    assert uploads.forget(installation, utc_now()) == 1
    assert stored_files(installation) == []
    with installation.store.reading() as session:
        assert session.scalars(select(File)).all() == []
        assert len(session.scalars(select(Response)).all()) == (data == GOOD)
    assert uploads.forget(installation, utc_now()) == 0


def test_bytes_written_before_the_transaction_are_not_written_again_unless_they_have_gone(
    installation: Installation,
):
    digest = installation.files.write(GOOD)
    first = stored_files(installation)
    with installation.store.writing() as session:
        file = installation.files.put(session, GOOD, name="a", media_type="text/csv", digest=digest)
    assert stored_files(installation) == first
    assert installation.files.read(file) == GOOD
    lose(installation, digest)
    with pytest.raises(NotFound, match=r"a is not in the file store"):
        installation.files.open(file)
    with installation.store.writing() as session:
        again = installation.files.put(
            session, GOOD, name="a", media_type="text/csv", digest=digest
        )
    assert installation.files.read(again) == GOOD


def test_bytes_that_another_file_has_too_stay(installation: Installation):
    number = uploaded(installation)
    with installation.store.writing() as session:
        twin = installation.files.put(session, GOOD, name="logo", media_type="image/png")
    run_job(installation, number, worker="w")
    assert uploads.forget(installation, utc_now()) == 1
    assert installation.files.read(twin) == GOOD


def test_refused_rows_are_listed_for_a_month(installation: Installation):
    number = uploaded(installation)
    run_job(installation, number, worker="w")
    uploads.forget(installation, utc_now() + timedelta(days=29))
    assert [row["value"] for row in job(installation, number).result["refused"]] == ['"77"']
    assert uploads.forget(installation, utc_now() + timedelta(days=31)) == 1
    result = job(installation, number).result
    assert (result["refused"], result["refused_rows"], result["stored"]) == ([], 1, 1)
    assert uploads.forget(installation, utc_now() + timedelta(days=31)) == 0


def test_a_job_whose_end_was_lost_says_the_same_when_it_is_done_again(installation: Installation):
    number = uploaded(installation)
    run_job(installation, number, worker="w")
    first = job(installation, number).result
    with installation.store.writing() as session:  # as the sweep does after a worker's death
        session.get_one(Job, number).state = "waiting"
    run_job(installation, number, worker="v")
    again = job(installation, number).result
    assert again == {**first, "refused": []}
