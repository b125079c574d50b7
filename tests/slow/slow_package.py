"""The wheel and the source archive hold the whole program: installed elsewhere, it serves and works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.deploy.examples import image_environment
from tests.web.test_respond_kill import free_port

ROOT = Path(__file__).parents[2]
_RUN = "from surveyapp.cli import main; main()"
_PATIENCE = 60.0
# Built in a copy, which keeps what is built out of the checkout.
_BUILD = "import sys, setuptools.build_meta as b; getattr(b, sys.argv[1])(sys.argv[2])"


def _built(kind: str, source: Path, to: Path) -> Path:
    command = [sys.executable, "-P", "-c", _BUILD, kind, str(to)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = to.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source archive, which is built from what git has."""
    folder = tmp_path_factory.mktemp("package")
    for name in ("checkout", "archive", "wheel"):
        (folder / name).mkdir()
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if not name.startswith("tests/"):
            target = folder / "checkout" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    archive = _built("build_sdist", folder / "checkout", folder / "archive")
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    return _built("build_wheel", unpacked, folder / "wheel")


def test_every_file_of_the_program_is_in_the_wheel(wheel: Path):
    packed = set(zipfile.ZipFile(wheel).namelist())
    tops = ("surveyapp", "instruments", "analysis", "migrations")
    listed = subprocess.run(
        ["git", "ls-files", "-z", *tops], cwd=ROOT, check=True, capture_output=True, text=True
    )
    wanted = set(filter(None, listed.stdout.split("\0")))
    assert len(wanted) > 1000
    missing = {name for name in wanted - packed if Path(name).name != "README.md"}
    assert missing == set()
    assert not [name for name in packed if name.startswith(("tests/", "docs/", "deploy/"))]


def test_installed_elsewhere_it_serves_and_works_by_the_commands_of_the_image(
    wheel: Path, tmp_path: Path
):
    """From a folder that cannot be written to, with the settings of the image."""
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")  # noqa: S202 - our own wheel
    here = tmp_path / "empty"
    here.mkdir(mode=0o500)
    port = free_port()
    environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment |= {**image_environment(), "PATH": environment["PATH"], "HOME": str(here)}
    environment |= {
        "PYTHONPATH": str(tmp_path / "installed"),
        "SURVEYAPP_HOME": str(tmp_path / "home"),
        "SURVEYAPP_HOST": "127.0.0.1",
        "SURVEYAPP_PORT": str(port),
    }

    def start(*words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-c", _RUN, *words]
        return subprocess.Popen(command, cwd=here, env=environment)

    assert start("db", "upgrade").wait(_PATIENCE) == 0
    running = [start("web"), start("worker")]
    try:
        deadline = time.monotonic() + _PATIENCE
        while (said := _readyz(port)) != (200, b'{"status":"ok","worker":"ok"}'):
            assert time.monotonic() < deadline, said
            assert [each.poll() for each in running] == [None, None]
            time.sleep(0.2)
    finally:
        for each in running:
            each.send_signal(signal.SIGTERM)
        codes = [each.wait(_PATIENCE) for each in running]
    assert codes == [0, 0]
    assert start("backup", str(tmp_path / "backups"), "--keep", "1").wait(_PATIENCE) == 0
    assert list(here.iterdir()) == []
    written = [path for path in (tmp_path / "installed").rglob("*") if path.suffix == ".pyc"]
    assert written == []


def _readyz(port: int) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, b"".join(answer.read().split())
    except OSError as error:
        return 0, str(error).encode()
    finally:
        connection.close()
