"""Signed links: nobody changes one, makes one, or uses one where it does not belong."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from surveyapp.surveys.links import (
    LONGEST_TICKET,
    Ticket,
    new_link,
    new_token,
    pseudonym,
    read_ticket,
    write_ticket,
)

SECRET = "a secret key of thirty-two characters or more"
NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
TICKET = Ticket(
    token=new_token(),
    customer_ref=pseudonym(SECRET, "4711"),
    attributes={"region": "Nörth", "tenure": 3, "vip": True, "spend": 1.5},
    expires_at=NOW + timedelta(hours=1),
)
WRITTEN = write_ticket(SECRET, "link", TICKET)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


def opened(text: str, *, secret: str = SECRET, link: str = "link", now: datetime = NOW):
    return read_ticket(secret, link, text, now=now)


def test_a_ticket_is_read_as_it_was_written():
    assert opened(WRITTEN) == TICKET


@given(st.integers(0, len(WRITTEN) - 1), st.sampled_from(ALPHABET))
def test_no_character_can_be_changed(place: int, character: str):
    changed = WRITTEN[:place] + character + WRITTEN[place + 1 :]
    assert changed == WRITTEN or opened(changed) is None


def test_no_last_character_spells_the_same_signature_otherwise():
    assert [c for c in ALPHABET if opened(WRITTEN[:-1] + c) is not None] == [WRITTEN[-1]]


@given(st.text(ALPHABET + "=%/ \x00é", max_size=80), st.booleans())
def test_nothing_can_be_added_before_or_after(extra: str, before: bool):
    changed = extra + WRITTEN if before else WRITTEN + extra
    assert changed == WRITTEN or opened(changed) is None


@given(st.permutations(sorted(TICKET.attributes)))
def test_attributes_cannot_be_put_in_another_order(order: list[str]):
    content = [
        TICKET.token,
        TICKET.customer_ref,
        {name: TICKET.attributes[name] for name in order},
        int((NOW + timedelta(hours=1)).timestamp()),
    ]
    payload = base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode())
    signature = WRITTEN.rpartition(".")[2]
    forged = f"{payload.decode().rstrip('=')}.{signature}"
    assert opened(forged) is None or forged == WRITTEN


@given(st.text(max_size=300))
def test_invented_text_opens_nothing(text: str):
    assert opened(text) is None


def test_a_link_that_is_too_long_is_refused_even_when_signed():
    ticket = Ticket(
        new_token(), None, {"a": "".join(new_token() for _ in range(LONGEST_TICKET // 20))}
    )
    assert opened(write_ticket(SECRET, "link", ticket)) is None


def test_an_expired_ticket_is_refused():
    assert opened(WRITTEN, now=NOW + timedelta(hours=1)) is None
    assert opened(WRITTEN, now=NOW + timedelta(minutes=59)) is not None


def test_a_rotated_key_ends_every_link():
    assert opened(WRITTEN, secret=SECRET[::-1]) is None


def test_a_ticket_of_one_survey_opens_no_other():
    assert opened(WRITTEN, link="other") is None


def test_other_things_signed_by_this_installation_are_no_tickets():
    assert opened(URLSafeSerializer(SECRET).dumps(["token", None, {}, None])) is None


def test_tokens_hold_128_random_bits_and_are_stored_as_their_hash():
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(base64.urlsafe_b64decode(token + "==")) for token in tokens} == {16}
    assert len(TICKET.token_hash) == 64
    assert TICKET.token not in TICKET.token_hash


def test_open_links_use_no_letters_that_look_alike():
    assert not set("".join(new_link() for _ in range(200))) & set("0o1li")


def test_a_pseudonym_needs_the_key_and_is_the_same_each_time():
    assert pseudonym(SECRET, "4711") == pseudonym(SECRET, " 4711 ")
    assert pseudonym(SECRET, "4711") != pseudonym(SECRET[::-1], "4711")
    assert "4711" not in pseudonym(SECRET, "4711")
