"""Mail reaches a real server as it was meant, and what the server says is understood."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyapp.store.mail import Message, composed, is_address
from surveyapp.store.postbox import MailServerAway, Outcome, Postbox
from tests.distribution.mail_server import DEFERRED, HANG_UP, REFUSED, mail_server, self_signed

SENDER = "Northbank survey <survey@northbank.example>"
ANY_SIGN = st.characters(exclude_categories=())  # half of a pair, too, which no file can hold
NOW = datetime(2026, 3, 4, tzinfo=UTC)
LINK = "https://survey.northbank.example/u/" + "x" * 150


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("certificate"))


def mail(to: str = "ada@example.org", **changes: str) -> Message:
    given = {
        "subject": "How was it?",
        "text": "Tell us.\n",
        "html": "<p>Tell us.</p>",
        "message_id": "<1@northbank.example>",
        **changes,
    }
    return Message(to=to, **given)  # type: ignore[arg-type]


def test_a_message_carries_what_receivers_and_readers_look_for():
    with mail_server() as (place, received), Postbox(f"smtp://{place}", SENDER) as post:
        sent = post.send(mail(unsubscribe=LINK, reply_to="care@northbank.example", language="fi"))
    assert sent.outcome is Outcome.SENT
    (got,) = received.messages
    assert str(got["From"]) == SENDER
    assert str(got["To"]) == "ada@example.org"
    assert got["Message-ID"] == "<1@northbank.example>"
    assert got["List-Unsubscribe"] == f"<{LINK}>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert got["Auto-Submitted"] == "auto-generated"
    assert str(got["Reply-To"]) == "care@northbank.example"
    assert got["Content-Language"] == "fi"
    assert got["Date"].datetime.utcoffset() is not None
    plain, html = got.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().strip() == "Tell us."


@pytest.mark.parametrize("text", ["Miten meni? Kerro äänellä.", "كيف كانت تجربتك؟", "x" * 3000])
def test_texts_in_any_letters_and_of_any_length_arrive_whole(text: str):
    with mail_server() as (place, received), Postbox(f"smtp://{place}", SENDER) as post:
        assert (
            post.send(mail(subject=text[:60], text=text, html=f"<p>{text}</p>")).outcome == "sent"
        )
    (got,) = received.messages
    assert got["Subject"] == text[:60]
    plain, html = got.iter_parts()
    assert plain.get_content().strip() == text
    assert text in html.get_content()
    assert max(len(line) for line in got.as_bytes().splitlines()) < 998


HARD_TO_CARRY = {
    "Arabic": "كيف كانت تجربتك معنا؟ رأيك يهمنا. " * 40,
    "a long address": f"Open this:\n{LINK}{LINK}?score=nps-nps:10&lang=en\nThank you.",
    "a long word": "x" * 3000,
    "a long word in other letters": "ä" * 500 + " plain " * 400,
    "lines that relays rewrite": "From here on\n.\n..\nFrom\n-- \nends in blanks   \n\ttabbed\t\nend",
    "nearly too long": "\n".join("x" * length for length in range(70, 80)),
    "markup without breaks": "<td style='padding:0'>&nbsp;</td>" * 200,
}


@pytest.mark.parametrize("text", HARD_TO_CARRY.values(), ids=HARD_TO_CARRY)
def test_a_relay_finds_nothing_to_rewrite(text: str):
    """Bytes with CRLF: short lines, no blanks at their ends, nothing that mailbox files or SMTP change."""
    raw = composed(mail(text=text, html=f"<p>{text}</p>"), SENDER, now=NOW).as_bytes()
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    assert raw.isascii()
    body = raw.split(b"\r\n\r\n", 1)[1].split(b"\r\n")
    assert max(map(len, body)) <= 76
    assert not [line for line in body if line.startswith((b"From ", b".")) or line[-1:].isspace()]
    got = message_from_bytes(raw, policy=policy.SMTP)
    encodings = {part["Content-Transfer-Encoding"] for part in got.iter_parts()}
    assert encodings <= {"quoted-printable", "base64"}
    plain, html = got.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == text + "\n"
    assert html.get_content().replace("\r\n", "\n") == f"<p>{text}</p>\n"


def test_a_long_subject_and_name_are_folded_and_come_back_as_they_were():
    """In encoded words of at most 75 characters; what programs read stays on one line."""
    subject = "كيف كان أداؤنا؟ How did we do 😀 " + "Äänestä nyt! " * 8
    name = "بنك الشمال للخدمات المصرفية للأفراد والشركات والمؤسسات"
    raw = composed(
        mail(subject=subject, unsubscribe=LINK), f"{name} <survey@northbank.example>", now=NOW
    ).as_bytes()
    got = message_from_bytes(raw, policy=policy.SMTP)
    assert got["Subject"] == " ".join(subject.split())
    # By the rule itself: Python reads a blank between the words of a name.
    sender = make_header(decode_header(message_from_bytes(raw)["From"]))
    assert str(sender) == f"{name} <survey@northbank.example>"
    assert got["From"].addresses[0].addr_spec == "survey@northbank.example"
    words = re.findall(rb"=\?utf-8\?.*?\?=", raw.split(b"\r\n\r\n", 1)[0])
    assert len(words) > 6 and max(map(len, words)) <= 75
    assert f"\r\nList-Unsubscribe: <{LINK}>\r\n".encode() in raw


@settings(max_examples=60, deadline=None)
@given(
    subject=st.text(ANY_SIGN, max_size=120),
    text=st.text(ANY_SIGN, max_size=400),
    reply_to=st.sampled_from(["", "care@northbank.example"]),
)
def test_any_text_makes_a_message_of_known_headers_or_none(subject: str, text: str, reply_to: str):
    """What cannot be written says nothing about the address that it would have gone to."""
    sent = mail(subject=subject, text=text, html=f"<p>{text}</p>", reply_to=reply_to)
    try:
        raw = composed(sent, SENDER, now=NOW).as_bytes()
    except (ValueError, MessageError):
        said = Postbox("smtp://127.0.0.1:1", SENDER).send(sent)
        assert (said.outcome, said.bad_address) == (Outcome.REFUSED, False)
        return
    got = message_from_bytes(raw, policy=policy.SMTP)
    assert set(got.keys()) <= {
        *("From", "To", "Subject", "Date", "Message-ID", "Reply-To", "Auto-Submitted"),
        *("X-Auto-Response-Suppress", "MIME-Version", "Content-Type", "Content-Language"),
    }
    assert len(list(got.iter_parts())) == 2


def test_a_line_break_in_a_subject_makes_no_header():
    with mail_server() as (place, received), Postbox(f"smtp://{place}", SENDER) as post:
        post.send(mail(subject="Hello\r\nBcc: eve@example.org\x00\n\nbody"))
    (got,) = received.messages
    assert got["Bcc"] is None
    assert got["Subject"] == "Hello Bcc: eve@example.org body"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "ada@example.org, eve@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "<ada@example.org>",
        "ada @example.org",
        '"ada@x"@example.org',
        "a" * 300 + "@example.org",
        "ada@exa\x00mple.org",
        "ada@" + "x" * 80 + "ü.example",
    ],
)
def test_what_is_no_address_is_refused_before_any_server_sees_it(address: str):
    with mail_server() as (place, received), Postbox(f"smtp://{place}", SENDER) as post:
        answer = post.send(mail(address))
    assert (answer.outcome, answer.bad_address) == (Outcome.REFUSED, True)
    assert (received.messages, received.connections) == ([], 0)


def test_a_domain_in_any_letters_is_written_as_dns_knows_it():
    assert is_address("ada@müller.example")
    with mail_server() as (place, received), Postbox(f"smtp://{place}", SENDER) as post:
        assert post.send(mail("ada@müller.example")).outcome == "sent"
    assert received.recipients == ["ada@xn--mller-kva.example"]


def test_a_sharp_s_is_a_letter_of_its_own_in_a_domain():
    """By IDNA 2008; the older rule led to fass.de, which is somebody else's."""
    with mail_server() as (place, received), Postbox(f"smtp://{place}", SENDER) as post:
        assert post.send(mail("anna@faß.de")).outcome == "sent"
    assert received.recipients == ["anna@xn--fa-hia.de"]


@pytest.mark.parametrize(
    ("answer", "outcome", "bad_address"),
    [
        (REFUSED, Outcome.REFUSED, True),
        ("550 5.7.1 <{address}>: blocked by policy", Outcome.REFUSED, False),
        ("552 5.2.2 over quota", Outcome.REFUSED, False),
        (DEFERRED, Outcome.AGAIN, False),
        ("421 4.3.2 shutting down", Outcome.AGAIN, False),
        (HANG_UP, Outcome.AGAIN, False),
    ],
)
def test_what_the_server_says_of_a_recipient_decides(
    answer: str, outcome: Outcome, bad_address: bool
):
    """And the next message goes out all the same, over a new connection where the old one broke."""
    with mail_server() as (place, received), Postbox(f"smtp://{place}", SENDER) as post:
        received.answers["ada@example.org"] = answer
        said = post.send(mail())
        assert (said.outcome, said.bad_address) == (outcome, bad_address)
        assert "@" not in said.reason and said.reason
        assert post.send(mail("bob@example.org")).outcome == "sent"
    assert received.recipients == ["bob@example.org"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("554 5.7.1 this looks like spam", Outcome.REFUSED),
        ("452 4.3.1 disk full", Outcome.AGAIN),
        (HANG_UP, Outcome.AGAIN),
    ],
)
def test_a_message_whose_text_is_refused_says_nothing_about_its_address(
    answer: str, outcome: Outcome
):
    with mail_server() as (place, received), Postbox(f"smtp://{place}", SENDER) as post:
        received.data_answers.append(answer)
        said = post.send(mail())
        assert (said.outcome, said.bad_address) == (outcome, False)
        assert post.send(mail()).outcome == "sent"
    assert len(received.messages) == 1


def test_a_refused_sender_is_no_fault_of_the_message():
    with mail_server() as (place, received), Postbox(f"smtp://{place}", SENDER) as post:
        received.sender_answer = "550 5.7.1 <survey@northbank.example> is not yours"
        assert post.send(mail()).outcome == Outcome.AGAIN


def test_many_messages_share_a_connection():
    with mail_server() as (place, received), Postbox(f"smtp://{place}", SENDER) as post:
        for number in range(20):
            assert post.send(mail(f"c{number}@example.org")).outcome == "sent"
    assert (len(received.messages), received.connections) == (20, 1)


def test_a_password_with_any_signs_is_sent_over_starttls(certificate: Path):
    secret = "p@ss:w/rd %&"
    with mail_server(certificate=certificate, password=secret) as (place, received):
        url = f"smtp://survey%40northbank:{quote(secret, safe='')}@{place}"
        with Postbox(url, SENDER) as post:
            assert post.send(mail()).outcome == "sent"
    assert received.signed_in == [("survey@northbank", secret)]
    assert received.encrypted == [True]


def test_a_wrong_password_is_told_without_repeating_it(certificate: Path):
    with mail_server(certificate=certificate, password="right") as (place, received):
        post = Postbox(f"smtp://ada:wrong-secret@{place}", SENDER)
        with pytest.raises(MailServerAway, match=r"refuses the user name or password") as caught:
            post.send(mail())
    assert "wrong-secret" not in str(caught.value)
    assert received.messages == []


def test_a_password_never_crosses_a_network_unencrypted():
    """127.0.0.2 stands for another machine: only names of this one are trusted."""
    with mail_server("127.0.0.2", password="right") as (place, received):
        post = Postbox(f"smtp://ada:right@{place}", SENDER)
        with pytest.raises(MailServerAway, match="offers no encryption"):
            post.send(mail())
    assert received.signed_in == []


def test_mail_crosses_a_network_encrypted_unless_a_setting_allows_it_open():
    with mail_server("127.0.0.2") as (place, received):
        with (
            Postbox(f"smtp://{place}", SENDER) as post,
            pytest.raises(MailServerAway, match=r"no encryption .*SURVEYAPP_REQUIRE_STARTTLS=0"),
        ):
            post.send(mail())
        assert received.messages == []
        with Postbox(f"smtp://{place}", SENDER, require_starttls=False) as post:
            assert post.send(mail()).outcome == "sent"
    assert received.encrypted == [False]


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate: Path):
    with mail_server("127.0.0.2", certificate=certificate) as (place, received):
        post = Postbox(f"smtp://{place}", SENDER)
        with pytest.raises(MailServerAway, match="certificate"):
            post.send(mail())
    assert received.messages == []


def test_a_server_that_is_not_there_is_told_as_a_sentence():
    with (
        Postbox("smtp://127.0.0.1:1", SENDER) as post,
        pytest.raises(
            MailServerAway, match=r"127\.0\.0\.1:1 cannot be reached: Connection refused\."
        ),
    ):
        post.send(mail())


@pytest.mark.parametrize(
    ("given", "cure"),
    [("smtp://user:pw@", "leave user and password out"), ("smtps://", "begins with smtp://")],
)
def test_a_server_that_speaks_otherwise_is_told_with_the_cure(given: str, cure: str):
    with mail_server() as (place, _received), pytest.raises(MailServerAway, match=cure):
        Postbox(given + place, SENDER).open()


def test_a_server_that_says_nothing_is_given_up_in_time():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        post = Postbox(f"smtp://127.0.0.1:{silent.getsockname()[1]}", SENDER, timeout=0.2)
        with pytest.raises(MailServerAway, match="did not answer in time"):
            post.open()


def test_nothing_that_is_printed_of_a_mail_names_its_recipient():
    shown = repr(mail(text="Dear Ada", html="Dear Ada", unsubscribe=LINK))
    assert not re.search(r"ada|Ada|/u/", shown)
