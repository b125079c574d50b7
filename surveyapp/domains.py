"""Names of hosts as DNS knows them (IDNA 2008, RFC 5891)."""

from __future__ import annotations

import idna


def ascii_domain(domain: str) -> str:
    """The domain in small ASCII letters; ValueError where no host can have the name.

    Letters are mapped as UTS 46 says, without its transitional rules: those, and Python's own codec
    (IDNA 2003), make another domain of one with a sharp s or a final sigma.

    >>> ascii_domain("Faß.de")
    'xn--fa-hia.de'
    >>> ascii_domain("EXAMPLE.org")
    'example.org'
    """
    if domain.isascii():
        return domain.lower()
    return idna.encode(domain, uts46=True, transitional=False, std3_rules=True).decode()
