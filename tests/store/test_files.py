"""Files in the database: whole, in pieces, once however often they are stored, and read from any home."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import func, select

from surveyapp.errors import Damaged, NotFound
from surveyapp.installation import Installation, open_installation
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.file_backends import PIECE, FileFolder
from surveyapp.store.file_rows import FileRows
from surveyapp.store.files import FileStore
from surveyapp.store.models import File, FileContent, FilePiece
from tests.responses.makers import SECRET

ABOUT = {"name": "a.pdf", "media_type": "application/pdf"}
LONG = bytes(range(256)) * (2 * PIECE // 256) + b"end"


@pytest.fixture
def hosts(migrated_postgresql, database_url, tmp_path: Path) -> Iterator[list[Installation]]:
    """Two homes of one database."""
    opened = [
        open_installation(
            read({}, home=tmp_path / name, database_url=database_url, secret_key=SECRET)
        )
        for name in ("one", "two")
    ]
    yield opened
    for each in opened:
        each.close()


pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def put(host: Installation, data: bytes | BytesIO = LONG, digest: str = "") -> File:
    with host.store.writing() as session:
        return host.files.put(session, data, digest=digest, **ABOUT)


def pieces(host: Installation) -> list[int]:
    with host.store.reading() as session:
        sizes = select(func.length(FilePiece.data)).order_by(FilePiece.sha256, FilePiece.number)
        return list(session.scalars(sizes))


def test_what_one_host_stores_another_reads_without_a_folder_of_either(hosts, tmp_path: Path):
    file = put(hosts[0])
    assert pieces(hosts[1]) == [PIECE, PIECE, 3]
    with hosts[1].files.open(file) as content:
        assert content.read(PIECE + 1) == LONG[: PIECE + 1]
    assert hosts[1].files.read(file) == LONG
    assert not list(tmp_path.rglob("files"))


def test_an_empty_file_is_a_file(hosts):
    assert hosts[1].files.read(put(hosts[0], b"")) == b""


def test_the_same_bytes_are_kept_once_until_the_last_file_of_them_goes(hosts):
    files = [put(hosts[0]), put(hosts[1], BytesIO(LONG))]
    assert len(pieces(hosts[0])) == 3
    with hosts[0].store.writing() as session:
        hosts[0].files.remove(session, session.get_one(File, files[0].id))
    assert hosts[0].files.read(files[1]) == LONG
    with hosts[1].store.writing() as session:
        hosts[1].files.remove(session, session.get_one(File, files[1].id))
    assert pieces(hosts[0]) == []
    with pytest.raises(NotFound, match=r"a\.pdf is not in the file store \(the database\)"):
        hosts[0].files.open(files[1])


def test_who_needs_the_bytes_while_another_removes_them_has_them(hosts):
    """Both orders: whoever comes second waits for the first."""
    files, one, two = [put(hosts[0])], *hosts
    with one.store.writing() as session:
        second = one.files.put(session, LONG, **ABOUT)
        files.append(second)
        remover = threading.Thread(target=_remove, args=(two, files[0].id))
        remover.start()
        remover.join(0.2)
        assert remover.is_alive()
    remover.join()
    assert two.files.read(second) == LONG
    with two.store.writing() as session:
        two.files.remove(session, session.get_one(File, second.id))
        session.flush()
        late = threading.Thread(target=lambda: files.append(put(one)))
        late.start()
        late.join(0.2)
        assert late.is_alive()
    late.join()
    assert two.files.read(files[-1]) == LONG


def _remove(host: Installation, number: int) -> None:
    with host.store.writing() as session:
        host.files.remove(session, session.get_one(File, number))


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE file_pieces SET data = overlay(data PLACING 'x' FROM 7) WHERE number = 1",
        "DELETE FROM file_pieces WHERE number = 1",
        "DELETE FROM file_pieces",
    ],
)
def test_damaged_pieces_are_told_before_the_first_byte(hosts, fault: str):
    file = put(hosts[0])
    with hosts[0].store.writing() as session:
        session.connection().exec_driver_sql(fault)
    with pytest.raises(Damaged, match=r"a\.pdf is damaged: the database holds [0-9,]+ bytes"):
        hosts[1].files.open(file)


def test_a_transaction_that_fails_keeps_no_bytes_and_loses_none(hosts):
    kept = put(hosts[0], b"kept")
    with pytest.raises(ZeroDivisionError), hosts[0].store.writing() as session:
        hosts[0].files.put(session, LONG, **ABOUT)
        hosts[0].files.remove(session, session.get_one(File, kept.id))
        raise ZeroDivisionError
    assert pieces(hosts[0]) == [4]
    assert hosts[1].files.read(kept) == b"kept"


def test_a_folder_keeps_a_file_whose_removal_is_rolled_back_or_followed_by_the_same(
    hosts, tmp_path: Path
):
    folder = FileStore(FileFolder(tmp_path / "files"))
    store = hosts[0].store
    with store.writing() as session:
        file = folder.put(session, LONG, **ABOUT)
    with pytest.raises(ZeroDivisionError), store.writing() as session:
        folder.remove(session, session.get_one(File, file.id))
        raise ZeroDivisionError
    assert folder.read(file) == LONG
    with store.writing() as session:
        folder.remove(session, session.get_one(File, file.id))
        file = folder.put(session, LONG, **ABOUT)
    assert folder.read(file) == LONG
    with store.writing() as session:
        folder.remove(session, session.get_one(File, file.id))
    assert not folder.kept.has(file.sha256)


def test_files_from_before_are_read_on_disk_and_removed_there(hosts, tmp_path: Path):
    host = hosts[0]
    before = FileStore(FileFolder(host.settings.files_path))
    with host.store.writing() as session:
        file = before.put(session, LONG, **ABOUT)
    assert host.files.read(file) == LONG
    with pytest.raises(NotFound, match="`surveyapp files move` there"):
        hosts[1].files.read(file)
    with host.store.writing() as session:
        host.files.remove(session, session.get_one(File, file.id))
    assert not before.kept.has(file.sha256)


def test_bytes_that_nobody_named_go_after_a_day(hosts):
    host = hosts[0]
    (rows,) = (each for each in [host.files.kept] if isinstance(each, FileRows))
    named, stray = put(host, b"named"), host.files.write(b"stray")
    assert rows.forget_strays(utc_now() + timedelta(hours=23)) == 0
    assert rows.forget_strays(utc_now() + timedelta(hours=25)) == 1
    assert not rows.has(stray)
    assert host.files.read(named) == b"named"
    with host.store.reading() as session:
        assert session.scalars(select(FileContent.sha256)).all() == [named.sha256]
