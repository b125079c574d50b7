"""A name or text from outside makes no header of a mail, whatever Python's version does with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyapp.store.mail import Message, composed

NOW = datetime(2026, 3, 4, tzinfo=UTC)
SENDER = "Northbank <survey@northbank.example>"
MAIL = Message(
    to="ada@example.org", subject="Your visit", text="Hello.", message_id="<1@x.example>"
)
PARTS = (
    "=?utf-8?q?",
    "=0D=0A",
    "=0ABcc:=20eve@example.org",
    "?=",
    "=?utf-8?b?DQpCY2M6IGVAZS5vcmc=?=",
)


def _names(mail: Message, sender: str = SENDER) -> list[str]:
    """The headers that a receiver reads, with Python's older parser: it keeps them as they are."""
    data = composed(mail, sender, now=NOW).as_bytes()
    assert message_from_bytes(data, policy=policy.default).get("Bcc") is None
    return message_from_bytes(data).keys()


KNOWN = _names(MAIL)


@pytest.mark.parametrize(
    "text",
    [
        "=?utf-8?q?=0D=0ABcc:=20eve@example.org?=",
        "=?utf-8?q?Hello=0ABcc:=20eve@example.org?= and more",
        "=?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=",
        "=?us-ascii?Q?=0d?= =?us-ascii?Q?=0aBcc:_eve@example.org?=",
        "Ünïcode =?utf-8?q?=0A=0AWrong body?=",
    ],
)
def test_an_encoded_word_in_a_name_stays_text(text: str):
    assert _names(replace(MAIL, subject=f"{text}, how was it?")) == KNOWN
    assert _names(MAIL, f'"{text}" <survey@northbank.example>') == KNOWN
    built = composed(replace(MAIL, subject=text), SENDER, now=NOW)
    assert built["Subject"] == text.replace("=?", "= ?")


@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=12), max_size=6).map("".join))
def test_no_text_makes_a_header(text: str):
    try:
        names = _names(replace(MAIL, subject=text))
    except ValueError:
        return  # refused, and the message is told as not sent
    assert names == KNOWN
