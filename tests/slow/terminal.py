"""A program in a terminal that nobody sees: keys go in, the screen comes out."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WAIT = 30.0  # seconds for words to come up


class Terminal:
    """One window of tmux, of a server of its own."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def press(self, *keys: str) -> None:
        """Keys by tmux's names (Enter, Down, Tab); each has its time, as a hand gives it."""
        for key in keys:
            self._tmux("send-keys", key)
            time.sleep(0.15)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)
        time.sleep(0.15)

    @property
    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    @property
    def row(self) -> int:
        """The row in which the cursor stands, from 0."""
        return int(self._tmux("display-message", "-p", "#{cursor_y}"))

    def wait(self, *words: str) -> str:
        """The screen once it shows all of these words."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            shown = self.screen
            if all(each in shown for each in words):
                return shown
            time.sleep(0.1)
        raise AssertionError(f"no {words!r} on the screen:\n{self.screen}")

    def _tmux(self, *command: str) -> str:
        return subprocess.run(
            ["tmux", "-S", str(self._socket), *command], check=True, capture_output=True, text=True
        ).stdout


@contextmanager
def terminal(folder: Path, program: str, *arguments: str) -> Iterator[Terminal]:
    """The program in a terminal of 100 columns and 200 rows: a whole page at once."""
    for name in ("tmux", program):
        assert shutil.which(name), f"{name} is not installed; `make slow` as root brings it"
    socket = folder / "tmux"
    size = ("-x", "100", "-y", "200")
    home = ("-e", f"HOME={folder}", "-e", "LANG=C.UTF-8", "-e", "LC_ALL=C.UTF-8")
    command = [
        "tmux",
        "-S",
        str(socket),
        "-f",
        "/dev/null",
        "-u",
        "new-session",
        "-d",
        *size,
        *home,
    ]
    # A size that the environment states counts for more, to Lynx, than that of its terminal.
    sized = {"COLUMNS", "LINES"}
    environment = {name: value for name, value in os.environ.items() if name not in sized}
    subprocess.run([*command, program, *arguments], check=True, env=environment)
    try:
        yield Terminal(socket)
    finally:
        subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)
