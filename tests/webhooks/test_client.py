"""A webhook reaches the place that was checked, in a given time, and no other place by any trick."""

from __future__ import annotations

import hmac
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from queue import Queue
from threading import Timer
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from surveyapp.errors import Invalid
from surveyapp.webhooks import client, signing
from surveyapp.webhooks.addresses import Unreachable, read_url
from tests.webhooks.listening import listening, talking


def leading_to(*addresses: str) -> Any:
    """A name service in which every name has these addresses."""

    def resolve(_host: str, port: int, **_: Any) -> list[Any]:
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    return resolve


def test_a_message_arrives_as_it_was_sent_and_the_answer_comes_back():
    with listening(202, body=b"well\nheard\x00") as server:
        answer = client.post(
            server.url + "?a=1", b'{"a": 1}', {"X-Own": "1"}, private=[server.place]
        )
    (path, headers, body), *more = server.told
    assert (path, body, more) == ("/hook?a=1", b'{"a": 1}', [])
    assert (headers["X-Own"], headers["Host"]) == ("1", server.place)
    assert (answer.status, answer.accepted, answer.excerpt) == (202, True, "well heard")


# Each is a way to write, or to hide, an address inside: as it stands in the URL.
@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://0/",
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://168.63.129.16/",
        "https://192.88.99.1/",
        "https://198.18.0.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[0:0:0:0:0:ffff:a9fe:a9fe]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:7f00:1::]/",
        "https://[64:ff9b::127.0.0.1]/",
        "https://[64:ff9b:1::7f00:1]/",
        "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[fc00::1]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://[2001:db8::1]/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://app.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "http://hooks.example.org/",
        "https://hooks.example.org:22/",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:99999/",
        "https://user:secret@hooks.example.org/",
        "https://hooks.example.org@127.0.0.1/",
        "https://127.0.0.1\\@hooks.example.org/",
        "https://hooks.example.org\\.evil.example/",
        "https://hooks.example.org/#fragment",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\r\nX-Own: 1",
        "https://①②⑦.⓪.⓪.①/",
        "https://hooks.example。org/",
        "https://hooks%2eexample.org/",
        "https:///etc/passwd",
        "https://",
        "file:///etc/passwd",
        "gopher://hooks.example.org/",
        "//hooks.example.org/",
        "javascript:alert(1)",
        "",
        "https://hooks.example.org/" + "a" * 2000,
        "https://" + "a" * 64 + ".example/",
    ],
)
def test_an_address_that_may_not_be_used_is_refused_before_anything_is_looked_up(url: str):
    def nobody(*_: Any, **__: Any) -> list[Any]:
        raise AssertionError("a name was looked up")

    with pytest.raises(Invalid) as caught:
        client.post(url, b"{}", {}, resolve=nobody)
    assert caught.value.field == "url"


# What the names of nip.io and the like, or a name service under an attacker's hand, lead to.
@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("0.0.0.0",),
        ("10.1.2.3",),
        ("169.254.169.254",),
        ("100.100.100.200",),
        ("192.0.0.192",),
        ("240.0.0.1",),
        ("239.255.255.250",),
        ("::1",),
        ("::ffff:10.0.0.1",),
        ("::ffff:93.184.215.14",),
        ("fd00:ec2::254",),
        ("fe80::1%eth0",),
        ("64:ff9b::a9fe:a9fe",),
        ("2002:a9fe:a9fe::1",),
        ("93.184.215.14", "127.0.0.1"),
        ("2606:2800:21f:cb07::1", "::1"),
        (),
    ],
)
def test_a_name_that_leads_inside_is_refused_though_it_leads_outside_too(
    addresses: tuple[str, ...],
):
    with pytest.raises(Unreachable):
        client.post("https://127-0-0-1.nip.example/", b"{}", {}, resolve=leading_to(*addresses))


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://hooks.example.org/in?x=1", 443),
        ("https://hooks.example.org:8443", 8443),
        ("https://1and1.example/", 443),
        ("https://93.184.215.14/", 443),
        ("https://[2606:2800:21f:cb07::1]/", 443),
        ("https://[64:ff9b::5db8:d70e]/", 443),
        ("https://xn--bcher-kva.example/", 443),
    ],
)
def test_public_addresses_are_allowed(url: str, port: int):
    assert read_url(url).port == port


@given(st.text(max_size=60) | st.text("htps:/.[]@%\\#?0123456789abcdefx-", max_size=60))
def test_no_text_makes_reading_an_address_fail_in_another_way(text: str):
    for url in (text, "https://" + text):
        try:
            target = read_url(url)
        except Invalid:
            continue
        assert target.scheme == "https"
        assert target.port in {443, 80, 8443}


def test_a_name_that_leads_elsewhere_the_second_time_is_never_asked_a_second_time(
    monkeypatch: pytest.MonkeyPatch,
):
    """DNS rebinding: the connection goes to what was checked, and nothing looks a name up again."""
    asked, connected = [], []

    def rebinding(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return leading_to("93.184.215.14" if len(asked) == 1 else "127.0.0.1")(host, port)

    def note(_: socket.socket, place: Any) -> None:
        connected.append(place)
        raise ConnectionRefusedError("noted")

    def forbidden(*_: Any, **__: Any) -> Any:
        raise AssertionError("the system's name service was asked")

    monkeypatch.setattr(socket.socket, "connect", note)
    monkeypatch.setattr(socket, "getaddrinfo", forbidden)
    with pytest.raises(Unreachable, match="noted"):
        client.post("https://hooks.example.org/", b"{}", {}, resolve=rebinding)
    assert (asked, connected) == (["hooks.example.org"], [("93.184.215.14", 443)])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status: int):
    with (
        listening() as inside,
        listening(status, headers={"Location": inside.url}) as outside,
    ):
        answer = client.post(outside.url, b"{}", {}, private=[outside.place, inside.place])
    assert (answer.status, answer.accepted, inside.told) == (status, False, [])


def test_the_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch):
    with listening() as proxy, listening(204) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy.place}")
        assert client.post(server.url, b"{}", {}, private=[server.place]).status == 204
    assert proxy.told == []


def test_only_the_very_place_that_is_allowed_is_allowed():
    with listening() as server:
        with pytest.raises(Invalid):
            client.post(server.url, b"{}", {}, private=[f"127.0.0.1:{server.port + 1}"])
        with pytest.raises(Invalid):
            client.post(server.url, b"{}", {}, private=[f"localhost:{server.port}"])
    assert server.told == []


def test_another_public_address_is_tried_where_the_first_does_not_answer():
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    with pytest.raises(Unreachable, match="does not respond"):
        client.post(f"http://127.0.0.1:{port}/", b"", {}, private=[f"127.0.0.1:{port}"])
    with listening() as server:
        both = leading_to("127.0.0.2", "127.0.0.1")  # nobody listens at the first
        place = f"two.example:{server.port}"
        assert client.post(f"http://{place}/", b"{}", {}, private=[place], resolve=both).accepted


class HeldTimer(Timer):
    """A timer that waits for the test instead of for the clock: no load can make it late."""

    started: Queue[Timer]

    def start(self) -> None:
        self.started.put(self)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Queue[Timer]:
    """The timers that the client has started, none of which goes off by itself."""
    HeldTimer.started = Queue()
    monkeypatch.setattr(client, "Timer", HeldTimer)
    return HeldTimer.started


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is a second later each time the client looks at it."""
    seconds = count(100.0)
    monkeypatch.setattr(client, "monotonic", lambda: next(seconds))


def _read_request(connection: socket.socket) -> None:
    """All of it: the head comes in a write of its own, before the body; a handshake has no body."""
    sent = connection.recv(65536)
    while sent.startswith(b"POST") and not sent.endswith(b"{}"):
        sent += connection.recv(65536)


def _dripping(held: Queue[Timer], text: bytes, intervals: list[float]) -> Any:
    """Sends ``text`` byte by byte, lets the client's time run out, and waits to be cut off."""

    def say(connection: socket.socket) -> None:
        _read_request(connection)
        for sign in text:
            connection.sendall(bytes([sign]))
        timer = held.get(timeout=30)
        timer.function()
        connection.settimeout(20)  # less than the client's own sockets would wait
        with suppress(ConnectionError):  # what was not read any more ends it so
            while connection.recv(65536):
                pass
        intervals.append(timer.interval)

    return say


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1." + b"1" * 100,
        b"HTTP/1.1 200 OK" + b"a" * 100,
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100,
        b"HTTP/1.1 200 OK\r\nX: a\r\n",
        b"HTTP/1.1 100 Go on\r\n\r\n" * 20,
        b"",
    ],
    ids=["version", "status", "header", "headers", "continue", "silence"],
)
@pytest.mark.usefixtures("ticking")
def test_a_server_that_drips_is_cut_off_in_time(held: Queue[Timer], text: bytes):
    intervals: list[float] = []
    with (
        talking(_dripping(held, text, intervals)) as port,
        pytest.raises(Unreachable, match=r"No complete response within 30 seconds"),
    ):
        client.post(
            f"http://127.0.0.1:{port}/", b"{}", {}, private=[f"127.0.0.1:{port}"], timeout=30
        )
    assert len(intervals) == 1
    assert 0 < intervals[0] < 30  # the time that connecting took is part of it


@pytest.mark.usefixtures("ticking")
def test_a_handshake_that_drips_is_cut_off_in_time(held: Queue[Timer]):
    intervals: list[float] = []
    with (
        talking(_dripping(held, b"\x16\x03\x03\x40\x00" + b"a" * 100, intervals)) as port,
        pytest.raises(Unreachable, match=r"No complete response within 30 seconds"),
    ):
        client.post(
            f"https://127.0.0.1:{port}/", b"{}", {}, private=[f"127.0.0.1:{port}"], timeout=30
        )
    assert len(intervals) == 1
    assert 0 < intervals[0] < 30


def _silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def test_the_clock_alone_cuts_a_silent_server_off():
    with talking(_silent) as port:
        begun = time.monotonic()
        with pytest.raises(Unreachable, match=r"No complete response within 0\.5 seconds"):
            client.post(
                f"http://127.0.0.1:{port}/", b"{}", {}, private=[f"127.0.0.1:{port}"], timeout=0.5
            )
        assert time.monotonic() - begun >= 0.5


def test_a_timer_that_is_late_leaves_the_same_sentence(held: Queue[Timer]):
    """The socket's timeout comes first where the timer's thread must wait for a processor."""
    with (
        talking(_silent) as port,
        pytest.raises(Unreachable, match=r"No complete response within 0\.5 seconds"),
    ):
        client.post(
            f"http://127.0.0.1:{port}/", b"{}", {}, private=[f"127.0.0.1:{port}"], timeout=0.5
        )
    assert held.qsize() == 1


@pytest.mark.parametrize(
    "text",
    [
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 200,
        b"HTTP/1.1 200 " + b"a" * 70000,
        b"",
    ],
    ids=["ssh", "status", "headers", "line", "nothing"],
)
def test_nonsense_instead_of_an_answer_is_told_as_a_sentence(text: bytes):
    def say(connection: socket.socket) -> None:
        _read_request(connection)
        connection.sendall(text)

    with talking(say) as port, pytest.raises(Unreachable) as caught:
        client.post(f"http://127.0.0.1:{port}/", b"{}", {}, private=[f"127.0.0.1:{port}"])
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Content-Length: 100\r\n\r\nshort",
        b"\r\n" + b"a" * 100,
    ],
    ids=["chunk", "short", "dripping"],
)
def test_a_message_counts_as_delivered_once_the_status_says_so(held: Queue[Timer], text: bytes):
    """Sending it again because the rest of the answer is broken would tell the receiver twice."""

    def say(connection: socket.socket) -> None:
        _read_request(connection)
        head, end, body = text.partition(b"\r\n\r\n" if b":" in text else b"\r\n")
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + end + body)
        timer = held.get(timeout=30)
        if text.endswith(b"aaa"):
            timer.function()

    with talking(say) as port:
        place = f"127.0.0.1:{port}"
        assert client.post(f"http://{place}/", b"{}", {}, private=[place], timeout=30).accepted


def test_only_the_beginning_of_an_answer_is_read():
    with listening(200, body=b"x" * 3_000_000) as server:
        answer = client.post(server.url, b"{}", {}, private=[server.place])
    assert (answer.status, len(answer.excerpt)) == (200, 200)


def test_headers_cannot_be_smuggled_in():
    with listening() as server:
        with pytest.raises(Unreachable):
            client.post(server.url, b"{}", {"X": "1\r\nY: 2"}, private=[server.place])
        with pytest.raises(Unreachable, match="bytes"):
            client.post(server.url, b"x" * 300_000, {}, private=[server.place])
    assert server.told == []


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """A server's context for the name hooks.example, and the trust that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder: Path = tmp_path_factory.mktemp("certificate")
    written = folder / "server.pem"
    written.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(written)
    yield server, ssl.create_default_context(cafile=str(written))


def test_the_certificate_must_be_the_host_names_though_an_address_is_connected_to(certified):
    server_context, trust = certified
    asked: list[str | None] = []
    server_context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with listening(trust=server_context) as server:
        for host, believed in (("hooks.example", True), ("other.example", False)):
            place = f"{host}:{server.port}"
            arguments: dict[str, Any] = {
                "private": [place],
                "resolve": leading_to("127.0.0.1"),
                "trust": trust,
            }
            if believed:
                assert client.post(f"https://{place}/", b"{}", {}, **arguments).accepted
            else:
                with pytest.raises(Unreachable, match=r"certificate of other\.example"):
                    client.post(f"https://{place}/", b"{}", {}, **arguments)
        with pytest.raises(Unreachable, match="certificate"):
            client.post(
                f"https://hooks.example:{server.port}/",
                b"{}",
                {},
                private=[f"hooks.example:{server.port}"],
                resolve=leading_to("127.0.0.1"),
            )
    assert asked == ["hooks.example", "other.example", "hooks.example"]
    assert len(server.told) == 1
    assert server.told[0][1]["Host"] == f"hooks.example:{server.port}"


def test_the_signature_is_the_hmac_of_time_and_body_and_changes_with_each_of_them():
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    names = {"event": "response", "event_id": "e", "delivery": "7"}
    secret = "whsec_" + "0" * 64
    made = signing.headers([secret], b'{"a":1}', **names, now=now)
    moment, code = made["Surveyapp-Signature"].split(",")
    assert moment == f"t={int(now.timestamp())}"
    expected = hmac.new(
        secret.encode(), f"{int(now.timestamp())}.".encode() + b'{"a":1}', "sha256"
    ).hexdigest()
    assert code == f"v1={expected}"
    assert (made["Surveyapp-Event"], made["Surveyapp-Delivery"]) == ("response", "7")
    others = {
        signing.old_signature(secret, body, now=moment)
        for secret in ("s", "t")
        for body in (b'{"a":1}', b'{"a":2}')
        for moment in (now, now.replace(minute=1))
    }
    assert len(others) == 8


def test_a_webhooks_secret_needs_both_the_seed_and_the_installations_key():
    seeds = signing.new_seed(), signing.new_seed()
    secrets = {signing.secret_of(key, seed) for key in ("a" * 40, "b" * 40) for seed in seeds}
    assert len(secrets) == 4
    assert not any(seed in secret for seed in seeds for secret in secrets)
