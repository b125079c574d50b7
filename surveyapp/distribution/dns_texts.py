"""TXT records of a domain, looked up in DNS."""

from __future__ import annotations

from collections.abc import Callable

import dns.exception
import dns.resolver

from surveyapp.errors import Conflict

_SECONDS = 4.0  # for one name, all servers and tries together

Lookup = Callable[[str], tuple[str, ...]]  # name -> its texts; raises DnsAway


class DnsAway(Conflict):
    """DNS gave no answer, which says nothing about the record."""


def lookup_at(server: str) -> Lookup:
    """Looks names up at this server ("address:port"), at the system's where it is empty."""

    def looked_up(name: str) -> tuple[str, ...]:
        try:
            answer = _resolver(server).resolve(name, "TXT", lifetime=_SECONDS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.exception.DNSException as error:
            raise DnsAway(
                f"DNS gave no answer for {name} ({type(error).__name__}). Check again later."
            ) from error
        return tuple(b"".join(each.strings).decode("utf-8", "replace") for each in answer)

    return looked_up


def _resolver(server: str) -> dns.resolver.Resolver:
    if not server:
        return dns.resolver.Resolver()
    host, _, port = server.rpartition(":")
    made = dns.resolver.Resolver(configure=False)
    made.nameservers = [host.strip("[]")]
    made.port = int(port)
    return made
