"""What a survey allows beside its links is read strictly."""

from __future__ import annotations

import pytest

from surveyapp.errors import Invalid
from surveyapp.surveys.settings.channels import Channels


def test_nothing_is_allowed_unless_somebody_says_so():
    assert Channels.read({}) == Channels()
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
    assert Channels.read({"embed_origins": [typed, typed]}).embed_origins == (origin,)


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
        Channels.read({"embed_origins": [origin]})
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
        Channels.read({"end_url": address.rstrip("\n") + ("" if "\n" not in address else "\x07")})
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
        Channels.read(raw)
