"""What a survey allows beside its links is read strictly."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from surveyapp.errors import Invalid
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry
from surveyapp.surveys.channels import Channels, change_channels, leads_to, read_channels
from tests.responses.makers import make_survey


def test_nothing_is_allowed_unless_somebody_says_so():
    assert read_channels({}) == Channels()
    assert Channels().embed_origins == ()
    assert not Channels().kiosk


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://Shop.Example/", "https://shop.example"),
        (" https://shop.example:443 ", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(typed: str, origin: str):
    assert read_channels({"embed_origins": [typed, typed]}).embed_origins == (origin,)


@pytest.mark.parametrize(
    "origin",
    [
        *("*", "https://*", "https://*.example", "shop.example", "http://shop.example", "null"),
        *("https://shop.example/path", "https://shop.example?x", "https://me@shop.example"),
        *("https://shop.example; script-src *", "https://a b", "data:text/html,x", ""),
        *("https://shop.example:99999", "https://[::1", "javascript:alert(1)"),
    ],
)
def test_what_is_no_single_origin_is_refused(origin: str):
    with pytest.raises(Invalid, match="not an origin") as error:
        read_channels({"embed_origins": [origin]})
    assert error.value.field == "embed_origins"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "http://bank.example/",
            "//bank.example",
            "/thanks",
            "javascript:alert(1)",
            "bank.example",
        ),
        *("https://me:word@bank.example/", "https://bank.example:8443/", "https://bank.example/\n"),
        *('https://bank.example/"x', "https://bank.example\\@evil.example", "https://"),
    ],
)
def test_what_is_no_plain_https_address_is_no_end(address: str):
    with pytest.raises(Invalid) as error:
        read_channels({"end_url": address.rstrip("\n") + ("" if "\n" not in address else "\x07")})
    assert error.value.field == "end_url"


@pytest.mark.parametrize(
    "raw",
    [
        *({"kiosk_seconds": 2}, {"kiosk_seconds": 121}, {"kiosk_seconds": "10"}),
        *({"kiosk_idle_seconds": 5}, {"kiosk_idle_seconds": True}, {"role": "administrator"}),
        {"embed_origins": [f"https://{n}.example" for n in range(21)]},
    ],
)
def test_what_a_way_cannot_mean_is_refused(raw):
    with pytest.raises(Invalid):
        read_channels(raw)


def test_an_end_leads_to_allowed_hosts_only(store: Store):
    with store.writing() as session:
        made = make_survey(session)
        change_channels(session, made, {"kiosk": True}, end_hosts=(), user_id=None)
        for address in ("https://evil.example/", "https://bank.example.evil.example/"):
            with pytest.raises(Invalid, match=r"allowed: bank\.example"):
                change_channels(
                    session, made, {"end_url": address}, end_hosts=["bank.example"], user_id=None
                )
        end = {"end_url": "https://bank.example/thanks?a=1"}
        kept = change_channels(session, made, end, end_hosts=["bank.example"], user_id=None)
        assert (kept.end_url, kept.kiosk) == (end["end_url"], True)
        assert read_channels(made.channels) == kept
        assert leads_to(kept.end_url, ["bank.example"])
        assert not leads_to(kept.end_url, [])
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "change ways in"))
        assert [entry.detail["kiosk"] for entry in entries] == [True, True]
