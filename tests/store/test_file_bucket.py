"""Files in an S3-compatible store: a real server answers, of which somebody deletes and damages objects."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from surveyapp.errors import Damaged, NotFound, SettingsError
from surveyapp.installation import Installation, open_installation
from surveyapp.operations.file_moves import check, move
from surveyapp.settings import read
from surveyapp.store.file_backends import FileFolder
from surveyapp.store.file_bucket import FileBucket, Unreachable
from surveyapp.store.files import FileStore
from surveyapp.store.models import File

ABOUT = {"name": "a.pdf", "media_type": "application/pdf"}
DATA = bytes(range(256)) * 5000
pytestmark = pytest.mark.xdist_group("bucket")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server with the bucket "north"."""
    started = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_ACCESS_KEY_ID", "surveyapp")
        patched.setenv("AWS_SECRET_ACCESS_KEY", "not needed by this server")
        yield f"http://{host}:{port}"
    started.stop()


@pytest.fixture(scope="module")
def objects(server: str) -> Iterator[Any]:
    """The bucket as its owner sees it."""
    client = boto3.client("s3", endpoint_url=server, region_name="eu-north-1")
    bucket = {"CreateBucketConfiguration": {"LocationConstraint": "eu-north-1"}}
    client.create_bucket(Bucket="north", **bucket)
    yield client
    client.close()


@pytest.fixture
def installation(
    database_url: str, tmp_path: Path, server: str, objects: Any
) -> Iterator[Installation]:
    where = f"s3://north/{tmp_path.name}?endpoint_url={server}&region_name=eu-north-1"
    opened = open_installation(
        read({}, home=tmp_path / "home", database_url=database_url, files=where)
    )
    yield opened
    opened.close()


def keys(objects: Any, installation: Installation) -> list[str]:
    prefix = installation.files.kept.name.removeprefix("s3://north/")
    found = objects.list_objects_v2(Bucket="north", Prefix=prefix)
    return [each["Key"] for each in found.get("Contents", [])]


def put(installation: Installation, data: bytes = DATA) -> File:
    with installation.store.writing() as session:
        return installation.files.put(session, data, **ABOUT)


def remove(installation: Installation, file: File) -> None:
    with installation.store.writing() as session:
        installation.files.remove(session, session.get_one(File, file.id))


def test_a_file_is_an_object_named_by_its_digest_until_its_last_row_goes(
    installation: Installation, objects: Any
):
    first, second = put(installation), put(installation)
    prefix = installation.files.kept.name.removeprefix("s3://north/")
    digest = first.sha256
    assert keys(objects, installation) == [f"{prefix}/{digest[:2]}/{digest}"]
    assert installation.files.read(first) == DATA
    remove(installation, first)
    assert installation.files.read(second) == DATA
    remove(installation, second)
    assert keys(objects, installation) == []
    with pytest.raises(NotFound, match=r"a\.pdf is not in the file store \(s3://north/"):
        installation.files.open(second)


def test_a_damaged_object_is_told_and_not_served(installation: Installation, objects: Any):
    file = put(installation)
    (key,) = keys(objects, installation)
    objects.put_object(Bucket="north", Key=key, Body=DATA[:-1])
    with pytest.raises(Damaged, match=r"holds 1,279,999 bytes that are not the 1,280,000"):
        installation.files.open(file)


def test_files_of_before_are_read_where_they_are_and_move(
    installation: Installation, objects: Any, tmp_path: Path
):
    before = FileStore(FileFolder(installation.settings.files_path))
    with installation.store.writing() as session:
        files = [before.put(session, data, **ABOUT) for data in (b"one", b"two", DATA)]
    assert [installation.files.read(file) for file in files] == [b"one", b"two", DATA]
    assert keys(objects, installation) == []
    path = installation.settings.files_path / files[1].sha256[:2] / files[1].sha256
    path.write_bytes(b"twoo")
    done = move(installation, lambda *_: None)
    assert (done.files, done.moved, done.moved_bytes, len(done.faults)) == (3, 2, 1_280_003, 1)
    assert "a.pdf is damaged" in done.faults[0]
    assert len(keys(objects, installation)) == 2
    assert [each for each in installation.settings.files_path.rglob("*") if each.is_file()] == [
        path
    ]
    path.write_bytes(b"two")  # from a backup
    assert move(installation, lambda *_: None).moved == 1
    again = move(installation, lambda *_: None)
    assert (again.files, again.moved, again.faults) == (3, 0, [])
    assert check(installation, lambda *_: None).faults == []


def test_a_bucket_that_is_not_there_or_not_ours_is_named(server: str):
    wrong = FileBucket("nobody", "", endpoint_url=server, region_name="eu-north-1")
    with pytest.raises(Unreachable, match=r"^s3://nobody cannot be used: .* Check SURVEYAPP_FILES"):
        wrong.write("0" * 64, BytesIO(b""))


@pytest.mark.parametrize(
    "address",
    [
        *("s3:///prefix", "https://bucket", "s3://key:secret@bucket", "s3://bucket?acl=public"),
        *("s3://bucket:80/", "database", "/srv/files"),
    ],
)
def test_an_address_that_is_no_bucket_is_refused_at_the_start(address: str):
    with pytest.raises(SettingsError, match="SURVEYAPP_FILES="):
        read({}, files=address)


def test_without_its_library_the_start_says_what_to_install(monkeypatch, tmp_path: Path):
    monkeypatch.setattr("surveyapp.store.file_bucket.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install 'surveyapp\[s3\]'"):
        open_installation(read({}, home=tmp_path, files="s3://north"))
