"""Commands that serve: web, worker, both at once, and the demonstration."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from surveyapp.cli.opened import opened, progress_bar
from surveyapp.cli.supervisor import Supervised, end_with_parent, supervise
from surveyapp.errors import SettingsError, SurveyappError
from surveyapp.installation import Installation
from surveyapp.operations.config_check import faults_here
from surveyapp.settings import PREFIX, Settings, read

_CURES = {
    errno.EADDRINUSE: f"Stop what listens there, or set {PREFIX}PORT to another.",
    errno.EACCES: f"Ports below 1024 are for root: set {PREFIX}PORT to a higher one, behind a proxy.",
}
# -P: a folder in the working directory that is called like one of ours is not taken for it.
LEAST_RESPONSES = 2500  # of a demonstration: with fewer its models find too few in a group
_PROCESS = (sys.executable, "-P", "-m", "surveyapp.cli.serving")


@click.command()
def worker() -> None:
    """Run the worker, which processes jobs and messages."""
    from surveyapp import logs, tracing

    settings = read()
    logs.keep_standard(settings.log_level)
    tracing.start(settings, "worker")
    with _opened_to_serve() as installation:
        from surveyapp.worker import work  # takes seconds, and is for those who can work

        work(installation)
    tracing.stop()


@click.command()
@click.option("--host", help="Address to listen on; SURVEYAPP_HOST if omitted.")
@click.option("--port", type=int, help="SURVEYAPP_PORT if omitted.")
@click.option("--processes", type=int, help="SURVEYAPP_PROCESSES if omitted.")
def web(host: str | None, port: int | None, processes: int | None) -> None:
    """Run the web server, without a worker. Processes that die are restarted."""
    with _opened_to_serve() as installation:
        settings = installation.settings
    host, port = host or settings.host, port or settings.port
    _check_port(host, port)
    click.echo(f"Serving {settings.base_url} (listening on {host}:{port}); Ctrl-C stops.")
    sys.stdout.flush()
    _serve(host, port, processes or settings.processes)


@click.command("web")
@click.option("--host", required=True)
@click.option("--port", type=int, required=True)
@click.option("--processes", type=int, required=True)
def web_process(host: str, port: int, processes: int) -> None:
    """The web server of `surveyapp run`, which has looked at everything."""
    _serve(host, port, processes)


def _serve(host: str, port: int, processes: int) -> None:
    from surveyapp.operations.traffic import forget
    from surveyapp.server.serve import serve

    forget(read().home)
    serve("surveyapp.app:served", host, port, processes=processes)


@click.command()
def run() -> None:
    """Run web server and worker together; Ctrl-C stops both. Processes that die are restarted.

    With PostgreSQL, hosts may also run `surveyapp web` and `surveyapp worker` alone.
    """
    with _opened_to_serve() as installation:
        settings = installation.settings
    _check_port(settings.host, settings.port)
    click.echo(
        f"Serving {settings.base_url} (listening on {settings.host}:{settings.port}); Ctrl-C stops."
    )
    sys.stdout.flush()
    supervise(
        [Supervised("web", web_command(settings)), Supervised("worker", [*_PROCESS, "worker"])]
    )


def web_command(settings: Settings) -> list[str]:
    """The command that serves the pages alone."""
    return [
        *(*_PROCESS, "web", "--host", settings.host, "--port", str(settings.port)),
        *("--processes", str(settings.processes)),
    ]


def _check_port(host: str, port: int) -> None:
    """Raise SurveyappError where somebody listens already: several processes of one server may."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        known = error.errno is not None and not isinstance(error, socket.gaierror)
        said = os.strerror(error.errno or 0) if known else str(error.strerror or error)
        cure = _CURES.get(error.errno or 0, f"Check {PREFIX}HOST: an address of this machine.")
        raise SurveyappError(f"Cannot listen on {host}:{port}: {said}. {cure}") from error


@contextmanager
def _opened_to_serve() -> Iterator[Installation]:
    """The installation, once everything that its settings name here has been found."""
    faults = tuple(faults_here(read()))
    if faults:
        raise SettingsError(*faults)
    with opened() as installation:
        yield installation


@click.command()
@click.option(
    "--no-serve", is_flag=True, help="Create the demonstration without starting the server."
)
@click.option(
    "--responses",
    type=click.IntRange(LEAST_RESPONSES),
    default=3000,
    show_default=True,
    help="Approximate number of responses to simulate; the analyses need some in every group.",
)
def demo(no_serve: bool, responses: int) -> None:
    """Create the demonstration bank (simulated responses, analyses, two PDFs), then serve it."""
    from surveyapp.demo.make import make

    with opened() as installation, progress_bar("Demonstration") as progress:
        made = make(installation, responses=responses, progress=progress)
    click.echo(made.told())
    if not no_serve:
        run.main([], standalone_mode=False)


@click.group(commands=[web_process, worker])
@click.option(
    "--lifeline", type=int, help="Descriptor whose end of file tells that the supervisor is gone."
)
def process(lifeline: int | None) -> None:
    """One process of `surveyapp run`."""
    if lifeline is not None:
        end_with_parent(lifeline)


if __name__ == "__main__":
    from surveyapp.cli import run_told

    run_told(process)
