"""Mail over SMTP: one connection for as many messages as there are; what became of each is told.

Neither an address nor a password ever stands in an error or a log: servers like to quote both.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

from surveyapp.domains import ascii_domain
from surveyapp.errors import SurveyappError
from surveyapp.store.columns import utc_now

TIMEOUT_SECONDS = 20.0  # of every single step: connecting, each command, each answer
# Lines of headers up to what the protocol allows: Python would fold a long address of ours into
# encoded words, which no program that looks for List-Unsubscribe understands.
_POLICY = policy.SMTP.clone(max_line_length=990)
_ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:\"@]+@[^\s<>()\[\]\\,;:\"@]+")
_ENHANCED = re.compile(r"^[245]\.\d{1,3}\.\d{1,3}")
_NO_SUCH_MAILBOX = frozenset({550, 551, 553})
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST_REASON = 200


class MailServerAway(SurveyappError):
    """No message can be sent at the moment, whatever it is; the reason is for the staff."""


class Outcome(StrEnum):
    """What became of a message."""

    SENT = "sent"  # the server took it on
    REFUSED = "refused"  # for good: sending it again would be refused again
    AGAIN = "again"  # deferred, or the connection broke; it may have arrived all the same


@dataclass(frozen=True)
class Posted:
    """An outcome with the server's reason. ``bad_address`` means that nobody can be reached there."""

    outcome: Outcome
    reason: str = ""
    bad_address: bool = False


@dataclass(frozen=True)
class Message:
    """What is sent to one recipient, complete: mail needs no more, nor do the ways beside it.

    ``message_id`` stays the same when it is tried again, so that a second copy can be told from a
    second message. ``unsubscribe`` is an address that takes the one-click POST of RFC 8058. ``short``
    is the text for ways that have no subject, such as SMS, and ``link`` the customer's own in it;
    messages to staff have neither. A preview has no recipient.
    """

    subject: str
    text: str = field(repr=False)
    to: str = field(default="", repr=False)
    message_id: str = ""
    html: str = field(default="", repr=False)
    short: str = field(default="", repr=False)
    language: str = "en"
    link: str = field(default="", repr=False)
    unsubscribe: str = field(default="", repr=False)
    reply_to: str = ""


def is_address(text: str) -> bool:
    """Whether mail could be sent there: one name, one @, one domain, nothing that headers know."""
    return len(text) <= 254 and text.isprintable() and _ADDRESS.fullmatch(text) is not None


def composed(mail: Message, sender: str, *, now: datetime) -> EmailMessage:
    """The message as it goes over the wire. ValueError for an address or header that cannot be one."""
    message = EmailMessage(policy=_POLICY)
    name, address = parseaddr(sender)
    message["From"] = Address(display_name=_line(name), addr_spec=_ascii(address))
    message["To"] = Address(addr_spec=_ascii(mail.to))
    message["Subject"] = _line(mail.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = mail.message_id
    if mail.reply_to:
        message["Reply-To"] = Address(addr_spec=_ascii(mail.reply_to))
    if mail.unsubscribe:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"  # what Exchange heeds instead
    message.set_content(mail.text, cte=_encoding(mail.text))
    if mail.html:
        message.add_alternative(mail.html, subtype="html", cte=_encoding(mail.html))
    message["Content-Language"] = mail.language
    _check_headers(message)
    return message


def _check_headers(message: EmailMessage) -> None:
    """Raise ValueError unless the message as it is sent has the headers that were set, and no more."""
    head = message.as_bytes().split(b"\r\n\r\n", 1)[0]
    sent = [
        line.split(b":", 1)[0].decode().lower() for line in head.split(b"\r\n") if line[:1].strip()
    ]
    if sent != [name.lower() for name in message]:
        raise ValueError("a header would make another one")


class Postbox:
    """A connection to the mail server, opened when it is first needed and again after it broke.

    ``url`` is smtp://user:password@host:587 (STARTTLS where it is offered) or smtps://...:465. A
    password is sent over an encrypted connection only, but to this very machine.
    """

    def __init__(self, url: str, sender: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._url = urlsplit(url)
        self._sender = sender
        self._timeout = timeout
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (smtplib.SMTPException, OSError):
                server.close()  # it hung up first

    def open(self) -> smtplib.SMTP:
        """The connection, made unless there is one. MailServerAway says why that cannot be."""
        if self._server is None:
            self._server = self._reached()
        return self._server

    def send(self, mail: Message) -> Posted:
        """Hand one message to the server. Raises MailServerAway only when there is no connection."""
        try:
            _ascii(mail.to)
        except ValueError:
            return Posted(
                Outcome.REFUSED, "This is no address that mail can be sent to.", bad_address=True
            )
        try:
            message = composed(mail, self._sender, now=utc_now())
        except (ValueError, MessageError):
            return Posted(Outcome.REFUSED, "Its texts cannot be written as mail.")
        server = self.open()
        try:
            server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            return self._refused(code, text, recipient=True)
        except smtplib.SMTPSenderRefused as error:
            # The fault is our sender's or the limit of the day's mail: no message's own.
            self._drop_if(error.smtp_code)
            return Posted(Outcome.AGAIN, _reason(error.smtp_code, error.smtp_error))
        except smtplib.SMTPNotSupportedError:
            return Posted(
                Outcome.REFUSED, "The mail server takes no address with such letters.", True
            )
        except smtplib.SMTPResponseException as error:
            return self._refused(error.smtp_code, error.smtp_error, recipient=False)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Posted(Outcome.AGAIN, f"The connection broke: {_plain(error)}")
        return Posted(Outcome.SENT)

    def _reached(self) -> smtplib.SMTP:
        place = f"{self._url.hostname}:{self._url.port or _usual_port(self._url)}"
        try:
            return _connected(self._url, _own_name(self._sender), self._timeout)
        except smtplib.SMTPAuthenticationError as error:
            raise MailServerAway(
                f"The mail server {place} refuses the user name or password ({error.smtp_code})."
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise MailServerAway(
                f"The certificate of the mail server {place} cannot be trusted: {error.verify_message}."
            ) from None
        except smtplib.SMTPResponseException as error:
            raise MailServerAway(
                f"The mail server {place} takes no mail: {_reason(error.smtp_code, error.smtp_error)}"
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailServerAway(
                f"The mail server {place} cannot be reached: {_plain(error)}"
            ) from None

    def _refused(self, code: int, text: bytes | str, *, recipient: bool) -> Posted:
        self._drop_if(code)
        reason = _reason(code, text)
        if not 500 <= code < 600:
            return Posted(Outcome.AGAIN, reason)
        # 5.7 is about policy: a mailbox that would take mail, though not this one from us.
        policy_only = _decoded(text).startswith("5.7.")
        return Posted(
            Outcome.REFUSED, reason, recipient and code in _NO_SUCH_MAILBOX and not policy_only
        )

    def _drop_if(self, code: int) -> None:
        if code == 421:  # the server says that it hangs up
            self._drop()

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None


def _connected(url: SplitResult, own_name: str, timeout: float) -> smtplib.SMTP:
    """A connection that messages may be handed to: encrypted where possible, signed in where asked."""
    host, port = url.hostname or "", url.port or _usual_port(url)
    context = ssl.create_default_context()
    if host in _THIS_MACHINE:  # nobody is in between, and no authority certifies that name
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    encrypted = url.scheme == "smtps"
    server = (
        smtplib.SMTP_SSL(host, port, own_name, timeout=timeout, context=context)
        if encrypted
        else smtplib.SMTP(host, port, own_name, timeout=timeout)
    )
    try:
        server.ehlo_or_helo_if_needed()
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
            encrypted = True
        if url.username:
            if not encrypted and host not in _THIS_MACHINE:
                raise smtplib.SMTPException(
                    "it offers no encryption, and the password is not sent without; use smtps://"
                    " or a server with STARTTLS"
                )
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _usual_port(url: SplitResult) -> int:
    return 465 if url.scheme == "smtps" else 587


def _own_name(sender: str) -> str:
    """Named after the sender: asking the system for its own name may take a minute of DNS."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _ascii(address: str) -> str:
    """The address with its domain as DNS writes it. ValueError where it is none."""
    if not is_address(address):
        raise ValueError("no address")
    name, _, domain = address.rpartition("@")
    return f"{name}@{ascii_domain(domain)}"


def _line(text: str) -> str:
    """The text on one line, without an encoded word (RFC 2047) of its own.

    Python decodes those when it reads a header, and some of its versions (CVE-2024-6923) write a line
    break that was hidden in one into the header as it is.
    """
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable()).replace(
        "=?", "= ?"
    )


def _encoding(text: str) -> str:
    """Both encodings pass every server; of a text mostly in other letters, Base64 is the shorter."""
    beyond = sum(not sign.isascii() for sign in text)
    return "base64" if beyond * 4 > len(text) else "quoted-printable"


def _decoded(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _reason(code: int, text: bytes | str) -> str:
    """The server's answer without the addresses that it quotes."""
    said = _ADDRESS.sub("…", _line(_decoded(text)))
    return f"{code} {said}"[:_LONGEST_REASON]


def _plain(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, TimeoutError) or "timed out" in said:  # smtplib hides the one in the other
        return "it did not answer in time."
    return _ADDRESS.sub("…", _line(said))[:_LONGEST_REASON].rstrip(".") + "."
