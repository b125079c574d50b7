"""The sender's domain is looked up, its mail is signed, and a key is changed without a gap."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import dkim
import pytest

from surveyapp.distribution import mail_keys
from surveyapp.distribution.dns_texts import DnsAway, lookup_at
from surveyapp.distribution.mail_keys import OVERLAP, SigningKeyAway
from surveyapp.distribution.outbox import send_due
from surveyapp.distribution.sender_checks import Finding, SigningKey, findings
from surveyapp.distribution.sender_test import send_sender_test
from surveyapp.errors import Conflict
from surveyapp.installation import Installation
from surveyapp.store import key_pairs
from surveyapp.store.columns import utc_now
from surveyapp.store.key_pairs import KeyPair, new_pair
from surveyapp.store.models import MailKey, OutgoingMessage
from tests.distribution.dns_server import Zone, dns_server
from tests.distribution.mail_server import mail_server
from tests.distribution.makers import NOW, asked, installation_with, make_survey

DOMAIN = "northbank.example"


@pytest.fixture(scope="module")
def zone() -> Iterator[Zone]:
    with dns_server() as made:
        yield made


@pytest.fixture(autouse=True)
def _empty(zone: Zone) -> None:
    zone.texts.clear()


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return new_pair()


@pytest.fixture
def installation(database_url: str, tmp_path: Path, zone: Zone) -> Iterator[Installation]:
    with installation_with(
        database_url, tmp_path, mail="127.0.0.1:1", dns_server=zone.place
    ) as opened:
        yield opened


def published(zone: Zone, key: MailKey) -> str:
    name = f"{key.selector}._domainkey.{DOMAIN}"
    zone.texts[name] = [mail_keys.key_record(key.public_key)]
    return name


def made(installation: Installation) -> MailKey:
    with installation.store.writing() as session:
        return mail_keys.add_key(session, installation, new_pair(), user_id=None)


def used(installation: Installation, key: MailKey, zone: Zone, *, now=NOW) -> MailKey:
    with installation.store.writing() as session:
        texts = lookup_at(zone.place)(mail_keys.record_name(session, key.id))
        return mail_keys.use_key(session, key.id, published=texts, now=now, user_id=None)


def received_raw(installation: Installation) -> list[bytes]:
    """What a real server gets when all that is due leaves: the bytes of each mail."""
    raw = []
    with mail_server() as (place, received):
        taken = received.handle_DATA

        async def kept(server, session, envelope):
            raw.append(envelope.content)
            return await taken(server, session, envelope)

        received.handle_DATA = kept  # type: ignore[method-assign]
        settings = replace(installation.settings, smtp_url=f"smtp://{place}")
        send_due(replace(installation, settings=settings), utc_now())
    return raw


def verified(data: bytes, zone: Zone) -> bool:
    """Whether dkimpy finds the key in DNS and the signature right."""

    def text_of(name: bytes, timeout: int = 5) -> bytes:
        found = lookup_at(zone.place)(name.decode().rstrip("."))
        return found[0].encode() if found else b""

    return bool(dkim.verify(data, dnsfunc=text_of))


def relayed(data: bytes) -> bytes:
    """The mail as a relay passes it on: with lines of its own, headers folded anew, blanks trimmed."""
    head, body = data.split(b"\r\n\r\n", 1)
    head = head.replace(b"Auto-Submitted: ", b"auto-submitted:\r\n   ")
    return b"Received: from a by b\r\n" + head + b"\r\n\r\n" + body + b"\r\n\r\n"


def test_mail_is_signed_and_keys_change_without_a_gap(installation: Installation, zone: Zone):
    first = made(installation)
    survey = make_survey(installation)
    asked(installation, survey, "ada")
    (unsigned,) = received_raw(installation)
    assert b"DKIM-Signature" not in unsigned  # a key that nobody can find signs nothing
    with pytest.raises(Conflict, match="does not have the record"):
        used(installation, first, zone)
    old_name = published(zone, first)
    used(installation, first, zone)
    asked(installation, survey, "bob")
    (old_mail,) = received_raw(installation)
    assert f"s={first.selector};".encode() in old_mail and b"d=northbank.example;" in old_mail
    assert verified(old_mail, zone) and verified(relayed(old_mail), zone)
    for name in (b"list-unsubscribe", b"list-unsubscribe-post", b"subject", b"content-type"):
        assert name in old_mail.split(b"h=", 1)[1].split(b";", 1)[0]
    changed = old_mail.replace(b"Subject: ", b"Subject: Free ", 1)
    assert not verified(changed, zone)
    assert not verified(b"From: eve@evil.example\r\n" + old_mail, zone)  # a second sender
    second = made(installation)
    assert second.selector != first.selector
    with pytest.raises(Conflict, match="a new key already"):
        made(installation)
    new_name = published(zone, second)
    used(installation, second, zone)
    with installation.store.writing() as session:
        send_sender_test(
            session, to="rita@northbank.example", installation=installation, user_id=None
        )
    (new_mail,) = received_raw(installation)
    assert f"by the key {second.selector}" in as_text(new_mail) and new_name in as_text(new_mail)
    assert f"s={second.selector};".encode() in new_mail
    assert verified(new_mail, zone) and verified(old_mail, zone)
    with installation.store.writing() as session:
        line = next(each for each in mail_keys.lines(session, DOMAIN) if each.name == old_name)
        assert (line.state, line.keep_until) == ("retired", NOW + OVERLAP)
        with pytest.raises(Conflict, match="may still be on its way"):
            mail_keys.delete_key(session, first.id, now=NOW + timedelta(days=6), user_id=None)
        with pytest.raises(Conflict, match="signs the mail"):
            mail_keys.delete_key(session, second.id, now=NOW, user_id=None)
        mail_keys.delete_key(session, first.id, now=NOW + OVERLAP, user_id=None)


def test_the_private_key_opens_with_the_secret_key_only_and_mail_waits_without(
    installation: Installation, zone: Zone
):
    key = made(installation)
    published(zone, key)
    used(installation, key, zone)
    assert "PRIVATE" not in key.private_key
    assert "PRIVATE" in key_pairs.unlocked(key.private_key, installation.secret_key)
    other = replace(installation, secret_key="another key of forty characters or more 7")
    with installation.store.reading() as session:
        signs = mail_keys.signer(session, installation)
        assert signs is not None and "PRIVATE" not in repr(signs)
        with pytest.raises(SigningKeyAway, match="cannot be read with"):
            mail_keys.signer(session, other)
    asked(installation, make_survey(installation), "ada")
    assert received_raw(other) == []
    with installation.store.reading() as session:
        waiting = session.query(OutgoingMessage).one()
        assert waiting.state == "waiting" and "cannot be read with" in waiting.error


def as_text(raw: bytes) -> str:
    found = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(found, EmailMessage)
    return " ".join(found.get_content().split())


def test_a_key_in_a_file_signs_and_one_that_cannot_be_read_holds_the_mail(
    installation: Installation, tmp_path: Path, pair: KeyPair
):
    path = tmp_path / "mail.pem"
    path.write_text(pair.private_key)
    settings = replace(installation.settings, dkim_key_file=str(path), dkim_selector="own")
    with_file = replace(installation, settings=settings)
    with installation.store.reading() as session:
        signs = mail_keys.signer(session, with_file)
        assert signs is not None and signs.private_key == pair.private_key
        assert signs.record_name == f"own._domainkey.{DOMAIN}"
        for content, said in (
            ("nonsense", "holds no private key in PEM form"),
            (elliptic(), "is not RSA"),
            (None, "No such file"),
        ):
            path.write_text(content) if content else path.unlink()
            with pytest.raises(SigningKeyAway, match=said):
                mail_keys.signer(session, with_file)


def elliptic() -> str:
    made = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519"], check=True, capture_output=True, text=True
    )
    return made.stdout


def found(
    zone: Zone, *keys: SigningKey, smtp_url: str = "smtp://mail.isp.example"
) -> list[Finding]:
    return findings(DOMAIN, smtp_url, keys, lookup_at(zone.place))


def test_without_records_each_finding_has_the_one_to_publish(zone: Zone, pair: KeyPair):
    spf, unsigned, new, dmarc = found(zone, SigningKey("s1._domainkey.x", pair.public_key, "new"))
    assert [each.state for each in (spf, unsigned, new, dmarc)] == [
        *("fault", "fault", "advice", "fault")
    ]
    assert (spf.name, spf.record) == (DOMAIN, "v=spf1 a:mail.isp.example -all")
    assert new.record == f"v=DKIM1; k=rsa; p={pair.public_key}"
    assert max(len(part) for part in new.zone_line.split('"')) == 255
    assert new.zone_line.replace('" "', "") == f's1._domainkey.x. IN TXT "{new.record}"'
    assert (dmarc.name, dmarc.record) == (
        f"_dmarc.{DOMAIN}",
        f"v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}",
    )
    assert all(each.says and each.means for each in (spf, unsigned, new, dmarc))
    assert found(zone, smtp_url="smtps://192.0.2.7")[0].record == "v=spf1 ip4:192.0.2.7 -all"


def test_good_records_ask_for_nothing(zone: Zone, pair: KeyPair):
    spaced = f"v=DKIM1;p={pair.public_key[:100]} {pair.public_key[100:]} ; k=rsa"
    zone.texts = {
        DOMAIN: ["google-site-verification=x", "v=spf1 include:isp.example -all"],
        "isp.example": ["v=spf1 ip4:192.0.2.0/24 ~all"],
        f"s1._domainkey.{DOMAIN}": [spaced],
        f"_dmarc.{DOMAIN}": ["v=DMARC1; p=reject; rua=mailto:x@y.example"],
    }
    all_found = found(zone, SigningKey(f"s1._domainkey.{DOMAIN}", pair.public_key, "signing"))
    assert [(each.check, each.state, each.record) for each in all_found] == [
        *(("SPF", "good", ""), ("DKIM, signing key", "good", ""), ("DMARC", "good", ""))
    ]


CHAIN = {f"p{n}.example": [f"v=spf1 include:p{n + 1}.example mx -all"] for n in range(8)}


@pytest.mark.parametrize(
    ("records", "check", "state", "says", "record"),
    [
        ({DOMAIN: ["v=spf1 mx", "v=spf1 a -all"]}, 0, "fault", "2 SPF records", "v=spf1 a mx -all"),
        ({DOMAIN: ["v=spf1 mx +all"]}, 0, "fault", "lets everybody", "v=spf1 mx -all"),
        ({DOMAIN: ["v=spf1 mx"]}, 0, "advice", "says nothing about", "v=spf1 mx -all"),
        ({DOMAIN: ["v=spf1 mx ?all"]}, 0, "advice", "says nothing about", "v=spf1 mx -all"),
        ({DOMAIN: ["v=spf1 include:p0.example -all"], **CHAIN}, 0, "fault", "10 lookups", ""),
        (
            {f"_dmarc.{DOMAIN}": ["v=DMARC1; p=none; rua=mailto:x@y.example"]},
            *(-1, "advice", "only watches", "v=DMARC1; p=quarantine; rua=mailto:x@y.example"),
        ),
        (
            {f"_dmarc.{DOMAIN}": ["v=DMARC1; p=often"]},
            *(-1, "fault", "no policy", f"v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}"),
        ),
        ({DOMAIN: None}, 0, "unknown", "gave no answer", ""),
    ],
)
def test_a_record_that_harms_is_told_with_a_better_one(
    zone: Zone, records: dict[str, list[str] | None], check: int, state: str, says: str, record: str
):
    zone.texts = dict(records)
    finding = found(zone)[check]
    assert (finding.state, finding.record) == (state, record)
    assert says in finding.says


def test_a_key_in_dns_that_is_not_ours_is_a_fault(zone: Zone, pair: KeyPair):
    name = f"s1._domainkey.{DOMAIN}"
    zone.texts = {name: ["v=DKIM1; k=rsa; p=AAAA"]}
    finding = found(zone, SigningKey(name, pair.public_key, "signing"))[1]
    assert (finding.state, finding.says) == ("fault", f"{name} has another key.")
    zone.texts = {name: None}
    with pytest.raises(DnsAway):
        lookup_at(zone.place)(name)
