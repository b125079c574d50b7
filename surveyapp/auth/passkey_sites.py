"""The site that passkeys are bound to, where browsers allow any."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Site:
    """A site by its domain and by its origin, which browsers sign."""

    domain: str
    origin: str


def site_of(base_url: str) -> Site | None:
    """The site at the installation's public address; None where browsers allow no passkeys: at an IP
    address, or without HTTPS.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        secure = parts.scheme == "https" or host == "localhost"
        return Site(host, f"{parts.scheme}://{parts.netloc.lower()}") if secure else None
    return None
