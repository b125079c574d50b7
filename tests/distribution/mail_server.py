"""A real SMTP server that accepts, refuses, defers or hangs up, as a test tells it."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Lock
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

REFUSED = "550 5.1.1 <{address}>: there is no such mailbox"
DEFERRED = "451 4.7.1 <{address}>: greylisted, come back later"
HANG_UP = "hang up"


@dataclass
class Received:
    """The messages that were taken on, in their order, and how the server treats whom."""

    messages: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(
        default_factory=dict
    )  # to RCPT, by address; {address} is filled
    data_answers: list[str] = field(default_factory=list)  # to the next messages' bodies
    sender_answer: str = ""  # to MAIL FROM, from now on
    connections: int = 0
    signed_in: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @property
    def recipients(self) -> list[str]:
        return [str(message["To"]) for message in self.messages]

    async def handle_EHLO(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        with self._lock:
            self.connections += session.host_name is None
        session.host_name = hostname
        return answers

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.sender_answer:
            return self.sender_answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        answer = self.answers.get(address, "")
        if answer == HANG_UP:
            server.transport.close()
        if answer:
            return answer.format(address=address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        with self._lock:
            answer = self.data_answers.pop(0) if self.data_answers else ""
            if answer == HANG_UP:
                server.transport.close()
            if answer and not answer.startswith("2"):
                return answer
            content = envelope.content
            assert isinstance(content, bytes)
            message = message_from_bytes(content, policy=policy.SMTP)
            assert isinstance(message, EmailMessage)
            self.messages.append(message)
            self.encrypted.append(session.ssl is not None)
        return answer or "250 OK"


@contextmanager
def mail_server(
    host: str = "127.0.0.1", *, certificate: Path | None = None, password: str = "", **options: Any
) -> Iterator[tuple[str, Received]]:
    """A server on a free port: (host:port, what it receives). With a certificate it offers STARTTLS."""
    received = Received()

    def sign_in(_server: SMTP, _session: Any, _envelope: Any, _kind: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        received.signed_in.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == password, handled=False)

    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options["tls_context"] = context
    if password:
        options |= {"authenticator": sign_in, "auth_require_tls": certificate is not None}
    controller = Controller(received, hostname=host, port=0, **options)
    tried = controller._trigger_server

    def try_free_port() -> None:
        controller.port = controller.server.sockets[0].getsockname()[1]
        tried()

    controller._trigger_server = try_free_port  # port 0 picked one that it does not know of
    controller.start()
    try:
        yield f"{host}:{controller.port}", received
    finally:
        controller.stop()


def self_signed(folder: Path) -> Path:
    """A key and a certificate that no authority knows, in one file."""
    path = folder / "mail.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=mail.example", "-keyout", path, "-out", folder / "certificate.pem"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + (folder / "certificate.pem").read_bytes())
    return path
