"""The web server of a host without a worker, and the files that a home had before hosts shared them."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from surveyapp.installation import open_installation
from surveyapp.settings import read
from surveyapp.store.file_backends import FileFolder
from surveyapp.store.files import FileStore
from tests.cli.conftest import Run
from tests.responses.makers import SECRET

postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_the_web_server_alone_has_the_settings_or_what_the_command_says(
    run_stored: Run, monkeypatch: pytest.MonkeyPatch
):
    served: list[Any] = []

    def serve(target: str, host: str, port: int, *, processes: int) -> None:
        served.append((target, host, port, processes))

    monkeypatch.setattr("surveyapp.server.serve.serve", serve)
    monkeypatch.setenv("SURVEYAPP_PROCESSES", "3")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = run_stored("web", "--port", port)
        assert (told.code, served) == (2, [])
        assert f"Cannot listen on 127.0.0.1:{port}: Address already in use. Stop what" in told.err
    monkeypatch.setenv("SURVEYAPP_PORT", str(port))
    assert f"(listening on 127.0.0.1:{port})" in run_stored("web").out
    assert run_stored("web", "--processes", 2, "--host", "0.0.0.0").code == 0
    assert served == [
        ("surveyapp.app:served", "127.0.0.1", port, 3),
        ("surveyapp.app:served", "0.0.0.0", port, 2),
    ]


@postgresql
def test_files_of_a_home_move_to_the_database_and_a_damaged_one_is_named(
    run_stored: Run, monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
):
    monkeypatch.setenv("SURVEYAPP_SECRET_KEY", SECRET)
    installation = open_installation(
        read({}, home=tmp_path / "home", database_url=database_url, secret_key=SECRET)
    )
    before = FileStore(FileFolder(installation.settings.files_path))
    with installation.store.writing() as session:
        files = [
            before.put(session, data, name=f"{data.decode()}.pdf", media_type="application/pdf")
            for data in (b"one", b"two")
        ]
    two = installation.settings.files_path / files[1].sha256[:2] / files[1].sha256
    two.write_bytes(b"2")
    told = run_stored("files", "move")
    assert (told.code, told.out.splitlines()[0]) == (
        1,
        "Moved 1 of 2 files (0.0 MB) to the database.",
    )
    assert "two.pdf is damaged" in told.out and "1 of 2 files cannot be read here." in told.out
    assert run_stored("files", "check").code == 1
    two.write_bytes(b"two")
    assert run_stored("files", "move").code == run_stored("files", "move").code == 0
    assert run_stored("files", "check").out == "All 2 files are whole.\n"
    assert not any(path.is_file() for path in installation.settings.files_path.rglob("*"))
    assert installation.files.read(files[0]) == b"one"
    installation.close()
