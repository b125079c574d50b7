"""What DNS says of the sender's domain: SPF, DKIM and DMARC, each with the record to publish.

Receivers of much mail demand all three; without them surveys end among the spam or nowhere.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlsplit

from surveyapp.distribution.dns_texts import DnsAway, Lookup
from surveyapp.distribution.mail_keys import KeyLine, is_record_of, key_record
from surveyapp.domains import ascii_domain

_MOST_LOOKUPS = 10  # RFC 7208, 4.6.4: beyond, receivers treat the record as broken
_COUNTED = ("include:", "a:", "mx:", "ptr:", "exists:", "redirect=")
_COUNTED_ALONE = ("a", "mx", "ptr")
_HERE = frozenset({"localhost", "127.0.0.1", "::1", ""})


@dataclass(frozen=True)
class Finding:
    """One thing that was looked up. ``state`` is "good", "advice", "fault" or "unknown"."""

    check: str
    state: str
    says: str
    means: str
    name: str = ""  # of the TXT record to publish
    record: str = ""  # its text; empty where there is nothing to do

    @property
    def zone_line(self) -> str:
        """The record as a line of a zone file, where no string has more than 255 characters."""
        parts = [self.record[at : at + 255] for at in range(0, len(self.record), 255)]
        return f"{self.name}. IN TXT " + " ".join(f'"{part}"' for part in parts)


@dataclass(frozen=True)
class SigningKey:
    """A key whose record is looked up."""

    name: str
    public_key: str
    state: str  # "signing", "new" or "retired"


def signing_keys(lines: Iterable[KeyLine]) -> list[SigningKey]:
    """The keys of a page's list, for the looking up."""
    return [SigningKey(line.name, line.record.partition("p=")[2], line.state) for line in lines]


def findings(
    domain: str, smtp_url: str, keys: Sequence[SigningKey], lookup: Lookup
) -> list[Finding]:
    """What receivers find about the domain, in the order in which they look."""
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("SPF", partial(_spf, domain, smtp_url, lookup)),
        *((f"DKIM, {key.state} key", partial(_dkim, key, lookup)) for key in keys),
        ("DMARC", partial(_dmarc, domain, lookup)),
    ]
    if not any(key.state == "signing" for key in keys):
        checks.insert(1, ("DKIM", _unsigned))
    found = []
    for name, check in checks:
        try:
            found.append(replace(check(), check=name))
        except DnsAway as away:
            means = "Nothing is known about the record: this says neither that it is there nor not."
            found.append(Finding(name, "unknown", str(away), means))
    return found


def _spf(domain: str, smtp_url: str, lookup: Lookup) -> Finding:
    """Which servers may send for the domain."""
    records = [text for text in lookup(domain) if _is_spf(text)]
    advised = f"v=spf1 {_sending_server(smtp_url)} -all"
    fault = Finding("", "fault", "", "", domain, advised)
    if not records:
        return replace(
            fault,
            says=f"{domain} has no SPF record.",
            means="Receivers cannot tell your mail server from anybody else's. If your mail provider"
            " names an include for SPF, publish that one in place of the server.",
        )
    if len(records) > 1:
        return replace(
            fault,
            says=f"{domain} has {len(records)} SPF records.",
            means="Receivers ignore all of them. Join them into one record that begins with v=spf1.",
            record=_joined(records),
        )
    (record,) = records
    terms = record.lower().split()[1:]
    lookups = _lookups(record, lookup, _MOST_LOOKUPS + 1)
    if lookups > _MOST_LOOKUPS:
        return replace(
            fault,
            says=f"The SPF record needs more than {_MOST_LOOKUPS} lookups: {record}",
            means="Receivers give up and treat it as broken. Take out providers that no longer send"
            " for you, or name their addresses as ip4: and ip6:.",
            record="",
        )
    if "+all" in terms or "all" in terms:
        return replace(
            fault,
            says=f"The SPF record lets everybody send: {record}",
            means="It protects nobody, and receivers may count it against you. End it with -all.",
            record=" ".join("-all" if term in {"+all", "all"} else term for term in record.split()),
        )
    if not {"-all", "~all"} & set(terms) and not any(t.startswith("redirect=") for t in terms):
        ended = " ".join(term for term in record.split() if term.lower() != "?all")
        return Finding(
            "",
            "advice",
            f"The SPF record says nothing about all other servers: {record}",
            "Mail in your name from elsewhere is not refused. End the record with -all, or with ~all"
            " while you try it.",
            domain,
            f"{ended} -all",
        )
    return Finding(
        "",
        "good",
        f"One SPF record: {record}",
        "Receivers know which servers may send for the domain. Check that yours is among them: the"
        " test below shows it as spf=pass.",
    )


def _dkim(key: SigningKey, lookup: Lookup) -> Finding:
    """Whether receivers find the key that signs, or is to sign."""
    found = lookup(key.name)
    record = key_record(key.public_key)
    if any(is_record_of(text, key.public_key) for text in found):
        means = {
            "signing": "Receivers can verify that mail comes from you and was not changed.",
            "new": "Receivers find the key: it can be put to use.",
        }.get(key.state, "Mail that it signed can still be verified. Leave the record until then.")
        return Finding("", "good", f"{key.name} has the key.", means)
    said = "has another key" if found else "has no record"
    state, means = {
        "signing": (
            "fault",
            "Mail is signed with a key that nobody finds: every signature fails, which is worse"
            " than none.",
        ),
        "new": ("advice", "The key signs nothing yet. Publish its record, then put it to use."),
    }.get(key.state, ("advice", "Mail on its way that it signed cannot be verified any more."))
    return Finding("", state, f"{key.name} {said}.", means, key.name, record)


def _unsigned() -> Finding:
    return Finding(
        "",
        "fault",
        "Mail leaves here without a DKIM signature.",
        "Gmail, Yahoo and Outlook refuse unsigned mail from those who send much. Make a key below,"
        " unless your mail server signs for the domain itself.",
    )


def _dmarc(domain: str, lookup: Lookup) -> Finding:
    """What receivers do with mail that fails both."""
    name, records = f"_dmarc.{domain}", list[str]()
    labels = domain.split(".")
    for at in range(max(1, len(labels) - 1)):  # the domain's own, else that of one above it
        above = ".".join(labels[at:])
        records = [text for text in lookup(f"_dmarc.{above}") if _tags(text).get("v") == "DMARC1"]
        if records:
            name = f"_dmarc.{above}"
            break
    advised = f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}"
    if not records:
        return Finding(
            "",
            "fault",
            f"{domain} has no DMARC record.",
            "Gmail and Yahoo demand one from those who send much. p=none asks for reports and"
            " changes nothing; go on to quarantine when they show that your own mail passes.",
            f"_dmarc.{domain}",
            advised,
        )
    if len(records) > 1:
        return Finding(
            "",
            "fault",
            f"{name} has {len(records)} DMARC records.",
            "Receivers ignore all of them. Leave one.",
            name,
            records[0],
        )
    policy = _tags(records[0]).get("p", "").lower()
    if policy in {"quarantine", "reject"}:
        return Finding(
            "",
            "good",
            f"DMARC asks for {policy}: {records[0]}",
            "Mail in your name that is neither authorised nor signed is kept away from customers.",
        )
    if policy == "none":
        stricter = records[0].replace("p=none", "p=quarantine", 1)
        return Finding(
            "",
            "advice",
            f"DMARC only watches: {records[0]}",
            "Forged mail in your name is delivered. When the reports show that your own mail passes,"
            " ask for quarantine.",
            name,
            stricter,
        )
    return Finding(
        "",
        "fault",
        f"The DMARC record has no policy that receivers know: {records[0]}",
        "It is ignored. A policy is p=none, p=quarantine or p=reject.",
        name,
        advised,
    )


def _is_spf(text: str) -> bool:
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def _joined(records: Sequence[str]) -> str:
    """One SPF record with the mechanisms of all, each once; DNS gives records in no order of their own."""
    terms = [term for record in sorted(records) for term in record.split()[1:]]
    ends = [term for term in terms if term.lower().endswith("all")]
    end = next((term for term in ("-all", "~all") if term in ends), "-all")
    return " ".join(["v=spf1", *dict.fromkeys(t for t in terms if t not in ends), end])


def _lookups(record: str, lookup: Lookup, most: int) -> int:
    """How many lookups a receiver needs for this record, counted up to ``most``."""
    count = 0
    for term in record.split()[1:]:
        plain = term.lstrip("+-~?").lower()
        if not plain.startswith(_COUNTED) and plain.split("/")[0] not in _COUNTED_ALONE:
            continue
        count += 1
        if plain.startswith(("include:", "redirect=")) and count < most:
            name = plain.replace("=", ":", 1).partition(":")[2]
            inner = next((text for text in lookup(name) if _is_spf(text)), "")
            count += _lookups(inner, lookup, most - count)
        if count >= most:
            return most
    return count


def _sending_server(smtp_url: str) -> str:
    """The mechanism that names the configured mail server."""
    host = urlsplit(smtp_url).hostname or ""
    if host in _HERE:
        return "mx"  # the mail leaves from this machine; its usual name is that of the domain's own
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"a:{ascii_domain(host)}"
    return f"ip{address.version}:{address}"


def _tags(text: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name}
