"""A connection to the mail server for as many messages as there are; what became of each is told.

Neither an address nor a password ever stands in an error or a log: servers like to quote both.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.errors import MessageError
from email.utils import parseaddr
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

from surveyapp.errors import SurveyappError
from surveyapp.store.columns import utc_now
from surveyapp.store.mail import ADDRESS, Message, ascii_address, composed, one_line, wire
from surveyapp.store.mail_signing import Signer

TIMEOUT_SECONDS = 20.0  # of every single step: connecting, each command, each answer
_NO_SUCH_MAILBOX = frozenset({550, 551, 553})
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST_REASON = 200
_URL = "SURVEYAPP_SMTP_URL"


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


class Postbox:
    """A connection to the mail server, opened when it is first needed and again after it broke.

    ``url`` is smtp://user:password@host:587 (STARTTLS) or smtps://...:465. Without encryption mail is
    handed to this very machine only, or where ``require_starttls`` is False; a password is never.
    With a ``signer`` each message is signed.
    """

    def __init__(
        self,
        url: str,
        sender: str,
        *,
        signer: Signer | None = None,
        require_starttls: bool = True,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._url = urlsplit(url)
        self._sender = sender
        self._signer = signer
        self._require_starttls = require_starttls
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
            to = ascii_address(mail.to)
        except ValueError:
            return Posted(
                Outcome.REFUSED, "This is no address that mail can be sent to.", bad_address=True
            )
        try:
            sender = ascii_address(parseaddr(self._sender)[1])
            utf8 = not (sender + to).isascii()
            data = wire(composed(mail, self._sender, now=utc_now()), utf8=utf8)
            if self._signer is not None:
                data = self._signer.signed(data)
        except (ValueError, MessageError):
            return Posted(Outcome.REFUSED, "Its texts cannot be written as mail.")
        server = self.open()
        try:
            if utf8 and not server.has_extn("smtputf8"):
                raise smtplib.SMTPNotSupportedError
            # The very bytes that were signed: nothing may write them anew.
            server.sendmail(sender, [to], data, ("SMTPUTF8", "BODY=8BITMIME") if utf8 else ())
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
            return _connected(
                self._url,
                _own_name(self._sender),
                self._timeout,
                require_starttls=self._require_starttls,
            )
        except smtplib.SMTPAuthenticationError as error:
            raise MailServerAway(
                f"The mail server {place} refuses the user name or password ({error.smtp_code}). Check"
                f" {_URL}; signs such as @ and / in a password are written %40 and %2F."
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise MailServerAway(
                f"The certificate of the mail server {place} cannot be trusted: {error.verify_message}."
                f" Name the server in {_URL} as its certificate does, or make its authority known to this"
                " machine."
            ) from None
        except smtplib.SMTPResponseException as error:
            raise MailServerAway(
                f"The mail server {place} takes no mail: {_reason(error.smtp_code, error.smtp_error)}"
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailServerAway(
                f"The mail server {place} cannot be reached: {_plain(error)}{self._cure(error)}"
            ) from None

    def _cure(self, error: Exception) -> str:
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return f" It lets nobody sign in on this port: leave user and password out of {_URL}, or use 587."
        if isinstance(error, ssl.SSLError):
            return f" If this port begins without TLS, as 587 does, {_URL} begins with smtp://."
        is_silent = isinstance(error, TimeoutError | smtplib.SMTPServerDisconnected)
        if is_silent and self._url.scheme == "smtp":
            return f" If this port begins with TLS, as 465 does, {_URL} begins with smtps://."
        if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
            return f" Check host and port in {_URL}."
        return ""

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


def _connected(
    url: SplitResult, own_name: str, timeout: float, *, require_starttls: bool
) -> smtplib.SMTP:
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
        if not encrypted and host not in _THIS_MACHINE:
            _refuse_open(bool(url.username), require_starttls)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _refuse_open(with_password: bool, require_starttls: bool) -> None:
    """Raise SMTPException where nothing may cross the network as everybody can read it."""
    if with_password:
        raise smtplib.SMTPException(
            "it offers no encryption, and the password is not sent without; use smtps:// or a server"
            " with STARTTLS"
        )
    if require_starttls:
        raise smtplib.SMTPException(
            "it offers no encryption (STARTTLS), and mail holds addresses and personal links; use"
            " smtps:// or a server with STARTTLS, or allow it with SURVEYAPP_REQUIRE_STARTTLS=0"
        )


def _usual_port(url: SplitResult) -> int:
    return 465 if url.scheme == "smtps" else 587


def _own_name(sender: str) -> str:
    """Named after the sender: asking the system for its own name may take a minute of DNS."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _decoded(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _reason(code: int, text: bytes | str) -> str:
    """The server's answer without the addresses that it quotes."""
    said = ADDRESS.sub("…", one_line(_decoded(text)))
    return f"{code} {said}"[:_LONGEST_REASON]


def _plain(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, TimeoutError) or "timed out" in said:  # smtplib hides the one in the other
        return "it did not answer in time."
    return ADDRESS.sub("…", one_line(said))[:_LONGEST_REASON].rstrip(".") + "."
