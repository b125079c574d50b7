"""Where a sign-in came from, as far as its owner needs it to know it again: device and network."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

UNKNOWN_DEVICE = "Unknown device"
# The first that is found counts: most browsers also name those that they want to be taken for.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def device_words(user_agent: str) -> str:
    """A browser's header in words, such as "Firefox on Windows"; what is not recognised is left out."""
    browser = _first(_BROWSERS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or UNKNOWN_DEVICE


def network(address: str | None) -> str:
    """The network that an address belongs to: a company or a household, not a machine.

    IPv4 without its last number, IPv6 its first three; empty for what is no address.
    """
    found = _read(address)
    if found is None:
        return ""
    if isinstance(found, IPv4Address):
        return str(found).rpartition(".")[0] + ".x"
    return ":".join(part.lstrip("0") or "0" for part in found.exploded.split(":")[:3]) + ":x"


def _read(address: str | None) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address or "")
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def _first(names: tuple[tuple[str, str], ...], text: str) -> str:
    return next((word for sign, word in names if sign in text), "")
