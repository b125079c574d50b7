"""Where somebody signed in, in words: known browsers by name, networks rather than machines."""

from __future__ import annotations

import pytest

from surveyapp.auth.origins import UNKNOWN_DEVICE, device_words, network

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"{WINDOWS} Chrome/140.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{WINDOWS} Chrome/140.0.0.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (f"{MAC} Version/18.5 Safari/605.1.15", "Safari on Mac"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
            " CriOS/140.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Firefox/140.0", "Firefox on Android"),
        ("curl/8.5.0", UNKNOWN_DEVICE),
        ("<script>alert(1)</script> Windows", "Windows"),
        ("", UNKNOWN_DEVICE),
    ],
)  # fmt: skip
def test_a_browser_is_told_in_words(user_agent: str, words: str):
    assert device_words(user_agent) == words


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("192.0.2.77", "192.0.2.x"),
        ("::ffff:192.0.2.77", "192.0.2.x"),
        ("2001:db8:12:34::9", "2001:db8:12:x"),
        ("::1", "0:0:0:x"),
        ("no address", ""),
        (None, ""),
    ],
)
def test_an_address_is_told_as_its_network(address: str | None, words: str):
    assert network(address) == words
