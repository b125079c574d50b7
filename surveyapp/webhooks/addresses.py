"""Where a webhook may lead: to public places on the internet, and to what the settings name.

A webhook makes this server fetch an address that somebody typed. Without these rules it would be a
way past the firewall, to databases, to the cloud's own services and to the machine itself.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

from surveyapp.errors import Invalid, SurveyappError

LONGEST_URL = 2000
PORTS = (443, 80, 8443)
Resolve = Callable[..., list[Any]]  # socket.getaddrinfo, or a test's

_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_DEFAULT_PORTS = {"https": 443, "http": 80}
# What Python's is_global lets pass, or has let pass in one of the versions that we run on.
_CLOSED_4 = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),  # relays into 6to4
    IPv4Network("168.63.129.16/32"),  # a cloud's own service on a public number
)
_PUBLIC_6 = IPv6Network("2000::/3")
_CLOSED_6 = (
    IPv6Network("2001::/23"),  # Teredo among others: an IPv4 address inside
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),  # 6to4: an IPv4 address inside
    IPv6Network("3fff::/20"),
)
_NAT64 = IPv6Network("64:ff9b::/96")


class Unreachable(SurveyappError):
    """The message was not delivered; the text says why, and what stood in the way."""


@dataclass(frozen=True)
class Target:
    """An address taken apart; ``host`` in small ASCII letters, ``path`` with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def place(self) -> str:
        """As the setting ``private_hooks`` names it: ``localhost:9000``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_url(url: str, *, private: Sequence[str] = ()) -> Target:
    """The parts of a webhook's address; Invalid (field "url") for one that may not be used.

    ``private`` are places, "host:port", that an administrator allows although they are not public,
    speak plain HTTP or listen at another port.
    """
    target = _parts(url)
    if target.place in private:
        return target
    if target.scheme != "https":
        raise _invalid("begins with http://; use https://, so that nobody can read it in transit")
    if target.port not in PORTS:
        ports = ", ".join(map(str, PORTS))
        raise _invalid(f"uses port {target.port}; webhooks go to {ports}")
    if target.host.endswith((".localhost", ".local", ".internal")) or target.host == "localhost":
        raise _invalid(f"leads to {target.host}, which is not on the internet")
    written = _written_address(target.host)
    if written is not None and not is_public(written):
        raise _invalid(f"leads to {target.host}, which is not a public address")
    return target


def host_of(url: str) -> str:
    """The host of a stored address: what may be shown of it, since its path is often a secret."""
    return urlsplit(url).hostname or ""


def sockets(target: Target, *, private: Sequence[str] = (), resolve: Resolve) -> list[Any]:
    """The target's addresses as ``getaddrinfo`` gives them, each allowed to be connected to.

    One that is not public refuses them all: a name that leads to both is an attack or a mistake.
    Raises Unreachable.
    """
    try:
        found = resolve(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"The host {target.host} cannot be resolved: {error}.") from error
    if not found:
        raise Unreachable(f"The host {target.host} cannot be resolved.")
    if target.place not in private:
        for *_, place in found:
            if not is_public(ip_address(str(place[0]).partition("%")[0])):
                raise Unreachable(
                    f"{target.host} resolves to {place[0]}, which is not a public"
                    " address; nothing was sent. If this is intended, ask whoever"
                    " runs this server to add it to SURVEYAPP_PRIVATE_HOOKS."
                )
    return found


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address belongs to the internet at large and carries no other one inside it."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:  # how a network without IPv4 reaches the rest of the world
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        return address in _PUBLIC_6 and not any(address in closed for closed in _CLOSED_6)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in closed for closed in _CLOSED_4)
    )


def _parts(url: str) -> Target:
    if not 1 <= len(url) <= LONGEST_URL:
        raise _invalid(f"has {len(url)} characters; use at most {LONGEST_URL}")
    # Blanks, backslashes and foreign letters are read differently by different programs.
    if not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise _invalid(
            "contains spaces, backslashes or non-ASCII letters; encode them as xn-- and %.."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _invalid(f"cannot be read: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise _invalid("must look like https://hooks.example.org/survey")
    if "@" in parts.netloc or parts.fragment:
        raise _invalid("contains a user name, password or fragment; leave it out")
    host = parts.hostname
    if not _HOST.fullmatch(host) and not parts.netloc.startswith("["):
        raise _invalid(f"names the host {host[:60]!r}, which is not a valid host name")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    default = _DEFAULT_PORTS[parts.scheme]
    return Target(parts.scheme, host.removesuffix("."), default if port is None else port, path)


def _written_address(host: str) -> IPv4Address | IPv6Address | None:
    """The address that the host is written as, None for a name.

    127.1, 0x7f000001 and 2130706433 are addresses to some programs; nobody writes one so by accident.
    """
    last = host.rpartition(".")[2]
    if ":" not in host and not re.fullmatch(r"\d+|0x[0-9a-f]*", last):
        return None
    try:
        return ip_address(host)
    except ValueError as error:
        raise _invalid(f"names {host[:60]!r}; write an address as 203.0.113.7") from error


def _invalid(what: str) -> Invalid:
    return Invalid(f"The URL {what}.", field="url")
