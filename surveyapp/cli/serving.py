"""Commands that serve: web, worker, both at once, and the demonstration."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import click

from surveyapp.cli.opened import opened, progress_bar
from surveyapp.settings import Settings

_STOP_SECONDS = 15.0


@click.command()
def worker() -> None:
    """Run the jobs that pages and commands ask for."""
    from surveyapp.worker import work

    with opened() as storage:
        work(storage)


@click.command()
def run() -> None:
    """Serve web and worker together on this machine; Ctrl-C stops both."""
    with opened() as storage:
        settings = storage.settings
    click.echo(
        f"Serving {settings.base_url} (listening on {settings.host}:{settings.port}); Ctrl-C stops."
    )
    sys.exit(
        _supervise(
            [web_command(settings), [sys.executable, "-m", "surveyapp.cli.serving", "worker"]]
        )
    )


def web_command(settings: Settings) -> list[str]:
    """The production server with the application in it."""
    return [
        *(
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--factory",
            "surveyapp.app:served",
        ),
        *("--host", settings.host, "--port", str(settings.port)),
        *("--workers", str(settings.processes), "--blocking-threads", str(settings.threads)),
        *("--no-ws", "--http", "1", "--log-level", "warning"),
    ]


def _supervise(commands: Sequence[Sequence[str]]) -> int:
    """Run the commands until one ends by itself or we are told to stop; then stop the others.

    A killed web or worker takes the pair down with it, so that the service manager outside
    (systemd, a container) restarts both instead of leaving half a service.
    """
    stopping = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # A session of their own, so that Ctrl-C reaches them through us alone and once.
    children = [subprocess.Popen(command, start_new_session=True) for command in commands]  # noqa: S603
    while not stopping and all(child.poll() is None for child in children):
        time.sleep(0.2)
    ended = next((child.returncode for child in children if child.returncode), 0)
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
    return 0 if stopping else ended or 1


@click.command()
@click.option("--no-serve", is_flag=True, help="Make everything, start nothing.")
@click.option(
    "--responses", default=3000, show_default=True, help="About how many responses to simulate."
)
def demo(no_serve: bool, responses: int) -> None:
    """Make the demonstration bank: responses with known effects, analyses, two PDFs; then serve it."""
    from surveyapp.demo.make import make

    with opened() as storage, progress_bar("Demonstration") as progress:
        made = make(storage, responses=responses, progress=progress)
    click.echo(made.told())
    if not no_serve:
        run.main([], standalone_mode=False)


if __name__ == "__main__":
    worker.main(sys.argv[2:], standalone_mode=False)
