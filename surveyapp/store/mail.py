"""A mail as it goes over the wire: headers, a text and a HTML part, in lines that every relay passes on.

No part is sent as 8bit, no line of a body is longer than 76 characters, none ends in a blank and none
begins as mailbox files or SMTP would change it: what a relay has no reason to rewrite keeps its DKIM
signature.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any

from surveyapp.domains import ascii_domain

# Two characters fewer than RFC 2045 allows: one that is escaped afterwards takes two more.
_BODY_LINE = 74
ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:\"@]+@[^\s<>()\[\]\\,;:\"@]+")
# What a relay may rewrite at the start of a line: "From " in mailbox files, a dot in SMTP.
_FRAGILE = re.compile(r"^(?:F(?=rom )|\.)", re.MULTILINE)


class _Lines(EmailPolicy):
    """Writes names and subjects as encoded words of at most 75 characters, and all else on one line.

    Python's own folding loses blanks between such words, and makes some of a long address of ours,
    which no program that looks for List-Unsubscribe understands.
    """

    def fold(self, name: str, value: Any) -> str:
        if name.lower() == "subject" and not str(value).isascii():
            return f"{name}: {_encoded_words(str(value))}\r\n"
        if name.lower() == "from" and not str(value).isascii():
            (sender,) = value.addresses
            return f"{name}: {_encoded_words(sender.display_name)}\r\n <{sender.addr_spec}>\r\n"
        return str(_LONG.clone(utf8=self.utf8).fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii", "surrogateescape")


def _encoded_words(text: str) -> str:
    return Header(text, "utf-8", maxlinelen=75, header_name="Subject").encode(linesep="\r\n")


_LONG = SMTP.clone(max_line_length=990)
_POLICY = _Lines(linesep="\r\n", max_line_length=_BODY_LINE)


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
    return len(text) <= 254 and text.isprintable() and ADDRESS.fullmatch(text) is not None


def composed(mail: Message, sender: str, *, now: datetime) -> EmailMessage:
    """The message as it goes over the wire. ValueError for an address or header that cannot be one."""
    message = EmailMessage(policy=_POLICY)
    name, address = parseaddr(sender)
    message["From"] = Address(display_name=one_line(name), addr_spec=ascii_address(address))
    message["To"] = Address(addr_spec=ascii_address(mail.to))
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = mail.message_id
    if mail.reply_to:
        message["Reply-To"] = Address(addr_spec=ascii_address(mail.reply_to))
    if mail.unsubscribe:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"  # what Exchange heeds instead
    message.set_content(mail.text, cte=_encoding(mail.text))
    if mail.html:
        message.add_alternative(mail.html, subtype="html", cte=_encoding(mail.html))
    for part in message.walk():
        if part["Content-Transfer-Encoding"] == "quoted-printable":
            part.set_payload(_FRAGILE.sub(_escaped, str(part.get_payload())))
    message["Content-Language"] = mail.language
    _check_headers(message)
    return message


def wire(message: EmailMessage, *, utf8: bool = False) -> bytes:
    """The bytes that are signed and sent; ``utf8`` for addresses that ASCII cannot write."""
    return message.as_bytes(policy=_POLICY.clone(utf8=utf8))


def _check_headers(message: EmailMessage) -> None:
    """Raise ValueError unless the message as it is sent has the headers that were set, and no more."""
    head = message.as_bytes().split(b"\r\n\r\n", 1)[0]
    sent = [
        line.split(b":", 1)[0].decode().lower() for line in head.split(b"\r\n") if line[:1].strip()
    ]
    if sent != [name.lower() for name in message]:
        raise ValueError("a header would make another one")


def ascii_address(address: str) -> str:
    """The address with its domain as DNS writes it. ValueError where it is none."""
    if not is_address(address):
        raise ValueError("no address")
    name, _, domain = address.rpartition("@")
    return f"{name}@{ascii_domain(domain)}"


def one_line(text: str) -> str:
    """The text on one line, without an encoded word (RFC 2047) of its own.

    Python decodes those when it reads a header, and some of its versions (CVE-2024-6923) write a line
    break that was hidden in one into the header as it is.
    """
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable()).replace(
        "=?", "= ?"
    )


def _escaped(match: re.Match[str]) -> str:
    return f"={ord(match[0]):02X}"


def _encoding(text: str) -> str:
    """Both encodings pass every server; of a text mostly in other letters, Base64 is the shorter."""
    beyond = sum(not sign.isascii() for sign in text)
    return "base64" if beyond * 4 > len(text) else "quoted-printable"
