"""The web server's processes: granian, and the end of each with its parent."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

STOP_SECONDS = 6  # for answers under way when the server is told to stop
HEAD_SECONDS = 30  # for the head of a request; a proxy's idle connection may live as long
_HEAD_BYTES = 64 * 1024
_BACKLOG = 1024
_CLIENTS = 4096  # whose requests are open at once in a process
_LOOK_SECONDS = 1.0


def serve(
    target: str, host: str, port: int, *, processes: int, head_seconds: int = HEAD_SECONDS
) -> None:
    """Serve the ASGI application that the function ``target`` ("module:name") makes, until told to stop.

    A process that dies is replaced. Returns after SIGTERM or SIGINT.
    """
    Server(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        workers=processes,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=1000 * head_seconds, max_buffer_size=_HEAD_BYTES
        ),
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_CLIENTS,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=1.0,
        workers_kill_timeout=STOP_SECONDS,
        # Where granian looks first, or else a folder of the working directory could be taken for ours.
        working_dir=Path(__file__).parent.parent.parent,
    ).serve()


def end_with_parent() -> None:
    """Stop this process, one of the server's, when the server's first process is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
