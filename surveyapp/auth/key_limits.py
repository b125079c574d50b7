"""What narrows a key besides its scopes: the networks that it may come from, and its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from surveyapp.errors import Invalid

MOST_NETWORKS = 50


def read_networks(texts: Iterable[str]) -> list[str]:
    """Networks in CIDR notation, each once; a single address is a network of one.

    Raises Invalid for a text that is none, or in which bits beyond the mask are set.
    """
    read = list(dict.fromkeys(_network(text.strip()) for text in texts if text.strip()))
    if len(read) > MOST_NETWORKS:
        raise Invalid(
            f"{len(read)} address ranges are too many; use at most {MOST_NETWORKS}, or wider ones.",
            field="networks",
        )
    return read


def read_expiry(expires_at: datetime | None, *, now: datetime) -> datetime | None:
    """The moment from which a key opens nothing; Invalid for one that has passed."""
    if expires_at is not None and expires_at <= now:
        raise Invalid(
            f"The key would have expired on {expires_at:%Y-%m-%d %H:%M} UTC; choose a later day.",
            field="expires_at",
        )
    return expires_at


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether a caller's address is in one of the networks; no network means all of them."""
    if not networks:
        return True
    try:
        found = _plain(ip_address(address))
    except ValueError:  # no address is known, such as behind a socket of this machine
        return False
    return any(found in ip_network(each) for each in networks)


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        pass
    try:
        wider = ip_network(text, strict=False)
    except ValueError:
        raise Invalid(
            f"{text[:60]!r} is no address range; write one such as 192.0.2.0/24 or 2001:db8::/32.",
            field="networks",
        ) from None
    raise Invalid(
        f"{text[:60]!r} has bits set beyond its mask; write {wider} for the range.",
        field="networks",
    )


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address where it comes written as IPv6, as it does to a socket of both."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
