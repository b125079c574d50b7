"""Supervises processes: restarts those that die, stops all of them in order, leaves no orphan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import click

FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 60.0  # seconds before a restart; doubled each time
STABLE_SECONDS = 60.0  # a process that has run for so long starts over with the first back-off
STOP_SECONDS = 8.0  # between SIGTERM and SIGKILL
_POLL_SECONDS = 0.1
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass
class Supervised:
    """A process that has to run as long as the supervisor does."""

    name: str
    command: Sequence[str]  # takes an option --lifeline before its own words
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0  # earliest restart
    backoff: float = FIRST_BACKOFF

    def start(self, lifeline: int) -> None:
        # A session of its own, so that Ctrl-C reaches it once and through us.
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            _with_lifeline(self.command, lifeline),
            start_new_session=True,
            pass_fds=(lifeline,),
        )
        self.started = time.monotonic()

    def poll(self) -> str | None:
        """A line for the log if the process has died; schedules its restart."""
        if self.process is None or self.process.poll() is None:
            return None
        now = time.monotonic()
        if now - self.started >= STABLE_SECONDS:
            self.backoff = FIRST_BACKOFF
        line = (
            f"{self.name} (process {self.process.pid}) {_ended(self.process.returncode)};"
            f" starting it again in {self.backoff:.0f} s"
        )
        self.process, self.due = None, now + self.backoff
        self.backoff = min(LONGEST_BACKOFF, 2 * self.backoff)
        return line


def _with_lifeline(command: Sequence[str], lifeline: int) -> list[str]:
    module = command.index("-m") + 2
    return [*command[:module], "--lifeline", str(lifeline), *command[module:]]


def supervise(processes: Sequence[Supervised]) -> None:
    """Run these processes until SIGTERM, SIGINT or SIGHUP; then stop them."""
    stopping = threading.Event()
    for number in _SIGNALS:
        signal.signal(number, lambda *_: stopping.set())
    # Nothing is ever written to it: its end of file tells the processes that we are gone.
    lifeline, ours = os.pipe()
    try:
        while not stopping.is_set():
            for each in processes:
                line = each.poll()
                if line is not None:
                    click.echo(line, err=True)
                if each.process is None and time.monotonic() >= each.due:
                    each.start(lifeline)
            stopping.wait(_POLL_SECONDS)
    finally:
        _stop([each.process for each in processes if each.process is not None])
        os.close(lifeline)
        os.close(ours)


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    why = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    return f"was killed by {name}{why}"


def end_with_parent(lifeline: int) -> None:
    """Stop this process when the supervisor, which holds the other end of the lifeline, is gone."""

    def watch() -> None:
        os.read(lifeline, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_SECONDS)
        sys.stderr.flush()
        os._exit(1)  # the next worker takes over the job under way

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
