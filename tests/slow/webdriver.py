"""Firefox and WebKit, driven by the WebDriver commands that both understand.

Debian packages no geckodriver, which would translate WebDriver's HTTP into Firefox's own protocol
(Marionette): the same commands by other names, in JSON over a socket. WebKitGTK has its driver.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WAIT = 20.0  # seconds for a page or an element to come
_ELEMENT = (
    "element-6066-11e4-a52e-4f735466cecf"  # what the standard calls a reference to an element
)
_START = 60.0
# Each command as Marionette calls it, and as the verb and path of WebDriver's HTTP.
_COMMANDS = {
    "open": ("WebDriver:Navigate", "POST", "/url"),
    "back": ("WebDriver:Back", "POST", "/back"),
    "address": ("WebDriver:GetCurrentURL", "GET", "/url"),
    "source": ("WebDriver:GetPageSource", "GET", "/source"),
    "find": ("WebDriver:FindElements", "POST", "/elements"),
    "active": ("WebDriver:GetActiveElement", "GET", "/element/active"),
    "click": ("WebDriver:ElementClick", "POST", "/element/{id}/click"),
    "type": ("WebDriver:ElementSendKeys", "POST", "/element/{id}/value"),
    "text": ("WebDriver:GetElementText", "GET", "/element/{id}/text"),
    "selected": ("WebDriver:IsElementSelected", "GET", "/element/{id}/selected"),
    "displayed": ("WebDriver:IsElementDisplayed", "GET", "/element/{id}/displayed"),
    "attribute": ("WebDriver:GetElementAttribute", "GET", "/element/{id}/attribute/{name}"),
    "box": ("WebDriver:GetElementRect", "GET", "/element/{id}/rect"),
    "size": ("WebDriver:SetWindowRect", "POST", "/window/rect"),
    "frame": ("WebDriver:SwitchToFrame", "POST", "/frame"),
}


class WebDriverError(Exception):
    """What the browser says it could not do."""


class Driver(ABC):
    """One window of a browser."""

    @abstractmethod
    def ask(self, command: str, **given: Any) -> Any:
        """Have the browser do something, and return what it answers."""

    @property
    def address(self) -> str:
        return str(self.ask("address"))

    @property
    def source(self) -> str:
        return str(self.ask("source"))

    def open(self, address: str) -> None:
        self.ask("open", url=address)

    def back(self) -> None:
        self.ask("back")

    def all(self, css: str) -> list[Element]:
        found = self.ask("find", using="css selector", value=css)
        return [Element(self, each[_ELEMENT]) for each in found]

    def one(self, css: str) -> Element:
        """The first that matches, waited for."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            try:
                if found := self.all(css):
                    return found[0]
            except WebDriverError:  # the page is just being left
                pass
            time.sleep(0.1)
        raise AssertionError(f"no {css} on {self.address}: {self.source[-2000:]}")


class Element:
    """One element of the page that is shown."""

    def __init__(self, driver: Driver, number: str) -> None:
        self._driver, self._number = driver, number

    def click(self) -> None:
        self._driver.ask("click", id=self._number)

    def type(self, text: str) -> None:
        self._driver.ask("type", id=self._number, text=text)

    def attribute(self, name: str) -> str | None:
        found: str | None = self._driver.ask("attribute", id=self._number, name=name)
        return found

    @property
    def text(self) -> str:
        return str(self._driver.ask("text", id=self._number))

    @property
    def selected(self) -> bool:
        return bool(self._driver.ask("selected", id=self._number))

    @property
    def displayed(self) -> bool:
        return bool(self._driver.ask("displayed", id=self._number))

    @property
    def box(self) -> dict[str, float]:
        found: dict[str, float] = self._driver.ask("box", id=self._number)
        return found


class Firefox(Driver):
    """Spoken to over Marionette's socket: the length of a message, a colon, the message."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rwb")
        self._number = 0
        self._read()  # it says who it is
        self._send("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})

    def ask(self, command: str, **given: Any) -> Any:
        answer = self._send(_COMMANDS[command][0], given)
        is_value = isinstance(answer, dict) and answer.keys() == {"value"}
        return answer["value"] if is_value else answer

    def _send(self, name: str, given: dict[str, Any]) -> Any:
        self._number += 1
        message = json.dumps([0, self._number, name, given]).encode()
        self._file.write(b"%d:%s" % (len(message), message))
        self._file.flush()
        _, _, error, answer = self._read()
        if error:
            raise WebDriverError(f"{name} {given}: {error['error']}: {error['message']}")
        return answer

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            read = self._file.read(1)
            if not read:
                raise WebDriverError("Firefox has closed the connection")
            length += read
        return json.loads(self._file.read(int(length[:-1])))


class WebKit(Driver):
    """Spoken to over HTTP."""

    def __init__(self, base: str, browser: dict[str, Any]) -> None:
        self._base = f"{base}/session"
        made = self._call("POST", "", {"capabilities": {"alwaysMatch": browser}})
        self._base += f"/{made['sessionId']}"

    def ask(self, command: str, **given: Any) -> Any:
        _, verb, path = _COMMANDS[command]
        return self._call(verb, path.format(**given), given if verb == "POST" else None)

    def end(self) -> None:
        self._call("DELETE", "", None)

    def _call(self, verb: str, path: str, given: dict[str, Any] | None) -> Any:
        body = None if given is None else json.dumps(given).encode()
        request = urllib.request.Request(
            f"{self._base}{path}", body, {"Content-Type": "application/json"}, method=verb
        )
        try:
            with urllib.request.urlopen(request, timeout=_START) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise WebDriverError(f"{verb} {path} {given}: {error.read().decode()}") from None


@contextmanager
def firefox(folder: Path, *, scripts: bool) -> Iterator[Firefox]:
    """A Firefox with a profile of its own in this folder."""
    preferences = {
        "marionette.port": 0,  # any that is free; it writes down which
        "javascript.enabled": scripts,
        "intl.accept_languages": "en",
        "browser.shell.checkDefaultBrowser": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "browser.aboutwelcome.enabled": False,
        "app.update.enabled": False,
        "network.captive-portal-service.enabled": False,
    }
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});"
        for name, value in preferences.items()
    ]
    (folder / "user.js").write_text("\n".join(lines))
    port = folder / "MarionetteActivePort"
    command = [_program("firefox-esr"), "--headless", "--marionette", "--no-remote"]
    with _running([*command, "--profile", str(folder)], folder, HOME=str(folder)) as process:
        _wait(process, lambda: port.is_file() and port.read_text().strip() != "")
        with socket.create_connection(("127.0.0.1", int(port.read_text()))) as connection:
            yield Firefox(connection)


@contextmanager
def webkit(folder: Path, *, scripts: bool) -> Iterator[WebKit]:
    """WebKitGTK's small browser, on a screen that nobody sees."""
    binary = next(Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser"))
    arguments = ["--automation", "--ignore-tls-errors"]
    if not scripts:
        arguments.append("--enable-javascript-markup=false")
    options = {"webkitgtk:browserOptions": {"binary": str(binary), "args": arguments}}
    number = folder / "screen"
    with number.open("wb") as file:
        screen = [_program("Xvfb"), "-displayfd", str(file.fileno()), "-nolisten", "tcp"]
        with _running(
            [*screen, "-screen", "0", "1280x1024x24"], folder, keep=file.fileno()
        ) as shown:
            _wait(shown, lambda: number.read_text().endswith("\n"))
            display = f":{number.read_text().strip()}"
            port = _free_port()
            driver = [_program("WebKitWebDriver"), f"--port={port}"]
            with _running(
                driver,
                folder,
                DISPLAY=display,
                HOME=str(folder),
                LANG="en_GB.UTF-8",
                WEBKIT_DISABLE_COMPOSITING_MODE="1",
            ) as process:
                _wait(process, lambda: _is_open(port))
                made = WebKit(f"http://127.0.0.1:{port}", options)
                yield made
                made.end()


def _program(name: str) -> str:
    path = shutil.which(name)
    assert path, f"{name} is not installed; `make slow` as root brings it"
    return path


@contextmanager
def _running(
    command: list[str], folder: Path, *, keep: int | None = None, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            env={**os.environ, **environment},
            pass_fds=() if keep is None else (keep,),
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], ready: Any) -> None:
    end = time.monotonic() + _START
    while not ready():
        assert process.poll() is None, f"{process.args!r} ended by itself"
        assert time.monotonic() < end, f"{process.args!r} did not start within {_START:.0f} s"
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _is_open(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
